"""Read a tile whose columns sum: one analog count per column, then a decision.

What a column sums - currents, resistances, charges - is no matter here: its count is ``gain *
matches + step * steps + offset``, with a noise variance by class of cell. The record of the tile is
all that matters; `Prepared` holds the same in the order that kernels want. Matches and what the
cells add beyond their nominal value, stored at programming as integers on a grid, are integer
products, so order, batch and threads cannot matter. What follows from the count is in
`mramsim.kernels.converters`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.converters import (
    REACH,
    SWEEP,
    VOTE,
    bent,
    code_of,
    code_of_column,
    gated_border,
    missed,
    swept,
)
from mramsim.kernels.jit import kernel
from mramsim.kernels.lanes import address
from mramsim.kernels.noise import OWN, column_normal, fill_shared, tail_of, upper_quantile
from mramsim.kernels.odd import fill_driven, fill_odd, turn_inputs
from mramsim.kernels.philox import philox
from mramsim.kernels.products import INPUTS, aligned_bytes, fetch, tiles_off, tiles_on
from mramsim.kernels.settle import settle, settle_bent, settle_odd
from mramsim.kernels.sums import LINE, pack_inputs, panel_sums
from mramsim.kernels.words import lowest_bit

BLOCK = INPUTS  # inputs read at a time: with their panels they stay in the first cache
LISTED = 1024  # open columns that are decided together


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


@kernel
def odd_share(
    x: Any, driven: Any, first: Any, last: Any, row: Any, steps: Any, on: Any, off: Any
) -> Any:
    """Return steps and variance that the odd cells `first` to `last` add to their column."""
    added, extra = np.int64(0), 0.0
    for k in range(first, last):
        at = row[k]
        if x[at]:
            added += steps[k]
            extra += on[k]
        elif (driven[at >> 6] >> np.uint64(at & 63)) & np.uint64(1):
            extra += off[k]
    return added, extra


@kernel
def read_codes(
    rows: Any,
    plane: Any,
    images: Any,
    positions: Any,
    tile: Any,
    ready: Any,
    converter: Any,
    given: Any,
    tiles: Any,
    codes: Any,
) -> Any:
    """Read every column of a tile once for every row of levels, as integers.

    Parameters
    ----------
    rows : uint8 [N, R]
        Levels of the tile's rows; undriven ones 0. ``N = images * positions``.
    plane : int
        Bit plane to read: part of the random counter.
    images : int64 [images]
        Data-set index of each image: part of the random counter.
    positions : int
        Output positions per image.
    tile : AnalogTile
    ready : Prepared
        Of the same tile and converter.
    converter : Converter
        Any but ``EXACT``.
    given : float64 [N, M] or [0, 0]
        Analog counts found elsewhere (`Wires`), in the place of matches and deviations.
    tiles : uint8 [64] or [0]
        Configuration of matrix tiles; see `mramsim.kernels.products`.
    codes : int32 [M / 16, N, 16]
        Code, count, or whether the column is above its border, times ``2^plane`` is added.

    Returns
    -------
    int
        Random draws made, beside the shared ones.
    """
    planes = ready.planes
    panels, depth, blocks = planes.cells.shape[:3]
    columns, looked_up = tile.offset.size, planes.tables.shape[0] > 0
    x = aligned_bytes(BLOCK * blocks * 64).reshape(BLOCK, blocks * 64)
    bits = np.zeros((BLOCK, blocks), dtype=np.uint64)
    index = np.zeros((4 * blocks if looked_up else 0, BLOCK), dtype=np.uint32)
    sums = aligned_bytes(planes.sums * LINE).view(np.int32).reshape(planes.sums, BLOCK, 16)
    words = np.zeros((BLOCK, 4), dtype=np.uint32)
    parts = words.view(np.uint8).reshape(BLOCK, 16)
    image, place = np.zeros((2, BLOCK), dtype=np.uint32)
    pattern, on = np.zeros(BLOCK, dtype=np.int32), np.zeros(BLOCK, dtype=np.float64)
    open_ = np.empty(BLOCK + 1, dtype=np.int64)
    odd, odd_lines = np.zeros((2, BLOCK, 16), np.float32), np.zeros((2, 16, BLOCK), np.float32)
    turned, driven = np.zeros((2, blocks * 64, BLOCK), dtype=np.uint8)
    driven_lines = np.zeros((BLOCK, blocks * 64), dtype=np.uint8)
    listed = np.empty((6, LISTED + BLOCK * 16), dtype=np.int64)
    counts = np.empty((3, LISTED + BLOCK * 16), dtype=np.float64)
    step = np.uint32(plane << 24)
    last = np.float32(1 if converter.mode == VOTE else converter.codes - 1)
    shift = np.int32(plane)
    k0, k1 = tile.key[0], tile.key[1]
    odd_first, odd_row, odd_column = ready.odd_first, ready.odd_row, ready.odd_column
    odd_value, odd_on, odd_off = ready.odd_value, ready.odd_on, ready.odd_off
    at_turned, at_driven = address(turned), address(driven)
    at_x, at_cells, at_sums = address(x), address(planes.cells), address(sums)
    at_bits, at_index, at_tables = address(bits), address(index), address(planes.tables)
    at_strips, at_ones, three = address(planes.strips), address(planes.ones), planes.sums == 3
    at_words, at_image, at_place = address(words), address(image), address(place)
    at_pattern, at_open, at_odd = address(pattern), address(open_), address(odd)
    at_middle, at_noise = address(ready.middle), address(ready.noise)
    at_factors, at_codes = address(ready.factors), address(codes)
    line, patterns = LINE, np.int64(ready.place.size)
    linear, of_position = ready.linear and given.shape[0] == 0, ready.pattern
    bent = ready.bent
    draws, found = 0, 0
    tiles_on(tiles)
    for start in range(0, rows.shape[0], BLOCK):
        count = min(BLOCK, rows.shape[0] - start)
        fetch(rows[start : start + count], plane, x)
        if tiles.size == 0:
            pack_inputs(x, bits, index)
        for n in range(count):
            at = (start + n) % positions
            image[n] = images[(start + n) // positions]
            place[n] = at
            pattern[n] = of_position[min(at, of_position.size - 1)]
        count_on(tile, ready, x, pattern, count, on)
        if linear and odd_row.size > 0:
            turn_inputs(x, turned)
            if start == 0 or patterns > 1:
                fill_driven(ready.driven, pattern, driven_lines, driven)
        for panel in range(panels):
            panel_sums(
                at_x,
                at_bits,
                at_index,
                at_cells,
                at_strips,
                at_ones,
                at_tables,
                panel,
                depth,
                blocks,
                looked_up,
                tiles.size,
                at_sums,
            )
            if three:
                sums[1] += 256 * sums[2]
            if converter.mode != SWEEP:
                fill_shared(
                    at_image, at_place, at_words, BLOCK >> 3, step, np.uint32(panel), k0, k1
                )
            opened = count
            if linear:
                target = at_codes + (panel * rows.shape[0] + start) * 64
                own_middle = at_middle + panel * patterns * 64
                own_noise = at_noise + panel * patterns * 64
                own_factors = at_factors + panel * 448
                first = odd_first[16 * panel]
                end = odd_first[min(16 * panel + 16, columns)]
                if end > first or bent:
                    fill_odd(
                        at_turned,
                        at_driven,
                        first,
                        end,
                        odd_row,
                        odd_column,
                        odd_value,
                        odd_on,
                        odd_off,
                        odd_lines,
                        odd,
                    )
                if bent:
                    opened = settle_bent(
                        at_sums,
                        at_sums + line,
                        at_words,
                        at_pattern,
                        own_middle,
                        own_noise,
                        own_factors,
                        at_odd,
                        at_odd + line,
                        target,
                        at_open,
                        count,
                        last,
                        shift,
                    )
                elif end > first:
                    opened = settle_odd(
                        at_sums,
                        at_sums + line,
                        at_words,
                        at_pattern,
                        own_middle,
                        own_noise,
                        own_factors,
                        at_odd,
                        at_odd + line,
                        target,
                        at_open,
                        count,
                        last,
                        shift,
                    )
                else:
                    opened = settle(
                        at_sums,
                        at_sums + line,
                        at_words,
                        at_pattern,
                        own_middle,
                        own_noise,
                        own_factors,
                        at_odd,
                        at_odd + line,
                        target,
                        at_open,
                        count,
                        last,
                        shift,
                    )
            else:
                for n in range(count):
                    open_[n] = (n << 16) | 0xFFFF
            if opened > 0:
                found = list_open(
                    open_, opened, panel, columns, sums, parts, pattern, listed, found
                )
            if found > LISTED or (panel == panels - 1 and found > 0):
                exact_counts(tile, ready, x, on, start, given, listed, found, counts)
                draws += decide_listed(
                    tile, ready, converter, on, listed, found, counts, image, place, step
                )
                for k in range(found):
                    column = listed[1, k]
                    codes[column >> 4, start + listed[0, k], column & 15] += listed[2, k] << plane
                found = 0
    tiles_off(tiles)
    return draws


@kernel
def list_open(
    open_: Any,
    count: Any,
    panel: Any,
    columns: Any,
    sums: Any,
    parts: Any,
    pattern: Any,
    listed: Any,
    found: Any,
) -> Any:
    """List more open columns: input, column, part, pattern, match and step sums (int64 [6, K])."""
    width = min(16, columns - 16 * panel)
    for k in range(count):
        n, mask = open_[k] >> 16, np.uint64(open_[k] & ((1 << width) - 1))
        while mask != np.uint64(0):
            lane = np.int64(lowest_bit(mask))
            mask &= mask - np.uint64(1)
            listed[0, found], listed[1, found] = n, 16 * panel + lane
            listed[2, found], listed[3, found] = parts[n, lane], pattern[n]
            listed[4, found], listed[5, found] = sums[0, n, lane], sums[1, n, lane]
            found += 1
    return found


@kernel
def count_on(tile: Any, ready: Any, x: Any, pattern: Any, count: Any, on: Any) -> Any:
    """Fill how many rows conduct for each input (float64 [>= count])."""
    for n in range(count):
        if tile.gated:
            ones = 0
            for row in range(x.shape[1]):
                ones += x[n, row]
            on[n] = ones
        else:
            on[n] = ready.rows_on[pattern[n]]


@kernel
def exact_counts(
    tile: Any,
    ready: Any,
    x: Any,
    on: Any,
    start: Any,
    given: Any,
    listed: Any,
    found: Any,
    counts: Any,
) -> Any:
    """Fill the noiseless analog count and the noise of listed columns (float64 [>= 2, K])."""
    gain, grid, offset = tile.gain, tile.step, tile.offset
    match_variance, other_variance = tile.variance_match, tile.variance_other
    column_variance, driven, fixed = tile.variance_column, tile.driven, tile.variance_fixed
    base_match, base, of_pattern = ready.base_match, ready.base, ready.place
    odd_first, odd_row, odd_steps = ready.odd_first, ready.odd_row, ready.odd_steps
    odd_on, odd_off = ready.odd_variance_on, ready.odd_variance_off
    wired = given.shape[0] > 0
    for k in range(found):
        column, pattern = listed[1, k], listed[3, k]
        conducting = on[listed[0, k]]
        matches = np.float64(base_match[pattern, column] + listed[4, k])
        if tile.gated:
            matches = (conducting + np.float64(listed[4, k])) / 2.0
        steps, extra = base[pattern, column] + listed[5, k], 0.0
        first, last = odd_first[column], odd_first[column + 1]
        if last > first:
            word = driven[of_pattern[pattern]]
            own = x[listed[0, k]]
            added, extra = odd_share(own, word, first, last, odd_row, odd_steps, odd_on, odd_off)
            steps += added
        counts[0, k] = gain * matches + grid * np.float64(steps) + offset[column]
        if wired:
            counts[0, k] = given[start + listed[0, k], column] + offset[column]
        variance = (
            matches * match_variance
            + (conducting - matches) * other_variance
            + column_variance
            + extra
        )
        if fixed.size > 0:
            variance += fixed[column]
        counts[1, k] = np.sqrt(variance if variance > 0.0 else 0.0)


@kernel
def decide_listed(
    tile: Any,
    ready: Any,
    converter: Any,
    on: Any,
    listed: Any,
    found: Any,
    counts: Any,
    image: Any,
    place: Any,
    step: Any,
) -> Any:
    """Replace the part of listed columns by what `read_codes` adds; return the draws."""
    k0, k1 = tile.key[0], tile.key[1]
    bend, comparators, border = tile.bend, tile.comparators, ready.border
    plain = comparators.shape[0] == 0 and bend.shape[1] == 0
    draws = 0
    if converter.mode == SWEEP:
        real = tile.reference_match.shape[0] > 0
        reference_match, reference_other = tile.reference_match, tile.reference_other
        edges, shared, none = ready.edges, tile.reference_shared, np.zeros(0)
        for k in range(found):
            n, column = listed[0, k], listed[1, k]
            own = column // shared
            match = reference_match[own] if real else none
            other = reference_other[own] if real else none
            at = (image[n], place[n], step, np.uint32(column))
            rows_on = on[n]
            code, made = swept(counts[0, k], counts[1, k], rows_on, match, other, edges, at, k0, k1)
            listed[2, k] = code
            draws += made
        return draws
    for k in range(found):
        n, column = listed[0, k], np.uint32(listed[1, k])
        w0, w1, _, _ = philox(image[n], place[n], step, column | OWN, k0, k1)
        counts[2, k] = tail_of(listed[2, k], w0, w1)
    for k in range(found):
        z = upper_quantile(counts[2, k])
        counts[2, k] = -z if listed[2, k] < 128 else z
    for k in range(found):
        column, value, sigma = listed[1, k], counts[0, k], counts[1, k]
        reach, drawn = REACH * sigma, value + sigma * counts[2, k]
        if converter.mode == VOTE:
            zero = border[listed[3, k], column]
            if tile.gated:
                zero = gated_border(tile, column, on[listed[0, k]], ready.shift[listed[3, k]])
            settled = abs(value - zero) > reach or sigma == 0.0
            beyond = (value if settled else drawn) - zero
            listed[2, k] = np.int64(beyond > 0.0)
            draws += int(not settled)
            continue
        if plain:
            low, high = code_of(value - reach, converter), code_of(value + reach, converter)
            code = low if low == high else code_of(drawn, converter)
            listed[2, k] = np.int64(code)
            draws += int(low != high)
            continue
        low = code_of_column(value - reach, bend, comparators, converter, column)
        high = code_of_column(value + reach, bend, comparators, converter, column)
        code = code_of_column(drawn, bend, comparators, converter, column)
        listed[2, k] = np.int64(low if low == high else code)
        draws += int(low != high)
    return draws


@kernel
def read_values(
    rows: Any,
    plane: Any,
    images: Any,
    positions: Any,
    tile: Any,
    ready: Any,
    converter: Any,
    given: Any,
    tiles: Any,
    values: Any,
) -> Any:
    """Read every column of a tile once, without a converter's quantisation.

    What the references miss is taken along: of the ends of a range (`converter` gives it) as the
    straight line between them, of references that are compared with at the count itself.

    Parameters as in `read_codes`; `values` (float64 [N, M]) is filled with accumulators
    ``2 count - rows_on``, or what `mramsim.arrays.coding` says of gated rows. Returns the random
    draws made.
    """
    planes = ready.planes
    panels, depth, blocks = planes.cells.shape[:3]
    looked_up = planes.tables.shape[0] > 0
    x = aligned_bytes(BLOCK * blocks * 64).reshape(BLOCK, blocks * 64)
    bits = np.zeros((BLOCK, blocks), dtype=np.uint64)
    index = np.zeros((4 * blocks if looked_up else 0, BLOCK), dtype=np.uint32)
    sums = aligned_bytes(planes.sums * LINE).view(np.int32).reshape(planes.sums, BLOCK, 16)
    parts, pattern = np.zeros((BLOCK, 16), dtype=np.uint8), np.zeros(BLOCK, dtype=np.int32)
    on = np.zeros(BLOCK, dtype=np.float64)
    open_ = np.empty(BLOCK, dtype=np.int64)
    listed = np.empty((6, BLOCK * 16 + 1), dtype=np.int64)
    counts = np.empty((3, BLOCK * 16 + 1), dtype=np.float64)
    step, columns, draws = np.uint32(plane << 24), tile.offset.size, 0
    k0, k1 = tile.key[0], tile.key[1]
    of_position, shift = ready.pattern, ready.shift
    lined, compared = tile.bend.shape[1] > 0, tile.reference_match.shape[0] > 0
    tiles_on(tiles)
    for start in range(0, rows.shape[0], BLOCK):
        count = min(BLOCK, rows.shape[0] - start)
        fetch(rows[start : start + count], plane, x)
        if tiles.size == 0:
            pack_inputs(x, bits, index)
        for n in range(count):
            open_[n] = (n << 16) | 0xFFFF
            pattern[n] = of_position[min((start + n) % positions, of_position.size - 1)]
        count_on(tile, ready, x, pattern, count, on)
        for panel in range(panels):
            panel_sums(
                address(x),
                address(bits),
                address(index),
                address(planes.cells),
                address(planes.strips),
                address(planes.ones),
                address(planes.tables),
                panel,
                depth,
                blocks,
                looked_up,
                tiles.size,
                address(sums),
            )
            if planes.sums == 3:
                sums[1] += 256 * sums[2]
            found = list_open(open_, count, panel, columns, sums, parts, pattern, listed, 0)
            exact_counts(tile, ready, x, on, start, given, listed, found, counts)
            for k in range(found):
                n, column = start + listed[0, k], listed[1, k]
                value, sigma = counts[0, k], counts[1, k]
                if sigma > 0.0:
                    image, place = np.uint32(images[n // positions]), np.uint32(n % positions)
                    value += sigma * column_normal(image, place, step, np.uint32(column), k0, k1)
                    draws += 1
                rows_on = on[listed[0, k]]
                if lined:
                    value = bent(value, tile.bend, converter, column)
                if compared:
                    own = column // tile.reference_shared
                    match, other = tile.reference_match[own], tile.reference_other[own]
                    value -= missed(match, other, rows_on, value)
                if tile.gated:
                    zero = 2.0 * rows_on - shift[listed[3, k], column]
                    values[n, column] = 4.0 * value - zero
                else:
                    values[n, column] = 2.0 * value - rows_on
    tiles_off(tiles)
    return draws
