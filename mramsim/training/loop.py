"""The training loop that methods share: epochs, checkpoints, progress."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mramsim.errors import InputError
from mramsim.files import write_bytes

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
    first = _restore(model, optimiser, recipe, checkpoint)
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
            _store(model, optimiser, recipe, checkpoint, epoch + 1)
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


def _store(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    recipe: Recipe,
    path: Path,
    epoch: int,
) -> None:
    buffer = io.BytesIO()
    state = {
        "identity": json.dumps(recipe.identity, sort_keys=True),
        "epoch": epoch,
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "random": torch.get_rng_state(),
    }
    torch.save(state, buffer)
    write_bytes(path, buffer.getvalue())


def _restore(
    model: nn.Module, optimiser: torch.optim.Optimizer, recipe: Recipe, path: Path | None
) -> int:
    if path is None or not path.exists():
        return 0
    try:
        state = torch.load(path, weights_only=True)
        if state["identity"] != json.dumps(recipe.identity, sort_keys=True):
            raise InputError(f"{path}: checkpoint of another training; name another folder")
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])
        return int(state["epoch"])
    except InputError:
        raise
    except Exception as error:  # damaged bytes make torch raise almost anything
        raise InputError(f"{path}: not a readable checkpoint ({type(error).__name__})") from None
