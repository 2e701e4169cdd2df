"""A schedule of steepness in the training loop, with the best binarised weights so far."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch

from mramsim.training.smooth.model import SmoothNetwork
from mramsim.training.smooth.schedules import Schedule

RELAXED, BINARISED = "relaxed", "binarised"  # entries of the history


class Climb:
    """What the training loop calls before and after each epoch.

    Parameters
    ----------
    schedule : Schedule
    model : SmoothNetwork
    optimiser : torch.optim.Optimizer
        Its state (moments and step counts) is zeroed whenever the steepness changes.
    measure : callable
        Relaxed accuracy of held-out images at the present steepness.
    """

    def __init__(
        self,
        schedule: Schedule,
        model: SmoothNetwork,
        optimiser: torch.optim.Optimizer,
        measure: Callable[[], float],
    ) -> None:
        self.schedule, self.model, self.optimiser = schedule, model, optimiser
        self.measure = measure
        self.steepness: list[list[float]] = []
        self.best: dict[str, Any] | None = None
        self.best_accuracy = -1.0

    def before(self, epoch: int) -> float:
        """Set the steepness of an epoch; return its learning-rate factor."""
        control = self.model.control
        if self.schedule.begin(epoch, control):
            self.optimiser.state = defaultdict(dict)
        return self.schedule.rate(control)

    def after(self, epoch: int, entry: dict[str, float]) -> bool:
        """Keep the best weights, let the schedule act; return whether training is over."""
        control = self.model.control
        self.steepness.append([control.weights, control.activations])
        if self.schedule.keeps_best and entry[BINARISED] > self.best_accuracy:
            self.best_accuracy = entry[BINARISED]
            self.best = self._state()
        relaxed, binarised = entry.get(RELAXED, 0.0), entry.get(BINARISED, 0.0)
        return self.schedule.end(control, relaxed, binarised, self.measure)

    def finish(self) -> None:
        """Go back to the best weights, where the schedule keeps them."""
        if self.best is not None:
            self._put(self.best)

    def state_dict(self) -> dict[str, Any]:
        """Return everything but weights and optimiser."""
        control = self.model.control
        return {
            "schedule": self.schedule.state_dict(),
            "control": [control.weights, control.activations],
            "steepness": self.steepness,
            "best": self.best,
            "best_accuracy": self.best_accuracy,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        control = self.model.control
        self.schedule.load_state_dict(state["schedule"])
        control.weights, control.activations = state["control"]
        self.steepness = state["steepness"]
        self.best, self.best_accuracy = state["best"], float(state["best_accuracy"])

    def _state(self) -> dict[str, Any]:
        control = self.model.control
        weights = copy.deepcopy(self.model.state_dict())
        return {"model": weights, "control": [control.weights, control.activations]}

    def _put(self, state: dict[str, Any]) -> None:
        control = self.model.control
        self.model.load_state_dict(state["model"])
        control.weights, control.activations = state["control"]
