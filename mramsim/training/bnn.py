"""BNN with straight-through estimator.

Courbariaux, Hubara, Soudry, El-Yaniv, Bengio, "Binarized Neural Networks", arXiv:1602.02830 (2016):
binary weights in every layer, latent weights clipped to [-1, 1], updates scaled by the inverse
Glorot bound, BatchNorm before each sign, squared hinge loss, Adam with exponential decay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mramsim.datasets import Dataset
from mramsim.errors import InputError
from mramsim.network.graph import batches
from mramsim.network.nodes import Input
from mramsim.training.export import export
from mramsim.training.loop import Progress, Recipe, classify, fit, squared_hinge
from mramsim.training.modules import BinaryBlock, BinaryNetwork
from mramsim.training.session import Trained
from mramsim.training.shapes import Layer

DECAY = 1e-2  # learning rate of the last epoch over that of the first


@dataclass(frozen=True)
class Options:
    """Options of the method.

    Attributes
    ----------
    stochastic : bool
        Draw activations while training: +1 with probability ``clip((x + 1) / 2, 0, 1)``.
    loss : {"hinge", "ce"}
        Squared hinge or cross-entropy.
    lr : float
        First learning rate; above the 3e-3 of the paper, whose runs are 1000 epochs long.
    batch : int
    """

    stochastic: bool = False
    loss: Literal["hinge", "ce"] = "hinge"
    lr: float = 1e-2
    batch: int = 100

    def __post_init__(self) -> None:
        if self.loss not in ("hinge", "ce"):
            raise InputError(f"loss = '{self.loss}'; hinge and ce are allowed")
        if not 0 < self.lr < 10:
            raise InputError(f"lr = {self.lr}; above 0 and below 10 is allowed")
        if self.batch < 2:
            raise InputError(f"batch = {self.batch}; at least 2 is allowed")


def fit_method(
    data: Dataset,
    record: Input,
    layers: Sequence[Layer],
    name: str,
    *,
    epochs: int,
    seed: int,
    options: Options,
    progress: Progress,
    checkpoint: Path | None,
) -> Trained:
    """Train a BNN.

    Parameters
    ----------
    data : Dataset
    record : Input
        How pixels become levels.
    layers : sequence of Layer
    name : str
    epochs, seed : int
    options : Options
    progress : callable
    checkpoint : pathlib.Path or None

    Returns
    -------
    Trained
    """
    torch.default_generator.manual_seed(seed)
    model = BinaryNetwork(data.shape, layers, len(data.classes), options.stochastic)
    blocks = [block for block in model.blocks if isinstance(block, BinaryBlock)]
    groups = [
        {"params": [block.product.latent], "lr": options.lr * block.product.glorot()}
        for block in blocks
    ]
    norms = [value for block in blocks for value in block.norm.parameters()]
    optimiser = torch.optim.Adam([*groups, {"params": norms, "lr": options.lr}], fused=True)
    latents = [block.product.latent for block in blocks]

    def clip() -> None:
        with torch.no_grad():
            for latent in latents:
                latent.clamp_(-1, 1)

    recipe = Recipe(
        epochs=epochs,
        batch=options.batch,
        loss=squared_hinge if options.loss == "hinge" else nn.functional.cross_entropy,
        rate=lambda epoch: DECAY ** (epoch / max(1, epochs - 1)),
        prepare=lambda levels: odd_integers(levels, record.planes),
        after_step=clip,
        label="binary network",
        identity={
            "method": "bnn",
            "net": name,
            "data": data.digest,
            "epochs": epochs,
            "seed": seed,
            "planes": record.planes,
            "options": vars(options),
        },
    )
    labels = torch.from_numpy(data.y_train.astype(np.int64))
    fit(model, optimiser, levels_of(record, data.x_train), labels, recipe, progress, checkpoint)
    classes = classify(model, levels_of(record, data.x_test), recipe.prepare)
    return Trained(export(model, record, name), float((classes == data.y_test).mean()))


def levels_of(record: Input, images: NDArray[np.uint8]) -> Tensor:
    """Return the levels of images, uint8; in parts, which takes less memory."""
    return torch.from_numpy(
        np.concatenate([record.forward(part) for part in batches(images, 1000)])
    )


def odd_integers(levels: Tensor, planes: int) -> Tensor:
    """Return the integers that levels of `planes` bits stand for, as float32."""
    return levels.float() * 2 - ((1 << planes) - 1)
