"""What is made of a column's analog count: passed on, coded, voted or swept.

One Gaussian per column read carries the noise of all its cells; it is drawn only where it could
change the result within 8 sigma.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from mramsim.kernels.gauss import normal
from mramsim.kernels.jit import kernel

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
def bent(value: Any, tile: Any, converter: Any, column: Any) -> Any:
    """Return what a converter with offset, gain error and bow makes of a count.

    ``v + offset + gain (v - middle) + bow (1 - u^2)``, ``u = (v - middle) / half`` cut at -1 and 1.
    """
    half = converter.step * max(converter.codes - 1, 1) / 2.0
    away = value - (converter.low + converter.step * (converter.codes - 1) / 2.0)
    u = min(max(away / half, -1.0), 1.0)
    bow = tile.bend[2, column] * (1.0 - u * u)
    return value + tile.bend[0, column] + tile.bend[1, column] * away + bow


@kernel
def code_of_column(value: Any, tile: Any, converter: Any, column: Any) -> Any:
    """Return the code that a column's own converter gives."""
    if tile.comparators.shape[0] > 0:
        turned = 0.0
        for level in range(tile.comparators.shape[1]):
            if value >= tile.comparators[column, level]:
                turned += 1.0
        return turned
    if tile.bend.shape[1] > 0:
        return code_of(bent(value, tile, converter, column), converter)
    return code_of(value, converter)


@kernel
def missed(tile: Any, rows_on: Any, border: Any, column: Any) -> Any:
    """Return by how many counts the reference for `border` (whole counts and a half) is off.

    Mean over the two columns of reference cells around it, each with its first cells matching.
    """
    if tile.reference_match.shape[0] == 0:
        return 0.0
    match = tile.reference_match[column // tile.reference_shared]
    other = tile.reference_other[column // tile.reference_shared]
    on = np.int64(rows_on)
    below = min(max(np.int64(np.floor(border)), 0), on)
    above = min(max(np.int64(np.floor(border)) + 1, 0), on)
    return other[on] + 0.5 * (match[below] - other[below] + match[above] - other[above])


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
def swept(
    value: Any, sigma: Any, rows_on: Any, image: Any, place: Any, step: Any, column: Any, tile: Any
) -> Any:
    """Count the reference levels 1/2, 3/2, ... below the column, each compared with fresh noise.

    Levels of real reference cells need not rise, so all of them are looked at; of ideal ones only
    those within 8 sigma.
    """
    count, first, last = 0.0, np.int64(0), np.int64(rows_on)
    if tile.reference_match.shape[0] == 0:
        count = min(max(np.floor(value - REACH * sigma + 0.5), 0.0), rows_on)
        first = np.int64(count)
        last = np.int64(min(max(np.floor(value + REACH * sigma + 0.5), 0.0), rows_on))
    draws = 0
    for level in range(first, last):
        border = level + 0.5 + missed(tile, rows_on, level + 0.5, column)
        noise = 0.0
        if abs(value - border) <= REACH * sigma:
            at = step + np.uint32(level + 1)
            noise = normal(image, place, at, np.uint32(column), tile.key[0], tile.key[1])
            draws += 1
        if value + sigma * noise > border:
            count += 1.0
    return count, draws


@kernel
def add_noise(
    values: Any,
    sigmas: Any,
    chosen: Any,
    count: Any,
    image: Any,
    place: Any,
    step: Any,
    key: Any,
    noise: Any,
) -> Any:
    """Add a fresh Gaussian to each of the `count` columns listed in `chosen` (int64).

    `noise` (float64 [M]) is scratch: drawing apart from adding lets the draws vectorise.
    """
    k0, k1 = key[0], key[1]
    for k in range(count):
        noise[k] = normal(image, place, step, np.uint32(chosen[k]), k0, k1)
    for k in range(count):
        column = chosen[k]
        values[column] += sigmas[column] * noise[k]


@kernel
def unsettled_codes(values: Any, sigmas: Any, tile: Any, converter: Any, open_: Any) -> Any:
    """Mark the columns whose code could change within 8 sigma (uint8 [M])."""
    if tile.comparators.shape[0] == 0 and tile.bend.shape[1] == 0:
        for column in range(values.size):
            reach = REACH * sigmas[column]
            first = code_of(values[column] - reach, converter)
            open_[column] = first != code_of(values[column] + reach, converter)
        return
    for column in range(values.size):
        reach = REACH * sigmas[column]
        first = code_of_column(values[column] - reach, tile, converter, column)
        open_[column] = first != code_of_column(values[column] + reach, tile, converter, column)


@kernel
def votes(values: Any, tile: Any, rows_on: Any, beyond: Any) -> Any:
    """Fill how far each column lies above its reference, in counts (float64 [M])."""
    for column in range(values.size):
        border = border_of(rows_on, tile.level[column], tile.polarity[column])
        beyond[column] = values[column] - (border + missed(tile, rows_on, border, column))


@kernel
def convert(
    tile: Any,
    converter: Any,
    rows_on: Any,
    values: Any,
    sigmas: Any,
    image: Any,
    place: Any,
    step: Any,
    open_: Any,
    chosen: Any,
    numbers: Any,
) -> Any:
    """Fill what every column passes on (float64 [M]); return the draws made."""
    columns = values.size
    mode = converter.mode
    draws = 0
    if mode == SWEEP:
        for column in range(columns):
            count, made = swept(
                values[column], sigmas[column], rows_on, image, place, step, column, tile
            )
            numbers[column] = 2.0 * count - rows_on
            draws += made
        return draws
    if mode == CODES:
        unsettled_codes(values, sigmas, tile, converter, open_)
    elif mode == VOTE:
        votes(values, tile, rows_on, numbers)
        for column in range(columns):
            open_[column] = abs(numbers[column]) <= REACH * sigmas[column]
    else:
        for column in range(columns):
            open_[column] = sigmas[column] > 0.0
    for column in range(columns):
        chosen[draws] = column
        draws += open_[column]
    add_noise(values, sigmas, chosen, draws, image, place, step, tile.key, numbers)
    if mode == CODES:
        for column in range(columns):
            code = code_of_column(values[column], tile, converter, column)
            numbers[column] = 2.0 * (converter.low + converter.step * code) - rows_on
    elif mode == VOTE:
        votes(values, tile, rows_on, numbers)
        for column in range(columns):
            polarity = tile.polarity[column]
            numbers[column] = 1.0 if numbers[column] * polarity > 0.0 else -1.0
    else:
        for column in range(columns):
            numbers[column] = 2.0 * values[column] - rows_on
    return draws
