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

    ``EXACT``: as it is; ``CODES``: ``low + step * code`` with ``code`` from 0 to ``codes - 1``;
    ``VOTE``: +1 or -1 against the column's level; ``SWEEP``: a reference swept over all counts, one
    comparison each.
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
    value: Any, sigma: Any, rows_on: Any, image: Any, place: Any, step: Any, column: Any, key: Any
) -> Any:
    """Count the reference levels 1/2, 3/2, ... below the column, each compared with fresh noise."""
    count = min(max(np.floor(value - REACH * sigma + 0.5), 0.0), rows_on)
    last = min(max(np.floor(value + REACH * sigma + 0.5), 0.0), rows_on)
    draws = 0
    for level in range(np.int64(count), np.int64(last)):
        at = step + np.uint32(level + 1)
        noise = normal(image, place, at, np.uint32(column), key[0], key[1])
        draws += 1
        if value + sigma * noise > level + 0.5:
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
def unsettled_codes(values: Any, sigmas: Any, converter: Any, open_: Any) -> Any:
    """Mark the columns whose code could change within 8 sigma (uint8 [M])."""
    for column in range(values.size):
        reach = REACH * sigmas[column]
        first = code_of(values[column] - reach, converter)
        open_[column] = first != code_of(values[column] + reach, converter)


@kernel
def unsettled_votes(
    values: Any, sigmas: Any, rows_on: Any, level: Any, polarity: Any, open_: Any
) -> Any:
    """Mark the columns whose vote could change within 8 sigma (uint8 [M])."""
    for column in range(values.size):
        reach = REACH * sigmas[column]
        border = border_of(rows_on, level[column], polarity[column])
        open_[column] = abs(values[column] - border) <= reach


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
                values[column], sigmas[column], rows_on, image, place, step, column, tile.key
            )
            numbers[column] = 2.0 * count - rows_on
            draws += made
        return draws
    if mode == CODES:
        unsettled_codes(values, sigmas, converter, open_)
    elif mode == VOTE:
        unsettled_votes(values, sigmas, rows_on, tile.level, tile.polarity, open_)
    else:
        for column in range(columns):
            open_[column] = sigmas[column] > 0.0
    for column in range(columns):
        chosen[draws] = column
        draws += open_[column]
    add_noise(values, sigmas, chosen, draws, image, place, step, tile.key, numbers)
    if mode == CODES:
        for column in range(columns):
            passed = converter.low + converter.step * code_of(values[column], converter)
            numbers[column] = 2.0 * passed - rows_on
    elif mode == VOTE:
        for column in range(columns):
            polarity = tile.polarity[column]
            beyond = values[column] - border_of(rows_on, tile.level[column], polarity)
            numbers[column] = 1.0 if beyond * polarity > 0.0 else -1.0
    else:
        for column in range(columns):
            numbers[column] = 2.0 * values[column] - rows_on
    return draws
