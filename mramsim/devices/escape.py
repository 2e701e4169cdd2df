"""Escape rate of a well by the mean-first-passage integral: no expansion in the barrier.

For the drift (1 - x^2)(x - j) and the diffusion (1 - x^2) / (2 Delta) of the Fokker-Planck equation
the mean time from x_0 to x_1 < x_0 is

    T = integral from x_1 to x_0 of dy 2 Delta / (1 - y^2) exp(-phi(y)) M(y, 1),
    M(a, b) = integral from a to b of dz exp(phi(z)),   phi = Delta (x^2 - 2 j x)

(Haenggi, Talkner and Borkovec, Rev. Mod. Phys. 62, 251 (1990), doi 10.1103/RevModPhys.62.251,
section VII). Here both ends are averaged over thermal equilibrium, x_0 in the well that is left and
x_1 in the other one, which puts their share beyond y under the integral.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mramsim.errors import InputError

Array = NDArray[np.float64]

_NODES = 240


def brown_rate(delta: float, overdrive: float = 0.0) -> float:
    """Return Brown's high-barrier rate per unit of tau.

    sqrt(Delta / pi) (1 - i^2)(1 - i) exp(-Delta (1 - i)^2).

    Parameters
    ----------
    delta : float
        Barrier over k_B T.
    overdrive : float
        i = I / Ic0.
    """
    prefactor = (1.0 - overdrive**2) * (1.0 - overdrive)
    return math.sqrt(delta / math.pi) * prefactor * math.exp(-delta * (1.0 - overdrive) ** 2)


def escape_rate(delta: float, overdrive: float = 0.0) -> float:
    """Return the exact escape rate of a well per unit of tau.

    Parameters
    ----------
    delta : float
        Barrier over k_B T.
    overdrive : float
        i = I / Ic0, less than 1: the saddle lies at x = i.

    Raises
    ------
    InputError
        Where there is no barrier.
    """
    if not -1.0 < overdrive < 1.0:
        raise InputError(f"overdrive = {overdrive!r}; between -1 and 1 there is a barrier")
    if not delta > 0.0:
        raise InputError(f"delta = {delta!r}; more than 0 is needed")
    time = _upper_part(delta, overdrive) + _lower_part(delta, overdrive)
    return 1.0 / time


def _upper_part(delta: float, drive: float) -> float:
    """Return the integral from the saddle to 1, in s = 1 - y to avoid cancellation."""
    unit, share = _nodes()
    span = 1.0 - drive
    s = span * unit

    # phi(z) - phi(y) and phi(z) - phi(1) with z = 1 - r
    r = s[:, None] * unit[None, :]
    above = s * (np.exp(delta * (s[:, None] - r) * (2.0 * span - s[:, None] - r)) @ share)
    mass = s * (np.exp(-delta * r * (2.0 * span - r)) @ share)
    well = span * unit
    total = span * float(share @ np.exp(-delta * well * (2.0 * span - well)))
    density = 2.0 * delta / (s * (2.0 - s)) * above * mass / total
    return span * float(share @ density)


def _lower_part(delta: float, drive: float) -> float:
    """Return the integral from -1 to the saddle, in s = 1 + y."""
    unit, share = _nodes()
    span = 1.0 + drive
    s = span * unit
    y = s - 1.0

    r = (1.0 - y)[:, None] * unit[None, :]  # z = 1 - r, from y to 1
    rise = delta * (1.0 - y[:, None] - r) * (1.0 + y[:, None] - r - 2.0 * drive)
    above = (1.0 - y) * (np.exp(rise) @ share)
    q = s[:, None] * unit[None, :]  # z = -1 + q, from -1 to y
    mass = s * (np.exp(-delta * q * (2.0 * span - q)) @ share)
    well = span * unit
    total = span * float(share @ np.exp(-delta * well * (2.0 * span - well)))
    density = 2.0 * delta / (s * (2.0 - s)) * above * mass / total
    return span * float(share @ density)


@cache
def _nodes() -> tuple[Array, Array]:
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    return (node + 1.0) / 2.0, weight / 2.0
