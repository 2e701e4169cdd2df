"""``mramsim train``: a binary network, folded, with its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mramsim.cli import options as opt


@click.command("train")
@click.argument("method", metavar="METHOD")
@click.option("--net", required=True, metavar="NAME", help="mlp-WxD or cnv-F.")
@click.option(
    "--data", required=True, metavar="NAME", help="digits, mnist, fashion-mnist, cifar10."
)
@click.option("-o", "--output", default="net.npz", show_default=True, metavar="FILE")
@click.option("--epochs", type=int, help="By default a sensible number for the data set.")
@click.option("--planes", type=int, help="Bit planes of the input.")
@click.option("--float-baseline", is_flag=True, help="Also train the float network.")
@click.option("--checkpoint", metavar="DIR", help="Folder; a cut-off training continues from it.")
@click.option("--stochastic", is_flag=True, help="Draw activations while training.")
@click.option("--loss", type=click.Choice(["hinge", "ce"]), default="hinge", show_default=True)
@click.option("--lr", default=1e-2, show_default=True, help="First learning rate.")
@click.option("--batch", default=100, show_default=True, help="Images of one update.")
@click.option("--threads", type=int, help="Threads of torch; another number may round otherwise.")
@opt.shared(opt.SEED, opt.DATA_DIR, opt.JSON, opt.CONFIG)
def command(
    method: str,
    net: str,
    data: str,
    output: str,
    epochs: int | None,
    planes: int | None,
    float_baseline: bool,
    checkpoint: str | None,
    stochastic: bool,
    loss: str,
    lr: float,
    batch: int,
    seed: int,
    threads: int | None,
    data_dir: str | None,
    as_json: bool,
) -> None:
    """Train a binary network and, if wanted, its float baseline.

    METHOD is bnn (Courbariaux et al. 2016).
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
        stochastic=stochastic,
        loss=loss,
        lr=lr,
        batch=batch,
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
