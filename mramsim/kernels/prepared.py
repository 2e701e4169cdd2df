"""A tile's record in the order that kernels want: panels of bytes, patterns, float32 lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.converters import CODES, VOTE, Converter, fill_borders
from mramsim.kernels.looks import ROUNDING
from mramsim.kernels.noise import edges
from mramsim.kernels.products import COLUMNS
from mramsim.kernels.sums import Planes, planes_of
from mramsim.kernels.tables import split
from mramsim.kernels.words import unpack_bits

if TYPE_CHECKING:
    from mramsim.kernels.records import AnalogTile

LINES = 9  # of factors
_LARGEST = 1e30  # of float32 lines


class Prepared(NamedTuple):
    """What kernels read beside a record; Q patterns of driven rows, K odd cells.

    Attributes
    ----------
    planes : Planes
        Weights and deviations.
    pattern : int32 [P]
        Pattern of each position.
    place : int32 [Q]
        A position with that pattern.
    rows_on : float64 [Q]
        Driven rows.
    shift : float64 [Q, M]
        Driven rows less twice those that store bit 1; see `mramsim.arrays.coding`.
    base_match, base : int64 [Q, M]
        Matches, and deviation in steps, when every driven row carries bit 0.
    odd_first : int32 [M + 1]
        First odd cell of each column.
    odd_row, odd_column, odd_steps, odd_variance_on, odd_variance_off : arrays [K]
        As in the record, by column.
    border : float64 [Q, M]
        Reference of each column that votes.
    edges : float64 [257]
        Bounds of the parts of the distribution.
    linear : bool
        Whether `mramsim.kernels.settle` may settle codes: they are linear in the count but for a
        bow.
    bent : bool
        Whether there is one.
    middle, noise : float32 [M / 16, Q, 16]
    factors : float32 [M / 16, 9, 16]
        The last two: codes and variance per row that conducts, of gated tiles.
    per_count : float64 [M]
        Codes per analog count.
    odd_value, odd_change : float32 [K]
        See `mramsim.kernels.odd.fill_odd`; `noise` has the rest of their variance.
    """

    planes: Planes
    pattern: NDArray[np.int32]
    place: NDArray[np.int32]
    rows_on: NDArray[np.float64]
    shift: NDArray[np.float64]
    base_match: NDArray[np.int64]
    base: NDArray[np.int64]
    odd_first: NDArray[np.int32]
    odd_row: NDArray[np.int32]
    odd_column: NDArray[np.int32]
    odd_steps: NDArray[np.int64]
    odd_variance_on: NDArray[np.float64]
    odd_variance_off: NDArray[np.float64]
    border: NDArray[np.float64]
    edges: NDArray[np.float64]
    linear: bool
    bent: bool
    middle: NDArray[np.float32]
    noise: NDArray[np.float32]
    factors: NDArray[np.float32]
    per_count: NDArray[np.float64]
    odd_value: NDArray[np.float32]
    odd_change: NDArray[np.float32]


def driven_patterns(
    driven: NDArray[np.uint64],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return a position of each pattern of driven rows, and the pattern of each position."""
    _, place, pattern = np.unique(driven, axis=0, return_index=True, return_inverse=True)
    return place.astype(np.int32), pattern.reshape(-1).astype(np.int32)


def prepare(tile: AnalogTile, converter: Converter) -> Prepared:
    """Return what reading a tile through a converter needs beside its record."""
    rows, columns = tile.deviation.shape
    bits = unpack_bits(tile.weight.T, rows).T
    place, pattern = driven_patterns(tile.driven)
    driven = unpack_bits(tile.driven[place], rows).astype(np.int64)
    rows_on = tile.rows_on[place].astype(np.float64)
    match = driven @ (1 - bits.astype(np.int64))
    shift = 2.0 * match - rows_on[:, None]
    gone = split(tile.deviation)
    odd_row, odd_column, odd_steps, odd_on, odd_off = _odd(tile, gone)
    border = np.zeros((len(place), columns))
    if converter.mode == VOTE and not tile.gated:
        fill_borders(tile, rows_on, border)
    base = np.ascontiguousarray(tile.base[place])
    first = np.searchsorted(odd_column, np.arange(columns + 1)).astype(np.int32)
    altered = converter.mode == CODES and tile.bend.shape[1] > 0
    bent = altered and bool(tile.bend[2].any())
    linear = converter.mode == VOTE or (converter.mode == CODES and not tile.comparators.shape[0])
    linear = linear and not (altered and _turns_back(tile, converter))
    linear = linear and not (tile.gated and converter.mode == VOTE)
    middle, noise, factors = _NO_LINES
    scale, per_count = np.ones((2, columns))
    if linear:
        heavy = [_sums(odd_column, v, columns) for v in (odd_steps, odd_on, odd_off)]
        unread = [
            np.bincount(odd_column, odd_off * rows[odd_row], minlength=columns) for rows in driven
        ]
        found = _lines(tile, converter, match, base, rows_on, border, np.array(unread), heavy)
        middle, noise, factors, scale, per_count = found
    spread = np.abs(per_count)
    return Prepared(
        planes_of(
            tile.weight, bits, np.where(gone, 0, tile.deviation).astype(tile.deviation.dtype)
        ),
        pattern,
        place,
        rows_on,
        shift,
        match,
        base,
        first,
        odd_row,
        odd_column,
        odd_steps,
        odd_on,
        odd_off,
        border,
        edges(),
        linear,
        bent,
        middle,
        noise,
        factors,
        per_count,
        _single(odd_steps * scale[odd_column]),
        _single((odd_on - odd_off) * spread[odd_column] ** 2),
    )


