"""``mramsim export``: a network for other tools."""

from __future__ import annotations

from pathlib import Path

import click

from mramsim.cli import options as opt


@click.command("export")
@click.argument("net", metavar="NET")
@click.option("-o", "--output", required=True, metavar="FILE", help="FILE.onnx or FILE.pt2.")
@click.option("--batch", default=1, show_default=True, help="Images per call of a QONNX graph.")
@opt.shared(opt.JSON, opt.CONFIG)
def command(net: str, output: str, batch: int, as_json: bool) -> None:
    """Write a network as QONNX (.onnx) or as a torch program (.pt2, torch.export).

    NET is a file or pretrained:NAME.
    """
    from mramsim.errors import InputError
    from mramsim.network.library import find_network

    ending = Path(output).suffix
    if ending not in (".onnx", ".pt2"):
        raise InputError(f"{output}: ending '{ending}'; .onnx and .pt2 are understood")
    network = find_network(net)
    if ending == ".onnx":
        from mramsim.network.exporters.qonnx import to_qonnx

        path = to_qonnx(network, output, batch)
    else:
        from mramsim.network.exporters.torch_program import save_program

        path = save_program(network, output)
    if as_json:
        opt.print_json({"schema": "mramsim.export/1", "network": network.name, "file": str(path)})
        return
    click.echo(f"wrote {path}")
