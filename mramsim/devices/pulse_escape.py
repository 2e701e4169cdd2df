"""Probability that one short pulse carries a macrospin over its barrier, however small it is.

A rate times a time holds for pulses much longer than the relaxation of the magnetisation (some ten
units of tau); a shorter pulse ends before the well has taken the shape that its rate belongs to,
and flips far less. So the Fokker-Planck equation of `mramsim.devices.fokker_planck`, here with the
anisotropy field times `stiffness`,

    d rho / d tau = -d/dx[(1 - x^2)(s x - i) rho] + 1/(2 Delta) d/dx[(1 - x^2) d rho / dx],

is solved for the length of the pulse. Finite volumes with the fluxes of Scharfetter and Gummel
(IEEE Trans. Electron Devices 16, 64 (1969), doi 10.1109/T-ED.1969.16566) have positive rates, and
the exponential of a matrix with positive rates is summed and squared without cancellation (Xue and
Ye, Math. Comp. 82, 1577 (2013), doi 10.1090/S0025-5718-2013-02677-4), so that probabilities of
1e-40 keep their relative accuracy, which Legendre modes lose below 1e-13.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MOST_DELTA = 400.0  # higher barriers count as this one
_ANGLE, _LEAST_ANGLE = 0.0065, 0.003  # width of a cell in radian
_PER_DELTA = 0.4  # most width times Delta: an error in the exponent grows with its square
_COARSER = 1.5  # width of a second grid over the first
_BEYOND = 4.0  # widths of the barrier top, sqrt(1 / Delta), to a wall on the other side
_TERMS = 20  # of the exponential series on a step in which about one jump is expected
_LONGEST = 64.0  # tau; beyond, the rate of the last half goes on


@lru_cache(maxsize=4096)
def flip_probability(delta: float, tau: float, drive: float, stiffness: float = 1.0) -> float:
    """Return the probability that a pulse ends in the other well.

    Parameters
    ----------
    delta : float
        Barrier over k_B T without the pulse, above 0.
    tau : float
        Reduced length of the pulse, at least 0.
    drive : float
        i = I / Ic0 during the pulse; positive drives out of the well.
    stiffness : float
        Anisotropy field during the pulse over that without (VCMA lowers it), at least 0.

    Returns
    -------
    float
        In [0, 1]: what the pulse adds to thermal flipping that has happened before. The start is
        the quasi-stationary well, and each place counts with the chance to relax into the other
        well after the pulse, erfc(x sqrt(Delta)) / 2.
    """
    if drive < 0.0:
        return 0.0  # it holds the state
    height = min(delta, MOST_DELTA)
    width = max(min(_ANGLE, _PER_DELTA / height), _LEAST_ANGLE)
    coarse, fine = (
        _on_grid(part * width, height, tau, drive, stiffness) for part in (_COARSER, 1.0)
    )
    if coarse <= 0.0 or fine <= 0.0:
        return max(fine, 0.0)
    extrapolated = fine * math.pow(fine / coarse, 1.0 / (_COARSER**2 - 1.0))
    return float(min(extrapolated, 1.0))


def _on_grid(angle: float, delta: float, tau: float, drive: float, stiffness: float) -> float:
    """Return the probability on a grid; rounding may leave less than 0."""
    from scipy.special import erfc

    last = math.acos(max(-_BEYOND / math.sqrt(delta), -1.0))
    edges = np.cos(np.linspace(0.0, last, math.ceil(last / angle) + 1))
    x, width = (edges[1:] + edges[:-1]) / 2.0, edges[:-1] - edges[1:]
    height = x * math.sqrt(delta)
    other = 0.5 * erfc(height)
    start = np.exp(delta * (x * x - 1.0)) * (0.5 * erfc(-height)) * width
    start /= start.sum()
    rates = jump_rates(x, edges[1:-1], width, delta, drive, stiffness)
    short = min(tau, _LONGEST)
    half = positive_exponential(*rates, short / 2.0)
    middle = start @ half
    after = middle @ half
    added = float((after - start) @ other)
    if tau <= short or not 0.0 < added < 1.0:
        return added
    rate = float((after - middle) @ other) / (1.0 - added) / (short / 2.0)
    return -math.expm1(math.log1p(-added) - max(rate, 0.0) * (tau - short))


def jump_rates(
    x: Array, edges: Array, width: Array, delta: float, drive: float, stiffness: float
) -> tuple[Array, Array]:
    """Return the rates from each cell to the next lower and from there back, [cells - 1] each.

    The ratio of both is the Boltzmann factor of the two centres, so the equilibrium is exact.
    """
    step = x[:-1] - x[1:]
    mobility = (1.0 - edges * edges) / (2.0 * delta) / step
    fall = delta * (stiffness * (x[1:] ** 2 - x[:-1] ** 2) + 2.0 * drive * step)
    return mobility * bernoulli(-fall) / width[:-1], mobility * bernoulli(fall) / width[1:]


def bernoulli(z: Array) -> Array:
    """Return z / (exp(z) - 1), which is 1 at 0."""
    small = np.abs(z) < 1e-8
    safe = np.where(small, 1.0, z)
    return np.asarray(np.where(small, 1.0 - z / 2.0, safe / np.expm1(safe)))


def positive_exponential(down: Array, up: Array, tau: float) -> Array:
    """Return exp(A tau) of jumps between neighbours, row by row the distribution it leads to.

    Parameters
    ----------
    down, up : float64 array [cells - 1]
        Rates from each cell to the next, and back.
    tau : float
    """
    from threadpoolctl import threadpool_limits

    cells = len(down) + 1
    out = np.append(down, 0.0) + np.append(0.0, up)
    most = float(out.max())
    doublings = max(0, math.ceil(math.log2(max(most * tau, 1.0))))
    step = tau / 2.0**doublings
    stay = most - out
    term = np.eye(cells)
    result = term.copy()
    with threadpool_limits(1, user_api="blas"):  # small matrices: more threads only wait
        for order in range(1, _TERMS + 1):
            more = term * stay
            more[:, 1:] += term[:, :-1] * down
            more[:, :-1] += term[:, 1:] * up
            term = more * (step / order)
            result += term
        result *= math.exp(-most * step)
        for _ in range(doublings):
            result = result @ result
    return np.asarray(result)
