"""Share of cells that one fixed reference would misread, from the distributions of a card.

A cell is R_P (1 + TMR) + R_s with three independent parts. Given TMR and R_s, the probability is
the distribution function of R_P, which is log-normal or normal; the other two are integrated by
Gauss-Hermite quadrature.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mramsim.devices.card import DeviceCard
from mramsim.devices.spread import log_sigma

Array = NDArray[np.float64]

_NODES = 48


def misread_share(card: DeviceCard, sigma_p: float, reference_ohm: float) -> float:
    """Return the mean share of misread cells of both states.

    Parameters
    ----------
    card : DeviceCard
    sigma_p : float
        Relative spread of R_P, above 0.
    reference_ohm : float
        Cells above it are read as antiparallel.
    """
    z, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    weight = weight / weight.sum()
    series = _positive(z, card.series_ohm, card.sigma_series_ohm)
    normal = card.spread == "normal"
    tmr = card.tmr + card.sigma_tmr * z if normal else _positive(z, card.tmr, card.sigma_tmr)
    parallel = (reference_ohm - series) / card.rp_ohm
    antiparallel = (reference_ohm - series[:, None]) / (card.rp_ohm * (1.0 + tmr[None, :]))
    above = 1.0 - float(weight @ _share_below(parallel, sigma_p, normal))
    below = float(weight @ _share_below(antiparallel, sigma_p, normal) @ weight)
    return 0.5 * (above + below)


def best_reference(
    card: DeviceCard, sigma_p: float, low_ohm: float, high_ohm: float
) -> tuple[float, float]:
    """Return the reference between two resistances with the fewest misread cells, and their share.

    Parameters
    ----------
    card : DeviceCard
    sigma_p : float
        Relative spread of R_P.
    low_ohm, high_ohm : float
        Mean cells of both states.
    """
    from scipy.optimize import minimize_scalar

    if low_ohm >= high_ohm:
        return low_ohm, 0.5
    if sigma_p == 0.0:
        return 0.5 * (low_ohm + high_ohm), 0.0
    best = minimize_scalar(
        lambda reference: misread_share(card, sigma_p, reference),
        bounds=(low_ohm, high_ohm),
        method="bounded",
    )
    return float(best.x), max(float(best.fun), 0.0)


def _positive(z: Array, mean: float, sigma: float) -> Array:
    if mean == 0.0 or sigma == 0.0:
        return np.full(z.shape, mean)
    s = log_sigma(sigma / mean)
    return np.asarray(mean * np.exp(s * z - 0.5 * s * s))


def _share_below(ratio: Array, sigma: float, normal: bool) -> Array:
    """Return P(R_P / mean < ratio)."""
    from scipy.special import ndtr

    if normal:
        return np.asarray(ndtr((ratio - 1.0) / sigma))
    s = log_sigma(sigma)
    logarithm = np.log(np.maximum(ratio, math.exp(-60.0)))
    return np.asarray(ndtr((logarithm + 0.5 * s * s) / s))
