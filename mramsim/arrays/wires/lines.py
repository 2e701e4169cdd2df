"""A word line with its cells, eliminated: what its bit lines see of it.

A driver feeds nodes 1 to N through resistances ``r_1`` (driver and first segment), ``r_2``, ...;
cell j joins node j to a bit-line node at voltage ``b_j``. With the word nodes gone, the cells carry

    c = s V - S b

(the Schur complement of the word nodes; S symmetric, positive semidefinite, ``S 1 = s``). A ladder
has one path between two nodes, so every entry of S is a product of positive factors:

    Y_N = G_N,  Y_j = G_j + Y_{j+1} t_{j+1},  t_j = 1 / (1 + r_j Y_j)   admittance to the right
    z_1 = r_1,  z_j = r_j + z_{j-1} / (1 + z_{j-1} G_{j-1})             impedance to the left
    s_j = G_j t_1 ... t_j
    S_jj = G_j (1 + z_j (Y_j - G_j)) / (1 + z_j Y_j)
    S_jk = -G_j G_k z_j / (1 + z_j Y_j) t_{j+1} ... t_k                 j < k

No subtraction and no division by a wire resistance: each entry keeps full relative precision, and
every resistance may be 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Lines:
    """All word lines of an array.

    Attributes
    ----------
    conductance_s : float64 array [rows, columns]
        Of the cells, in S.
    wire_ohm : float
        One segment, in Ohm.
    first_ohm : float
        Driver and first segment together, in Ohm.
    """

    conductance_s: Floats
    wire_ohm: float
    first_ohm: float

    def _segment(self, column: int) -> float:
        return self.first_ohm if column == 0 else self.wire_ohm

    @cached_property
    def right_s(self) -> Floats:
        """Y: admittance of each node to its own cell and everything right of it, in S."""
        admittance = self.conductance_s.copy()
        for j in range(admittance.shape[1] - 2, -1, -1):
            beyond = admittance[:, j + 1]
            admittance[:, j] += beyond / (1.0 + self.wire_ohm * beyond)
        return admittance

    @cached_property
    def passed(self) -> Floats:
        """t: share of the voltage of a node that reaches the next one, other cells at 0 V."""
        ohm = np.full(self.conductance_s.shape[1], self.wire_ohm)
        ohm[0] = self.first_ohm
        return 1.0 / (1.0 + ohm * self.right_s)

    @cached_property
    def left_ohm(self) -> Floats:
        """z: impedance of each node to the driver, without its own cell, in Ohm."""
        impedance = np.empty_like(self.conductance_s)
        impedance[:, 0] = self.first_ohm
        for j in range(1, impedance.shape[1]):
            before = impedance[:, j - 1]
            shunt = before / (1.0 + before * self.conductance_s[:, j - 1])
            impedance[:, j] = self.wire_ohm + shunt
        return impedance

    def driven(self) -> Floats:
        """Return s of all rows: current of each cell per volt of the driver, [rows, columns]."""
        return self.conductance_s * np.cumprod(self.passed, axis=1)

    def schur(self, row: int) -> Floats:
        """Return S of one row in S, [columns, columns]."""
        g, z, y = self.conductance_s[row], self.left_ohm[row], self.right_s[row]
        damped = 1.0 + z * y
        path = np.triu(np.broadcast_to(self.passed[row], (g.size, g.size)), 1)
        path[np.tri(g.size, dtype=np.bool_)] = 1.0
        upper = np.triu(np.cumprod(path, axis=1), 1)
        upper *= -(g * z / damped)[:, None] * g
        matrix = upper + upper.T
        beyond = np.append(y[1:] * self.passed[row, 1:], 0.0)  # Y_j - G_j without cancellation
        np.fill_diagonal(matrix, g * (1.0 + z * beyond) / damped)
        return matrix

    def word_voltages(self, input_v: Floats, into_word_a: Floats) -> Floats:
        """Return the voltages of the word nodes when each receives a known current.

        Parameters
        ----------
        input_v : float64 array [images, rows]
            Driver voltages in V.
        into_word_a : float64 array [images, rows, columns]
            ``G b - e``: what the cell would push into its word node at 0 V, in A.

        Returns
        -------
        float64 array [images, rows, columns]
            In V.
        """
        source = into_word_a.copy()
        for j in range(source.shape[2] - 2, -1, -1):
            source[:, :, j] += source[:, :, j + 1] * self.passed[:, j + 1]
        voltage = np.empty_like(source)
        before = input_v
        for j in range(source.shape[2]):
            here = (before + self._segment(j) * source[:, :, j]) * self.passed[:, j]
            voltage[:, :, j] = here
            before = here
        return voltage
