"""Chance cells of one column: draws shared by 16 evaluations, and their own where one is open."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.chances import LANES, RUN, TURNED, add_differing
from mramsim.kernels.jit import kernel
from mramsim.kernels.lanes import address, borrowed
from mramsim.kernels.noise import OWN
from mramsim.kernels.philox import unit
from mramsim.kernels.products import aligned_bytes
from mramsim.kernels.shared_draws import fill_own
from mramsim.kernels.words import lowest_bit


class Work(NamedTuple):
    """`LANES` evaluations of a column, and room for the open ones of `RUN` cells."""

    x: NDArray[np.uint8]  # [R, TURNED], bits of the rows
    groups: NDArray[np.uint32]  # [2, LANES / 16], the number of each 16 evaluations
    changes: NDArray[np.int16]  # [16, TURNED], what the bits that differ add to the counts
    open: NDArray[np.uint64]  # [RUN, LANES / 64], a bit each
    parts: NDArray[np.uint8]  # [RUN, LANES], shared draws
    cell: NDArray[np.int32]  # [RUN LANES], and on: one number for each that is open
    lane: NDArray[np.int32]
    counter: NDArray[np.uint32]  # [3, RUN LANES]
    words: NDArray[np.uint32]  # [2, RUN LANES]
    sums: NDArray[np.int32]  # [LANES, 16], the usual counts; on a cache line


@kernel
def new_work(width: Any) -> Any:
    """Return room for arrays of `width` rows; no changes yet."""
    return Work(
        np.zeros((width, TURNED), dtype=np.uint8),
        np.empty((2, LANES // 16), dtype=np.uint32),
        np.zeros((16, TURNED), dtype=np.int16),
        np.empty((RUN, LANES // 64), dtype=np.uint64),
        np.empty((RUN, LANES), dtype=np.uint8),
        np.empty(RUN * LANES, dtype=np.int32),
        np.empty(RUN * LANES, dtype=np.int32),
        np.empty((3, RUN * LANES), dtype=np.uint32),
        np.empty((2, RUN * LANES), dtype=np.uint32),
        aligned_bytes(LANES * 64).view(np.int32).reshape(LANES, 16),
    )


@kernel
def work_lent(work: Any) -> Any:
    """Return the same arrays, borrowed."""
    return Work(
        borrowed(work.x),
        borrowed(work.groups),
        borrowed(work.changes),
        borrowed(work.open),
        borrowed(work.parts),
        borrowed(work.cell),
        borrowed(work.lane),
        borrowed(work.counter),
        borrowed(work.words),
        borrowed(work.sums),
    )


class Addresses(NamedTuple):
    """Where arrays lie; asking an array itself costs a count of its references each time."""

    cells: int  # of `PreparedBits`
    x: int
    groups: int
    changes: int
    open: int
    parts: int
    counter: int
    words: int
    sums: int


@kernel
def addresses(ready: Any, work: Any) -> Any:
    """Return where the arrays lie."""
    return Addresses(
        address(ready.cells),
        address(work.x),
        address(work.groups),
        address(work.changes),
        address(work.open),
        address(work.parts),
        address(work.counter),
        address(work.words),
        address(work.sums),
    )


@kernel
def decide_ties(
    ready: Any,
    start: Any,
    cells: Any,
    changes: Any,
    work: Any,
    at: Any,
    first: Any,
    span: Any,
    step: Any,
) -> Any:
    """Draw for the evaluations that are open at chance cells `start` on; return the draws.

    `changes` : int16 [TURNED] of their column; `first` is the evaluation of lane 0, `span` the
    lanes in use.
    """
    found = 0
    used = lanes_in(span, 0), lanes_in(span, 1)
    for k in range(cells):
        own = step | np.uint32(ready.cells[start + k, 1])
        for word in range(LANES // 64):
            left = work.open[k, word] & used[word]
            while left != np.uint64(0):
                lane = 64 * word + np.int64(lowest_bit(left))
                left &= left - np.uint64(1)
                e = np.uint64(first + lane)
                work.cell[found], work.lane[found] = k, lane
                work.counter[0, found] = np.uint32(e & np.uint64(0xFFFFFFFF))
                work.counter[1, found] = np.uint32(e >> np.uint64(32))
                work.counter[2, found] = own
                found += 1
    if found == 0:
        return 0
    room = 4 * RUN * LANES
    fill_own(
        at.counter,
        at.counter + room,
        at.counter + 2 * room,
        at.words,
        at.words + room,
        (found + 7) >> 3,
        ready.own_column[start] | OWN,
        ready.key[start, 0],
        ready.key[start, 1],
    )
    for n in range(found):
        cell, lane = start + work.cell[n], work.lane[n]
        bit = np.int64(work.x[ready.cells[cell, 0], lane])
        chance = ready.chance[cell, bit]
        inside = unit(work.words[0, n], work.words[1, n])
        differs = (np.float64(work.parts[work.cell[n], lane]) + inside) / 256.0 < chance
        changes[lane] += np.int16(ready.cells[cell, 4 + bit]) * np.int16(differs)
    return found


@kernel
def lanes_in(span: Any, word: Any) -> Any:
    """Return a bit for each of the lanes 64 `word` on that lies in `span`."""
    low, high = span[0] - 64 * word, span[1] - 64 * word
    full = ~np.uint64(0)
    above = np.uint64(0) if low >= 64 else full << np.uint64(max(low, 0))
    below = np.uint64(0) if high <= 0 else full >> np.uint64(64 - min(high, 64))
    return above & below


@kernel
def add_chances(
    ready: Any, column: Any, work: Any, at: Any, first: Any, span: Any, step: Any
) -> Any:
    """Add the bits that differ in the often differing cells of a column; return draws."""
    draws: int = 0
    own_line = at.changes + (column & 15) * TURNED * 2
    changes = work.changes[column & 15]
    k: Any = np.int64(ready.first[column])
    last = np.int64(ready.first[column + 1])
    while k < last:
        own, key0, key1 = ready.own_column[k], ready.key[k, 0], ready.key[k, 1]
        stop = k + 1
        while (
            stop < last
            and stop - k < RUN
            and ready.own_column[stop] == own
            and ready.key[stop, 0] == key0
            and ready.key[stop, 1] == key1
        ):
            stop += 1
        add_differing(
            at.x,
            at.groups,
            at.cells + 24 * k,
            stop - k,
            step,
            own,
            key0,
            key1,
            own_line,
            at.parts,
            at.open,
        )
        draws += decide_ties(ready, k, stop - k, changes, work, at, first, span, step)
        k = stop
    return draws
