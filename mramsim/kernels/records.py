"""What kernels read of a tile whose columns sum: cells, noise, references, converters, lines.

What a column sums - currents, resistances, charges - is no matter here: its count is ``gain *
matches + step * steps + offset``, with a noise variance by class of cell.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Wires(NamedTuple):
    """The lines of a tile whose cells conduct together; see `mramsim.arrays.drop`.

    Attributes
    ----------
    siemens : float64 [B, R, M + 2]
        Of each branch with its transistor on; behind the columns two of nominal cells, all AP and
        all P. B = 0: no wires, the sums are those of the deviations.
    junction_ohm : float64 [3, B, R, M + 2]
        R_P and TMR at zero bias and series resistance, where junctions follow their own voltage;
        B = 0: they do not.
    law : float64 [2]
        Curvature of 1 / R_P in 1/V^2, and 1 / V_h.
    rails_ohm : float64 [4]
        Segment of bit line and of source line, driver, sense node.
    opposite : bool
        Whether the source line ends opposite to the driver.
    v_read_v : float64
    nominal_s : float64 [2]
        Nominal cell in state AP and P.
    unit_s : float64
        Conductance of one count.
    tracked : bool
        Whether zero and unit of the read-out are those of the nominal columns.
    compensated : bool
        Whether the drivers raise their voltage by what nominal columns lose.
    transfer : float64 [R, M + 2] or [0, 0]
        Passive array: current into each sense node per volt on each row, in the place of `siemens`.
    """

    siemens: NDArray[np.float64]
    junction_ohm: NDArray[np.float64]
    law: NDArray[np.float64]
    rails_ohm: NDArray[np.float64]
    opposite: bool
    v_read_v: float
    nominal_s: NDArray[np.float64]
    unit_s: float
    tracked: bool
    compensated: bool
    transfer: NDArray[np.float64]

    @property
    def size(self) -> int:
        """Numbers that describe them; 0: no wires."""
        return self.siemens.size + self.transfer.size


NO_WIRES = Wires(
    np.empty((0, 0, 0)),
    np.empty((3, 0, 0, 0)),
    np.zeros(2),
    np.zeros(4),
    True,
    0.0,
    np.zeros(2),
    0.0,
    True,
    False,
    np.empty((0, 0)),
)
NO_FIXED: NDArray[np.float64] = np.empty(0)  # noise variance of no column
NO_COUNTS: NDArray[np.float64] = np.empty((0, 0))  # counts found elsewhere: none


class AnalogTile(NamedTuple):
    """A programmed tile of R rows and M columns; unit: counts (one match is 1).

    Attributes
    ----------
    weight : uint64 [W, M]
        Programmed bits.
    driven : uint64 [P, W]
        Rows driven at each position.
    rows_on : int32 [P]
        How many they are.
    gain : float64
        Counts per match: 1, or 0 where the device has no TMR.
    step : float64
        Grid of the stored deviations.
    base : int64 [P, M]
        Deviation in steps when every driven row carries bit 0.
    deviation : int8 or int16 [R, M]
        Steps added when the row carries bit 1; at most 127, or 32639.
    odd_row, odd_column : int32 [K]
        Cells beyond that or with a noise of their own.
    odd_steps : int64 [K]
        Steps they add when the row carries bit 1, beside `deviation`.
    odd_variance_on, odd_variance_off : float64 [K]
        Noise variance they add when the row carries bit 1 or bit 0.
    variance_match, variance_other, variance_column : float64
        Noise variance per matching cell, per other cell, per decision.
    offset : float64 [M]
        Sense-amplifier offset.
    reference_match, reference_other : float64 [K, rows + 1]
        Deviation of the first cells of each reference column, summed, in the matching and in the
        other state; K = 0: ideal reference.
    reference_shared : int
        Neighbouring columns that compare with the same reference.
    bend : float64 [3, M]
        Offset, gain error and bow of each column's converter; [3, 0]: none.
    comparators : float64 [M, codes - 1]
        Count at which each comparator of a flash converter turns; [0, 0]: no flash errors.
    level : int32 [M]
        For votes: smallest signed accumulator ``polarity * (2 count - rows_on)`` that gives 1.
    polarity : int8 [M]
    key : uint32 [2]
        Of the per-read draws.
    wires : Wires
    variance_fixed : float64 [M] or [0]
        Noise variance of each column whatever its input (passive arrays).
    gated : bool
        Rows with bit 0 do not conduct: what is counted are the rows with bit 1 that store bit 1,
        and the rows on are those with bit 1. Else every driven row is on, and matches are counted.
    """

    weight: NDArray[np.uint64]
    driven: NDArray[np.uint64]
    rows_on: NDArray[np.int32]
    gain: float
    step: float
    base: NDArray[np.int64]
    deviation: NDArray[np.int8] | NDArray[np.int16]
    odd_row: NDArray[np.int32]
    odd_column: NDArray[np.int32]
    odd_steps: NDArray[np.int64]
    odd_variance_on: NDArray[np.float64]
    odd_variance_off: NDArray[np.float64]
    variance_match: float
    variance_other: float
    variance_column: float
    offset: NDArray[np.float64]
    reference_match: NDArray[np.float64]
    reference_other: NDArray[np.float64]
    reference_shared: int
    bend: NDArray[np.float64]
    comparators: NDArray[np.float64]
    level: NDArray[np.int32]
    polarity: NDArray[np.int8]
    key: NDArray[np.uint32]
    wires: Wires = NO_WIRES
    variance_fixed: NDArray[np.float64] = NO_FIXED
    gated: bool = False


class PcsaTile(NamedTuple):
    """A programmed tile of R rows and M columns.

    Attributes
    ----------
    weight : uint64 [W, M]
        Programmed bits.
    driven : uint64 [P, W]
        Rows read at each position.
    rows_on : int32 [P]
        How many they are.
    odd_row, odd_column : int32 [K]
        Cells that can be wrong.
    wrong_on, wrong_off : float64 [K]
        Probability of a wrong XNOR bit when the row carries bit 1 or bit 0.
    key : uint32 [2]
        Of the per-read draws.
    """

    weight: NDArray[np.uint64]
    driven: NDArray[np.uint64]
    rows_on: NDArray[np.int32]
    odd_row: NDArray[np.int32]
    odd_column: NDArray[np.int32]
    wrong_on: NDArray[np.float64]
    wrong_off: NDArray[np.float64]
    key: NDArray[np.uint32]
