"""``mramsim energy``: energy, latency and area without data."""

from __future__ import annotations

from pathlib import Path

import click

from mramsim.cli import options as opt


@click.command("energy")
@click.argument("net", metavar="NET")
@opt.shared(opt.DEVICE, opt.MAPPING)
@click.option(
    "--baseline", "baselines", multiple=True, metavar="B", help="Baseline card; repeatable."
)
@click.option(
    "--activity",
    default="0.5",
    show_default=True,
    metavar="SHARE|RUN.json",
    help="Share of inputs that are +1: a number, or by layer from what 'run --json' printed.",
)
@click.option("--figure", metavar="FILE", help="Also draw energy by layer and component (SVG).")
@opt.shared(opt.SET, opt.JSON, opt.CONFIG)
def command(
    net: str,
    device: str,
    mapping: str,
    baselines: tuple[str, ...],
    activity: str,
    figure: str | None,
    assignments: tuple[str, ...],
    as_json: bool,
) -> None:
    """Estimate energy, latency and area of a network; needs no data.

    NET is a file or pretrained:NAME.
    """
    from mramsim.cards import load_card
    from mramsim.cost.activity import read_activity
    from mramsim.cost.estimate import estimate
    from mramsim.errors import InputError
    from mramsim.mapping.placement import place
    from mramsim.network.library import find_network
    from mramsim.settings import FORMS, used_settings

    opt.check_output("--figure", figure)
    if figure is not None and Path(figure).suffix != ".svg":
        raise InputError(f"--figure {figure}: a figure ends in .svg")
    settings = used_settings(assignments, (*FORMS, "temperature_k"))
    network = find_network(net)
    card = load_card("device", device, settings.device)
    placement = place(network, mapping, settings.mapping, settings.layers, settings.components)
    found = estimate(
        placement,
        device=card,
        activity=read_activity(activity),
        baselines=baselines or None,
        conditions=settings.conditions(),
    )
    if figure is not None:
        from mramsim.files import write_bytes
        from mramsim.report.energy import layers_figure

        write_bytes(figure, layers_figure(found["energy_j_per_image"]).file("svg"))
    if as_json:
        opt.print_json(found.as_dict())
    else:
        click.echo(str(found))
