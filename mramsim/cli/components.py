"""``mramsim components``: list or show the circuit blocks that designs are made of."""

from __future__ import annotations

import click

from mramsim.cli import options as opt


@click.command("components")
@click.argument("name", required=False)
@opt.shared(opt.JSON)
def command(name: str | None, as_json: bool) -> None:
    """List component cards, or show one with its sources."""
    from mramsim.cards import load_card
    from mramsim.cli.cards import show_card, show_library

    if name is None:
        show_library("component", as_json)
        return
    show_card(load_card("component", name), {}, as_json)
