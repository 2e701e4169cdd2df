"""Slopes that stand in for the derivative of the sign function.

The forward function of every one is the sign; what differs is the surrogate whose derivative the
backward pass uses. A slope that changes while a network trains is told how far training has come.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from mramsim.errors import InputError, nearest

ONE_PLUS = 1.0 + 2.0**-23  # the float32 after 1


class Slope:
    """Derivative of a surrogate of the sign.

    Attributes
    ----------
    name : str
        What options call it.
    progress : float
        Share of the training that is over, 0 to 1.
    """

    name: ClassVar[str]
    progress: float = 0.0

    def surrogate(self, x: Tensor) -> Tensor:
        """Return the function that `derivative` is the derivative of."""
        raise NotImplementedError

    def derivative(self, x: Tensor) -> Tensor:
        """Return the slope at `x`."""
        raise NotImplementedError

    def gradient(self, x: Tensor, gradient: Tensor) -> Tensor:
        """Return ``gradient * derivative(x)``."""
        return gradient * self.derivative(x)


class Window(Slope):
    """1 within ``|x| <= 1``, 0 beyond (Courbariaux et al., arXiv:1602.02830, equation 4)."""

    name = "window"

    def surrogate(self, x: Tensor) -> Tensor:
        """Return ``clip(x, -1, 1)``."""
        return x.clamp(-1, 1)

    def derivative(self, x: Tensor) -> Tensor:
        """Return 0 or 1."""
        return (x.abs() <= 1).to(x.dtype)

    def gradient(self, x: Tensor, gradient: Tensor) -> Tensor:
        """Pass the gradient within the window; ten times as fast as a product or torch.where."""
        passed: Tensor = torch.ops.aten.hardtanh_backward(gradient, x, -ONE_PLUS, ONE_PLUS)
        return passed


class Identity(Slope):
    """1 everywhere."""

    name = "identity"

    def surrogate(self, x: Tensor) -> Tensor:
        """Return `x`."""
        return x

    def derivative(self, x: Tensor) -> Tensor:
        """Return 1."""
        return torch.ones_like(x)

    def gradient(self, x: Tensor, gradient: Tensor) -> Tensor:
        """Pass the gradient."""
        return gradient


class BiReal(Slope):
    """``2 - 2 |x|`` within ``|x| <= 1``, 0 beyond (Liu et al., arXiv:1808.00278)."""

    name = "bireal"

    def surrogate(self, x: Tensor) -> Tensor:
        """Return ``x (2 - |x|)`` within the window, the sign beyond."""
        inner = x.clamp(-1, 1)
        return inner * (2 - inner.abs())

    def derivative(self, x: Tensor) -> Tensor:
        """Return the triangle."""
        return (2 - 2 * x.abs()).clamp(min=0)


class SignSwish(Slope):
    """Derivative of ``2 s(bx) (1 + bx (1 - s(bx))) - 1`` with the logistic function s.

    Darabi et al., arXiv:1812.11800. The slope is negative beyond ``b |x| = 2.3994``.

    Parameters
    ----------
    steepness : float
        b; the slope at 0.
    clamped : bool
        Take 0 where the slope is negative.
    """

    name = "signswish"

    def __init__(self, steepness: float = 5.0, clamped: bool = False) -> None:
        self.steepness = steepness
        self.clamped = clamped

    def surrogate(self, x: Tensor) -> Tensor:
        """Return SignSwish; for the clamped slope its extrema are held from there on."""
        b = self.steepness
        x = x.clamp(-2.399357280520547 / b, 2.399357280520547 / b) if self.clamped else x
        s = torch.sigmoid(b * x)
        return 2 * s * (1 + b * x * (1 - s)) - 1

    def derivative(self, x: Tensor) -> Tensor:
        """Return ``b (2 - bx tanh(bx/2)) / (1 + cosh(bx))``, by sigmoids, which do not overflow."""
        y = x * self.steepness
        s = torch.sigmoid(y)
        slope = 2 * self.steepness * s * (1 - s) * (2 - y * (2 * s - 1))  # 1 / (1 + cosh) = 2 s s'
        return slope.clamp(min=0) if self.clamped else slope


class Tanh(Slope):
    """Derivative of ``tanh(k x)``, k growing from `first` to `last` in equal ratios."""

    name = "tanh"

    def __init__(self, first: float = 1.0, last: float = 10.0) -> None:
        self.first, self.last = first, last

    @property
    def steepness(self) -> float:
        """The present k."""
        return float(self.first * (self.last / self.first) ** self.progress)

    def surrogate(self, x: Tensor) -> Tensor:
        """Return ``tanh(k x)``."""
        return torch.tanh(self.steepness * x)

    def derivative(self, x: Tensor) -> Tensor:
        """Return ``k (1 - tanh(k x)^2)``."""
        return self.steepness * (1 - torch.tanh(self.steepness * x).square())


class IrNet(Slope):
    """``k t (1 - tanh(t x)^2)`` with ``k = max(1/t, 1)`` and t from `first` to `last`.

    Qin et al., arXiv:1909.10788; t grows in equal ratios. The first t of the
    authors' code is 0.1 for VGG-like networks and 0.001 for ResNets.
    """

    name = "irnet"

    def __init__(self, first: float = 0.1, last: float = 10.0) -> None:
        self.first, self.last = first, last

    @property
    def steepness(self) -> float:
        """The present t."""
        return float(self.first * (self.last / self.first) ** self.progress)

    def surrogate(self, x: Tensor) -> Tensor:
        """Return ``k tanh(t x)``."""
        t = self.steepness
        return max(1 / t, 1.0) * torch.tanh(t * x)

    def derivative(self, x: Tensor) -> Tensor:
        """Return the slope."""
        t = self.steepness
        return max(t, 1.0) * (1 - torch.tanh(t * x).square())


class ReSte(Slope):
    """Derivative of ``sgn(x) |x|^(1/o)``, o growing from 1 to `last`; a chord near 0, 0 far out.

    Wu et al., arXiv:2308.06689. Below `least` the slope is that of the chord from 0, which bounds
    it; beyond `most` it is 0. The two limits are assumed: from memory of the authors' code.
    """

    name = "reste"

    def __init__(self, last: float = 3.0, least: float = 0.1, most: float = 1.5) -> None:
        self.last, self.least, self.most = last, least, most

    @property
    def power(self) -> float:
        """The present o."""
        return 1 + (self.last - 1) * self.progress

    def surrogate(self, x: Tensor) -> Tensor:
        """Return the rectified power function."""
        chord = self.least ** (1 / self.power - 1)
        size = x.abs().clamp(max=self.most)
        curve = size.clamp(min=self.least) ** (1 / self.power)
        return torch.sign(x) * torch.where(size < self.least, size * chord, curve)

    def derivative(self, x: Tensor) -> Tensor:
        """Return the slope."""
        size = x.abs()
        chord = self.least ** (1 / self.power - 1)
        curve = size.clamp(min=self.least) ** (1 / self.power - 1) / self.power
        slope = torch.where(size < self.least, chord, curve)
        return torch.where(size <= self.most, slope, 0.0)


_ALL: tuple[type[Slope], ...] = (Window, Identity, BiReal, SignSwish, Tanh, IrNet, ReSte)
SLOPES: dict[str, type[Slope]] = {kind.name: kind for kind in _ALL}


def make_slope(name: str, steepness: float | None = None, clamped: bool = False) -> Slope:
    """Return a slope by name.

    Parameters
    ----------
    name : str
        One of `SLOPES`.
    steepness : float, optional
        b of SignSwish.
    clamped : bool
        For SignSwish: no negative slope.

    Raises
    ------
    InputError
        Unknown name, steepness out of range.
    """
    if name not in SLOPES:
        raise InputError(f"slope '{name}' is unknown{nearest(name, SLOPES)}")
    if name != SignSwish.name:
        return SLOPES[name]()
    b = 5.0 if steepness is None else steepness
    if not (0 < b <= 1000 and math.isfinite(b)):
        raise InputError(f"steepness = {b}; above 0, at most 1000 is allowed")
    return SignSwish(b, clamped)
