"""Bias-dependent junctions behind wires: Newton's method around the exact linear solutions.

Gated columns: each column is linearised at its own cell voltages and solved again. Passive arrays:
one block elimination with fixed conductances G is kept (Newton with a fixed Jacobian), and what
each cell carries beyond it, ``e = I(v) - G v``, enters as a source. With G in the middle of the
slopes a cell can have, ``|dI/dv - G| < G`` and the iteration contracts for any wires and voltages
(c = 0): each step shrinks the error by that ratio times the wires' share of the voltage, or more.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mramsim.arrays.wires import check
from mramsim.arrays.wires.elimination import Elimination
from mramsim.arrays.wires.gated import Rails
from mramsim.arrays.wires.junctions import Junctions
from mramsim.arrays.wires.passive import inputs
from mramsim.arrays.wires.threads import one_thread
from mramsim.errors import InputError

Floats = NDArray[np.float64]
_MOST_STEPS = 500
_CLOSE = 1e-13


def solve_junction_columns(
    junctions: Junctions, select: Any, v_read_v: float, rails: Rails
) -> Floats:
    """Return the currents of gated columns of bias-dependent junctions.

    Parameters
    ----------
    junctions : Junctions
    select : integer array [images, rows]
        Branch of each row whose transistor is on; -1 where none is.
    v_read_v : float
        Voltage of the drivers in V.
    rails : Rails

    Returns
    -------
    float64 array [images, columns]
        Currents into the sense nodes, in A, to 1e-12 relative.

    Raises
    ------
    InputError
        A wrong shape or value, or a voltage at which Newton's method does not settle.
    """
    from mramsim.kernels.junctions import MOST_STEPS, junction_columns

    count, rows, columns = junctions.shape
    chosen = check.selection("select", select, rows, count)
    v_read = float(check.finite("v_read_v", v_read_v, ()))
    currents = np.empty((len(chosen), columns))
    opposite = rails.returns == "opposite"
    wires = (v_read, *rails.ohms)
    if junction_columns(*junctions.parts, chosen, wires, opposite, currents) > MOST_STEPS:
        raise InputError(f"v_read_v = {v_read:g}: no solution within {MOST_STEPS} Newton steps")
    return currents


def solve_junction_crossbar(
    junctions: Junctions,
    input_v: ArrayLike,
    row_wire_ohm: float,
    column_wire_ohm: float,
    driver_ohm: float = 0.0,
    sense_ohm: float = 0.0,
) -> Floats:
    """Return the output currents of a passive array of bias-dependent junctions.

    Parameters
    ----------
    junctions : Junctions
        Of one branch.
    input_v : array [images, rows]
        Driver voltages in V.
    row_wire_ohm, column_wire_ohm, driver_ohm, sense_ohm : float
        As `mramsim.arrays.wires.passive.solve_crossbar`; each may be 0.

    Returns
    -------
    float64 array [images, columns]
        Currents into the sense nodes, in A, to 1e-12 of the largest of the image.

    Raises
    ------
    InputError
        A wrong shape or value, or voltages at which the iteration does not settle.
    """
    if junctions.shape[0] != 1:
        raise InputError(f"junctions have {junctions.shape[0]} branches; a passive array has 1")
    voltages = inputs(input_v, junctions.shape[1])
    row, column, driver, sense = (
        check.resistance(name, value)
        for name, value in (
            ("row_wire_ohm", row_wire_ohm),
            ("column_wire_ohm", column_wire_ohm),
            ("driver_ohm", driver_ohm),
            ("sense_ohm", sense_ohm),
        )
    )
    with one_thread():
        g = junctions.middle_s()[0]
        return _settle(junctions, Elimination.of(g, row, column, driver, sense), voltages)


def _settle(junctions: Junctions, linear: Elimination, input_v: Floats) -> Floats:
    """Return the output currents, one image at a time until it moves by less than 1e-13."""
    g = linear.lines.conductance_s
    output = np.empty((len(input_v), g.shape[1]))
    waiting = np.arange(len(input_v))
    nodes = linear.solve(input_v)
    for _ in range(_MOST_STEPS):
        cell = nodes.word_v - nodes.bit_v
        before = nodes.output_a
        nodes = linear.solve(input_v[waiting], junctions.currents(cell) - g * cell)
        output[waiting] = nodes.output_a
        moved = np.abs(nodes.output_a - before).max(axis=1)
        going = moved > _CLOSE * np.abs(nodes.output_a).max(axis=1)
        if not going.any():
            return output
        waiting = waiting[going]
        nodes = nodes.of(going)
    most = float(np.abs(input_v).max())
    raise InputError(
        f"input_v reaches {most:g} V: the cells do not settle within {_MOST_STEPS} steps; voltages "
        f"nearer to v_half_v or wires of lower resistance are needed"
    )
