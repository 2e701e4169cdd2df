"""The float32 lines of `mramsim.kernels.settle`, and what they may be off by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.converters import VOTE, Converter
from mramsim.kernels.looks import ROUNDING
from mramsim.kernels.products import COLUMNS

if TYPE_CHECKING:
    from mramsim.kernels.records import AnalogTile

LINES = 9  # of factors
QUIET = 2e-3  # share of the least variance by which odd cells may change it unseen
_LARGEST = 1e30  # of float32 lines
NO_LINES: Any = (
    np.zeros((0, 0, COLUMNS), np.float32),
    np.zeros((0, 0, COLUMNS), np.float32),
    np.zeros((0, LINES, COLUMNS), np.float32),
)


def lost_in_sums(column: Any, values: Any, columns: int) -> Any:
    """Return what float32 may lose in adding up values of odd cells, over `ROUNDING`: float64 [M].

    Each of n sums, one after the other, is off by half a unit of at most all magnitudes together.
    """
    count = np.bincount(column, minlength=columns)
    total = np.bincount(column, np.abs(values), minlength=columns)
    return count * total * (2.0**-24 / ROUNDING)


def lines_of(
    tile: AnalogTile,
    converter: Converter,
    match: Any,
    base: Any,
    rows_on: Any,
    border: Any,
    unread: Any,
    unseen: Any,
    heavy: list[Any],
) -> Any:
    """Return middle, noise and factors of `settle`, codes per step, and codes per count.

    Behind wires counts are found elsewhere, so matches and steps add no codes. `unread` (float64
    [Q, M]) is the variance of odd cells when all rows carry bit 0, or in the middle of what it may
    be where it is not followed, and `unseen` (float64 [M]) how far from that it may lie; `heavy` is
    what sums over odd cells lose: of steps, and of variances for bit 1 and bit 0.
    """
    columns, codes = match.shape[1], converter.codes
    error, start, turn, bow = np.zeros((4, columns))
    if converter.mode == VOTE:
        slope = np.ones(columns)
        zero = border - 1.0
    else:
        slope = np.full(columns, 1.0 / converter.step)
        zero = np.full_like(border, slope[0] * converter.low - 0.5)
        if tile.bend.shape[1]:  # offset, gain error and bow, in codes from the middle of the range
            error, half = tile.bend[1], max(codes - 1, 1) / 2.0
            zero = zero * (1.0 + error) + error * codes / 2.0 - tile.bend[0] / converter.step
            turn, bow = 1.0 / ((1.0 + error) * half), tile.bend[2] / converter.step
            start = -turn * (tile.bend[0] / converter.step + codes / 2.0)
    slope = slope * (1.0 + error)
    wired = tile.wires.size > 0
    gain = (0.0 if wired else tile.gain) * slope
    per_step = (0.0 if wired else tile.step) * slope
    high, low = tile.variance_match * slope**2, tile.variance_other * slope**2
    always = tile.variance_column * slope**2
    if tile.variance_fixed.size:
        always = always + tile.variance_fixed * slope**2
    middle = per_step * base + slope * tile.offset - zero
    if tile.gated:  # of k rows on and a sum s over them of +1 and -1, (k + s) / 2 match
        per_match, noise_slope = gain / 2.0, (high - low) / 2.0
        per_row, noise_row = per_match, (high + low) / 2.0
        noise = always + unread * slope**2
    else:
        per_match, per_row, noise_slope, noise_row = gain, 0.0 * gain, high - low, 0.0 * gain
        middle = middle + gain * match
        noise = match * noise_slope + rows_on[:, None] * low + always + unread * slope**2
    rows = tile.deviation.shape[0]
    most = np.abs(tile.deviation.astype(np.int64)).sum(axis=0) + heavy[0]
    largest = np.abs(gain) * rows + np.abs(per_step) * most + np.abs(middle).max(axis=0)
    largest += np.abs(zero).max(axis=0) + codes * (1.0 + np.abs(error)) + np.abs(bow)
    slack = ROUNDING * largest * (2.0 if tile.bend.shape[1] else 1.0) + 1e-6
    noisiest = rows * np.maximum(high, low) + always + (heavy[1] + heavy[2]) * slope**2
    least = least_variance(tile, rows_on) * slope**2
    slack = slack + root_slack(noisiest, least, unseen * slope**2)
    factors = [per_match, per_step, noise_slope, slack, turn, start, bow, per_row, noise_row]
    return _panelled(middle), _panelled(noise), _panelled(np.stack(factors)), per_step, slope


def least_variance(tile: AnalogTile, rows_on: Any) -> Any:
    """Return the least noise variance of a column without odd cells, counts squared."""
    on = 0.0 if tile.gated else rows_on.min()
    least = on * min(tile.variance_match, tile.variance_other) + tile.variance_column
    return least + tile.variance_fixed if tile.variance_fixed.size else least


def quiet_columns(tile: AnalogTile, rows_on: Any, lowest: Any, highest: Any) -> Any:
    """Return where the noise of odd cells hardly matters, bool [M].

    Inputs change their variance by `lowest` to `highest` (float64 [M], at most and at least 0).
    """
    return highest - lowest < 2.0 * QUIET * least_variance(tile, rows_on)


def root_slack(most: Any, least: Any, unseen: Any) -> Any:
    """Return what a Gaussian may be off by since its variance is not known exactly.

    It is a float32 sum of terms of magnitude `most` together, and up to `unseen` away from what is
    taken for it; it is at least `least`. No draw lies beyond 10 sigma.
    """
    off = ROUNDING * most + unseen / 2.0  # a root moves by half of it over the root
    root = np.sqrt(np.maximum(least, off))
    return 10.0 * np.divide(off, root, out=np.zeros_like(off), where=root > 0.0)


def turns_back(tile: AnalogTile, converter: Converter) -> bool:
    """Return whether a converter's bow is so strong that its codes do not rise with the count."""
    half = converter.step * max(converter.codes - 1, 1) / 2.0
    return bool((1.0 + tile.bend[1] <= 2.5 * np.abs(tile.bend[2]) / half).any())


def _panelled(lines: Any) -> NDArray[np.float32]:
    """Return lines [L, M] as float32 [M / 16, L, 16]; zero beyond M."""
    count, columns = lines.shape
    padded = np.zeros((count, -(-columns // COLUMNS) * COLUMNS))
    padded[:, :columns] = lines
    return np.ascontiguousarray(single(padded).reshape(count, -1, COLUMNS).transpose(1, 0, 2))


def single(values: Any) -> NDArray[np.float32]:
    """Return values as float32, cut to what squares may be taken of."""
    return np.asarray(np.clip(values, -_LARGEST, _LARGEST), dtype=np.float32)
