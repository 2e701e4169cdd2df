"""The training loop of methods with gradients: epochs, checkpoints, early stop, progress."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mramsim.errors import InputError
from mramsim.training import checkpoint as checkpoints
from mramsim.training.job import Progress, best_epoch, describe, exhausted

History = list[dict[str, float]]


class Schedule(Protocol):
    """What changes from epoch to epoch."""

    def before(self, epoch: int) -> float:
        """Prepare an epoch (such as a slope); return its learning-rate factor."""

    def after(self, epoch: int, entry: dict[str, float]) -> bool:
        """Take note of what an epoch reached; return whether training is over."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state that a checkpoint must hold; plain values."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""


class Decay:
    """Learning rate that falls in equal ratios, to `last` of the first in the last epoch.

    Parameters
    ----------
    epochs : int
    last : float
    advance : callable, optional
        Called before each epoch with the share of the training that is over, 0 to 1.
    """

    def __init__(
        self, epochs: int, last: float, advance: Callable[[float], None] | None = None
    ) -> None:
        self.epochs, self.last, self.advance = epochs, last, advance

    def before(self, epoch: int) -> float:
        """Return ``last^(epoch / (epochs - 1))``."""
        share = epoch / max(1, self.epochs - 1)
        if self.advance is not None:
            self.advance(share)
        return float(self.last**share)

    def after(self, epoch: int, entry: dict[str, float]) -> bool:
        """Return False: all epochs are wanted."""
        return False

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: the epoch says it all."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take nothing."""


@dataclass(frozen=True)
class Recipe:
    """How to train one network.

    Attributes
    ----------
    epochs, batch : int
    loss : callable
        Of scores and labels.
    schedule : Schedule
    prepare : callable
        Float32 inputs of the model from some of the stored images.
    label : str
        For progress.
    identity : dict
        What must be equal for a checkpoint to be continued; JSON-able.
    augment : callable, optional
        Of some of the stored images, before `prepare`.
    penalty : callable, optional
        Added to the loss; without arguments.
    after_step : callable, optional
        Called after each update, such as clipping.
    monitor : callable, optional
        Returns further entries of the history after an epoch.
    patience : int
        See `mramsim.training.job.Job`; needs a monitor that gives "validation".
    """

    epochs: int
    batch: int
    loss: Callable[[Tensor, Tensor], Tensor]
    schedule: Schedule
    prepare: Callable[[Tensor], Tensor]
    label: str
    identity: dict[str, Any]
    augment: Callable[[Tensor], Tensor] | None = None
    penalty: Callable[[], Tensor] | None = None
    after_step: Callable[[], None] | None = None
    monitor: Callable[[], dict[str, float]] | None = None
    patience: int = 0


def fit(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    inputs: Tensor,
    labels: Tensor,
    recipe: Recipe,
    progress: Progress,
    checkpoint: Path | None = None,
) -> History:
    """Train a model; continue from a checkpoint where there is one.

    All randomness comes from torch's default generator, whose state is part of the checkpoint, so
    a run that was cut off ends with the same weights.

    Parameters
    ----------
    model : torch.nn.Module
        Left in evaluation mode, with its last state, or with patience its best.
    optimiser : torch.optim.Optimizer
        Its learning rates are taken as those of factor 1.
    inputs : uint8 tensor [images, ...]
    labels : int64 tensor [images]
    recipe : Recipe
    progress : callable
    checkpoint : pathlib.Path, optional
        File written after each epoch.

    Returns
    -------
    list of dict
        An entry per epoch with "loss", "train" and what the monitor gives.

    Raises
    ------
    InputError
        If there are fewer than two images, or the checkpoint is damaged or of another training.
    """
    if len(inputs) < 2:  # BatchNorm has no variance of a single image
        raise InputError(f"{recipe.label}: {len(inputs)} training images; at least 2 are needed")
    base = [group["lr"] for group in optimiser.param_groups]
    run = _Run(model, optimiser, recipe)
    run.restore(checkpoint)
    while len(run.history) < recipe.epochs and not run.over:
        factor = recipe.schedule.before(len(run.history))
        for group, rate in zip(optimiser.param_groups, base, strict=True):
            group["lr"] = rate * factor
        entry = _epoch(model, optimiser, inputs, labels, recipe)
        run.note(entry)
        if checkpoint is not None:
            run.store(checkpoint)
        progress(len(run.history), recipe.epochs, f"{recipe.label}: {describe(entry)}")
    if run.best is not None:
        model.load_state_dict(run.best)
    model.eval()
    return run.history


def _epoch(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    inputs: Tensor,
    labels: Tensor,
    recipe: Recipe,
) -> dict[str, float]:
    """Show every image once, in whole batches; return what the epoch reached."""
    model.train()
    total, right = 0.0, 0
    order = torch.randperm(len(inputs))
    order = order[: len(order) - len(order) % recipe.batch or len(order)]
    for chosen in torch.split(order, recipe.batch):
        images = inputs[chosen]
        if recipe.augment is not None:
            images = recipe.augment(images)
        optimiser.zero_grad()
        scores = model(recipe.prepare(images))
        loss = recipe.loss(scores, labels[chosen])
        total += float(loss.detach()) * len(chosen)
        right += int((scores.detach().argmax(1) == labels[chosen]).sum())
        if recipe.penalty is not None:
            loss = loss + recipe.penalty()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if recipe.after_step is not None:
            recipe.after_step()
    entry = {"loss": total / len(order), "train": right / len(order)}
    return entry if recipe.monitor is None else {**entry, **recipe.monitor()}


class _Run:
    """A training under way: what a checkpoint holds."""

    def __init__(self, model: nn.Module, optimiser: torch.optim.Optimizer, recipe: Recipe) -> None:
        self.model, self.optimiser, self.recipe = model, optimiser, recipe
        self.history: History = []
        self.best: dict[str, Any] | None = None
        self.over = False

    def note(self, entry: dict[str, float]) -> None:
        """Append an epoch; keep the state where it is the best; decide whether it was the last."""
        self.history.append(entry)
        patience = self.recipe.patience
        if patience and best_epoch(self.history) == len(self.history) - 1:
            self.best = copy.deepcopy(self.model.state_dict())
        stop = self.recipe.schedule.after(len(self.history) - 1, entry)
        self.over = stop or exhausted(self.history, patience)

    def store(self, path: Path) -> None:
        """Write a checkpoint."""
        parts = {key: part.state_dict() for key, part in self._parts().items()}
        checkpoints.store(path, self.recipe.identity, parts)

    def restore(self, path: Path | None) -> None:
        """Go on from a checkpoint where there is one."""
        found = checkpoints.restore(path, self.recipe.identity)
        if found is not None and path is not None:
            checkpoints.resume(path, found, self._parts())

    def _parts(self) -> dict[str, Any]:
        schedule = self.recipe.schedule
        return {
            "model": self.model,
            "optimiser": self.optimiser,
            "schedule": schedule,
            "run": self,
        }

    def state_dict(self) -> dict[str, Any]:
        """Return what only the run knows."""
        return {"history": self.history, "best": self.best, "over": self.over}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take it back."""
        self.history, self.best, self.over = state["history"], state["best"], state["over"]


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
