"""Device-to-device spread: three latent draws per MTJ, each shared by both of its states.

A diameter d, a resistance-area product RA and a TMR are drawn independently; R_P = RA / (pi d^2/4)
and R_AP = R_P (1 + TMR) then correlate as they must. The series path is drawn separately and is
positive by construction. Log-normal variables are matched in mean and standard deviation:
s^2 = ln(1 + (sigma / mean)^2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mramsim.devices.card import DeviceCard

Array = NDArray[np.float64]
_LEAST_TMR = -0.9  # R_AP stays positive


@dataclass(frozen=True)
class Sample:
    """Zero-bias values of sampled devices at the card's `t0_k`.

    Attributes
    ----------
    rp_ohm : float64 [shape]
        Parallel resistance of each MTJ alone, in Ohm.
    tmr : float64 [shape]
        TMR of each MTJ, a fraction.
    series_ohm : float64 [shape]
        Access transistor and contacts of each cell, in Ohm.
    """

    rp_ohm: Array
    tmr: Array
    series_ohm: Array


def sample(
    card: DeviceCard,
    shape: tuple[int, ...],
    rng: np.random.Generator,
    effects: frozenset[str],
    ra_factor: float | Array = 1.0,
) -> Sample:
    """Draw the devices of an array.

    Four standard normal numbers per device are drawn in a fixed order (diameter, RA, TMR, series),
    whatever the card says, so that a change of one sigma moves nothing else.

    Parameters
    ----------
    card : DeviceCard
    shape : tuple of int
    rng : numpy.random.Generator
        Of this chip, layer, tile and the effect ``d2d``.
    effects : frozenset of str
        Without ``"d2d"`` every device is the mean one.
    ra_factor : float or float64 [shape]
        Wafer, die and spatial part of RA (`mramsim.devices.spread_parts`).

    Returns
    -------
    Sample
    """
    on = "d2d" in effects
    sigma_d, sigma_ra, sigma_tmr, sigma_series = (
        (card.sigma_diameter, card.sigma_ra, card.sigma_tmr, card.sigma_series_ohm)
        if on
        else (0.0, 0.0, 0.0, 0.0)
    )
    diameter = rng.standard_normal(shape)
    ra = rng.standard_normal(shape)
    tmr = rng.standard_normal(shape)
    series = rng.standard_normal(shape)
    if card.spread == "normal":
        resistance = _normal_resistance(diameter, ra, sigma_d, sigma_ra)
        sigma_tmr = sigma_tmr if card.tmr > 0.0 else 0.0
        tmr_values = np.maximum(card.tmr + sigma_tmr * tmr, _LEAST_TMR)  # folding adds signal
    else:
        resistance = _lognormal_resistance(diameter, ra, sigma_d, sigma_ra)
        tmr_values = lognormal(tmr, card.tmr, sigma_tmr)
    rp = card.rp_ohm * resistance
    if on:
        rp = rp * ra_factor
    return Sample(rp, tmr_values, lognormal(series, card.series_ohm, sigma_series))


def lognormal(z: Array, mean: float, sigma: float) -> Array:
    """Turn standard normal numbers into log-normal ones of given mean and standard deviation.

    Parameters
    ----------
    z : float64 array
        Overwritten.
    mean, sigma : float
        Of the result; a mean of 0 gives 0, a sigma of 0 gives the mean, bit for bit.
    """
    if mean == 0.0 or sigma == 0.0:
        z.fill(mean)
        return z
    s = log_sigma(sigma / mean)
    z *= s
    z -= 0.5 * s * s
    np.exp(z, out=z)
    z *= mean
    return z


def log_sigma(relative: float) -> float:
    """Return the standard deviation of ln x for a log-normal x of relative spread `relative`."""
    return math.sqrt(math.log1p(relative * relative))


def _lognormal_resistance(diameter: Array, ra: Array, sigma_d: float, sigma_ra: float) -> Array:
    s_d, s_ra = 2.0 * log_sigma(sigma_d), log_sigma(sigma_ra)
    if s_d == 0.0 and s_ra == 0.0:
        return np.ones_like(ra)
    ra *= s_ra
    diameter *= s_d
    ra -= diameter
    ra -= 0.5 * (s_d * s_d + s_ra * s_ra)
    np.exp(ra, out=ra)
    return ra


def _normal_resistance(diameter: Array, ra: Array, sigma_d: float, sigma_ra: float) -> Array:
    """R / R_P to first order in both spreads, so that R itself is normal; folded at zero."""
    relative = 1.0 + sigma_ra * ra - 2.0 * sigma_d * diameter
    return np.abs(relative)
