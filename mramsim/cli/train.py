"""``mramsim train``: a binary network, folded, with its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mramsim.cli import options as opt

METHOD_OPTIONS = (  # what is not given is left to the method
    click.option("--stochastic", is_flag=True, help="bnn: draw activations while training."),
    click.option("--loss", type=click.Choice(["hinge", "ce"]), help="bnn  [default: hinge]"),
    click.option("--lr", type=float, help="bnn: first learning rate."),
    click.option("--batch", type=int, help="Images of one update.  [default: 100]"),
    click.option(
        "--zeros",
        type=click.Choice(["strict", "paper"]),
        help="local_errors, committee: the sign of 0 is never needed or +1, or 0 as in the authors'"
        " code; the saved network is strict either way.  [default: strict]",
    ),
    click.option("--group", type=int, help="local_errors: neurons of which one is changed."),
    click.option("--members", type=int, help="committee: neurons of one vote.  [default: 11]"),
    click.option(
        "--robustness", type=float, help="local_errors, committee: margin.  [default: 0.25]"
    ),
    click.option(
        "--reinforcement", type=float, help="local_errors, committee: rate.  [default: 0.5]"
    ),
    click.option("--clip", type=int, help="local_errors, committee: bound of the integers."),
)


@click.command("train")
@click.argument("method", metavar="METHOD")
@click.option("--net", required=True, metavar="NAME", help="mlp-WxD or cnv-F.")
@click.option(
    "--data", required=True, metavar="NAME", help="digits, mnist, prototypes, ...; see the README."
)
@click.option("-o", "--output", default="net.npz", show_default=True, metavar="FILE")
@click.option("--epochs", type=int, help="By default a sensible number for the data set.")
@click.option("--planes", type=int, help="Bit planes of the input.")
@click.option("--float-baseline", is_flag=True, help="Also train the float network.")
@click.option("--checkpoint", metavar="DIR", help="Folder; a cut-off training continues from it.")
@click.option("--threads", type=int, help="Threads of torch; another number may round otherwise.")
@opt.shared(*METHOD_OPTIONS, opt.SEED, opt.DATA_DIR, opt.JSON, opt.CONFIG)
def command(
    method: str,
    net: str,
    data: str,
    output: str,
    epochs: int | None,
    planes: int | None,
    float_baseline: bool,
    checkpoint: str | None,
    seed: int,
    threads: int | None,
    data_dir: str | None,
    as_json: bool,
    **method_options: Any,
) -> None:
    """Train a binary network and, if wanted, its float baseline.

    METHOD is bnn (Courbariaux et al. 2016), local_errors (Colombo et al. 2024) or committee
    (Baldassi et al. 2015).
    """
    from mramsim.errors import InputError
    from mramsim.network.file import save_network
    from mramsim.training import train

    target = Path(output)
    if target.suffix != ".npz":
        raise InputError(f"--output {output}: a network file ends in .npz")
    if not target.parent.is_dir():
        raise InputError(f"--output {output}: folder '{target.parent}' does not exist")
    if target.is_dir():
        raise InputError(f"--output {output}: is a folder; name a file to write")
    network = train(
        method,
        net,
        data,
        epochs=epochs,
        seed=seed,
        planes=planes,
        float_baseline=float_baseline,
        checkpoint=checkpoint,
        data_dir=data_dir,
        threads=threads,
        progress=opt.Ticker(),
        **{
            key: value
            for key, value in method_options.items()
            if value is not None and value is not False
        },
    )
    save_network(network, target)
    keys = ("method", "net", "data", "seed", "epochs", "seconds", "accuracy")
    record: dict[str, Any] = {"schema": "mramsim.train/1"}
    record.update({key: network.training[key] for key in keys})
    record["file"] = str(target)
    if as_json:
        opt.print_json(record)
        return
    for key, value in record["accuracy"].items():
        click.echo(f"{key:14} {'-' if value is None else f'{value:.4f}'}")
    click.echo(f"{record['epochs']} epochs in {record['seconds']:.1f} s; written to {target}")
