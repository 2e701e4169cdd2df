"""What is made of a column's analog count: passed on, coded, voted or swept.

One Gaussian per column read carries the noise of all its cells; it is drawn only where it could
change the result within 8 sigma.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from mramsim.kernels.jit import kernel
from mramsim.kernels.noise import EDGE, part_of, placed
from mramsim.kernels.philox import philox

EXACT, CODES, VOTE, SWEEP = 0, 1, 2, 3
REACH = 8.0  # sigmas within which a draw could matter


class Converter(NamedTuple):
    """How the analog count is passed on.

    ``EXACT``: as it is; ``CODES``: ``low + step * code`` with ``code`` from 0 to ``codes - 1``, by
    the tile's own converters; ``VOTE``: +1 or -1 against the column's level; ``SWEEP``: a reference
    swept over all counts, one comparison each.
    """

    mode: int
    low: float
    step: float
    codes: int


@kernel
def code_of(value: Any, converter: Any) -> Any:
    """Return the code of an analog count: rounded to the next step, cut at both ends."""
    code = np.floor((value - converter.low) / converter.step + 0.5)
    code = code if code > 0.0 else 0.0
    last = converter.codes - 1.0
    return code if code < last else last


@kernel
def bent(value: Any, bend: Any, converter: Any, column: Any) -> Any:
    """Return what a converter with offset, gain error and bow makes of a count.

    ``v + offset + gain (v - middle) + bow (1 - u^2)``, ``u = (v - middle) / half`` cut at -1 and 1.
    """
    half = converter.step * max(converter.codes - 1, 1) / 2.0
    away = value - (converter.low + converter.step * (converter.codes - 1) / 2.0)
    u = min(max(away / half, -1.0), 1.0)
    bow = bend[2, column] * (1.0 - u * u)
    return value + bend[0, column] + bend[1, column] * away + bow


@kernel
def code_of_column(value: Any, bend: Any, comparators: Any, converter: Any, column: Any) -> Any:
    """Return the code that a column's own converter gives; arrays as in `AnalogTile`."""
    if comparators.shape[0] > 0:
        turned = 0.0
        for level in range(comparators.shape[1]):
            if value >= comparators[column, level]:
                turned += 1.0
        return turned
    if bend.shape[1] > 0:
        return code_of(bent(value, bend, converter, column), converter)
    return code_of(value, converter)


@kernel
def missed(match: Any, other: Any, rows_on: Any, border: Any) -> Any:
    """Return by how many counts the reference for `border` (whole counts and a half) is off.

    Mean over the two columns of reference cells around it, each with its first cells matching;
    `match` and `other` (float64 [rows + 1]) are those of the record.
    """
    on = np.int64(rows_on)
    below = min(max(np.int64(np.floor(border)), 0), on)
    above = min(max(np.int64(np.floor(border)) + 1, 0), on)
    return other[on] + 0.5 * ((match[below] - other[below]) + (match[above] - other[above]))


@kernel
def border_of(rows_on: Any, level: Any, polarity: Any) -> Any:
    """Return the reference of a column that votes, in counts.

    Half a count before the first count for which ``polarity * (2 count - rows_on) >= level``:
    above it the vote is `polarity`, below it the opposite.
    """
    if polarity > 0:
        return np.floor((rows_on + level + 1.0) / 2.0) - 0.5
    return np.floor((rows_on - level) / 2.0) + 0.5


@kernel
def gated_border(tile: Any, column: Any, on: Any, shift: Any) -> Any:
    """Return the reference of a column of gated rows that votes, in counts.

    As `border_of` for accumulators ``4 count - 2 on + shift``, `on` being the rows that conduct
    (see `mramsim.arrays.coding`); real reference cells are as many as conduct.
    """
    level, polarity = np.float64(tile.level[column]), tile.polarity[column]
    if polarity > 0:
        border = np.ceil((level + 2.0 * on - shift[column]) / 4.0) - 0.5
    else:
        border = np.floor((2.0 * on - shift[column] - level) / 4.0) + 0.5
    if tile.reference_match.shape[0] > 0:
        own = column // tile.reference_shared
        border += missed(tile.reference_match[own], tile.reference_other[own], on, border)
    return border


@kernel
def fill_borders(tile: Any, rows_on: Any, borders: Any) -> Any:
    """Fill the reference of each column that votes (float64 [patterns, M])."""
    real = tile.reference_match.shape[0] > 0
    for pattern in range(borders.shape[0]):
        for column in range(borders.shape[1]):
            border = border_of(rows_on[pattern], tile.level[column], tile.polarity[column])
            if real:
                own = column // tile.reference_shared
                match, other = tile.reference_match[own], tile.reference_other[own]
                border += missed(match, other, rows_on[pattern], border)
            borders[pattern, column] = border


@kernel
def swept(
    value: Any,
    sigma: Any,
    rows_on: Any,
    match: Any,
    other: Any,
    edges: Any,
    at: Any,
    k0: Any,
    k1: Any,
) -> Any:
    """Count the reference levels 1/2, 3/2, ... below the column, each compared with fresh noise.

    Levels of real reference cells (`match`, `other`; see `missed`) need not rise, so all of them
    are looked at; of ideal ones (empty arrays) only those within 8 sigma. 16 levels share a draw; a
    level draws for itself only where that leaves it open. Returns the count and those draws.
    """
    count, first, last = 0.0, np.int64(0), np.int64(rows_on)
    real = match.size > 0
    if not real:
        count = min(max(np.floor(value - REACH * sigma + 0.5), 0.0), rows_on)
        first = np.int64(count)
        last = np.int64(min(max(np.floor(value + REACH * sigma + 0.5), 0.0), rows_on))
    w0 = w1 = w2 = w3 = np.uint32(0)
    drawn, draws = np.int64(-1), 0
    for level in range(first, last):
        border = level + 0.5
        if real:
            border += missed(match, other, rows_on, level + 0.5)
        if abs(value - border) > REACH * sigma or sigma == 0.0:
            count += 1.0 if value > border else 0.0
            continue
        if level >> 4 != drawn:
            drawn = np.int64(level >> 4)
            step = at[2] + np.uint32(drawn + 1)
            w0, w1, w2, w3 = philox(at[0], at[1], step, at[3], k0, k1)
        part = part_of(w0, w1, w2, w3, level & 15)
        if value + sigma * (edges[part] - EDGE) > border:
            count += 1.0
        elif value + sigma * (edges[part + 1] + EDGE) > border:
            step = at[2] + np.uint32(level + 1)
            noise = placed(part, at[0], at[1], step, at[3], k0, k1)
            draws += 1
            count += 1.0 if value + sigma * noise > border else 0.0
    return np.int64(count), draws
