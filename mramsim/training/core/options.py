"""Options that methods with gradients share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from mramsim.errors import InputError
from mramsim.training.augment import augmentation
from mramsim.training.core.norms import NORMS
from mramsim.training.core.optimisers import OPTIMISERS
from mramsim.training.core.regularisers import check_regulariser
from mramsim.training.core.scales import SCALES
from mramsim.training.core.slopes import make_slope

CHOICES = {
    "loss": ("hinge", "ce"),
    "norm": NORMS,
    "init": ("unit", "glorot"),
    "optimiser": OPTIMISERS,
    "scale": SCALES,
    "precision": ("float32", "mixed"),
}


@dataclass(frozen=True)
class GradientOptions:
    """What a gradient method is put together from; methods change the defaults.

    Attributes
    ----------
    slope, weight_slope : str
        Slopes of activations and of weights; see `mramsim.training.core.slopes`. For weights within
        -1 and +1 "identity" is "window", and faster.
    steepness : float
        b of SignSwish.
    clamped : bool
        SignSwish without its negative tail.
    scale : str
        Of weights; see `mramsim.training.core.scales`.
    standardise : bool
        Sign of ``(W - mean) / deviation``, per filter, as in IR-Net.
    regulariser : str
        See `mramsim.training.core.regularisers`.
    strength : float
        Factor of the regulariser.
    norm : {"batch", "shift"}
        The output layer always has ordinary BatchNorm.
    optimiser : {"adam", "adamax", "bop"}
    init : {"unit", "glorot"}
        Latent weights start evenly within -1 and +1, or within Glorot's bound,
        ``sqrt(6 / (n_in + n_out))``.
    glorot : bool
        Multiply updates of weights by the inverse Glorot bound.
    clip : bool
        Keep latent weights within -1 and +1.
    stochastic : bool
        Draw activations while training: +1 with probability ``clip((x + 1) / 2, 0, 1)``.
    dropout_input, dropout : float
        Share of inputs, and of hidden activations, left out while training.
    bit_errors : float
        Probability that a stored weight is read inverted in a mini-batch of the training.
    loss : {"hinge", "ce"}
        Squared hinge or cross-entropy.
    lr : float
        First learning rate.
    decay : float
        Learning rate of the last epoch over that of the first; falls in equal ratios.
    batch : int
    augment : {"none", "shift", "flip-shift"}
    precision : {"float32", "mixed"}
        "mixed": int8 and bfloat16 products while training; see `mramsim.training.core.products`.
    real_ends : bool
        Real weights in the first and in the last layer, which then run digitally.
    gather : bool
        At the end, give BatchNorm the averages over all training images, without dropout; see
        `mramsim.training.averages`.
    """

    slope: str = "window"
    weight_slope: str = "identity"
    steepness: float = 5.0
    clamped: bool = False
    scale: str = "none"
    standardise: bool = False
    regulariser: str = "none"
    strength: float = 0.0
    norm: Literal["batch", "shift"] = "batch"
    optimiser: Literal["adam", "adamax", "bop"] = "adam"
    init: Literal["unit", "glorot"] = "unit"
    glorot: bool = True
    clip: bool = True
    stochastic: bool = False
    dropout_input: float = 0.0
    dropout: float = 0.0
    bit_errors: float = 0.0
    loss: Literal["hinge", "ce"] = "hinge"
    lr: float = 1e-2
    decay: float = 1e-2
    batch: int = 100
    augment: Literal["none", "shift", "flip-shift"] = "none"
    precision: Literal["float32", "mixed"] = "float32"
    real_ends: bool = False
    gather: bool = False

    def __post_init__(self) -> None:
        for key, allowed in CHOICES.items():
            if getattr(self, key) not in allowed:
                raise InputError(f"{key} = '{getattr(self, key)}'; {_listed(allowed)} are allowed")
        make_slope(self.slope, self.steepness)
        make_slope(self.weight_slope, self.steepness)
        check_regulariser(self.regulariser, self.strength)
        self._check_effects()
        augmentation(self.augment)
        for key in ("dropout_input", "dropout"):
            if not 0 <= getattr(self, key) < 1:
                raise InputError(f"{key} = {getattr(self, key)}; 0 to below 1 is allowed")
        if not 0 <= self.bit_errors <= 0.5:
            raise InputError(f"bit_errors = {self.bit_errors}; 0 to 0.5 is allowed")
        if not 0 < self.lr < 10:
            raise InputError(f"lr = {self.lr}; above 0 and below 10 is allowed")
        if not (0 < self.decay <= 1 and math.isfinite(self.decay)):
            raise InputError(f"decay = {self.decay}; above 0, at most 1 is allowed")
        if self.batch < 2:
            raise InputError(f"batch = {self.batch}; at least 2 is allowed")

    def _check_effects(self) -> None:
        """Refuse options that do nothing beside the others."""
        own = type(self)
        if "signswish" not in (self.slope, self.weight_slope):
            if self.steepness != own.steepness:
                raise InputError(f"steepness = {self.steepness}; it is of the slope 'signswish'")
            if self.clamped:
                raise InputError("clamped; it is of the slope 'signswish'")
        if self.regulariser != "none" and self.strength == 0:
            raise InputError(f"strength = 0; above 0 with regulariser '{self.regulariser}'")
        if self.regulariser == "none" and self.strength not in (0, own.strength):
            raise InputError(f"strength = {self.strength}; name a regulariser as well")


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
