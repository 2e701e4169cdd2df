"""Columns from their sampled resistances, by Ohm's and Kirchhoff's laws: twins of the families."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def column_current(cells: Any, x: Any, driven: Any, v_read_v: float) -> NDArray[np.float64]:
    """Current of every column in A: input 1 opens the true branch, input 0 the other."""
    current = np.zeros(cells.bits.shape[1])
    for row, column in np.ndindex(cells.bits.shape):
        if driven[row]:
            current[column] += v_read_v / cells.resistance_ohm[0 if x[row] else 1, row, column]
    return current


def column_count(cells: Any, x: Any, driven: Any, v_read_v: float) -> NDArray[np.float64]:
    """The same in counts: above a column of antiparallel branches, over the current of a match."""
    g_ap, g_p = (1.0 / cells.classes[state].total_ohm for state in (0, 1))
    background = sum(driven) * v_read_v * g_ap
    return (column_current(cells, x, driven, v_read_v) - background) / (v_read_v * (g_p - g_ap))


def column_ohm(cells: Any, x: Any, driven: Any) -> NDArray[np.float64]:
    """Resistance of every column in Ohm: the branches that the input selects, in series."""
    total = np.zeros(cells.bits.shape[1])
    for row, column in np.ndindex(cells.bits.shape):
        if driven[row]:
            total[column] += cells.resistance_ohm[0 if x[row] else 1, row, column]
    return total


def charge_v(cells: Any, x: Any, capacitor: Any, v_read_v: float) -> NDArray[np.float64]:
    """Voltage of every column in V once the capacitors [rows, columns] have shared their charge.

    Input 1 puts v_read on top of the true branch, input 0 on top of the other; between the two.
    """
    charge = np.zeros(cells.bits.shape[1])
    for row, column in np.ndindex(cells.bits.shape):
        true, other = cells.resistance_ohm[:, row, column]
        top, bottom = (true, other) if x[row] else (other, true)
        charge[column] += capacitor[row, column] * v_read_v * bottom / (top + bottom)
    return np.asarray(charge / np.sum(capacitor, axis=0))


def latch_input_v(cells: Any, x: Any, mapping: Any) -> NDArray[np.float64]:
    """Input of the latch of every cell in V: the branch that discharges faster wins."""
    result = np.empty(cells.bits.shape)
    for row, column in np.ndindex(result.shape):
        one, two = cells.resistance_ohm[:, row, column]
        left, right = (one, two) if x[row] else (two, one)
        v_left = mapping.vdd_v * math.exp(-mapping.t_read_s / (left * mapping.bitline_f))
        v_right = mapping.vdd_v * math.exp(-mapping.t_read_s / (right * mapping.bitline_f))
        result[row, column] = v_right - v_left
    return result
