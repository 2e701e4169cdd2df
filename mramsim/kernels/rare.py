"""Cells that seldom waver, drawn together: how many of them may differ in a read, then which.

A cell that differs with a small chance p is a Poisson process with at least one hit in a read:
``p = 1 - exp(-rate)``. The processes of all such cells of a column are one process, whose hits fall
on the cells in proportion to their rates (superposition and marking: Kingman, Poisson Processes,
1993, sections 2.2 and 5.2). So cells stay independent of each other, and most reads need one look
for all of them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.chances import LANES
from mramsim.kernels.changes import at_most
from mramsim.kernels.jit import kernel
from mramsim.kernels.noise import OWN
from mramsim.kernels.philox import philox, unit
from mramsim.kernels.shared_draws import fill_shared
from mramsim.kernels.ties import lanes_in
from mramsim.kernels.words import lowest_bit

RARE = 2.0**-8  # most chance of such a cell, for either input
FULL = 0.25  # expected hits from which on a group takes no more cells
HITS = 20  # most hits of a group in a read: more have a probability below 1e-30
NUMBERS = 32  # rows of the random counter for one group, from the last on


class RareGroups(NamedTuple):
    """G groups of C cells; each group lies in one column of one tile.

    Attributes
    ----------
    first : int32 [M + 1]
        First group of each column of the matrix.
    number : uint32 [G]
        What stands for the row in the counter of its draws.
    own_column : uint32 [G]
    key : uint32 [G, 2]
    hits : float64 [G, 3]
        Expected hits of a read, and the probabilities of none and of some.
    start : int32 [G + 1]
        First cell of each group.
    row : int32 [C]
        Of the matrix.
    upto : float64 [C]
        Expected hits of the cells of the group up to this one; likely cells come first.
    ends : float64 [C, 2]
        Where, on the same scale, the hits end that count when the row carries bit 0 and bit 1.
    change : int16 [C, 2]
        What a hit adds to the count, likewise.
    """

    first: NDArray[np.int32]
    number: NDArray[np.uint32]
    own_column: NDArray[np.uint32]
    key: NDArray[np.uint32]
    hits: NDArray[np.float64]
    start: NDArray[np.int32]
    row: NDArray[np.int32]
    upto: NDArray[np.float64]
    ends: NDArray[np.float64]
    change: NDArray[np.int16]


class Cells(NamedTuple):
    """C cells with chances.

    Attributes
    ----------
    row, column : int32 [C]
        Of the matrix.
    tile : int32 [C]
        Which of the tiles.
    own_row, own_column : int32 [C]
        In that tile.
    key : uint32 [C, 2]
        Of that tile.
    chance : float64 [C, 2]
        That the bit differs from its usual one, when the row carries bit 0 and bit 1.
    change : int16 [C, 2]
        What this adds to the count.
    """

    row: NDArray[np.int32]
    column: NDArray[np.int32]
    tile: NDArray[np.int32]
    own_row: NDArray[np.int32]
    own_column: NDArray[np.int32]
    key: NDArray[np.uint32]
    chance: NDArray[np.float64]
    change: NDArray[np.int16]

    def some(self, chosen: Any) -> Cells:
        """Return the chosen cells."""
        return Cells(*(field[chosen] for field in self))


def rare_groups(cells: Cells, columns: int) -> RareGroups:
    """Return the groups of cells whose chances are at most `RARE`."""
    most = cells.chance.max(axis=1, initial=0.0)
    order = np.lexsort((cells.row, -most, cells.tile, cells.column))
    cells, rate = cells.some(order), rate_of(most[order])
    starts, upto = np.zeros(len(rate), np.bool_), np.empty(len(rate))
    split(cells.column, cells.tile, rate, starts, upto)
    start = np.flatnonzero(starts)
    end = np.append(start, len(rate))[1:]
    column, tile = cells.column[start], cells.tile[start]
    fresh = np.diff(column, prepend=-1).astype(bool) | np.diff(tile, prepend=-1).astype(bool)
    count = np.arange(len(start))
    within = count - np.maximum.accumulate(np.where(fresh, count, 0))  # of the tile's column
    total = upto[end - 1]
    return RareGroups(
        first=np.searchsorted(column, np.arange(columns + 1)).astype(np.int32),
        number=(0xFFFFFF - NUMBERS * within).astype(np.uint32),
        own_column=cells.own_column[start].astype(np.uint32),
        key=np.ascontiguousarray(cells.key[start]),
        hits=np.stack([total, 1.0 - some_of(total), some_of(total)], axis=1),
        start=np.append(start, len(rate)).astype(np.int32),
        row=cells.row.astype(np.int32),
        upto=upto,
        ends=(upto - rate)[:, None] + rate_of(cells.chance),
        change=np.ascontiguousarray(cells.change),
    )


@kernel
def split(column: Any, tile: Any, rate: Any, starts: Any, upto: Any) -> Any:
    """Mark where groups start, and add the rates up within each."""
    total = 0.0
    for k in range(column.size):
        same = k > 0 and column[k] == column[k - 1] and tile[k] == tile[k - 1]
        starts[k] = not same or total > FULL
        if starts[k]:
            total = 0.0
        total += rate[k]
        upto[k] = total


def rate_of(chance: Any) -> Any:
    """Return ``-log(1 - chance)``, chances up to `RARE`: by its series, the same everywhere."""
    found = np.zeros_like(chance)
    for power in range(9, 0, -1):
        found = (found + 1.0 / power) * chance
    return found


def some_of(total: Any) -> Any:
    """Return ``1 - exp(-total)``, up to `FULL` and one rate: by its series, the same everywhere."""
    found = np.ones_like(total)
    for power in range(14, 1, -1):
        found = 1.0 - total / power * found
    return total * found


@kernel
def add_rare(
    rare: Any, column: Any, work: Any, at: Any, first: Any, span: Any, step: Any, seen: Any
) -> Any:
    """Add the bits that differ in the groups of a column; return draws.

    `first` is the evaluation of lane 0, `span` the lanes in use; `seen` : int64 [HITS].
    """
    draws = 0
    changes = work.changes[column & 15]
    used = lanes_in(span, 0), lanes_in(span, 1)
    for g in range(rare.first[column], rare.first[column + 1]):
        number = step | rare.number[g]
        fill_shared(
            at.groups,
            at.groups + LANES // 4,
            at.parts,
            LANES >> 7,
            number,
            rare.own_column[g],
            rare.key[g, 0],
            rare.key[g, 1],
        )
        limit = np.uint8(rare.hits[g, 2] * 256.0)
        for word in range(LANES // 64):
            left = at_most(at.parts, limit, word) & used[word]
            while left != np.uint64(0):
                lane = 64 * word + np.int64(lowest_bit(left))
                left &= left - np.uint64(1)
                part = work.parts[0, lane]
                draws += hit_cells(rare, g, work, changes, part, first + lane, lane, number, seen)
    return draws


@kernel(inline="always")
def hit_cells(
    rare: Any,
    g: Any,
    work: Any,
    changes: Any,
    part: Any,
    evaluation: Any,
    lane: Any,
    at: Any,
    seen: Any,
) -> Any:
    """Draw the hits of a group in one read, `part` being its shared draw; return draws.

    `changes` : int16 [TURNED] of its column.
    """
    e = np.uint64(evaluation)
    low, high = np.uint32(e & np.uint64(0xFFFFFFFF)), np.uint32(e >> np.uint64(32))
    own, k0, k1 = rare.own_column[g] | OWN, rare.key[g, 0], rare.key[g, 1]
    w0, w1, w2, w3 = philox(low, high, at, own, k0, k1)
    u = (np.float64(part) + unit(w0, w1)) / 256.0
    total, term = rare.hits[g, 0], rare.hits[g, 1]
    tail = rare.hits[g, 2]  # probability of more than n hits
    n = 0
    while n < HITS and u < tail:
        n += 1
        place = unit(w2, w3) * total
        cell, last = np.int64(rare.start[g]), np.int64(rare.start[g + 1]) - 1
        while cell < last and rare.upto[cell] < place:
            cell += 1
        bit = work.x[rare.row[cell], lane]
        seen[n - 1] = -1
        if bit < 2 and place < rare.ends[cell, bit]:
            again = False  # a cell that differs already does not differ twice
            for m in range(n - 1):
                again |= seen[m] == cell
            if not again:
                changes[lane] += rare.change[cell, bit]
            seen[n - 1] = cell
        term *= total / n
        tail -= term
        if u < tail:
            _, _, w2, w3 = philox(low, high, at - np.uint32(n), own, k0, k1)
    return max(n, 1)
