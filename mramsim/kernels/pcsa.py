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

from mramsim.kernels.jit import kernel
from mramsim.kernels.lanes import address
from mramsim.kernels.noise import OWN, shared_words
from mramsim.kernels.philox import philox, unit
from mramsim.kernels.products import COLUMNS, aligned_bytes, fetch, tiles_off, tiles_on
from mramsim.kernels.sums import Bits, bit_sums, bits_of, pack_inputs
from mramsim.kernels.words import unpack_bits

BLOCK = 128  # evaluations read at a time: one vector of 8 shared draws per cell


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
def chance_cell(
    ready: Any,
    k: Any,
    x: Any,
    first: Any,
    count: Any,
    groups: Any,
    words: Any,
    step: Any,
    sums: Any,
) -> Any:
    """Add the wrong bits of one chance cell to `sums` (int16 [BLOCK]); return the draws it took.

    `x` (uint8 [BLOCK]) are the bits of its row, 2 where undriven; `first` the evaluation of lane 0.
    """
    at = step | ready.own_row[k]
    key = ready.key[k]
    shared_words(groups[0], groups[1], at, ready.own_column[k], key[0], key[1], words)
    parts = words.view(np.uint8).reshape(-1)
    part0, part1 = ready.part[k, 0], ready.part[k, 1]
    change0, change1 = ready.change[k, 0], ready.change[k, 1]
    ties = np.int16(0)
    for lane in range(BLOCK):
        bit = x[lane]
        limit = part1 if bit == 1 else part0
        limit = np.int16(-1) if bit == 2 else limit
        change = change1 if bit == 1 else change0
        part = np.int16(parts[lane])
        sums[lane] += change if part < limit else np.int16(0)
        ties |= np.int16(part == limit)
    if ties == 0:
        return 0
    draws = 0
    for lane in range(count[0], count[1]):
        bit = x[lane]
        if bit == 2 or np.int16(parts[lane]) != ready.part[k, bit]:
            continue
        draws += 1
        e = np.uint64(first + lane)
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
    counts : int32 [M / 16, N, 16]
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
    total, size = rows.shape
    own = ready.bits
    panels, blocks = own.ones.shape[0], own.blocks
    width, masked = blocks * 64, own.masked
    at_cells, at_strips, at_ones = address(own.cells), address(own.strips), address(own.ones)
    packed = np.zeros((BLOCK, blocks), dtype=np.uint64)
    nothing = np.zeros((0, BLOCK), dtype=np.uint32)
    x = aligned_bytes(BLOCK * width).reshape(BLOCK, width)
    turned = np.empty((size, BLOCK), dtype=np.uint8)
    sums = aligned_bytes(BLOCK * 64).view(np.int32).reshape(BLOCK, 16)
    kinds = np.zeros(BLOCK, dtype=np.int64)
    changes = np.empty(BLOCK, dtype=np.int16)
    words = np.empty((BLOCK // 16, 4), dtype=np.uint32)
    groups = np.empty((2, BLOCK // 16), dtype=np.uint32)
    span = np.empty(2, dtype=np.int64)
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
            turn(x, ready, start, count, positions, span[0], turned)
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
                address(sums),
            )
            for column in range(16 * panel, min(16 * panel + 16, ready.first.size - 1)):
                if ready.first[column] == ready.first[column + 1]:
                    continue
                changes[:] = 0
                for k in range(ready.first[column], ready.first[column + 1]):
                    draws += chance_cell(
                        ready, k, turned[ready.row[k]], first, span, groups, words, step, changes
                    )
                for n in range(count):
                    sums[n, column & 15] += changes[n + span[0]]
            for n in range(count):
                base, found, target = ready.base[panel, kinds[n]], sums[n], counts[panel, start + n]
                for lane in range(16):
                    target[lane] += (found[lane] + base[lane]) << plane
        start = stop
    tiles_off(tiles)
    return draws


@kernel
def turn(x: Any, ready: Any, start: Any, count: Any, positions: Any, lane: Any, turned: Any) -> Any:
    """Write inputs (uint8 [n, R]) to `turned` ([R, BLOCK]) from `lane` on; 2 where undriven."""
    masked = ready.driven.shape[0] > 1 or ready.pattern.size > 1
    for row in range(turned.shape[0]):
        for n in range(count):
            turned[row, lane + n] = x[n, row]
    if not masked:
        return
    for n in range(count):
        pattern = ready.pattern[min((start + n) % positions, ready.pattern.size - 1)]
        for row in range(turned.shape[0]):
            if ready.driven[pattern, row] == 0:
                turned[row, lane + n] = 2
