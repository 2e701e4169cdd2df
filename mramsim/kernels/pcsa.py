"""Read a tile cell by cell through pre-charge sense amplifiers with XNOR, then count.

Every cell gives one bit per read. Bits that are always right or always wrong are counted by an
integer product; cells left to chance are listed with the probability of a wrong bit for either
input, and decided one by one, for many inputs at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.chances import LANES, TURNED, add_wrong, turn
from mramsim.kernels.jit import kernel
from mramsim.kernels.lanes import address
from mramsim.kernels.noise import OWN
from mramsim.kernels.philox import philox, unit
from mramsim.kernels.products import COLUMNS, INPUTS, aligned_bytes, fetch, tiles_off, tiles_on
from mramsim.kernels.shared_draws import fill_shared
from mramsim.kernels.sums import Bits, add_line, bit_sums, bits_of, pack_inputs
from mramsim.kernels.words import lowest_bit, unpack_bits

BLOCK = LANES  # evaluations read at a time: one vector of 8 shared draws per cell


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


class PreparedBits(NamedTuple):
    """Tiles whose counts add, as one matrix of R rows and M columns; K cells are left to chance.

    Attributes
    ----------
    bits : Bits
        What a row adds to the count when it carries bit 1 instead of bit 0, with the bits that are
        always wrong put in.
    base : int32 [M / 16, Q, 16]
        Count when every driven row carries bit 0, for each pattern of driven rows.
    pattern : int32 [P]
        Pattern of each position.
    driven : uint8 [Q, R]
    first : int32 [M + 1]
        First chance cell of each column.
    row : int32 [K]
        Row of the matrix.
    own_row, own_column : uint32 [K]
        Row and column in the cell's own tile.
    key : uint32 [K, 2]
        Of its tile.
    part : int16 [K, 2]
        256ths that are wrong throughout, when the row carries bit 0 and bit 1; -1: never wrong.
    wrong : float64 [K, 2]
        Probability of a wrong bit.
    change : int16 [K, 2]
        What a wrong bit adds to the count.
    """

    bits: Bits
    base: NDArray[np.int32]
    pattern: NDArray[np.int32]
    driven: NDArray[np.uint8]
    first: NDArray[np.int32]
    row: NDArray[np.int32]
    own_row: NDArray[np.uint32]
    own_column: NDArray[np.uint32]
    key: NDArray[np.uint32]
    part: NDArray[np.int16]
    wrong: NDArray[np.float64]
    change: NDArray[np.int16]


def prepare_bits(
    records: Sequence[PcsaTile], places: Sequence[tuple[slice, slice]], shape: tuple[int, int]
) -> PreparedBits:
    """Return tiles at `places` (rows, columns) of a matrix of `shape` as one."""
    rows, columns = shape
    bits = np.zeros(shape, dtype=np.uint8)
    answers = np.zeros((2, *shape), dtype=np.int16)
    width = max(record.driven.shape[0] for record in records)
    driven = np.zeros((width, rows), dtype=np.uint8)
    parts: list[tuple[Any, ...]] = []
    for record, (at_rows, at_columns) in zip(records, places, strict=True):
        height = at_rows.stop - at_rows.start
        block = unpack_bits(record.weight.T, height).T
        bits[at_rows, at_columns] = block
        driven[:, at_rows] = unpack_bits(record.driven, height)
        answer = np.stack([1 - block, block]).astype(np.int16)  # right bits for input 0 and 1
        wrong = np.stack([record.wrong_off, record.wrong_on], axis=1)
        row, column = record.odd_row, record.odd_column
        for x in (0, 1):
            sure = wrong[:, x] >= 1.0
            answer[x, row[sure], column[sure]] ^= 1
        answers[:, at_rows, at_columns] = answer
        change = 1 - 2 * answer[:, row, column].T
        open_ = ((wrong > 0.0) & (wrong < 1.0)).any(axis=1)
        chance = np.where(wrong < 1.0, wrong, 0.0)[open_]
        key = np.broadcast_to(record.key, (len(row), 2))
        parts.append(
            (
                row[open_] + at_rows.start,
                column[open_] + at_columns.start,
                row[open_].astype(np.uint32),
                column[open_].astype(np.uint32),
                key[open_],
                chance,
                change[open_],
            )
        )
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((joined[0], joined[1]))
    row, column, own_row, own_column, key, chance, change = (value[order] for value in joined)
    _, place, pattern = np.unique(driven, axis=0, return_index=True, return_inverse=True)
    patterns = np.ascontiguousarray(driven[place])
    return PreparedBits(
        bits=bits_of((answers[1] - answers[0]).astype(np.int8)),
        base=_base(patterns.astype(np.int32) @ answers[0].astype(np.int32)),
        pattern=pattern.reshape(-1).astype(np.int32),
        driven=patterns,
        first=np.searchsorted(column, np.arange(columns + 1)).astype(np.int32),
        row=row.astype(np.int32),
        own_row=own_row,
        own_column=own_column,
        key=np.ascontiguousarray(key),
        part=np.where(chance > 0.0, np.floor(chance * 256.0), -1.0).astype(np.int16),
        wrong=np.ascontiguousarray(chance),
        change=np.ascontiguousarray(change.astype(np.int16)),
    )


def _base(counts: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return counts [Q, M] in panels, int32 [M / 16, Q, 16]."""
    kinds, columns = counts.shape
    padded = np.zeros((kinds, -(-columns // COLUMNS) * COLUMNS), np.int32)
    padded[:, :columns] = counts
    return np.ascontiguousarray(padded.reshape(kinds, -1, COLUMNS).transpose(1, 0, 2))


@kernel
def decide_ties(
    ready: Any, k: Any, x: Any, parts: Any, ties: Any, first: Any, span: Any, at: Any, sums: Any
) -> Any:
    """Draw for the evaluations whose shared draw left chance cell `k` open; return the draws.

    `x`, `parts` : uint8 [BLOCK]; `ties` : uint64 [BLOCK / 64]; `first` is the evaluation of lane 0,
    `span` the lanes in use.
    """
    draws = 0
    key = ready.key[k]
    for word in range(ties.size):
        left = ties[word]
        while left != np.uint64(0):
            lane = 64 * word + np.int64(lowest_bit(left))
            left &= left - np.uint64(1)
            if lane < span[0] or lane >= span[1]:
                continue
            draws += 1
            bit, e = x[lane], np.uint64(first + lane)
            low, high = np.uint32(e & np.uint64(0xFFFFFFFF)), np.uint32(e >> np.uint64(32))
            w0, w1, _, _ = philox(low, high, at, ready.own_column[k] | OWN, key[0], key[1])
            drawn = (np.float64(parts[lane]) + unit(w0, w1)) / 256.0
            if drawn < ready.wrong[k, bit]:
                sums[lane] += ready.change[k, bit]
    return draws


@kernel
def read_pcsa(
    rows: Any,
    plane: Any,
    images: Any,
    positions: Any,
    ready: Any,
    tiles: Any,
    counts: Any,
) -> Any:
    """Count the XNOR bits of every column for every row of levels.

    Parameters
    ----------
    rows : uint8 [N, R]
        Levels; undriven ones 0. ``N = images * positions``.
    plane : int
        Bit plane to read: part of the random counter.
    images : int64 [images]
        Data-set index of each image: part of the random counter.
    positions : int
        Output positions per image.
    ready : PreparedBits
    tiles : uint8 [64] or [0]
        Configuration of matrix tiles; see `mramsim.kernels.products`.
    counts : int32 [N / 32, M / 16, 32, 16]
        The number of ones times ``2^plane`` is added.

    Returns
    -------
    int
        Random draws made, beside the shared ones.

    Notes
    -----
    An evaluation is one position of one image, counted over the data set. 16 evaluations share a
    draw for a cell, a byte each; where the byte leaves it open, the evaluation draws for itself.
    """
    total = rows.shape[0]
    own = ready.bits
    panels, blocks = own.ones.shape[0], own.blocks
    width, masked = blocks * 64, own.masked
    at_cells, at_strips, at_ones = address(own.cells), address(own.strips), address(own.ones)
    packed = np.zeros((BLOCK, blocks), dtype=np.uint64)
    nothing = np.zeros((0, BLOCK), dtype=np.uint32)
    x = aligned_bytes(BLOCK * width).reshape(BLOCK, width)
    turned = np.zeros((width, TURNED), dtype=np.uint8)
    sums = aligned_bytes(BLOCK * 64).view(np.int32).reshape(BLOCK, 16)
    kinds = np.zeros(BLOCK, dtype=np.int64)
    changes = np.empty(BLOCK, dtype=np.int16)
    words = np.empty((BLOCK // 16, 4), dtype=np.uint32)
    groups = np.empty((2, BLOCK // 16), dtype=np.uint32)
    span = np.empty(2, dtype=np.int64)
    ties = np.zeros(BLOCK // 64, dtype=np.uint64)
    parts = words.view(np.uint8).reshape(BLOCK)
    at_groups, at_words, at_ties = address(groups), address(words), address(ties)
    at_turned, at_changes, at_sums = address(turned), address(changes), address(sums)
    at_base, at_counts, patterns = address(ready.base), address(counts), ready.base.shape[1]
    step = np.uint32(plane << 24)
    draws = 0
    tiles_on(tiles)
    start = 0
    while start < total:
        e = images[start // positions] * positions + start % positions
        first = e & ~np.int64(15)
        span[0] = e - first
        stop = start + 1
        while stop < total and stop - start < BLOCK - span[0]:
            if images[stop // positions] * positions + stop % positions != e + stop - start:
                break
            stop += 1
        count = stop - start
        span[1] = span[0] + count
        for group in range(BLOCK // 16):
            index = np.uint64((first >> 4) + group)
            groups[0, group] = np.uint32(index & np.uint64(0xFFFFFFFF))
            groups[1, group] = np.uint32(index >> np.uint64(32))
        fetch(rows[start:stop], plane, x)
        if tiles.size == 0:
            pack_inputs(x, packed, nothing)
        for n in range(count):
            kinds[n] = ready.pattern[min((start + n) % positions, ready.pattern.size - 1)]
        if ready.row.size > 0:
            turn(x, span[0], turned)
            if ready.driven.shape[0] > 1 or ready.pattern.size > 1:
                mask(ready, kinds[:count], span[0], turned)
        for panel in range(panels):
            bit_sums(
                address(x),
                address(packed),
                count,
                at_cells,
                at_strips,
                at_ones,
                panel,
                blocks,
                masked,
                tiles.size,
                at_sums,
            )
            for column in range(16 * panel, min(16 * panel + 16, ready.first.size - 1)):
                if ready.first[column] == ready.first[column + 1]:
                    continue
                changes[:] = 0
                for k in range(ready.first[column], ready.first[column + 1]):
                    at, row = step | ready.own_row[k], ready.row[k]
                    k0, k1 = ready.key[k, 0], ready.key[k, 1]
                    fill_shared(
                        at_groups,
                        at_groups + BLOCK // 4,
                        at_words,
                        BLOCK >> 7,
                        at,
                        ready.own_column[k],
                        k0,
                        k1,
                    )
                    add_wrong(
                        np.int64(at_turned + np.int64(row) * TURNED),
                        at_words,
                        np.int64(ready.part[k, 0]),
                        np.int64(ready.part[k, 1]),
                        np.int64(ready.change[k, 0]),
                        np.int64(ready.change[k, 1]),
                        at_changes,
                        at_ties,
                    )
                    if ties[0] | ties[1] != np.uint64(0):
                        draws += decide_ties(
                            ready, k, turned[row], parts, ties, first, span, at, changes
                        )
                for n in range(count):
                    sums[n, column & 15] += changes[n + span[0]]
            for n in range(count):
                base = np.int64(at_base + (panel * patterns + kinds[n]) * 64)
                block, line = (start + n) // INPUTS, (start + n) % INPUTS
                target = at_counts + ((block * panels + panel) * INPUTS + line) * 64
                add_line(at_sums + n * 64, base, target, np.int32(plane))
        start = stop
    tiles_off(tiles)
    return draws


@kernel
def mask(ready: Any, kinds: Any, lane: Any, turned: Any) -> Any:
    """Write 2 to undriven rows of `turned` (uint8 [R, TURNED]), from `lane` on."""
    for n in range(kinds.size):
        driven = ready.driven[kinds[n]]
        for row in range(driven.size):
            if driven[row] == 0:
                turned[row, lane + n] = 2
