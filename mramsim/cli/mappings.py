"""``mramsim mappings``: list or show mapping cards."""

from __future__ import annotations

import click

from mramsim.cli import options as opt


@click.command("mappings")
@click.argument("name", required=False)
@opt.shared(opt.SET, opt.JSON)
def command(name: str | None, assignments: tuple[str, ...], as_json: bool) -> None:
    """List mapping cards, or show one with its sources."""
    from mramsim.cards import load_card
    from mramsim.cli.cards import show_card, show_library
    from mramsim.settings import used_settings

    settings = used_settings(assignments, () if name is None else ("mapping.KEY",))
    if name is None:
        show_library("mapping", as_json)
        return
    show_card(load_card("mapping", name, settings.mapping), {}, as_json)
