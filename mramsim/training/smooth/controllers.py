"""The two schedules that follow the validation accuracy.

From the first author's published code of Zhao and Xiao, Sci. Rep. 11, 19797 (2021), where they are
the first and the second trainer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mramsim.training.smooth.control import LIMIT, Control
from mramsim.training.smooth.schedules import Measure, Schedule


@dataclass
class Controller(Schedule):
    """What both controllers share: a first phase at k = 1, then pushes.

    Attributes
    ----------
    first : int
        Epochs of the first phase.
    patience : int
        Epochs without progress before the next push.
    factor : float
        Of the steepness at a push.
    power : float
        The learning rate falls as ``k^-power``.
    drop : float
        Factor of the learning rate in the second phase.
    epoch : int
        The epoch that has begun.
    pushes : int
        So far.
    pushed : bool
        Whether the steepness changed since the last epoch.
    best : float
        Best binarised accuracy of the second phase.
    """

    first: int = 0
    patience: int = 15
    factor: float = 1.5
    power: float = 0.3
    drop: float = 0.1
    epoch: int = 0
    pushes: int = 0
    pushed: bool = False
    best: float = -1.0
    keeps_best: ClassVar[bool] = True

    def begin(self, epoch: int, control: Control) -> bool:
        """Zero the optimiser after pushes and between the phases."""
        self.epoch = epoch
        changed, self.pushed = self.pushed, False
        return changed or epoch == self.first

    def rate(self, control: Control) -> float:
        """Return the factor of the learning rate."""
        k = control.weights if self.mode == "weights" else control.activations
        return float((1.0 if self.epoch < self.first else self.drop) * k**-self.power)

    def push(self, control: Control) -> None:
        """Raise the steepness; with both kinds binary, weights and activations in turn."""
        if self.mode == "weights" or (self.mode == "both" and self.pushes % 2 == 0):
            control.weights *= self.factor
        else:
            control.activations *= self.factor
        self.pushes += 1
        self.pushed = True

    def steepest(self, control: Control) -> float:
        """Return the largest steepness that acts."""
        return max(control.weights, control.activations)


@dataclass
class TargetController(Controller):
    """Push while the relaxed accuracy holds a target, which falls after long patience.

    Attributes
    ----------
    target : float
        Relaxed accuracy that allows a push; training stops when the binarised one reaches it.
    most : int
        Pushes at a time.
    reached : float
        Best relaxed accuracy since the last push.
    waited : int
        Epochs since the last push.
    """

    target: float = 1.0
    most: int = 3
    reached: float = 0.0
    waited: int = 0

    def end(self, control: Control, relaxed: float, binarised: float, measure: Measure) -> bool:
        """Push where the target is held; stop where the signs hold it, or beyond the limit."""
        if self.epoch < self.first:
            return False
        self.best = max(self.best, binarised)
        if self.best >= self.target:
            return True
        self.reached = max(self.reached, relaxed)
        self.waited += 1
        if self.waited >= self.patience:
            self.target = relaxed = self.reached
        if relaxed >= self.target:
            self.reached, self.waited = 0.0, 0
            for _ in range(self.most):
                if relaxed < self.target or self.steepest(control) >= LIMIT:
                    break
                self.push(control)
                relaxed = measure()
        return self.steepest(control) > LIMIT


@dataclass
class BinarisedController(Controller):
    """Push when the binarised accuracy has had no new best for a while.

    Attributes
    ----------
    idle : int
        Epochs since the last new best.
    counter : float
        The same, but set back to 0.6 of the patience by a push.
    """

    idle: int = 0
    counter: float = 0.0

    def end(self, control: Control, relaxed: float, binarised: float, measure: Measure) -> bool:
        """Push after `patience` idle epochs; stop after three times as many."""
        if self.epoch < self.first:
            return False
        if binarised > self.best:
            self.best, self.idle, self.counter = binarised, 0, 0.0
        else:
            self.idle += 1
            self.counter += 1
            if self.counter >= self.patience:
                self.push(control)
                self.counter = 0.6 * self.patience
        return self.idle >= 3 * self.patience or self.steepest(control) > LIMIT
