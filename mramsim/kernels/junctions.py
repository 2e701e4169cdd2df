"""Bias-dependent junctions behind wires: their linearisation, and Newton's method per column."""

from __future__ import annotations

from typing import Any

import numpy as np

from mramsim.kernels.divider import junction_ohm
from mramsim.kernels.jit import kernel
from mramsim.kernels.ladder import opposite_nodes, same_nodes

MOST_STEPS = 50
_CLOSE = 1e-13


@kernel
def linearise(
    voltage: Any, rp: Any, tmr: Any, series: Any, curvature: Any, inverse_half: Any
) -> Any:
    """Return current (A) and slope (S) of a junction with its series resistor at a voltage.

    Parameters as `mramsim.kernels.divider.junction_ohm`. The slope of the junction alone is
    ``(1 - v R'(v) / R(v)) / R(v)`` at its share v of the voltage.
    """
    ohm = junction_ohm(voltage, rp, tmr, series, curvature, inverse_half)
    current = voltage / (ohm + series)
    v = current * ohm
    bend = 1.0 + curvature * v * v
    ratio = v * inverse_half
    roll = 1.0 + ratio * ratio
    change = -2.0 * (curvature * v * ohm + rp * tmr * ratio * inverse_half / (roll * roll)) / bend
    slope = (1.0 - v * change / ohm) / ohm
    return current, slope / (1.0 + slope * series)


@kernel
def fill_linearised(
    voltage: Any,
    rp: Any,
    tmr: Any,
    series: Any,
    curvature: Any,
    inverse_half: Any,
    current: Any,
    slope: Any,
) -> Any:
    """Fill current and slope of cells (all float64 [cells])."""
    for n in range(voltage.size):
        current[n], slope[n] = linearise(
            voltage[n], rp[n], tmr[n], series[n], curvature, inverse_half
        )
    return np.int64(voltage.size)


@kernel
def junction_columns(
    rp: Any,
    tmr: Any,
    series: Any,
    curvature: Any,
    inverse_half: Any,
    select: Any,
    wires: Any,
    opposite: Any,
    currents: Any,
) -> Any:
    """Fill the currents of columns of bias-dependent junctions by Newton's method.

    Each column is linearised at its cells' voltages and solved again until its current moves by
    less than 1e-13 of itself.

    Parameters
    ----------
    rp, tmr, series : float64 [branches, rows, columns]
        Ohm, 1, Ohm; TMR at zero bias, 0 for a parallel junction.
    curvature, inverse_half : float
        1/V^2, 1/V.
    select : int8 [images, rows]
        As `column_currents`.
    wires : tuple of float
        v_read, bit, source, driver, sense.
    opposite : bool
        Where the source line ends.
    currents : float64 [images, columns]
        Filled, A.

    Returns
    -------
    int
        Most Newton steps of a column; `MOST_STEPS` + 1 where one did not settle.
    """
    v_read, bit, source, driver, sense = wires
    rows, columns = rp.shape[1], rp.shape[2]
    g, e, p, q = np.zeros(rows), np.zeros(rows), np.empty(rows), np.empty(rows)
    most = 0
    for image in range(select.shape[0]):
        g[:] = 0.0
        e[:] = 0.0
        for j in range(columns):
            p[:] = v_read
            q[:] = 0.0
            total, steps, moving = 0.0, 0, True
            while moving and steps <= MOST_STEPS:
                before = total
                for k in range(rows):
                    branch = select[image, k]
                    if branch >= 0:
                        u = p[k] - q[k]
                        current, g[k] = linearise(
                            u,
                            rp[branch, k, j],
                            tmr[branch, k, j],
                            series[branch, k, j],
                            curvature,
                            inverse_half,
                        )
                        e[k] = current - g[k] * u
                if opposite:
                    total = opposite_nodes(g, e, v_read, bit, source, driver, sense, p, q)
                else:
                    total = same_nodes(g, e, v_read, bit, source, driver, sense, p, q)
                steps += 1
                moving = not abs(total - before) <= _CLOSE * abs(total)
            currents[image, j] = total
            most = max(most, steps)
    return most
