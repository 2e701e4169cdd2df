"""Tiles of sense amplifiers made ready for reading: usual bits, and the cells that may differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.chances import NEVER
from mramsim.kernels.products import COLUMNS
from mramsim.kernels.rare import RARE, Cells, RareGroups, rare_groups
from mramsim.kernels.records import PcsaTile
from mramsim.kernels.sums import Bits, bits_of
from mramsim.kernels.words import unpack_bits

FEW = 1e-3  # share of cells up to which those that add nothing are mended instead of masked


class PreparedBits(NamedTuple):
    """Tiles whose counts add, as one matrix of R rows and M columns; K cells often differ.

    Attributes
    ----------
    bits : Bits
        What a row adds to the count when it carries bit 1 instead of bit 0; bits that are more
        often wrong than right are put in wrong.
    still_first : int32 [M + 1]
        First of the S cells of each column that count as -1 in `bits` and add nothing.
    still_row : int32 [S]
        Row of the matrix.
    base : int32 [M / 16, Q, 16]
        Count when every driven row carries bit 0, for each pattern of driven rows.
    pattern : int32 [P]
        Pattern of each position.
    driven : uint8 [Q, R]
    first : int32 [M + 1]
        First of the K cells of each column.
    cells : int32 [K, 6]
        Of each: row of the matrix, row of its own tile; 256ths that differ throughout, when the row
        carries bit 0 and bit 1 (or `NEVER`); what a bit that differs adds to the count, likewise.
    own_column : uint32 [K]
        Column of its own tile.
    key : uint32 [K, 2]
        Of its tile.
    chance : float64 [K, 2]
        That the bit differs, for either input.
    rare : RareGroups
        Cells that seldom differ.
    """

    bits: Bits
    still_first: NDArray[np.int32]
    still_row: NDArray[np.int32]
    base: NDArray[np.int32]
    pattern: NDArray[np.int32]
    driven: NDArray[np.uint8]
    first: NDArray[np.int32]
    cells: NDArray[np.int32]
    own_column: NDArray[np.uint32]
    key: NDArray[np.uint32]
    chance: NDArray[np.float64]
    rare: RareGroups


def prepare_bits(
    records: Sequence[PcsaTile], places: Sequence[tuple[slice, slice]], shape: tuple[int, int]
) -> PreparedBits:
    """Return tiles at `places` (rows, columns) of a matrix of `shape` as one."""
    rows, columns = shape
    bits = np.zeros(shape, dtype=np.uint8)
    answers = np.zeros((2, *shape), dtype=np.int16)
    width = max(record.driven.shape[0] for record in records)
    driven = np.zeros((width, rows), dtype=np.uint8)
    parts: list[Cells] = []
    for number, (record, (at_rows, at_columns)) in enumerate(zip(records, places, strict=True)):
        height = at_rows.stop - at_rows.start
        block = unpack_bits(record.weight.T, height).T
        bits[at_rows, at_columns] = block
        driven[:, at_rows] = unpack_bits(record.driven, height)
        answer = np.stack([1 - block, block]).astype(np.int16)  # right bits for input 0 and 1
        wrong = np.stack([record.wrong_off, record.wrong_on], axis=1)
        row, column = record.odd_row, record.odd_column
        for x in (0, 1):
            mostly = wrong[:, x] > 0.5
            answer[x, row[mostly], column[mostly]] ^= 1
        answers[:, at_rows, at_columns] = answer
        key = np.broadcast_to(record.key, (len(row), 2))
        found = Cells(
            row=row + at_rows.start,
            column=column + at_columns.start,
            tile=np.full(len(row), number, np.int32),
            own_row=row,
            own_column=column,
            key=key,
            chance=np.where(wrong > 0.5, 1.0 - wrong, wrong),
            change=1 - 2 * answer[:, row, column].T,
        )
        parts.append(found.some((found.chance > 0.0).any(axis=1)))
    joined = Cells(*(np.concatenate(field) for field in zip(*parts, strict=True)))
    joined = joined.some(np.lexsort((joined.row, joined.column)))
    seldom = joined.chance.max(axis=1, initial=0.0) <= RARE
    often = joined.some(~seldom)
    limit = np.where(often.chance > 0.0, np.floor(often.chance * 256.0), NEVER)
    _, place, pattern = np.unique(driven, axis=0, return_index=True, return_inverse=True)
    patterns = np.ascontiguousarray(driven[place])
    added = (answers[1] - answers[0]).astype(np.int8)
    still_column, still_row = np.nonzero((added == 0).T)
    if still_row.size > FEW * added.size:
        still_column, still_row = still_column[:0], still_row[:0]
    added[still_row, still_column] = -1
    return PreparedBits(
        bits=bits_of(added),
        still_first=np.searchsorted(still_column, np.arange(columns + 1)).astype(np.int32),
        still_row=still_row.astype(np.int32),
        base=_base(patterns.astype(np.int32) @ answers[0].astype(np.int32)),
        pattern=pattern.reshape(-1).astype(np.int32),
        driven=patterns,
        first=np.searchsorted(often.column, np.arange(columns + 1)).astype(np.int32),
        cells=np.column_stack([often.row, often.own_row, limit, often.change]).astype(np.int32),
        own_column=often.own_column.astype(np.uint32),
        key=np.ascontiguousarray(often.key),
        chance=np.ascontiguousarray(often.chance),
        rare=rare_groups(joined.some(seldom), columns),
    )


def _base(counts: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return counts [Q, M] in panels, int32 [M / 16, Q, 16]."""
    kinds, columns = counts.shape
    padded = np.zeros((kinds, -(-columns // COLUMNS) * COLUMNS), np.int32)
    padded[:, :columns] = counts
    return np.ascontiguousarray(padded.reshape(kinds, -1, COLUMNS).transpose(1, 0, 2))
