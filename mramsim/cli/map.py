"""``mramsim map``: the placement of a network, a row per layer."""

from __future__ import annotations

from typing import Any

import click

from mramsim.cli import options as opt


@click.command("map")
@click.argument("net", metavar="NET")
@opt.shared(opt.DEVICE, opt.MAPPING, opt.SET, opt.JSON, opt.CONFIG)
def command(
    net: str, device: str, mapping: str, assignments: tuple[str, ...], as_json: bool
) -> None:
    """Show how a network is placed on arrays: tiles, utilisation, rows on, cycles.

    NET is a file or pretrained:NAME.
    """
    from mramsim.cards import load_card
    from mramsim.mapping.placement import place
    from mramsim.network.library import find_network
    from mramsim.settings import used_settings

    settings = used_settings(assignments, ("device.KEY", "mapping.KEY", "mapping.LAYER.KEY"))
    network = find_network(net)
    card = load_card("device", device, settings.device)
    placement = place(network, mapping, settings.mapping, settings.layers, settings.components)
    rows = placement.table()
    if as_json:
        opt.print_json(
            {
                "schema": "mramsim.map/1",
                "network": network.name,
                "device": card.name,
                "mapping": placement.card.name,
                "layers": rows,
                "digital": placement.digital(),
            }
        )
        return
    click.echo(f"{network.name} on {placement.card.name} with {card.name}")
    click.echo(_table(rows))
    click.echo(f"digital: {', '.join(placement.digital())}")


def _table(rows: list[dict[str, Any]]) -> str:
    from mramsim.report.tables import text_table

    return text_table(rows)
