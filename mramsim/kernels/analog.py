"""Read a tile whose columns sum: one analog count per column, then a decision.

What a column sums - currents, resistances, charges - is no matter here: its count is ``gain *
matches + step * steps + offset``, with a noise variance by class of cell. The record of the tile is
all that the kernel sees. Nominal matches come from a popcount; what the cells of a column add
beyond their nominal value was stored at programming as integers on a grid and is summed in
integers, so order, batch and threads cannot matter. What follows from the count is in
`mramsim.kernels.converters`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.converters import convert
from mramsim.kernels.jit import kernel
from mramsim.kernels.words import count_matches, rows_of

_FLUSH = 256  # rows whose deviations cannot overflow lanes of twice their width


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
)
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
        Steps added when the row carries bit 1.
    odd_row, odd_column : int32 [K]
        Cells beyond that or with a noise of their own.
    odd_steps : int64 [K]
        Steps they add when the row carries bit 1.
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


def lanes_for(tile: AnalogTile) -> NDArray[np.int16] | NDArray[np.int32]:
    """Return scratch to sum deviations in: a lane per column, twice as wide as they are."""
    columns = tile.weight.shape[1]
    if tile.deviation.dtype == np.int8:
        return np.empty(columns, dtype=np.int16)
    return np.empty(columns, dtype=np.int32)


@kernel
def add_deviations(tile: Any, x: Any, position: Any, steps: Any, rows: Any, lanes: Any) -> Any:
    """Fill `steps` (int64 [M]) with the deviation of each column for one row of bits `x`.

    `lanes` (`lanes_for`) and `rows` (int64 [64 W]) are scratch.
    """
    columns = steps.size
    base = tile.base[position]
    for column in range(columns):
        steps[column] = base[column]
    count = rows_of(x, rows)
    first = 0
    wide = lanes.dtype.type
    while first < count:
        last = min(count, first + _FLUSH)
        lanes[:] = 0
        while first + 4 <= last:
            d0 = tile.deviation[rows[first]]
            d1 = tile.deviation[rows[first + 1]]
            d2 = tile.deviation[rows[first + 2]]
            d3 = tile.deviation[rows[first + 3]]
            for column in range(columns):
                pair0 = wide(wide(d0[column]) + wide(d1[column]))
                pair1 = wide(wide(d2[column]) + wide(d3[column]))
                lanes[column] = wide(lanes[column] + wide(pair0 + pair1))
            first += 4
        while first < last:
            single = tile.deviation[rows[first]]
            for column in range(columns):
                lanes[column] = wide(lanes[column] + single[column])
            first += 1
        for column in range(columns):
            steps[column] += lanes[column]


@kernel
def add_odd_cells(tile: Any, x: Any, position: Any, steps: Any, variance: Any) -> Any:
    """Add the cells that do not fit the classes, in the order of their list."""
    driven = tile.driven[position]
    for k in range(tile.odd_row.size):
        row, column = tile.odd_row[k], tile.odd_column[k]
        word, bit = row >> 6, np.uint64(row & 63)
        if (x[word] >> bit) & np.uint64(1):
            steps[column] += tile.odd_steps[k]
            variance[column] += tile.odd_variance_on[k]
        elif (driven[word] >> bit) & np.uint64(1):
            variance[column] += tile.odd_variance_off[k]


@kernel
def analog_counts(
    tile: Any,
    matches: Any,
    steps: Any,
    given: Any,
    rows_on: Any,
    extra: Any,
    values: Any,
    sigmas: Any,
) -> Any:
    """Fill the noiseless analog count and the noise of every column (float64 [M]).

    `given` (float64 [M] or empty) are counts that stand in for matches and deviations.
    """
    gain, step, offset = tile.gain, tile.step, tile.offset
    match_variance, other_variance = tile.variance_match, tile.variance_other
    column_variance = tile.variance_column
    for column in range(values.size):
        match = np.float64(matches[column])
        if given.size > 0:
            values[column] = given[column] + offset[column]
        else:
            values[column] = gain * match + step * np.float64(steps[column]) + offset[column]
        variance = (
            match * match_variance
            + (rows_on - match) * other_variance
            + column_variance
            + extra[column]
        )
        sigmas[column] = np.sqrt(variance if variance > 0.0 else 0.0)


@kernel
def read_analog(
    x: Any,
    images: Any,
    positions: Any,
    step: Any,
    tile: Any,
    converter: Any,
    lanes: Any,
    given: Any,
    sums: Any,
) -> Any:
    """Read every column of a tile once for every row of bits.

    Parameters
    ----------
    x : uint64 [N, W]
        Packed bits of one plane, row tile only; undriven bits zero. ``N = images * positions``.
    images : int64 [images]
        Data-set index of each image: part of the random counter.
    positions : int
        Output positions per image.
    step : int
        Bit plane: part of the random counter.
    tile : AnalogTile
    converter : Converter
    lanes : int16 or int32 [M]
        Scratch, see `lanes_for`.
    given : float64 [N, M] or [0, 0]
        Analog counts found elsewhere (`Wires`), in the place of matches and deviations.
    sums : float64 [N, M]
        Filled with the numbers passed on: accumulators ``2 count - rows_on``, or votes.

    Returns
    -------
    int
        Random draws made.
    """
    columns = tile.weight.shape[1]
    base_step = np.uint32(step << 24)
    matches = np.empty(columns, dtype=np.int32)
    steps = np.empty(columns, dtype=np.int64)
    extra = np.zeros(columns, dtype=np.float64)
    values = np.empty(columns, dtype=np.float64)
    sigmas = np.empty(columns, dtype=np.float64)
    open_ = np.empty(columns, dtype=np.uint8)
    chosen = np.empty(columns + 1, dtype=np.int64)
    rows = np.empty(tile.weight.shape[0] * 64, dtype=np.int64)
    made = 0
    none = np.empty(0, dtype=np.float64)
    wired = given.shape[0] > 0
    for n in range(x.shape[0]):
        place = n % positions
        position = min(place, tile.driven.shape[0] - 1)
        image = np.uint32(images[n // positions])
        rows_on = np.float64(tile.rows_on[position])
        count_matches(x[n], tile.weight, tile.driven[position], matches)
        if not wired:
            add_deviations(tile, x[n], position, steps, rows, lanes)
        if tile.odd_row.size > 0:
            extra[:] = 0.0
            add_odd_cells(tile, x[n], position, steps, extra)
        counts = given[n] if wired else none
        analog_counts(tile, matches, steps, counts, rows_on, extra, values, sigmas)
        made += convert(
            tile,
            converter,
            rows_on,
            values,
            sigmas,
            image,
            np.uint32(place),
            base_step,
            open_,
            chosen,
            sums[n],
        )
    return made
