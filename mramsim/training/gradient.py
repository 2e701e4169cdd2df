"""Training by gradients through the sign: what the pieces in `core` do together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mramsim.network.graph import batches
from mramsim.network.nodes import Input
from mramsim.training.augment import augmentation
from mramsim.training.averages import gather_averages
from mramsim.training.core.optimisers import make_optimiser
from mramsim.training.core.options import GradientOptions
from mramsim.training.core.regularisers import REGULARISERS
from mramsim.training.core.slopes import make_slope
from mramsim.training.export import export
from mramsim.training.job import Job, Trained
from mramsim.training.loop import Decay, Recipe, classify, fit, squared_hinge
from mramsim.training.modules import BinaryNetwork, Parts


def train_gradient(method: str, job: Job, options: GradientOptions) -> Trained:
    """Train a binary network by gradients and fold it.

    Parameters
    ----------
    method : str
        For the record.
    job : Job
    options : GradientOptions

    Returns
    -------
    Trained
    """
    torch.default_generator.manual_seed(job.seed)
    parts = make_parts(options)
    model = BinaryNetwork(job.data.shape, job.layers, len(job.data.classes), parts)
    held, labels_held = levels_of(job.record, job.held.images), job.held.labels

    def monitor() -> dict[str, float]:
        right = classify(model, held, prepare) == labels_held
        return {job.held.name: float(right.mean())}

    def advance(share: float) -> None:
        parts.slope.progress = parts.weight_slope.progress = share

    def prepare(levels: Tensor) -> Tensor:
        return odd_integers(levels, job.record.planes)

    recipe = Recipe(
        epochs=job.epochs,
        batch=options.batch,
        loss=squared_hinge if options.loss == "hinge" else nn.functional.cross_entropy,
        schedule=Decay(job.epochs, options.decay, advance),
        prepare=prepare,
        label="binary network",
        identity=job.identity(method, asdict(options)),
        augment=augmentation(options.augment),
        penalty=_penalty(model, options),
        after_step=_clipping(model) if options.clip else None,
        monitor=monitor,
        patience=job.patience,
    )
    inputs = levels_of(job.record, job.data.x_train)
    labels = torch.from_numpy(job.data.y_train.astype(np.int64))
    optimiser = optimiser_of(model, options)
    history = fit(model, optimiser, inputs, labels, recipe, job.progress, job.checkpoint)
    if options.gather:
        gather_averages(model, inputs, prepare)
    classes = classify(model, levels_of(job.record, job.data.x_test), prepare)
    test = float((classes == job.data.y_test).mean())
    return Trained(export(model, job.record, job.name), test, history)


def make_parts(options: GradientOptions) -> Parts:
    """Return the pieces of the network that options name."""
    slope = make_slope(options.slope, options.steepness, options.clamped)
    weight_slope = make_slope(options.weight_slope, options.steepness, options.clamped)
    return Parts(
        slope,
        weight_slope,
        scale=options.scale,
        scale_start="median" if options.regulariser == "r1" else "mean",  # the least of R1, of R2
        standardise=options.standardise,
        norm=options.norm,
        init=options.init,
        stochastic=options.stochastic,
        dropout_input=options.dropout_input,
        dropout=options.dropout,
        bit_errors=options.bit_errors,
        precision=options.precision,
        real_ends=options.real_ends,
    )


def optimiser_of(model: BinaryNetwork, options: GradientOptions) -> torch.optim.Optimizer:
    """Return the optimiser of a network."""
    weights = [
        (product.latent, product.glorot() if options.glorot else 1.0)
        for _, product in model.binary_layers()
    ]
    known = {id(value) for value, _ in weights}
    others = [value for value in model.parameters() if id(value) not in known]
    return make_optimiser(options.optimiser, weights, others, options.lr)


def _penalty(model: BinaryNetwork, options: GradientOptions) -> Callable[[], Tensor] | None:
    if options.regulariser == "none" or options.strength == 0:
        return None
    function, layers = REGULARISERS[options.regulariser], model.binary_layers()

    def penalty() -> Tensor:
        pairs = [(product.latent, block.alpha()) for block, product in layers]
        return options.strength * function(pairs)

    return penalty


def _clipping(model: BinaryNetwork) -> Callable[[], None]:
    latents = [product.latent for _, product in model.binary_layers()]

    def clip() -> None:
        with torch.no_grad():
            for latent in latents:
                latent.clamp_(-1, 1)

    return clip


def levels_of(record: Input, images: NDArray[np.uint8]) -> Tensor:
    """Return the levels of images, uint8; in parts, which takes less memory."""
    return torch.from_numpy(
        np.concatenate([record.forward(part) for part in batches(images, 1000)])
    )


def odd_integers(levels: Tensor, planes: int) -> Tensor:
    """Return the integers that levels of `planes` bits stand for, as float32."""
    return levels.float() * 2 - ((1 << planes) - 1)
