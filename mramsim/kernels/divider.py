"""Voltage divider of a bias-dependent junction and a resistor, solved per device."""

from __future__ import annotations

from typing import Any

import numpy as np

from mramsim.kernels.jit import kernel

_MOST_STEPS = 60
_SMALL = 1e-15
_BLOCK = 256


@kernel(inline="always")
def _step(
    voltage: Any, v: Any, rp: Any, tmr: Any, series: Any, curvature: Any, inverse_half: Any
) -> Any:
    """Return the resistance at a junction voltage `v`, and Newton's change of `v`."""
    bend = 1.0 + curvature * v * v
    ratio = v * inverse_half
    roll = 1.0 + ratio * ratio
    ohm = rp / bend * (1.0 + tmr / roll)
    slope = -ohm * 2.0 * curvature * v / bend - rp / bend * tmr / (roll * roll) * 2.0 * (
        ratio * inverse_half
    )
    value = v * (ohm + series) - voltage * ohm
    return ohm, value / (ohm + series + (v - voltage) * slope)


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
        ohm, change = _step(voltage, v, rp, tmr, series, curvature, inverse_half)
        v -= change
        if abs(change) <= _SMALL * abs(voltage):
            break
    return ohm


@kernel
def fill_junctions(  # one number per device
    voltage: Any, rp: Any, tmr: Any, series: Any, curvature: Any, inverse_half: Any, result: Any
) -> Any:
    """Fill `result` (float64 [N]) with `junction_ohm` of rp, tmr and series (float64 [N]).

    Neighbours take their steps together, as vectors; one that has arrived stays where it is.
    """
    least = _SMALL * abs(voltage)
    v, moved = np.empty(_BLOCK), np.empty(_BLOCK)
    for start in range(0, result.size, _BLOCK):
        stop = min(start + _BLOCK, result.size)
        own = rp[start:stop], tmr[start:stop], series[start:stop], result[start:stop]
        v[:] = voltage
        moved[:] = np.inf
        for _ in range(_MOST_STEPS):
            if _steps(voltage, own, curvature, inverse_half, v, moved, least) == 0:
                break
    return np.int64(result.size)


@kernel
def _steps(
    voltage: Any, own: Any, curvature: Any, inverse_half: Any, v: Any, moved: Any, least: Any
) -> Any:
    """Take a step of every device that still moves; return how many still do."""
    rp, tmr, series, result = own
    going = 0
    for n in range(result.size):
        ohm, change = _step(voltage, v[n], rp[n], tmr[n], series[n], curvature, inverse_half)
        here = moved[n] > least
        result[n] = ohm if here else result[n]
        v[n] = v[n] - change if here else v[n]
        moved[n] = abs(change) if here else moved[n]
        going += moved[n] > least
    return going
