"""Columns that stay open where float32 cannot tell their code: exact counts, then a draw."""

from __future__ import annotations

from typing import Any

import numpy as np

from mramsim.kernels.converters import (
    REACH,
    SWEEP,
    VOTE,
    code_of,
    code_of_column,
    gated_border,
    swept,
)
from mramsim.kernels.jit import kernel
from mramsim.kernels.noise import OWN, tail_of, upper_quantile
from mramsim.kernels.philox import philox
from mramsim.kernels.words import lowest_bit


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
