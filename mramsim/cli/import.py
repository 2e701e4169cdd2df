"""``mramsim import``: a network trained elsewhere becomes a network file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mramsim.cli import options as opt


@click.command("import")
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", default="net.npz", show_default=True, metavar="FILE.npz")
@click.option("--check", metavar="X.npz", help="Arrays x and logits (or classes) of the framework.")
@click.option("--force", is_flag=True, help="Write even if the check disagrees.")
@click.option(
    "--input",
    "kind",
    type=click.Choice(["real", "signs", "bits", "uint8"]),
    help="Raw inputs: real numbers (default), -1 and +1, 0 and 1, or 0 to 255.",
)
@click.option("--scale", type=float, help="The framework is fed scale * raw + offset.")
@click.option("--offset", type=float, help="See --scale.")
@click.option(
    "--sign-zero",
    type=click.Choice(["+1", "-1", "0"]),
    default="+1",
    show_default=True,
    help="What a sign that gives 0 for 0 becomes; 0 keeps it, digitally.",
)
@click.option("--layout", metavar="FILE.toml", help="Lists the layers of a .pt, .pth or .npz file.")
@opt.shared(opt.JSON, opt.CONFIG)
def command(
    file: str,
    output: str,
    check: str | None,
    force: bool,
    kind: str | None,
    scale: float | None,
    offset: float | None,
    sign_zero: str,
    layout: str | None,
    as_json: bool,
) -> None:
    """Import a trained network: .pt/.pth state dict, .onnx (QONNX), .h5 (Larq), .npz.

    Prints the layers as understood, what stays digital and why, and how far the network agrees with
    the framework's own answers; does not write a network that disagrees, unless --force.
    """
    from mramsim.errors import InputError
    from mramsim.network.file import save_network
    from mramsim.network.importers.any_file import check_network, import_network, read_check
    from mramsim.network.importers.result import recorded

    given: dict[str, Any] = {"input": kind, "scale": scale, "offset": offset}
    settings = {key: value for key, value in given.items() if value is not None}
    if Path(output).suffix != ".npz":
        raise InputError(f"{output}: a network file ends in .npz")
    opt.check_output("--output", output)
    example = None if check is None else read_check(check)["x"]
    network = import_network(file, layout, zero=int(sign_zero), example=example, **settings)
    record = recorded(network)
    found = check_network(network, check) if check is not None else None
    if not as_json:
        click.echo(_text(network, record))
        click.echo(f"check: {found}" if found else "check: none (--check X.npz compares)")
    if found is not None and not found.agrees and not force:
        raise InputError(f"{output}: not written: {found}; --force writes it")
    path = save_network(network, output)
    if as_json:
        agreement = None if found is None else {**vars(found), "agrees": found.agrees}
        opt.print_json({"schema": "mramsim.import/1", "network": str(path), "check": agreement,
                        "input": _entry(network.input),
                         "weight_bits": network.weight_bits(), **record})  # fmt: skip
        return
    click.echo(f"wrote {path}")


def _text(network: Any, record: dict[str, Any]) -> str:
    from mramsim.report.tables import text_table

    rows = [
        {
            "layer": row["layer"],
            "kind": row["kind"],
            "weight": "x".join(map(str, row["weight"])),
            "output": "x".join(map(str, row["output"])),
            "runs": row["where"],
            "weight_bits": row["weight_bits"],
        }
        for row in record["layers"]
    ]
    lines = [f"input: {_entry(network.input)}", *([text_table(rows)] if rows else [])]
    lines += [f"digital: {name}: {why}" for name, why in record["digital"].items()]
    lines += [f"note: {note}" for note in record["notes"]]
    lines.append(f"{network.weight_bits()} weight bits on arrays")
    return "\n".join(lines)


def _entry(node: Any) -> str:
    """Say what the network takes."""
    shape = "x".join(map(str, node.shape))
    if node.gives == "levels":
        top = node.low + node.step * ((1 << node.planes) - 1)
        return f"{shape} integers, {node.low} to {top}, on {node.planes} bit planes"
    scale, offset = float(node.scale[0]), float(node.offset[0])
    fed = "x itself" if (scale, offset) == (1, 0) else f"{scale:g} * x + {offset:g}"
    return (
        f"{shape} real numbers x, the framework was fed {fed}; for pixels see --input and --scale"
    )
