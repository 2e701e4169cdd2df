"""Float networks of equal memory: what binary training without gradients is compared with.

The baseline of Colombo, Pittorino, Roveri (arXiv:2412.00119): fully connected layers of real
weights without biases, ReLU, cross-entropy, plain SGD (or Adam), 50 epochs of batches of 100. At
equal memory such a network has far fewer neurons; where it reads real inputs instead of bits, it
also sees only one in 32 of the training images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from mramsim.errors import InputError
from mramsim.network.graph import Network
from mramsim.network.nodes import Activation, Input, LevelValue, Node, Output, RealLinear
from mramsim.training.gradient import levels_of, odd_integers
from mramsim.training.job import Job, Trained
from mramsim.training.loop import Decay, Recipe, classify, fit
from mramsim.training.modules import fans
from mramsim.training.shapes import Layer

EPOCHS = 50
PLANES = 1
RATES = {"sgd": 1e-2, "adam": 1e-3}


@dataclass(frozen=True)
class Options:
    """Options of the method; the defaults are the paper's.

    Attributes
    ----------
    optimiser : {"sgd", "adam"}
        Plain SGD of rate 0.01, or Adam of rate 0.001; both constant.
    share : float
        Share of the training images that are seen: the first ones.
    batch : int
    """

    optimiser: Literal["sgd", "adam"] = "sgd"
    share: float = 1.0
    batch: int = 100

    def __post_init__(self) -> None:
        if self.optimiser not in RATES:
            raise InputError(f"optimiser = '{self.optimiser}'; sgd and adam are allowed")
        if not 0 < self.share <= 1:
            raise InputError(f"share = {self.share}; above 0, at most 1 is allowed")
        if self.batch < 1:
            raise InputError(f"batch = {self.batch}; at least 1 is allowed")


def fit_method(job: Job, options: Options) -> Trained:
    """Train a float network.

    Parameters
    ----------
    job : Job
        Fully connected layers. Inputs are -1 to +1: signs, or as fine as the bit planes.
    options : Options

    Returns
    -------
    Trained
        Its network has real weights, which no array holds: it runs digitally.

    Raises
    ------
    InputError
        For convolutions.
    """
    if any(layer.kind != "linear" for layer in job.layers):
        raise InputError(f"network '{job.name}': sgd trains fully connected networks: mlp-WxD")
    torch.default_generator.manual_seed(job.seed)
    model = _model(job.data.shape, job.layers, len(job.data.classes))
    kind = torch.optim.SGD if options.optimiser == "sgd" else torch.optim.Adam
    optimiser = kind(model.parameters(), lr=RATES[options.optimiser])
    held = levels_of(job.record, job.held.images)

    def prepare(levels: Tensor) -> Tensor:
        return odd_integers(levels, job.record.planes) * _step(job.record.planes)

    def monitor() -> dict[str, float]:
        right = classify(model, held, prepare) == job.held.labels
        return {job.held.name: float(right.mean())}

    recipe = Recipe(
        epochs=job.epochs,
        batch=options.batch,
        loss=nn.functional.cross_entropy,
        schedule=Decay(job.epochs, 1.0),
        prepare=prepare,
        label="float network",
        identity=job.identity("sgd", asdict(options)),
        monitor=monitor,
        patience=job.patience,
    )
    count = max(1, int(options.share * len(job.data.x_train)))
    inputs = levels_of(job.record, job.data.x_train[:count])
    labels = torch.from_numpy(job.data.y_train[:count].astype(np.int64))
    history = fit(model, optimiser, inputs, labels, recipe, job.progress, job.checkpoint)
    classes = classify(model, levels_of(job.record, job.data.x_test), prepare)
    test = float((classes == job.data.y_test).mean())
    return Trained(_export(model, job.record, job.name), test, history, {"seen": count})


def _step(planes: int) -> float:
    return 1.0 / ((1 << planes) - 1)


def _model(image: tuple[int, int, int], layers: Sequence[Layer], classes: int) -> nn.Sequential:
    widths = [*(layer.width for layer in layers), classes]
    steps: list[nn.Module] = [nn.Flatten()]
    for fan_in, width in zip(fans(image, layers), widths, strict=True):
        steps += [nn.Linear(fan_in, width, bias=False), nn.ReLU()]
    return nn.Sequential(*steps[:-1])


def _export(model: nn.Sequential, record: Input, name: str) -> Network:
    """Return the network of real layers; the step of the input goes into the first weights."""
    products = [step for step in model if isinstance(step, nn.Linear)]
    nodes: list[Node] = [record, LevelValue("value", (record.name,), record.planes)]
    for number, product in enumerate(products, start=1):
        weight = product.weight.detach().numpy()
        if not np.isfinite(weight).all():
            raise InputError(f"layer {number}: training diverged (NaN in its weights)")
        if number == 1:
            weight = weight * np.float32(_step(record.planes))
        label = "scores" if number == len(products) else f"fc{number}"
        zero = np.zeros(len(weight), np.float32)
        nodes.append(RealLinear(label, (nodes[-1].name,), weight, zero))
        if number < len(products):
            none = np.empty((0, 1), np.float32)
            nodes.append(Activation(f"{label}_relu", (label,), "relu", none))
    ones = np.ones(len(weight), np.float32)
    nodes.append(Output("out", ("scores",), ones, zero))
    return Network(tuple(nodes), name)
