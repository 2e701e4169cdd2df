"""Passive array: every cell always connects its word line to its bit line.

The equations are in `elimination`. Kept for a fixed input they give node voltages; kept linear in
the inputs, as here, they give the transfer matrix.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mramsim.arrays.wires import check
from mramsim.arrays.wires.elimination import Elimination, NodeVoltages, damped
from mramsim.arrays.wires.lines import Lines
from mramsim.arrays.wires.threads import one_thread
from mramsim.errors import InputError

Floats = NDArray[np.float64]


def _transfer(
    conductance_s: Floats, row_wire: float, column_wire: float, driver: float, sense: float
) -> Floats:
    """Return the transfer matrix by elimination row by row."""
    lines = Lines(conductance_s, row_wire, row_wire + driver)
    rows, columns = conductance_s.shape
    transfer = lines.driven()
    above = np.zeros((columns, columns))
    for i in range(rows):
        ohm = column_wire if i < rows - 1 else column_wire + sense
        above = damped(above + lines.schur(i), ohm)
        transfer[: i + 1] -= ohm * (transfer[: i + 1] @ above)
    return transfer


def transfer_matrix(
    conductance_s: ArrayLike,
    row_wire_ohm: float,
    column_wire_ohm: float,
    driver_ohm: float = 0.0,
    sense_ohm: float = 0.0,
) -> Floats:
    """Return output currents per input voltage of a passive array, exactly.

    Drivers at the left of each row, sense nodes at 0 V at the bottom of each column; one wire
    segment per cell, the first between driver and first cell, on a column the last between last
    cell and sense node. Equations: ``docs/wires.md``, section 1.

    Parameters
    ----------
    conductance_s : array [rows, columns]
        Of the cells in S; 0 is an open cell.
    row_wire_ohm, column_wire_ohm : float
        One segment of a row and of a column, in Ohm.
    driver_ohm, sense_ohm : float
        Of each driver and of each sense node, in Ohm.

    Returns
    -------
    float64 array [rows, columns]
        In S: ``currents = input_v @ transfer``. Without wires it is `conductance_s`.

    Raises
    ------
    InputError
        NaN, negative values or a wrong shape.

    Notes
    -----
    O(long side x short side^3), on one thread, so that the bytes are the same everywhere.
    """
    g = check.not_negative("conductance_s", conductance_s, ("rows", "columns"))
    row, column = (
        check.resistance("row_wire_ohm", row_wire_ohm),
        check.resistance("column_wire_ohm", column_wire_ohm),
    )
    driver, sense = (
        check.resistance("driver_ohm", driver_ohm),
        check.resistance("sense_ohm", sense_ohm),
    )
    with one_thread():
        if g.shape[0] >= g.shape[1]:
            return _transfer(g, row, column, driver, sense)
        turned = np.ascontiguousarray(g[::-1, ::-1].T)  # reciprocity: sense nodes drive
        found = _transfer(turned, column, row, sense, driver)
        return np.ascontiguousarray(found[::-1, ::-1].T)


def solve_crossbar(
    conductance_s: ArrayLike,
    input_v: ArrayLike,
    row_wire_ohm: float,
    column_wire_ohm: float,
    driver_ohm: float = 0.0,
    sense_ohm: float = 0.0,
) -> Floats:
    """Return the output currents of a passive array, exactly.

    Parameters
    ----------
    conductance_s : array [rows, columns]
        Of the cells in S; 0 is an open cell.
    input_v : array [images, rows]
        Driver voltages in V.
    row_wire_ohm, column_wire_ohm, driver_ohm, sense_ohm : float
        See `transfer_matrix`; each may be 0.

    Returns
    -------
    float64 array [images, columns]
        Currents into the sense nodes, in A.

    Raises
    ------
    InputError
        NaN, negative values or a wrong shape.

    Examples
    --------
    >>> import mramsim as ms
    >>> ms.solve_crossbar([[1e-3], [1e-3]], [[0.1, 0.1]], 0.0, 0.0, sense_ohm=500.0).round(12)
    array([[0.0001]])
    """
    transfer = transfer_matrix(conductance_s, row_wire_ohm, column_wire_ohm, driver_ohm, sense_ohm)
    voltages = inputs(input_v, len(transfer))
    with one_thread():
        return voltages @ transfer


def inputs(input_v: ArrayLike, rows: int) -> Floats:
    """Return checked driver voltages, float64 [images, rows]."""
    voltages = check.finite("input_v", input_v, ("images", "rows"))
    if voltages.shape[1] != rows:
        raise InputError(f"input_v has shape {voltages.shape}; [images, {rows}] is needed")
    return voltages


def node_voltages(
    conductance_s: ArrayLike,
    input_v: ArrayLike,
    row_wire_ohm: float,
    column_wire_ohm: float,
    driver_ohm: float = 0.0,
    sense_ohm: float = 0.0,
) -> NodeVoltages:
    """Return all node voltages of a passive array, exactly.

    Parameters and errors as `solve_crossbar`.

    Returns
    -------
    NodeVoltages

    Notes
    -----
    O(rows columns^3) time and O(rows columns^2) memory, then O(rows columns^2) per image.
    """
    g = check.not_negative("conductance_s", conductance_s, ("rows", "columns"))
    voltages = inputs(input_v, len(g))
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
        return Elimination.of(g, row, column, driver, sense).solve(voltages)
