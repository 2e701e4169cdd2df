"""The schedules that are fixed in advance, and what all schedules have in common.

The ladder is that of Zhao and Xiao, Sci. Rep. 11, 19797 (2021), and the first author's published
code; the ramp is this project's own.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, ClassVar

from mramsim.training.smooth.control import Control

Measure = Callable[[], float]


@dataclass
class Schedule(ABC):
    """How steepness and learning rate follow the epochs; its fields are its state.

    Attributes
    ----------
    mode : str
        Which steepness acts: "weights", "activations" or "both"; "float" has none.
    epochs : int
        Most epochs.
    """

    mode: str
    epochs: int
    keeps_best: ClassVar[bool] = False  # end with the best binarised weights, not the last
    fixes_scales: ClassVar[bool] = False  # of BatchNorms in front of smooth signs

    @abstractmethod
    def begin(self, epoch: int, control: Control) -> bool:
        """Set the steepness of an epoch (from 0); return whether optimiser state is zeroed."""

    @abstractmethod
    def rate(self, control: Control) -> float:
        """Return the factor of the learning rate for the epoch that has begun."""

    def end(self, control: Control, relaxed: float, binarised: float, measure: Measure) -> bool:
        """Take the validation accuracies of an epoch; return whether to stop.

        Parameters
        ----------
        control : Control
        relaxed, binarised : float
            At the present steepness, and with the sign in its place.
        measure : callable
            Relaxed accuracy once more, after the steepness has been changed.
        """
        return False

    def state_dict(self) -> dict[str, Any]:
        """Return its state."""
        return asdict(self)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take a state back."""
        for key, value in state.items():
            setattr(self, key, type(getattr(self, key))(value))

    def set_steepness(self, control: Control, weights: float, activations: float) -> None:
        """Set every steepness that acts."""
        if self.mode in ("weights", "both"):
            control.weights = weights
        if self.mode in ("activations", "both"):
            control.activations = activations


@dataclass
class Decay(Schedule):
    """No steepness; the learning rate falls to a hundredth: the float network."""

    epoch: int = 0

    def begin(self, epoch: int, control: Control) -> bool:
        """Note the epoch."""
        self.epoch = epoch
        return False

    def rate(self, control: Control) -> float:
        """Return ``0.01^(epoch / (epochs - 1))``."""
        return float(0.01 ** (self.epoch / max(1, self.epochs - 1)))


WEIGHT_LADDER = ((3.0, 8), *((k, 3) for k in (10.0, 20.0, 50.0, 100.0, 300.0, 500.0, 999.0)))
ACTIVATION_LADDER = ((1.5, 8), (6.0, 3), (1001.0, 2))


@dataclass
class Ladder(Schedule):
    """Fixed steps of k; fewer or more epochs rescale it, and the last k is always reached.

    ``rate = (k / k_first)^-q``.

    Attributes
    ----------
    k : float
        Of the epoch that has begun.
    """

    k: float = 0.0

    def steps(self) -> tuple[tuple[float, int], ...]:
        """Return the steepness and the epochs of each step of the full ladder."""
        return ACTIVATION_LADDER if self.mode == "activations" else WEIGHT_LADDER

    def steepness(self, epoch: int) -> float:
        """Return k of an epoch, from 0."""
        steps = self.steps()
        place = (epoch + 1) * sum(share for _, share in steps)
        passed = 0
        for k, share in steps:
            passed += share
            if place <= passed * self.epochs:
                return k
        return steps[-1][0]

    def begin(self, epoch: int, control: Control) -> bool:
        """Climb."""
        before, self.k = self.k, self.steepness(epoch)
        self.set_steepness(control, self.k, self.k)
        return before != self.k

    def rate(self, control: Control) -> float:
        """Return the factor of the learning rate."""
        power = 0.3 if self.mode == "activations" else 0.2
        return float((self.k / self.steps()[0][0]) ** -power)


# Share of the training, and k there; between them k grows by the same factor every epoch.
ACTIVATION_RAMP = ((0.0, 1.0), (0.1, 1.0), (0.2, 2.0), (0.9, 8.0), (0.97, 999.0))
WEIGHT_RAMP = ((0.0, 1.0), (0.1, 1.0), (0.2, 2.0), (0.5, 8.0), (0.8, 100.0), (0.85, 999.0))
RAMP_EPOCHS = 160
RAMP_POWER = 0.25
RAMP_FLOOR = 1e-3  # of the cosine


@dataclass
class Ramp(Schedule):
    """A little more k in every epoch, most of the training where the network still learns.

    While k is between 2 and 8 the gradients of a smooth sign carry far, and the sign is already
    close; beyond, few values are within reach of a change, and the rise may be fast. Weights become
    signs first, while gradients still pass the activations. The learning rate is half a cosine
    times ``k^-0.25``, with the k of the activations where they are smooth; the optimiser keeps its
    state, as no step is large. In mode weights the cosine begins where weights are signs: with
    smaller steps before, they stay within 1/k of zero, and nothing is binary at the end.

    Attributes
    ----------
    epoch : int
    k : float
        That the rate of the epoch that has begun depends on.
    """

    epoch: int = 0
    k: float = 1.0
    fixes_scales: ClassVar[bool] = True

    def share(self) -> float:
        """Return the share of the training that is over, 0 in the first and 1 in the last epoch."""
        return self.epoch / (self.epochs - 1) if self.epochs > 1 else 1.0

    def begin(self, epoch: int, control: Control) -> bool:
        """Climb."""
        self.epoch = epoch
        weights, activations = _on(WEIGHT_RAMP, self.share()), _on(ACTIVATION_RAMP, self.share())
        self.set_steepness(control, weights, activations)
        self.k = weights if self.mode == "weights" else activations
        return False

    def rate(self, control: Control) -> float:
        """Return the factor of the learning rate."""
        start = WEIGHT_RAMP[-1][0] if self.mode == "weights" else 0.0
        fall = max(0.0, (self.share() - start) / (1 - start))
        cosine = (1 + math.cos(math.pi * fall)) / 2
        return float(max(cosine, RAMP_FLOOR) * self.k**-RAMP_POWER)


def _on(ramp: tuple[tuple[float, float], ...], share: float) -> float:
    """Return k at a share of the training."""
    for (start, low), (end, high) in pairwise(ramp):
        if share < end:
            return float(low * (high / low) ** ((share - start) / (end - start)))
    return ramp[-1][1]
