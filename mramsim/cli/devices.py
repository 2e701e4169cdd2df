"""``mramsim devices``: list or show device cards; write error rates."""

from __future__ import annotations

from typing import Any

import click

from mramsim.cli import options as opt


@click.command("devices")
@click.argument("name", required=False)
@click.option("--wer", is_flag=True, help="Write error rates of a pulse in reduced units.")
@click.option("--overdrive", type=float, metavar="I", help="Write current over critical current.")
@click.option("--tau", type=float, metavar="T", help="Pulse length times the damping rate.")
@click.option("--delta", type=float, metavar="D", help="Barrier over kT; by default the card's.")
@opt.shared(opt.SET, opt.JSON, opt.CONFIG)
def command(
    name: str | None,
    wer: bool,
    overdrive: float | None,
    tau: float | None,
    delta: float | None,
    assignments: tuple[str, ...],
    as_json: bool,
) -> None:
    """List device cards, or show one with its sources and what follows from them.

    With --wer: write error rates from the Fokker-Planck equation and in closed form.
    """
    from mramsim.cards import load_card
    from mramsim.cli.cards import show_card, show_library
    from mramsim.errors import InputError
    from mramsim.settings import used_settings

    pulse = {"--overdrive": overdrive, "--tau": tau, "--delta": delta}
    for option, value in pulse.items():
        if value is not None and not wer:
            raise InputError(f"{option} {value:g} belongs to --wer")
    used = ("device.KEY",) if wer else ("device.KEY", "temperature_k")
    settings = used_settings(assignments, () if name is None else used)
    if name is None:
        if wer:
            raise InputError("--wer needs the name of a device card")
        show_library("device", as_json)
        return
    card = load_card("device", name, settings.device)
    if wer:
        if overdrive is None or tau is None:
            raise InputError("--wer needs --overdrive and --tau")
        _show_wer(card, overdrive, tau, delta, as_json)
        return
    from mramsim.devices.summary import summary

    known = ("name", "title", "kind", "assumed", "citations")
    derived = summary(card, settings.conditions())
    show_card(card, {key: derived[key] for key in derived if key not in known}, as_json)


def _show_wer(card: Any, overdrive: float, tau: float, delta: float | None, as_json: bool) -> None:
    from mramsim.devices.summary import wer_report

    found = wer_report(overdrive, tau, delta, card)
    if as_json:
        opt.print_json({"device": card.name, **found})
        return
    for key, value in found.items():
        click.echo(f"{key:20} {'-' if value is None else f'{value:.6g}'}")
