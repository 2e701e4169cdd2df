"""Thermal and shot noise of a tunnel junction in series with a resistor.

S_I = 2 e I coth(e V / 2 k_B T) for full shot noise; with a Fano factor F the general two-terminal
form S_I = (1 - F) 4 k_B T / R + F 2 e I coth(e V / 2 k_B T) (Blanter and Buettiker, Phys. Rep. 336,
1 (2000), doi 10.1016/S0370-1573(99)00123-4, section 2), which is Johnson noise at zero current.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mramsim.devices.constants import BOLTZMANN_J_PER_K, ELEMENTARY_CHARGE_C

Array = NDArray[np.float64]

_SMALL = 1e-4


def x_coth_x(x: ArrayLike) -> Array:
    """Return x coth(x), which is 1 at x = 0; series 1 + x^2/3 below 1e-4 (error x^4/45)."""
    magnitude = np.abs(np.asarray(x, dtype=np.float64))
    safe = np.maximum(magnitude, _SMALL)
    return np.where(magnitude < _SMALL, 1.0 + magnitude**2 / 3.0, safe / np.tanh(safe))


def junction_a2_per_hz(
    i_a: ArrayLike, r_junction_ohm: ArrayLike, temperature_k: float, fano: float
) -> Array:
    """Return the one-sided current noise of a tunnel junction, in A^2/Hz.

    Parameters
    ----------
    i_a : float or array
        Current, in A; only its magnitude matters.
    r_junction_ohm : float or array
        Junction resistance V/I, in Ohm.
    temperature_k : float
        In K.
    fano : float
        1: full shot noise; 0: the ideal noiseless device, for which 0 is returned.
    """
    current, ohm = np.broadcast_arrays(
        np.asarray(i_a, dtype=np.float64), np.asarray(r_junction_ohm, dtype=np.float64)
    )
    if fano == 0.0:
        return np.zeros(current.shape)
    thermal_j = BOLTZMANN_J_PER_K * temperature_k
    x = ELEMENTARY_CHARGE_C * current * ohm / (2.0 * thermal_j)
    return 4.0 * thermal_j / ohm * ((1.0 - fano) + fano * x_coth_x(x))


def thermal_shot_a2_per_hz(
    i_a: ArrayLike,
    r_junction_ohm: ArrayLike,
    r_series_ohm: ArrayLike,
    temperature_k: float,
    fano: float,
) -> Array:
    """Return the noise of junction and series resistor as seen by a stiff voltage source.

    (S_j R_j^2 + S_s R_s^2) / (R_j + R_s)^2 with S_s = 4 k_B T / R_s: each source drives its noise
    current through the other resistance.

    Parameters
    ----------
    i_a : float or array
        Cell current, in A.
    r_junction_ohm, r_series_ohm : float or array
        In Ohm; the series path may be 0.
    temperature_k : float
        In K.
    fano : float
        Of the junction; 0 is the ideal device and returns 0 altogether.

    Returns
    -------
    float64 array
        One-sided power spectral density of the cell current, in A^2/Hz.
    """
    junction = junction_a2_per_hz(i_a, r_junction_ohm, temperature_k, fano)
    r_j = np.asarray(r_junction_ohm, dtype=np.float64)
    r_s = np.asarray(r_series_ohm, dtype=np.float64)
    if fano == 0.0:
        return np.zeros(np.broadcast_shapes(junction.shape, r_s.shape))
    series_v2_per_hz = 4.0 * BOLTZMANN_J_PER_K * temperature_k * r_s
    combined: Array = (junction * r_j**2 + series_v2_per_hz) / (r_j + r_s) ** 2
    return combined