def _odd(tile: AnalogTile, gone: NDArray[np.bool_]) -> Any:
    """Return row, column, steps and variances of odd cells and of those `gone`, by column."""
    row, column = np.nonzero(gone)
    none = np.zeros(len(row))
    rows = np.concatenate([tile.odd_row, row.astype(np.int32)])
    columns = np.concatenate([tile.odd_column, column.astype(np.int32)])
    steps = np.concatenate([tile.odd_steps, tile.deviation[gone].astype(np.int64)])
    on = np.concatenate([tile.odd_variance_on, none])
    off = np.concatenate([tile.odd_variance_off, none])
    order = np.lexsort((rows, columns))
    return tuple(values[order] for values in (rows, columns, steps, on, off))


_NO_LINES: Any = (
    np.zeros((0, 0, COLUMNS), np.float32),
    np.zeros((0, 0, COLUMNS), np.float32),
    np.zeros((0, LINES, COLUMNS), np.float32),
)


def _sums(column: Any, values: Any, columns: int) -> Any:
    """Return what float32 may lose in adding up values of odd cells, over `ROUNDING`: float64 [M].

    Each of n sums, one after the other, is off by half a unit of at most all magnitudes together.
    """
    count = np.bincount(column, minlength=columns)
    total = np.bincount(column, np.abs(values), minlength=columns)
    return count * total * (2.0**-24 / ROUNDING)


def _lines(
    tile: AnalogTile,
    converter: Converter,
    match: Any,
    base: Any,
    rows_on: Any,
    border: Any,
    unread: Any,
    heavy: list[Any],
) -> Any:
    """Return middle, noise and factors of `settle`, codes per step, and codes per count.

    Behind wires counts are found elsewhere, so matches and steps add no codes. `unread` (float64
    [Q, M]) is the variance of odd cells when all rows carry bit 0; `heavy` is what sums over odd
    cells lose: of steps, and of variances for bit 1 and bit 0.
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
    on = 0.0 if tile.gated else rows_on.min()
    noisiest = rows * np.maximum(high, low) + always + (heavy[1] + heavy[2]) * slope**2
    slack = slack + _root_slack(noisiest, on * np.minimum(high, low) + always)
    factors = [per_match, per_step, noise_slope, slack, turn, start, bow, per_row, noise_row]
    return _panelled(middle), _panelled(noise), _panelled(np.stack(factors)), per_step, slope


def _root_slack(most: Any, least: Any) -> Any:
    """Return what a Gaussian may be off by since its variance is a float32 sum of terms.

    `most` : sum of their magnitudes; `least` : least variance. No draw lies beyond 10 sigma.
    """
    off = ROUNDING * most
    root = np.sqrt(np.maximum(least, off))
    return 10.0 * np.divide(off, root, out=np.zeros_like(off), where=root > 0.0)


def _turns_back(tile: AnalogTile, converter: Converter) -> bool:
    """Return whether a converter's bow is so strong that its codes do not rise with the count."""
    half = converter.step * max(converter.codes - 1, 1) / 2.0
    return bool((1.0 + tile.bend[1] <= 2.5 * np.abs(tile.bend[2]) / half).any())


def _panelled(lines: Any) -> NDArray[np.float32]:
    """Return lines [L, M] as float32 [M / 16, L, 16]; zero beyond M."""
    count, columns = lines.shape
    padded = np.zeros((count, -(-columns // COLUMNS) * COLUMNS))
    padded[:, :columns] = lines
    return np.ascontiguousarray(_single(padded).reshape(count, -1, COLUMNS).transpose(1, 0, 2))


def _single(values: Any) -> NDArray[np.float32]:
    return np.asarray(np.clip(values, -_LARGEST, _LARGEST), dtype=np.float32)
