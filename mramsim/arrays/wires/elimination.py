"""Block elimination of a passive array, row by row.

Nodal analysis is block tridiagonal over rows. With the word nodes eliminated (`lines`), row i adds
the current ``s_i V_i - S_i b_i`` to the bit lines, and the rows above act on row i as a Norton
equivalent ``J_i = H_i - Y_i b_i``. From the top, with r the bit-line segment:

    X_i = (1 + r Y_i)^-1 Y_i,    Y_{i+1} = X_i + S_{i+1},    Y_1 = S_1
    H_{i+1} = (1 - r X_i) H_i + s_{i+1} V_{i+1}

and the sense nodes close the last block through ``r + sense_ohm``. H is linear in the inputs: kept
as one row per driver it gives the transfer matrix. ``1 + r Y`` is symmetric positive definite
(Cholesky) and no resistance is ever divided by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from mramsim.arrays.wires.lines import Lines
from mramsim.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NodeVoltages:
    """Voltages of all nodes.

    Attributes
    ----------
    word_v, bit_v : float64 array [images, rows, columns]
        Either side of each cell, in V.
    output_a : float64 array [images, columns]
        Currents into the sense nodes, in A.
    """

    word_v: Floats
    bit_v: Floats
    output_a: Floats

    def of(self, images: NDArray[np.bool_]) -> NodeVoltages:
        """Return those of some images."""
        return NodeVoltages(self.word_v[images], self.bit_v[images], self.output_a[images])


def damped(admittance_s: Floats, ohm: float) -> Floats:
    """Return ``(1 + ohm Y)^-1 Y`` of a symmetric positive semidefinite Y, symmetric."""
    if ohm == 0.0:
        return admittance_s
    block = ohm * admittance_s
    block.flat[:: len(block) + 1] += 1.0
    factor, failed = lapack.dpotrf(block.T, lower=1, overwrite_a=1, clean=0)  # .T: LAPACK's order
    if failed:
        raise InputError(
            f"conductance_s: {np.abs(admittance_s).max():g} S on a line with segments of {ohm:g} "
            f"Ohm is beyond float64; a product nearer to 1 is needed"
        )
    solution, _ = lapack.dpotrs(factor, admittance_s.T, lower=1)
    return np.asarray(0.5 * (solution + solution.T), dtype=np.float64)


@dataclass(frozen=True)
class Elimination:
    """An array whose block elimination is kept, for node voltages and repeated sources.

    Attributes
    ----------
    lines : Lines
    column_ohm, last_ohm : float
        Bit-line segment; last segment and sense node together, in Ohm.
    damped_s : float64 array [rows, columns, columns]
        X of every row, in S.
    """

    lines: Lines
    column_ohm: float
    last_ohm: float
    damped_s: Floats

    @classmethod
    def of(
        cls, conductance_s: Floats, row_wire: float, column_wire: float, driver: float, sense: float
    ) -> Elimination:
        """Eliminate an array; O(rows columns^3) time, O(rows columns^2) memory."""
        lines = Lines(conductance_s, row_wire, row_wire + driver)
        rows, columns = conductance_s.shape
        kept = np.empty((rows, columns, columns))
        above = np.zeros((columns, columns))
        for i in range(rows):
            ohm = column_wire if i < rows - 1 else column_wire + sense
            above = damped(above + lines.schur(i), ohm)
            kept[i] = above
        return cls(lines, column_wire, column_wire + sense, kept)

    def _below(self, row: int) -> float:
        return self.column_ohm if row < len(self.damped_s) - 1 else self.last_ohm

    def solve(self, input_v: Floats, source_a: Floats | None = None) -> NodeVoltages:
        """Return the node voltages.

        Parameters
        ----------
        input_v : float64 array [images, rows]
            Driver voltages in V.
        source_a : float64 array [images, rows, columns], optional
            Current of each cell beyond its conductance, from word to bit line, in A.

        Returns
        -------
        NodeVoltages
        """
        g = self.lines.conductance_s
        rows, columns = g.shape
        source = np.zeros((len(input_v), rows, columns)) if source_a is None else source_a
        alone = g * self.lines.word_voltages(input_v, -source) + source  # bit lines at 0 V
        down = np.empty((rows, len(input_v), columns))
        carried = np.zeros((len(input_v), columns))
        for i in range(rows):
            total = carried + alone[:, i]
            carried = total - self._below(i) * (total @ self.damped_s[i])
            down[i] = carried
        bit = np.empty_like(source)
        output, below = carried, np.zeros_like(carried)
        for i in range(rows - 1, -1, -1):
            current = down[i] - below @ self.damped_s[i]
            below = below + self._below(i) * current
            bit[:, i] = below
        word = self.lines.word_voltages(input_v, g * bit - source)
        return NodeVoltages(word, bit, output)
