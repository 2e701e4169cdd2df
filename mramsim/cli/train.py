"""``mramsim train``: a binary network, folded, with its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mramsim.cli import options as opt

GRADIENTS = "gradient methods"
LOCAL = "local_errors, committee"
METHOD_OPTIONS = (  # what is not given is left to the method
    click.option("--lr", type=float, help=f"{GRADIENTS}, adiabatic: first learning rate."),
    click.option("--decay", type=float, help=f"{GRADIENTS}: last learning rate over the first."),
    click.option(
        "--batch", type=int, help="Images of an update.  [default: 100; adiabatic: its own]"
    ),
    click.option("--loss", type=click.Choice(["hinge", "ce"]), help=f"{GRADIENTS}"),
    click.option("--stochastic", is_flag=True, help=f"{GRADIENTS}: draw activations in training."),
    click.option("--norm", metavar="NAME", help=f"{GRADIENTS}: batch or shift."),
    click.option(
        "--optimiser",
        metavar="NAME",
        help=f"{GRADIENTS}: adam, adamax or bop; adiabatic: adam, sgd or nesterov; sgd: sgd, adam.",
    ),
    click.option(
        "--slope",
        metavar="NAME",
        help=f"{GRADIENTS}: of activations: window, identity, bireal, signswish, tanh, irnet,"
        " reste.",
    ),
    click.option("--weight-slope", metavar="NAME", help=f"{GRADIENTS}: of weights, likewise."),
    click.option("--steepness", type=float, help=f"{GRADIENTS}: of signswish.  [default: 5]"),
    click.option("--clamped", is_flag=True, help=f"{GRADIENTS}: signswish without negative slope."),
    click.option(
        "--scale",
        metavar="NAME",
        help=f"{GRADIENTS}: none, layer, filter, learned, learned-filter or power.",
    ),
    click.option(
        "--regulariser", metavar="NAME", help=f"{GRADIENTS}: none, r1, r2, square or kurtosis."
    ),
    click.option("--strength", type=float, help=f"{GRADIENTS}: factor of the regulariser."),
    click.option("--dropout", type=float, help=f"{GRADIENTS}, adiabatic: of hidden activations."),
    click.option("--dropout-input", type=float, help=f"{GRADIENTS}: of inputs."),
    click.option(
        "--bit-errors", type=float, help=f"{GRADIENTS}: weights misread at this rate in training."
    ),
    click.option(
        "--real-ends", is_flag=True, help=f"{GRADIENTS}: real weights in the first and last layer."
    ),
    click.option(
        "--gather", is_flag=True, help=f"{GRADIENTS}: BatchNorm of all training images at the end."
    ),
    click.option(
        "--augment",
        metavar="NAME",
        help=f"{GRADIENTS}: none, shift or flip-shift; adiabatic: none or flip-shift.",
    ),
    click.option(
        "--precision",
        metavar="NAME",
        help=f"{GRADIENTS}: float32, or mixed (int8 and bfloat16, faster on recent processors).",
    ),
    click.option("--mode", metavar="NAME", help="adiabatic: weights, activations or both."),
    click.option(
        "--schedule",
        metavar="NAME",
        help="adiabatic: ladder, ramp, or a controller: target, binarised.",
    ),
    click.option("--activation", metavar="NAME", help="adiabatic: tanh, rtanh, hardtanh, sigmoid."),
    click.option("--offset", type=int, help="adiabatic: its tanh ends at 0 and 2 (1) or +-1 (0)."),
    click.option("--confine", type=float, help="adiabatic: penalty on large weights."),
    click.option("--start", metavar="FROM", help="adiabatic: random, float, or a checkpoint."),
    click.option(
        "--zeros",
        type=click.Choice(["strict", "paper"]),
        help=f"{LOCAL}: the sign of 0 is never needed or +1, or 0 as in the authors'"
        " code; the saved network is strict either way.  [default: strict]",
    ),
    click.option("--group", type=int, help="local_errors: neurons of which one is changed."),
    click.option("--members", type=int, help="committee: neurons of one vote.  [default: 11]"),
    click.option("--robustness", type=float, help=f"{LOCAL}: margin.  [default: 0.25]"),
    click.option("--reinforcement", type=float, help=f"{LOCAL}: rate.  [default: 0.5]"),
    click.option("--share", type=float, help="sgd: share of the training images.  [default: 1]"),
    click.option("--clip", type=int, help=f"{LOCAL}: bound of the integers."),
)


@click.command("train")
@click.argument("method", metavar="METHOD")
@click.option("--net", required=True, metavar="NAME", help="mlp-WxD, cnv-F, ...")
@click.option(
    "--data", required=True, metavar="NAME", help="digits, mnist, prototypes, ...; see the README."
)
@click.option("-o", "--output", default="net.npz", show_default=True, metavar="FILE")
@click.option("--epochs", type=int, help="By default a sensible number for the data set.")
@click.option("--images", type=int, help="Only so many training images, from the first on.")
@click.option("--planes", type=int, help="Bit planes of the input.")
@click.option("--float-baseline", is_flag=True, help="Also train the float network.")
@click.option("--float-epochs", type=int, help="Epochs of it.  [default: as many]")
@click.option(
    "--validation", type=float, metavar="SHARE", help="Training images held out, 0 to 0.5."
)
@click.option(
    "--patience",
    type=int,
    default=0,
    help="Stop after this many epochs without a better validation accuracy; keep the best.",
)
@click.option("--checkpoint", metavar="DIR", help="Folder; a cut-off training continues from it.")
@click.option("--threads", type=int, help="Threads of torch; another number may round otherwise.")
@opt.shared(*METHOD_OPTIONS, opt.SEED, opt.DATA_DIR, opt.JSON, opt.CONFIG)
def command(
    method: str,
    net: str,
    data: str,
    output: str,
    epochs: int | None,
    images: int | None,
    planes: int | None,
    float_baseline: bool,
    float_epochs: int | None,
    validation: float | None,
    patience: int,
    checkpoint: str | None,
    seed: int,
    threads: int | None,
    data_dir: str | None,
    as_json: bool,
    **method_options: Any,
) -> None:
    """Train a binary network and, if wanted, its float baseline.

    METHOD is bnn (Courbariaux et al. 2016), bnn_plus (Darabi et al. 2018), xnor_net, ir_net or bop
    (gradient methods); adiabatic (Zhao and Xiao 2021); local_errors (Colombo et al. 2024) or
    committee (Baldassi et al. 2015); or sgd, a float network of real weights.
    """
    from mramsim.errors import InputError
    from mramsim.network.file import save_network
    from mramsim.training import train

    target = Path(output)
    if target.suffix != ".npz":
        raise InputError(f"--output {output}: a network file ends in .npz")
    opt.check_output("--output", output)
    network = train(
        method,
        net,
        data,
        epochs=epochs,
        seed=seed,
        images=images,
        planes=planes,
        float_baseline=float_baseline,
        float_epochs=float_epochs,
        validation=validation,
        patience=patience,
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
    keys = ("method", "net", "data", "seed", "epochs", "float_epochs", "seconds", "accuracy")
    record: dict[str, Any] = {"schema": "mramsim.train/1"}
    record.update({key: network.training[key] for key in keys})
    record["file"] = str(target)
    if as_json:
        opt.print_json(record)
        return
    for key, value in record["accuracy"].items():
        click.echo(f"{key:14} {'-' if value is None else f'{value:.4f}'}")
    click.echo(f"{record['epochs']} epochs in {record['seconds']:.1f} s; written to {target}")
