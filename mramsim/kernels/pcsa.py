"""Read tiles cell by cell through pre-charge sense amplifiers with XNOR, then count.

Every cell gives one bit per read. The usual bits are counted; cells left to chance differ from
theirs with a probability for either input. Those that often do are decided one by one, for many
inputs at a time; those that seldom do, all of a column at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mramsim.kernels.chances import LANES, TURNED, turn
from mramsim.kernels.changes import add_ones, add_turned
from mramsim.kernels.jit import kernel
from mramsim.kernels.lanes import address, borrowed
from mramsim.kernels.prepared_bits import PreparedBits
from mramsim.kernels.products import INPUTS, aligned_bytes, fetch
from mramsim.kernels.rare import HITS, RareGroups, add_rare
from mramsim.kernels.sums import add_line, bit_sums, pack_inputs
from mramsim.kernels.ties import add_chances, addresses, new_work, work_lent

BLOCK = LANES  # evaluations read at a time: one vector of 8 shared draws per cell


@kernel
def read_pcsa(
    rows: Any,
    plane: Any,
    images: Any,
    positions: Any,
    ready: Any,
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
    work = new_work(64 * ready.bits.blocks)
    return _read(rows, plane, images, positions, ready, counts, work)


@kernel
def _read(
    rows: Any,
    plane: Any,
    images: Any,
    positions: Any,
    ready: Any,
    counts: Any,
    work: Any,
) -> Any:
    """Do as `read_pcsa` says; who calls owns the arrays, so that here they can be borrowed."""
    total = rows.shape[0]
    ready, work = lent(ready), work_lent(work)
    own, rare = ready.bits, ready.rare
    often, seldom, still = ready.first, rare.first, ready.still_first
    at_still = address(ready.still_row)
    panels, blocks = own.ones.shape[0], own.blocks
    width, masked = blocks * 64, own.masked
    at_strips, at_ones = address(own.strips), address(own.ones)
    packed = np.zeros((BLOCK, blocks), dtype=np.uint64)
    nothing = np.zeros((0, BLOCK), dtype=np.uint32)
    x = aligned_bytes(BLOCK * width).reshape(BLOCK, width)
    kinds = np.zeros(BLOCK, dtype=np.int64)
    span = np.empty(2, dtype=np.int64)
    turned, groups, changes = work.x, work.groups, work.changes
    at, seen = addresses(ready, work), np.empty(HITS, np.int64)
    at_packed, at_sums = address(packed), at.sums
    at_base, at_counts, patterns = address(ready.base), address(counts), ready.base.shape[1]
    step = np.uint32(plane << 24)
    draws = 0
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
        pack_inputs(x, packed, nothing)
        for n in range(count):
            kinds[n] = ready.pattern[min((start + n) % positions, ready.pattern.size - 1)]
        if ready.chance.shape[0] + rare.row.size + ready.still_row.size > 0:
            turn(x, span[0], turned)
            if ready.driven.shape[0] > 1 or ready.pattern.size > 1:
                mask(ready, kinds[:count], span[0], turned)
        for panel in range(panels):
            bit_sums(at_packed, count, at_strips, at_ones, panel, blocks, masked, at_sums)
            changed = False
            for column in range(16 * panel, min(16 * panel + 16, often.size - 1)):
                own_line = at.changes + (column & 15) * TURNED * 2
                if still[column + 1] > still[column]:
                    rows_still = at_still + 4 * np.int64(still[column])
                    many = np.int64(still[column + 1] - still[column])
                    add_ones(at.x, rows_still, many, own_line)
                    changed = True
                if often[column + 1] > often[column]:
                    draws += add_chances(ready, column, work, at, first, span, step)
                    changed = True
                if seldom[column + 1] > seldom[column]:
                    made = add_rare(rare, column, work, at, first, span, step, seen)
                    draws += made
                    changed |= made > 0
            if changed:
                add_turned(at.changes, span[0], at_sums)
                changes[:] = 0
            for n in range(count):
                base = np.int64(at_base + (panel * patterns + kinds[n]) * 64)
                block, line = (start + n) // INPUTS, (start + n) % INPUTS
                target = at_counts + ((block * panels + panel) * INPUTS + line) * 64
                add_line(at_sums + n * 64, base, target, np.int32(plane))
        start = stop
    return draws


@kernel
def lent(ready: Any) -> Any:
    """Return the same tiles with the arrays of their chance cells borrowed."""
    rare = RareGroups(
        borrowed(ready.rare.first),
        borrowed(ready.rare.number),
        borrowed(ready.rare.own_column),
        borrowed(ready.rare.key),
        borrowed(ready.rare.hits),
        borrowed(ready.rare.start),
        borrowed(ready.rare.row),
        borrowed(ready.rare.upto),
        borrowed(ready.rare.ends),
        borrowed(ready.rare.change),
    )
    return PreparedBits(
        ready.bits,
        borrowed(ready.still_first),
        borrowed(ready.still_row),
        ready.base,
        ready.pattern,
        ready.driven,
        borrowed(ready.first),
        borrowed(ready.cells),
        borrowed(ready.own_column),
        borrowed(ready.key),
        borrowed(ready.chance),
        rare,
    )


@kernel
def mask(ready: Any, kinds: Any, lane: Any, turned: Any) -> Any:
    """Write 2 to undriven rows of `turned` (uint8 [R, TURNED]), from `lane` on."""
    for n in range(kinds.size):
        driven = ready.driven[kinds[n]]
        for row in range(driven.size):
            if driven[row] == 0:
                turned[row, lane + n] = 2
