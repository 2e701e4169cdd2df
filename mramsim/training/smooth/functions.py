"""Smooth functions that become a sign as their steepness grows.

Zhao and Xiao, Sci. Rep. 11, 19797 (2021), and the first author's published code. ``sign(0) = +1``
here; the original takes 0 once the steepness has reached the limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mramsim.errors import InputError, nearest
from mramsim.training.smooth.control import LIMIT


def smooth_sign(x: Tensor, k: float) -> Tensor:
    """Return ``tanh(k x)``; the sign, with slope 0, from `LIMIT` on."""
    if k < LIMIT:
        return torch.tanh(k * x)
    return _step(x) * 2 - 1


def _step(x: Tensor) -> Tensor:
    return (x >= 0).to(x.dtype)


def _tanh(x: Tensor, k: float) -> Tensor:
    return torch.tanh(k * x)


def _rtanh(x: Tensor, k: float) -> Tensor:
    return torch.tanh(k * x.clamp(min=0))


def _hardtanh(x: Tensor, k: float) -> Tensor:
    return (k * x).clamp(-1, 1)


def _sigmoid(x: Tensor, k: float) -> Tensor:
    return torch.sigmoid(k * x)


_SMOOTH = {"tanh": _tanh, "rtanh": _rtanh, "hardtanh": _hardtanh, "sigmoid": _sigmoid}
SIGNED = ("tanh", "hardtanh")  # end at -1 and +1; the others at 0 and 1
FUNCTIONS = tuple(_SMOOTH)


@dataclass(frozen=True)
class Alphabet:
    """Values of a quantity with levels: ``factor * v + offset`` for its odd integers ``v``.

    A level ``q`` of ``b`` planes stands for ``v = 2 q - (2**b - 1)``. With ``{0, 1}`` factor and
    offset are 1/2 and 1/2, with ``{0, 2}`` 1 and 1, with ``{-1, +1}`` 1 and 0.

    Attributes
    ----------
    factor, offset : float
        Powers of two and integers or halves, so that everything stays exact.
    planes : int
    """

    factor: float
    offset: float
    planes: int = 1

    @property
    def lowest(self) -> float:
        """The value of level 0."""
        return self.offset - self.factor * ((1 << self.planes) - 1)


@dataclass(frozen=True)
class Activation:
    """An activation function with its final form.

    Attributes
    ----------
    function : {"tanh", "rtanh", "hardtanh", "sigmoid"}
    offset : float
        Added to tanh and hardtanh: 1 for the alphabet {0, 2}, 0 for {-1, +1}.
    """

    function: str
    offset: float = 0.0

    def __post_init__(self) -> None:
        if self.function not in _SMOOTH:
            raise InputError(
                f"activation '{self.function}' is unknown{nearest(self.function, _SMOOTH)}"
            )
        allowed = (0.0, 1.0) if self.function in SIGNED else (0.0,)
        if self.offset not in allowed:
            shown = " and ".join(f"{value:g}" for value in allowed)
            raise InputError(f"offset = {self.offset:g}; {shown} allowed for {self.function}")

    def __call__(self, x: Tensor, k: float) -> Tensor:
        """Return the function of steepness `k`, or its final form from `LIMIT` on."""
        if k < LIMIT:
            return _SMOOTH[self.function](x, k) + self.offset
        step = _step(x)
        return step * 2 - 1 + self.offset if self.function in SIGNED else step

    @property
    def alphabet(self) -> Alphabet:
        """Values of the final form."""
        if self.function in SIGNED:
            return Alphabet(1.0, self.offset)
        return Alphabet(0.5, 0.5)
