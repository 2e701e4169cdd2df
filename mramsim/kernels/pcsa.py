"""Read a tile cell by cell through pre-charge sense amplifiers with XNOR, then count.

Every cell gives one bit per read. Cells that can never be wrong within 8 sigma are counted by
popcount; the others are listed with the probability of a wrong bit for either input, and decided
one by one. A probability of 1 is a cell that is always wrong.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.jit import kernel
from mramsim.kernels.philox import uniform
from mramsim.kernels.words import count_matches


class PcsaTile(NamedTuple):
    """A programmed tile of R rows and M columns.

    Attributes
    ----------
    weight : uint64 [W, M]
        Programmed bits.
    driven : uint64 [P, W]
        Rows read at each position.
    rows_on : int32 [P]
        How many they are.
    odd_row, odd_column : int32 [K]
        Cells that can be wrong.
    wrong_on, wrong_off : float64 [K]
        Probability of a wrong XNOR bit when the row carries bit 1 or bit 0.
    key : uint32 [2]
        Of the per-read draws.
    """

    weight: NDArray[np.uint64]
    driven: NDArray[np.uint64]
    rows_on: NDArray[np.int32]
    odd_row: NDArray[np.int32]
    odd_column: NDArray[np.int32]
    wrong_on: NDArray[np.float64]
    wrong_off: NDArray[np.float64]
    key: NDArray[np.uint32]


@kernel
def correct(tile: Any, x: Any, driven: Any, image: Any, place: Any, step: Any, matches: Any) -> Any:
    """Decide the listed cells of one row of bits; return the draws made."""
    one = np.uint64(1)
    draws = 0
    for k in range(tile.odd_row.size):
        row, column = tile.odd_row[k], tile.odd_column[k]
        word, bit = row >> 6, np.uint64(row & 63)
        if (driven[word] >> bit) & one == np.uint64(0):
            continue
        on = (x[word] >> bit) & one
        wrong = tile.wrong_on[k] if on else tile.wrong_off[k]
        if wrong <= 0.0:
            continue
        if wrong < 1.0:
            draws += 1
            count = step | np.uint32(row)
            drawn = uniform(image, place, count, np.uint32(column), tile.key[0], tile.key[1])
            if drawn >= wrong:
                continue
        matched = on == (tile.weight[word, column] >> bit) & one
        matches[column] += np.int32(-1) if matched else np.int32(1)
    return draws


@kernel
def read_pcsa(x: Any, images: Any, positions: Any, step: Any, tile: Any, counts: Any) -> Any:
    """Count the XNOR bits of every column for every row of bits.

    Parameters
    ----------
    x : uint64 [N, W]
        Packed bits of one plane, row tile only; undriven bits zero. ``N = images * positions``.
    images : int64 [images]
        Data-set index of each image: part of the random counter.
    positions : int
        Output positions per image.
    step : int
        Bit plane: part of the random counter.
    tile : PcsaTile
    counts : int32 [N, M]
        Filled with the number of ones.

    Returns
    -------
    int
        Random draws made.
    """
    made = 0
    base_step = np.uint32(step << 24)
    for n in range(x.shape[0]):
        place = n % positions
        driven = tile.driven[min(place, tile.driven.shape[0] - 1)]
        image = np.uint32(images[n // positions])
        count_matches(x[n], tile.weight, driven, counts[n])
        made += correct(tile, x[n], driven, image, np.uint32(place), base_step, counts[n])
    return made
