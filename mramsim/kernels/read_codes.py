"""Read a tile whose columns sum: one analog count per column, then a decision.

The record of the tile (`mramsim.kernels.records`) is all that matters; `Prepared` holds the same in
the order that kernels want. Matches and what the cells add beyond their nominal value, stored at
programming as integers on a grid, are integer products, so order, batch and threads cannot matter.
What follows from the count is in `mramsim.kernels.converters`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mramsim.kernels.converters import SWEEP, VOTE
from mramsim.kernels.jit import kernel
from mramsim.kernels.lanes import address
from mramsim.kernels.lines import LINES
from mramsim.kernels.odd import add_rows_on, fill_given, fill_odd, turn_inputs
from mramsim.kernels.open_reads import count_on, decide_listed, exact_counts, list_open
from mramsim.kernels.products import INPUTS, aligned_bytes, fetch
from mramsim.kernels.second_look import look_again, recall
from mramsim.kernels.settle import settle, settle_bent, settle_odd
from mramsim.kernels.shared_draws import fill_shared
from mramsim.kernels.sums import LINE, pack_inputs, panel_sums

BLOCK = INPUTS  # inputs read at a time: with their panels they stay in the first cache
LISTED = 1024  # open columns that are decided together


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
    codes : int32 [N / 32, M / 16, 32, 16]
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
    looks = aligned_bytes(2 * LINE).view(np.float32).reshape(2, BLOCK, 16)
    odd, odd_lines = np.zeros((2, BLOCK, 16), np.float32), np.zeros((2, 16, BLOCK), np.float32)
    turned = np.zeros((blocks * 64, BLOCK), dtype=np.uint8)
    listed = np.empty((6, LISTED + BLOCK * 16), dtype=np.int64)
    counts = np.empty((3, LISTED + BLOCK * 16), dtype=np.float64)
    near = np.zeros((6, LISTED + BLOCK * 16), dtype=np.float32)
    counter = np.zeros((2, LISTED + BLOCK * 16), dtype=np.uint32)
    made = np.empty(LISTED + BLOCK * 16, dtype=np.int32)
    step = np.uint32(plane << 24)
    last = np.float32(1 if converter.mode == VOTE else converter.codes - 1)
    shift = np.int32(plane)
    k0, k1 = tile.key[0], tile.key[1]
    seen_first, seen_row = ready.seen_first, ready.seen_row
    seen_value, seen_change = ready.seen_value, ready.seen_change
    at_turned = address(turned)
    at_x, at_cells, at_sums = address(x), address(planes.cells), address(sums)
    at_bits, at_index, at_tables = address(bits), address(index), address(planes.tables)
    at_strips, at_ones, three = address(planes.strips), address(planes.ones), planes.sums == 3
    at_words, at_image, at_place = address(words), address(image), address(place)
    at_pattern, at_open, at_odd = address(pattern), address(open_), address(odd)
    at_looks = address(looks)
    at_middle, at_noise = address(ready.middle), address(ready.noise)
    at_factors, at_codes = address(ready.factors), address(codes)
    line, patterns = LINE, np.int64(ready.place.size)
    linear, of_position, bent = ready.linear, ready.pattern, ready.bent
    wired, gated, factors, per_count = (
        given.shape[0] > 0,
        tile.gated,
        ready.factors,
        ready.per_count,
    )
    draws, found, dirty = 0, 0, False  # `odd` starts at 0
    for start in range(0, rows.shape[0], BLOCK):
        count = min(BLOCK, rows.shape[0] - start)
        fetch(rows[start : start + count], plane, x)
        pack_inputs(x, bits, index)
        for n in range(count):
            at = (start + n) % positions
            image[n] = images[(start + n) // positions]
            place[n] = at
            pattern[n] = of_position[min(at, of_position.size - 1)]
        count_on(tile, ready, x, pattern, count, on)
        if linear and seen_row.size > 0:
            turn_inputs(x, turned)
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
                target = at_codes + (start // BLOCK * panels + panel) * line
                own_middle = at_middle + panel * patterns * 64
                own_noise = at_noise + panel * patterns * 64
                own_factors = at_factors + panel * LINES * 64
                first = seen_first[16 * panel]
                end = seen_first[min(16 * panel + 16, columns)]
                added = end > first or wired or gated
                if added or dirty:
                    dirty = added
                    fill_odd(
                        at_turned,
                        seen_first,
                        seen_row,
                        seen_value,
                        seen_change,
                        panel,
                        odd_lines,
                        odd,
                    )
                if wired:
                    fill_given(given, start, count, panel, per_count, odd)
                if gated:
                    add_rows_on(on, count, factors[panel, LINES - 2 :], odd)
                settled = (
                    at_sums,
                    at_sums + line,
                    at_words,
                    at_pattern,
                    own_middle,
                    own_noise,
                    own_factors,
                    at_odd,
                    at_odd + line,
                    at_looks,
                    at_looks + line,
                    target,
                    at_open,
                    count,
                    last,
                    shift,
                )
                if bent:
                    opened = settle_bent(*settled)
                elif added:
                    opened = settle_odd(*settled)
                else:
                    opened = settle(*settled)
            else:
                for n in range(count):
                    open_[n] = (n << 16) | 0xFFFF
            if opened > 0:
                before = found
                found = list_open(
                    open_, opened, panel, columns, sums, parts, pattern, listed, found
                )
                if linear:
                    own = factors[panel]
                    recall(looks, own, image, place, listed, before, found, near, counter)
            if found > LISTED or (panel == panels - 1 and found > 0):
                if linear:
                    key = (step, k0, k1)
                    kept = look_again(
                        listed, found, near, counter, made, key, last, bent, start, plane, codes
                    )
                    draws, found = draws + found - kept, kept
                exact_counts(tile, ready, x, on, start, given, listed, found, counts)
                draws += decide_listed(
                    tile, ready, converter, on, listed, found, counts, image, place, step
                )
                for k in range(found):
                    column = listed[1, k]
                    target_codes = codes[start // BLOCK, column >> 4, listed[0, k]]
                    target_codes[column & 15] += listed[2, k] << plane
                found = 0
    return draws
