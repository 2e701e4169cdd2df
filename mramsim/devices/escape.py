"""Escape rate of a well by the mean-first-passage integral: no expansion, any barrier.

For the drift (1 - x^2)(x - j) and diffusion (1 - x^2) / (2 Delta) of the Fokker-Planck equation the
mean time to reach the saddle x_s from the pole is

    T = 2 Delta * integral from x_s to 1 of dy exp(-phi(y)) / (1 - y^2)
                * integral from y to 1 of dz exp(phi(z)),   phi = Delta (x^2 - 2 j x)

(Haenggi, Talkner and Borkovec, Rev. Mod. Phys. 62, 251 (1990), doi 10.1103/RevModPhys.62.251,
section VII). From the saddle either well is reached equally often, so the rate is 1 / (2 T).
"""

from __future__ import annotations

import math

import numpy as np

from mramsim.errors import InputError

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
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    unit, share = (node + 1.0) / 2.0, weight / 2.0

    # distances from the pole s = 1 - x avoid the cancellation in 1 - x^2
    span = 1.0 - overdrive
    outer = span * unit
    inner = outer[:, None] * unit[None, :]

    # phi(z) - phi(y) with y = 1 - outer and z = 1 - inner
    rise = delta * (outer[:, None] - inner) * (2.0 * span - outer[:, None] - inner)
    integral = outer * (np.exp(rise) @ share)
    time = 2.0 * delta * span * float(share @ (integral / (outer * (2.0 - outer))))
    return 1.0 / (2.0 * time)
