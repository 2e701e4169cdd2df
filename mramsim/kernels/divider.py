"""Voltage divider of a bias-dependent junction and a resistor, solved per device."""

from __future__ import annotations

from typing import Any

import numpy as np

from mramsim.kernels.jit import kernel

_MOST_STEPS = 60
_SMALL = 1e-15


@kernel
def junction_ohm(
    voltage: Any, rp: Any, tmr: Any, series: Any, curvature: Any, inverse_half: Any
) -> Any:
    """Return the resistance of one junction in series with a resistor.

    Solves ``v (R(v) + series) = V R(v)`` for the junction voltage by Newton's method, with
    ``R(v) = rp / (1 + c v^2) (1 + tmr / (1 + (v / V_h)^2))``.

    Parameters
    ----------
    voltage : float
        Across junction and resistor, V.
    rp, series : float
        Ohm.
    tmr : float
        At zero bias; 0 for the parallel state.
    curvature : float
        c in 1/V^2.
    inverse_half : float
        1 / V_h in 1/V.
    """
    v = voltage
    ohm = rp * (1.0 + tmr)
    for _ in range(_MOST_STEPS):
        bend = 1.0 + curvature * v * v
        ratio = v * inverse_half
        roll = 1.0 + ratio * ratio
        ohm = rp / bend * (1.0 + tmr / roll)
        slope = -ohm * 2.0 * curvature * v / bend - rp / bend * tmr / (roll * roll) * 2.0 * (
            ratio * inverse_half
        )
        value = v * (ohm + series) - voltage * ohm
        change = value / (ohm + series + (v - voltage) * slope)
        v -= change
        if abs(change) <= _SMALL * abs(voltage):
            break
    return ohm


@kernel
def fill_junctions(  # one number per device
    voltage: Any, rp: Any, tmr: Any, series: Any, curvature: Any, inverse_half: Any, result: Any
) -> Any:
    """Fill `result` (float64 [N]) with `junction_ohm` of rp, tmr and series (float64 [N])."""
    for n in range(result.size):
        result[n] = junction_ohm(voltage, rp[n], tmr[n], series[n], curvature, inverse_half)
    return np.int64(result.size)
