"""Chance cells of one column: draws shared by 16 evaluations, and their own where one is open."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.chances import LANES, RUN, add_differing
from mramsim.kernels.jit import kernel
from mramsim.kernels.lanes import address
from mramsim.kernels.noise import OWN
from mramsim.kernels.philox import unit
from mramsim.kernels.shared_draws import fill_own
from mramsim.kernels.words import lowest_bit


class Work(NamedTuple):
    """`LANES` evaluations of a column, and room for the open ones of `RUN` cells."""

    x: NDArray[np.uint8]  # [R, TURNED], bits of the rows
    groups: NDArray[np.uint32]  # [2, LANES / 16], the number of each 16 evaluations
    sums: NDArray[np.int16]  # [LANES], what the bits that differ add to the count
    open: NDArray[np.uint64]  # [RUN, LANES / 64], a bit each
    parts: NDArray[np.uint8]  # [RUN, LANES], shared draws
    cell: NDArray[np.int32]  # [RUN LANES], and on: one number for each that is open
    lane: NDArray[np.int32]
    counter: NDArray[np.uint32]  # [3, RUN LANES]
    words: NDArray[np.uint32]  # [2, RUN LANES]


class Addresses(NamedTuple):
    """Where arrays lie; asking an array itself costs a count of its references each time."""

    cells: int  # of `PreparedBits`
    x: int
    groups: int
    sums: int
    open: int
    parts: int
    counter: int
    words: int


@kernel
def addresses(ready: Any, work: Any) -> Any:
    """Return where the arrays lie."""
    return Addresses(
        address(ready.cells),
        address(work.x),
        address(work.groups),
        address(work.sums),
        address(work.open),
        address(work.parts),
        address(work.counter),
        address(work.words),
    )


@kernel
def decide_ties(
    ready: Any, start: Any, cells: Any, work: Any, at: Any, first: Any, span: Any, step: Any
) -> Any:
    """Draw for the evaluations that are open at chance cells `start` on; return the draws.

    `first` is the evaluation of lane 0, `span` the lanes in use.
    """
    draws = 0
    for k in range(cells):
        row = ready.cells[start + k, 0]
        for word in range(LANES // 64):
            left = work.open[k, word]
            while left != np.uint64(0):
                lane = 64 * word + np.int64(lowest_bit(left))
                left &= left - np.uint64(1)
                if (
                    lane < span[0]
                    or lane >= span[1]
                    or ready.chance[start + k, work.x[row, lane]] == 0.0
                ):
                    continue
                e = np.uint64(first + lane)
                work.cell[draws], work.lane[draws] = k, lane
                work.counter[0, draws] = np.uint32(e & np.uint64(0xFFFFFFFF))
                work.counter[1, draws] = np.uint32(e >> np.uint64(32))
                work.counter[2, draws] = step | np.uint32(ready.cells[start + k, 1])
                draws += 1
    if draws == 0:
        return 0
    room = 4 * RUN * LANES
    fill_own(
        at.counter,
        at.counter + room,
        at.counter + 2 * room,
        at.words,
        at.words + room,
        (draws + 7) >> 3,
        ready.own_column[start] | OWN,
        ready.key[start, 0],
        ready.key[start, 1],
    )
    for n in range(draws):
        cell, lane = start + work.cell[n], work.lane[n]
        bit = np.int64(work.x[ready.cells[cell, 0], lane])
        inside = unit(work.words[0, n], work.words[1, n])
        if (np.float64(work.parts[work.cell[n], lane]) + inside) / 256.0 < ready.chance[cell, bit]:
            work.sums[lane] += np.int16(ready.cells[cell, 4 + bit])
    return draws


@kernel
def add_chances(
    ready: Any, column: Any, work: Any, at: Any, first: Any, span: Any, step: Any
) -> Any:
    """Add the bits that differ in the often differing cells of a column; return draws."""
    draws: int = 0
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
            at.sums,
            at.parts,
            at.open,
        )
        draws += decide_ties(ready, k, stop - k, work, at, first, span, step)
        k = stop
    return draws
