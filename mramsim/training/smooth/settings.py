"""How the authors train each network in each mode; rescaled to the epochs that are wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import nn

from mramsim.errors import InputError
from mramsim.training.smooth.controllers import BinarisedController, TargetController
from mramsim.training.smooth.nets import Mode
from mramsim.training.smooth.schedules import (
    ACTIVATION_LADDER,
    RAMP_EPOCHS,
    WEIGHT_LADDER,
    Decay,
    Ladder,
    Ramp,
    Schedule,
)

Optimiser = Literal["adam", "sgd", "nesterov"]
OPTIMISERS = ("adam", "sgd", "nesterov")
FIXED = ("ladder", "ramp")  # in advance, whatever the validation accuracy
SCHEDULES = (*FIXED, "target", "binarised")
_OF_EPOCHS: dict[str, type[Schedule]] = {"decay": Decay, "ladder": Ladder, "ramp": Ramp}


@dataclass(frozen=True)
class Setting:
    """Training of one network in one mode.

    Attributes
    ----------
    schedule : {"ladder", "ramp", "target", "binarised", "decay"}
    optimiser : {"adam", "sgd", "nesterov"}
    lr : float
        First learning rate.
    batch : int
    first, second : int
        Epochs at k = 1 and most epochs with a controller; fixed schedules have their own.
    patience : int
        Of a controller.
    factor, power, drop : float
        Of a controller; see there.
    target : float
        First target of the "target" schedule.
    clip : float
        Bound of each gradient; 0 for none.
    decay : float
        L2 weight decay.
    augment : bool
        Mirror and shift pictures.
    """

    schedule: str
    optimiser: Optimiser
    lr: float
    batch: int
    first: int = 80
    second: int = 600
    patience: int = 15
    factor: float = 1.5
    power: float = 0.3
    drop: float = 0.1
    target: float = 1.0
    clip: float = 0.0
    decay: float = 0.0
    augment: bool = False

    def epochs(self, mode: Mode) -> int:
        """Return the epochs of the authors, or of the ramp."""
        if self.schedule == "ramp":
            return RAMP_EPOCHS
        if self.schedule not in FIXED:
            return self.first + self.second
        steps = ACTIVATION_LADDER if mode == "activations" else WEIGHT_LADDER
        return sum(epochs for _, epochs in steps)

    def changed(
        self, schedule: str, optimiser: str, lr: float, batch: int, augment: str
    ) -> Setting:
        """Return the setting with what a user chose; "auto" and 0 leave it."""
        chosen: dict[str, Any] = {
            "schedule": schedule if schedule != "auto" else self.schedule,
            "optimiser": optimiser if optimiser != "auto" else self.optimiser,
            "lr": lr or self.lr,
            "batch": batch or self.batch,
            "augment": self.augment if augment == "auto" else augment != "none",
        }
        return replace(self, **chosen)

    def make_schedule(self, mode: Mode, epochs: int, patience: int) -> Schedule:
        """Return the schedule over `epochs`; phases are rescaled, and patience unless given."""
        if self.schedule in _OF_EPOCHS:
            return _OF_EPOCHS[self.schedule](mode, epochs)
        share = epochs / (self.first + self.second)
        first = min(epochs - 1, round(self.first * share))
        patience = patience or max(1, round(self.patience * share))
        parts = (mode, epochs, first, patience, self.factor, self.power, self.drop)
        if self.schedule == "binarised":
            return BinarisedController(*parts)
        return TargetController(*parts, target=self.target)

    def make_optimiser(self, values: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        """Return the optimiser of some parameters."""
        if self.optimiser == "adam":
            return torch.optim.Adam(values, lr=self.lr, weight_decay=self.decay, fused=True)
        smooth = self.optimiser == "nesterov"
        return torch.optim.SGD(
            values,
            lr=self.lr,
            momentum=0.9 if smooth else 0.0,
            nesterov=smooth,
            weight_decay=self.decay,
        )


_LADDER = Setting("ladder", "adam", 1e-3, 32)
_SMALL = Setting("target", "adam", 1e-2, 100)
_VGG = Setting("target", "adam", 1e-3, 125, first=100, patience=30, augment=True)
_RESNET = Setting("binarised", "adam", 1e-2, 100, power=1.0, clip=0.01, augment=True)
_RESNET_W = Setting(
    "target",
    "nesterov",
    1e-2,
    100,
    first=0,
    patience=50,
    factor=1.2,
    power=0.0,
    drop=1.0,
    target=0.90,
    clip=3.0,
    augment=True,
)


def find_setting(family: str, mode: Mode) -> Setting:
    """Return the authors' setting of a network family in a mode."""
    by_family: dict[str, Callable[[Mode], Setting]] = {
        "mlp": lambda mode: _LADDER,
        "catdog-cnn": lambda mode: replace(_small(mode), augment=True),
        "speech-cnn": _small,
        "vgg-small": lambda mode: replace(_VGG, power=0.0) if mode == "weights" else _VGG,
        "resnet20": lambda mode: _RESNET_W if mode == "weights" else _RESNET,
        "resnet20-bireal": lambda mode: _RESNET_W if mode == "weights" else _RESNET,
    }
    return by_family[family](mode)


def find_float_setting(family: str) -> Setting:
    """Return how the float network of a family is trained."""
    base = Setting("decay", "adam", 1e-3, 100)
    if family == "mlp":
        return replace(base, batch=32)
    if family == "vgg-small":
        return replace(base, optimiser="nesterov", lr=0.02, decay=5e-4, augment=True)
    if family.startswith("resnet20"):
        return replace(base, optimiser="nesterov", lr=0.1, decay=2e-4, augment=True)
    return replace(base, augment=family == "catdog-cnn")


def _small(mode: Mode) -> Setting:
    return replace(_SMALL, optimiser="sgd", lr=0.1) if mode == "weights" else _SMALL


def check_choice(key: str, value: str, allowed: Sequence[str]) -> None:
    """Raise InputError unless `value` is one of `allowed`."""
    if value not in allowed:
        raise InputError(f"{key} = '{value}'; {', '.join(allowed)} are allowed")
