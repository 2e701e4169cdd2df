"""A tile's record in the order that kernels want: panels of bytes, patterns, float32 lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.converters import CODES, VOTE, Converter, fill_borders
from mramsim.kernels.lines import (
    NO_LINES,
    lines_of,
    lost_in_sums,
    quiet_columns,
    single,
    turns_back,
)
from mramsim.kernels.noise import edges
from mramsim.kernels.sums import Planes, planes_of
from mramsim.kernels.tables import split
from mramsim.kernels.words import unpack_bits

if TYPE_CHECKING:
    from mramsim.kernels.records import AnalogTile


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
    seen_first : int32 [M + 1]
        First of the S odd cells of each column that `mramsim.kernels.settle` has to know about:
        those with steps, and all where the noise of odd cells matters.
    seen_row : int32 [S]
    seen_value, seen_change : float32 [S]
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
    seen_first: NDArray[np.int32]
    seen_row: NDArray[np.int32]
    seen_value: NDArray[np.float32]
    seen_change: NDArray[np.float32]


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
    linear = linear and not (altered and turns_back(tile, converter))
    linear = linear and not (tile.gated and converter.mode == VOTE)
    middle, noise, factors = NO_LINES
    scale, per_count = np.ones((2, columns))
    change = odd_on - odd_off
    quiet = np.zeros(columns, dtype=np.bool_)
    if linear:
        ends = [
            np.bincount(odd_column, cut(change, 0.0), minlength=columns)
            for cut in (np.minimum, np.maximum)
        ]
        quiet = quiet_columns(tile, rows_on, *ends)
        middle_change, half = np.where(quiet, [ends[1] + ends[0], ends[1] - ends[0]], 0.0) / 2.0
        heavy = [lost_in_sums(odd_column, v, columns) for v in (odd_steps, odd_on, odd_off)]
        unread = [
            np.bincount(odd_column, odd_off * rows[odd_row], minlength=columns) + middle_change
            for rows in driven
        ]
        found = lines_of(
            tile, converter, match, base, rows_on, border, np.array(unread), half, heavy
        )
        middle, noise, factors, scale, per_count = found
    seen = (odd_steps != 0) | ~quiet[odd_column]
    value = odd_steps * scale[odd_column]
    change = np.where(quiet[odd_column], 0.0, change * per_count[odd_column] ** 2)
    return Prepared(
        planes_of(tile.weight, np.where(gone, 0, tile.deviation).astype(tile.deviation.dtype)),
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
        np.searchsorted(odd_column[seen], np.arange(columns + 1)).astype(np.int32),
        odd_row[seen],
        single(value[seen]),
        single(change[seen]),
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
