"""``mramsim dump``: the content of every array with addresses, and golden vectors."""

from __future__ import annotations

import click

from mramsim.cli import options as opt


@click.command("dump")
@click.argument("net", metavar="NET")
@click.option("-o", "--output", required=True, metavar="DIR", help="Folder to write.")
@opt.shared(opt.MAPPING)
@click.option("--data", metavar="NAME", help="Data set of the golden vectors; none without it.")
@click.option("--images", default=4, show_default=True, help="Test images of the golden vectors.")
@click.option(
    "--format", "form", type=click.Choice(["hex", "csv"]), default="hex", show_default=True
)
@opt.shared(opt.SET, opt.DATA_DIR, opt.JSON, opt.CONFIG)
def command(
    net: str,
    output: str,
    mapping: str,
    data: str | None,
    images: int,
    form: str,
    assignments: tuple[str, ...],
    data_dir: str | None,
    as_json: bool,
) -> None:
    """Write what each array is programmed with, for RTL and chip test benches.

    NET is a file or pretrained:NAME.
    """
    from mramsim.datasets import load_dataset
    from mramsim.errors import InputError
    from mramsim.mapping.dump import dump_arrays
    from mramsim.mapping.placement import place
    from mramsim.network.library import find_network
    from mramsim.settings import used_settings

    if images < 1:
        raise InputError(f"images = {images}; at least 1 is allowed")
    settings = used_settings(assignments, ("mapping.KEY", "mapping.LAYER.KEY"))
    placement = place(
        find_network(net), mapping, settings.mapping, settings.layers, settings.components
    )
    raw = None if data is None else load_dataset(data, data_dir).x_test[:images]
    path = dump_arrays(placement, output, raw, form)
    tiles = sum(len(layer.tiles) for layer in placement.layers)
    if as_json:
        opt.print_json(
            {
                "schema": "mramsim.dump/1",
                "network": placement.network.name,
                "mapping": placement.card.name,
                "tiles": tiles,
                "folder": str(path),
            }
        )
        return
    click.echo(f"wrote {tiles} tiles: {path}")
