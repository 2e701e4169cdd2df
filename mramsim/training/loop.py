"""The training loop that methods share: epochs, checkpoints, progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mramsim.errors import InputError
from mramsim.training import checkpoint as checkpoints

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Recipe:
    """How to train one network.

    Attributes
    ----------
    epochs, batch : int
    loss : callable
        Of scores and labels.
    rate : callable
        Learning-rate factor of an epoch.
    prepare : callable
        Float32 inputs of the model from some of the stored images.
    after_step : callable
        Called after each update, such as clipping.
    label : str
        For progress.
    identity : dict
        What must be equal for a checkpoint to be continued; JSON-able.
    """

    epochs: int
    batch: int
    loss: Callable[[Tensor, Tensor], Tensor]
    rate: Callable[[int], float]
    prepare: Callable[[Tensor], Tensor]
    after_step: Callable[[], None]
    label: str
    identity: dict[str, Any]


def fit(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    inputs: Tensor,
    labels: Tensor,
    recipe: Recipe,
    progress: Progress,
    checkpoint: Path | None = None,
) -> None:
    """Train a model; continue from a checkpoint where there is one.

    All randomness comes from torch's default generator, whose state is part of the checkpoint, so
    a run that was cut off ends with the same weights.

    Parameters
    ----------
    model : torch.nn.Module
    optimiser : torch.optim.Optimizer
        Its learning rates are taken as those of factor 1.
    inputs : uint8 tensor [images, channels, height, width]
    labels : int64 tensor [images]
    recipe : Recipe
    progress : callable
    checkpoint : pathlib.Path, optional
        File written after each epoch.

    Raises
    ------
    InputError
        If there are fewer than two images, or the checkpoint is damaged or of another training.
    """
    if len(inputs) < 2:  # BatchNorm has no variance of a single image
        raise InputError(f"{recipe.label}: {len(inputs)} training images; at least 2 are needed")
    base = [group["lr"] for group in optimiser.param_groups]
    first = 0
    found = checkpoints.restore(checkpoint, recipe.identity)
    if found is not None and checkpoint is not None:
        checkpoints.resume(checkpoint, found, {"model": model, "optimiser": optimiser})
        first = int(found["epoch"])
    for epoch in range(first, recipe.epochs):
        for group, rate in zip(optimiser.param_groups, base, strict=True):
            group["lr"] = rate * recipe.rate(epoch)
        model.train()
        total = 0.0
        order = torch.randperm(len(inputs))
        order = order[: len(order) - len(order) % recipe.batch or len(order)]  # whole batches
        for start in range(0, len(order), recipe.batch):
            chosen = order[start : start + recipe.batch]
            optimiser.zero_grad()
            loss = recipe.loss(model(recipe.prepare(inputs[chosen])), labels[chosen])
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            recipe.after_step()
            total += float(loss.detach()) * len(chosen)
        if checkpoint is not None:
            state = {"model": model.state_dict(), "optimiser": optimiser.state_dict()}
            checkpoints.store(checkpoint, recipe.identity, {**state, "epoch": epoch + 1})
        progress(epoch + 1, recipe.epochs, f"{recipe.label}: loss {total / len(order):.4f}")
    model.eval()


def classify(
    model: nn.Module, inputs: Tensor, prepare: Callable[[Tensor], Tensor], batch: int = 500
) -> NDArray[np.int64]:
    """Return the class that a trained model gives each image, int64 [images]."""
    model.eval()
    with torch.no_grad():
        parts = [model(prepare(part)).argmax(1) for part in torch.split(inputs, batch)]
    classes: NDArray[np.int64] = torch.cat(parts).numpy()
    return classes


def squared_hinge(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the mean over images and classes of ``max(0, 1 - y s)^2`` with y of -1 and +1."""
    target = nn.functional.one_hot(labels, scores.shape[1]).to(scores.dtype) * 2 - 1
    return (1 - target * scores).clamp(min=0).square().mean()
