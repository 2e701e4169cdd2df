"""Columns of gated cells between a bit line and a source line, solved from the far end.

Cell k joins bit-line node k (voltage p_k) to source-line node k (voltage q_k). The driver is at the
top of the bit line. The cells from k to the end are one two-port, eliminated cell by cell (block
elimination with 2x2 blocks) in variables that leave every wire free to be 0 Ohm.

Return at the other end (opposite side): with I_k the bit-line current into node k and F_k the
source-line current into node k from above,

    I_k = Y p_k - (1 - n) F_k + a,    q_k = (1 - n) p_k + Z F_k + b

Return at the driver's end (same side): the source line carries -I_k, so that u_k = p_k - q_k obeys
one line with both resistances in series, I_k = Y u_k + a. Here Z is sense, driver and line alike.

``a`` and ``b`` come from cells that carry ``G u + e``; they are 0 for linear cells. All terms of Y,
n and Z are positive: no digits are lost, whatever the resistances. Derivation: ``docs/wires.md``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mramsim.kernels.jit import kernel


@kernel
def opposite_nodes(
    g: Any, e: Any, v_read: Any, bit: Any, source: Any, driver: Any, sense: Any, p: Any, q: Any
) -> Any:
    """Fill the node voltages of one column whose source line ends at the other side.

    Parameters
    ----------
    g, e : float64 [rows]
        Cells carry ``g u + e``; both 0 where the transistor is off.
    v_read, bit, source, driver, sense : float
        As `column_currents`.
    p, q : float64 [rows]
        Filled with bit-line and source-line voltages, V.

    Returns
    -------
    float
        Current of the column, A.
    """
    rows = g.size
    below = np.empty((rows, 4))  # Y, n, Z, a of what follows each node, its wires included
    y, n, z, a, b = 0.0, 1.0, sense + source, 0.0, 0.0
    for k in range(rows - 1, -1, -1):
        if k < rows - 1:
            t = 1.0 / (1.0 + bit * y)
            m = 1.0 - n
            b -= m * bit * a * t
            z += source + bit * m * m * t
            n = (bit * y + n) * t
            y, a = y * t, a * t
        below[k, 0], below[k, 1], below[k, 2], below[k, 3] = y, n, z, a
        p[k] = b
        t = 1.0 / (1.0 + g[k] * z)
        y += n * n * g[k] * t
        a += n * (e[k] - g[k] * b) * t
        b = (b + z * e[k]) * t
        n, z = n * t, z * t
    above = (v_read - (driver + bit) * a) / (1.0 + (driver + bit) * y)
    total = y * above + a
    flow = 0.0
    for k in range(rows):
        y, n, z, a = below[k, 0], below[k, 1], below[k, 2], below[k, 3]
        b = p[k]
        cell = (g[k] * (n * above - z * flow - b) + e[k]) / (1.0 + g[k] * z)
        flow += cell
        p[k] = above
        q[k] = (1.0 - n) * above + z * flow + b
        above -= bit * (y * above - (1.0 - n) * flow + a)
    return total


@kernel
def same_nodes(
    g: Any, e: Any, v_read: Any, bit: Any, source: Any, driver: Any, sense: Any, p: Any, q: Any
) -> Any:
    """Fill the node voltages of one column that returns to its driver's side.

    Parameters and result as `opposite_nodes`.
    """
    rows = g.size
    both = bit + source
    y, a = 0.0, 0.0
    for k in range(rows - 1, -1, -1):
        t = 1.0 / (1.0 + both * y) if k < rows - 1 else 1.0
        p[k], q[k] = y * t, a * t  # of what follows the node, until the way back
        y, a = g[k] + y * t, e[k] + a * t
    total = (y * v_read + a) / (1.0 + (both + driver + sense) * y)
    current, high, low = total, v_read - driver * total, sense * total
    for k in range(rows):
        high -= bit * current
        low += source * current
        current = p[k] * (high - low) + q[k]
        p[k], q[k] = high, low
    return total


@kernel
def fill_nodes(
    conductance: Any, select: Any, v_read: Any, wires: Any, opposite: Any, p: Any, q: Any
) -> Any:
    """Fill bit-line and source-line voltages (float64 [images, rows, columns]), V.

    Parameters as `column_currents`; `wires` holds bit, source, driver, sense.
    """
    rows, columns = conductance.shape[1], conductance.shape[2]
    bit, source, driver, sense = wires
    g, e = np.empty(rows), np.zeros(rows)
    for image in range(select.shape[0]):
        for j in range(columns):
            for k in range(rows):
                branch = select[image, k]
                g[k] = conductance[branch, k, j] if branch >= 0 else 0.0
            high, low = p[image, :, j], q[image, :, j]
            if opposite:
                opposite_nodes(g, e, v_read, bit, source, driver, sense, high, low)
            else:
                same_nodes(g, e, v_read, bit, source, driver, sense, high, low)
    return np.int64(p.size)


@kernel
def series_sums(ohm: Any, select: Any, wires_ohm: Any, sums: Any) -> Any:
    """Fill the resistance of every series column: selected branches in row order, then wires.

    Parameters
    ----------
    ohm : float64 [branches, rows, columns]
        Of each branch.
    select : int8 [images, rows]
        Branch of each row; -1 adds nothing.
    wires_ohm : float
        Added to every column.
    sums : float64 [images, columns]
        Filled, Ohm.
    """
    for image in range(select.shape[0]):
        sums[image] = 0.0
        for row in range(ohm.shape[1]):
            branch = select[image, row]
            if branch >= 0:
                for j in range(ohm.shape[2]):
                    sums[image, j] += ohm[branch, row, j]
        sums[image] += wires_ohm
    return np.int64(sums.size)
