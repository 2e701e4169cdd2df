"""Read a tile whose columns sum, without quantising: every count with its noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from mramsim.kernels.converters import bent, missed
from mramsim.kernels.jit import kernel
from mramsim.kernels.lanes import address
from mramsim.kernels.noise import column_normal
from mramsim.kernels.open_reads import count_on, exact_counts, list_open
from mramsim.kernels.products import INPUTS as BLOCK
from mramsim.kernels.products import aligned_bytes, fetch
from mramsim.kernels.sums import LINE, pack_inputs, panel_sums


@kernel
def passed_on(tile: Any, converter: Any, column: Any, value: Any, rows_on: Any, shift: Any) -> Any:
    """Return the accumulator that a count stands for, as the references show it.

    ``2 count - rows_on``, or what `mramsim.arrays.coding` says of gated rows (`shift` in it).
    """
    if tile.bend.shape[1] > 0:
        value = bent(value, tile.bend, converter, column)
    if tile.reference_match.shape[0] > 0:
        own = column // tile.reference_shared
        match, other = tile.reference_match[own], tile.reference_other[own]
        value -= missed(match, other, rows_on, value)
    if tile.gated:
        return 4.0 * value - (2.0 * rows_on - shift)
    return 2.0 * value - rows_on


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
    for start in range(0, rows.shape[0], BLOCK):
        count = min(BLOCK, rows.shape[0] - start)
        fetch(rows[start : start + count], plane, x)
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
                own = shift[listed[3, k], column]
                values[n, column] = passed_on(tile, converter, column, value, on[listed[0, k]], own)
    return draws
