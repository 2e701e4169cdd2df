"""Slow, obvious twins of the kernels that read tiles. Nothing here is called by mramsim.

Sums and decisions follow the formulas and the design, one cell at a time, on the values stored in a
record. Random numbers: `naive_random`; sampled resistances: `naive_cells`; layers:
`naive_networks`.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from naive_random import MASK, OWN, cell_uniform, column_noise, level_noise, philox, unit
from naive_wires import wired_count
from numpy.typing import NDArray

EXACT, CODES, VOTE, SWEEP = 0, 1, 2, 3


def bit_of(words: NDArray[np.uint64], row: int) -> int:
    """Bit `row` of packed words."""
    return (int(words[row // 64]) >> (row % 64)) & 1


def packed(bits: Any) -> list[int]:
    """Words of 64 bits, bit 0 first."""
    words = [0] * -(-len(bits) // 64)
    for row, bit in enumerate(bits):
        words[row // 64] |= int(bit) << (row % 64)
    return words


def count_matches(x: Any, w: Any, driven: Any) -> int:
    """Driven rows whose input equals the weight; three lists of bits."""
    return sum(1 for a, b, on in zip(x, w, driven, strict=True) if on and a == b)


def analog_column(tile: Any, x: Any, position: int, column: int) -> tuple[float, float, int]:
    """Noiseless count, noise and driven rows of one column, cell by cell from the record."""
    driven = [bit_of(tile.driven[position], row) for row in range(len(x))]
    weights = [bit_of(tile.weight[:, column], row) for row in range(len(x))]
    match, on = count_matches(x, weights, driven), sum(driven)
    if tile.gated:  # rows with bit 0 do not conduct
        match, on = sum(a and w for a, w in zip(x, weights, strict=True)), sum(x)
    steps = int(tile.base[position, column])
    steps += sum(int(tile.deviation[row, column]) for row in range(len(x)) if x[row])
    extra = 0.0
    for k, (row, at) in enumerate(zip(tile.odd_row, tile.odd_column, strict=True)):
        if at == column and x[row]:
            steps += int(tile.odd_steps[k])
            extra += tile.odd_variance_on[k]
        elif at == column and driven[row]:
            extra += tile.odd_variance_off[k]
    value = tile.gain * match + tile.step * float(steps)
    if np.size(tile.wires.siemens) or np.size(tile.wires.transfer):
        value = wired_count(tile, x, driven, column)
    value += tile.offset[column]
    variance = match * tile.variance_match + (on - match) * tile.variance_other
    variance = variance + tile.variance_column + extra
    if np.size(tile.variance_fixed):
        variance += tile.variance_fixed[column]
    return value, math.sqrt(max(0.0, variance)), on


def zero_of(tile: Any, x: Any, position: int, column: int) -> tuple[float, int]:
    """What to take from a count, and how many times it counts in products of -1 and +1.

    Matches p of n rows: 2 p - n. Of gated rows q store 1 of the k that carry 1; then the rows that
    carry and store 0 are n - k - (W - q), W storing 1, and p is q more.
    """
    driven = [bit_of(tile.driven[position], row) for row in range(len(x))]
    n, k = sum(driven), sum(x)
    if not tile.gated:
        return n, 2
    stored = sum(bit_of(tile.weight[:, column], row) for row in range(len(x)) if driven[row])
    return -2 * (n - k - stored) + n, 4


def code_of(value: float, converter: Any) -> float:
    """Nearest code of the converter; halves go up; both ends saturate."""
    code = math.floor((value - converter.low) / converter.step + 0.5)
    return float(min(max(code, 0), converter.codes - 1))


def code_of_column(tile: Any, value: float, converter: Any, column: int) -> float:
    """Code by the column's own comparators, or after its converter's offset, gain and bow."""
    if np.size(tile.comparators):
        return float(sum(value >= turn for turn in tile.comparators[column]))
    return code_of(bent(tile, value, converter, column), converter)


def bent(tile: Any, value: float, converter: Any, column: int) -> float:
    """A count after its converter's offset, gain about the middle of the range, and bow."""
    if not np.size(tile.bend):
        return value
    offset, gain, bow = tile.bend[:, column]
    high = converter.low + converter.step * (converter.codes - 1)
    half = converter.step * max(converter.codes - 1, 1) / 2
    middle = converter.low + converter.step * (converter.codes - 1) / 2
    assert converter.codes == 1 or math.isclose(middle + half, high)
    u = min(max((value - middle) / half, -1.0), 1.0)
    return float(value + offset + gain * (value - middle) + bow * (1 - u * u))


def missed_by(tile: Any, on: int, border: float, column: int) -> float:
    """How far the reference for a border between two counts is off: mean of the two around it."""
    if not np.size(tile.reference_match):
        return 0.0
    match = tile.reference_match[column // tile.reference_shared]
    other = tile.reference_other[column // tile.reference_shared]
    found = []
    for matching in (math.floor(border), math.floor(border) + 1):
        cells = min(max(matching, 0), on)
        found.append(match[cells] - other[cells])
    return float(other[on] + 0.5 * (found[0] + found[1]))


def vote_border(zero: int, slope: int, level: int, polarity: int) -> float:
    """Reference between the last count that gives one vote and the first that gives the other."""
    # polarity (slope count - zero) >= level, for counts of any size
    if polarity > 0:
        return math.ceil(Fraction(zero + level, slope)) - 0.5
    return math.floor(Fraction(zero - level, slope)) + 0.5


def read_analog(
    tile: Any, converter: Any, bits: Any, images: Any, positions: int, plane: int
) -> NDArray[np.float64]:
    """What every column passes on, [reads, columns]; noise is always drawn."""
    columns = tile.weight.shape[1]
    sums = np.empty((len(bits), columns))
    for n, column in np.ndindex(sums.shape):
        image, place = int(images[n // positions]) & MASK, n % positions
        position = min(place, len(tile.driven) - 1)
        value, sigma, on = analog_column(tile, list(bits[n]), position, column)
        if converter.mode == SWEEP:
            borders = [b + 0.5 + missed_by(tile, on, b + 0.5, column) for b in range(on)]
            noise = level_noise(image, place, plane, column, on, tile.key)
            above = value + sigma * noise > np.array(borders)
            zero, slope = zero_of(tile, bits[n], position, column)
            sums[n, column] = slope * float(above.sum()) - zero
            continue
        if sigma > 0.0:
            value += sigma * float(column_noise(image, place, plane, column, tile.key))
        if converter.mode == EXACT:
            value = bent(tile, value, converter, column)
            value -= missed_by(tile, on, value, column)
        if converter.mode == CODES:
            code = code_of_column(tile, value, converter, column)
            value = converter.low + converter.step * code
        if converter.mode == VOTE:
            polarity = int(tile.polarity[column])
            zero, slope = zero_of(tile, bits[n], position, column)
            border = vote_border(int(zero), int(slope), int(tile.level[column]), polarity)
            above = value > border + missed_by(tile, on, border, column)
            sums[n, column] = polarity if above else -polarity
        else:
            zero, slope = zero_of(tile, bits[n], position, column)
            sums[n, column] = slope * value - zero
    return sums


def usual(wrong: float) -> tuple[bool, float]:
    """Whether a bit is usually wrong, and how often it is not what it usually is."""
    return (True, 1.0 - wrong) if wrong > 0.5 else (False, wrong)


def poisson(u: float, mean: float) -> int:
    """The number of hits: more than n of them where u is below the chance of more than n."""
    hits, most = 0, -math.expm1(-mean)
    while u < most and hits < 20:
        hits += 1
        most -= math.exp(-mean) * mean**hits / math.factorial(hits)
    return hits


def seldom_differ(
    chances: dict[int, list[float]], x: Any, evaluation: int, plane: int, column: int, key: Any
) -> set[int]:
    """Rows of a column that differ, of those that seldom do: hits of their Poisson processes.

    `chances` by row, for either input. Groups end where more than a quarter of a hit is expected.
    """
    groups: list[list[tuple[float, int]]] = [[]]
    for row, pair in sorted(chances.items(), key=lambda item: (-max(item[1]), item[0])):
        if groups[-1] and groups[-1][-1][0] > 0.25:
            groups.append([])
        before = groups[-1][-1][0] if groups[-1] else 0.0
        groups[-1].append((before - math.log1p(-max(pair)), row))
    found = set()
    for number, group in enumerate(groups if chances else []):
        mean, place = group[-1][0], 0xFFFFFF - 32 * number
        for hit in range(poisson(cell_uniform(evaluation, plane, place, column, key), mean)):
            step = (plane << 24) + place - hit
            words = philox((evaluation & MASK, evaluation >> 32, step, column + OWN), key)
            at = float(unit(*words[2:])) * mean
            upto, row = next(cell for cell in group if cell[0] >= at)
            most, own = (-math.log1p(-p) for p in (max(chances[row]), chances[row][int(x[row])]))
            if at < upto - most + own:
                found.add(row)
    return found


def read_pcsa(tile: Any, bits: Any, images: Any, positions: int, plane: int) -> NDArray[np.int32]:
    """Ones counted in every column, [reads, columns], cell by cell from the record."""
    key = [int(k) for k in tile.key]
    wrong = {
        (int(row), int(column)): (tile.wrong_off[k], tile.wrong_on[k])
        for k, (row, column) in enumerate(zip(tile.odd_row, tile.odd_column, strict=True))
    }
    seldom: dict[int, dict[int, list[float]]] = {}
    for (row, column), pair in wrong.items():
        chances = [usual(chance)[1] for chance in pair]
        if 0.0 < max(chances) <= 1 / 256:
            seldom.setdefault(column, {})[row] = chances
    counts = np.zeros((len(bits), tile.weight.shape[1]), np.int32)
    for n, column in np.ndindex(counts.shape):
        place = n % positions
        evaluation = int(images[n // positions]) * positions + place
        driven = tile.driven[min(place, len(tile.driven) - 1)]
        some = seldom.get(column, {})
        differ = seldom_differ(some, bits[n], evaluation, plane, column, key)
        for row, x in enumerate(bits[n]):
            if not bit_of(driven, row):
                continue
            one = int(x) == bit_of(tile.weight[:, column], row)
            turned, chance = usual(wrong.get((row, column), (0.0, 0.0))[int(x)])
            if row in some:
                turned ^= row in differ
            elif chance > 0.0:
                turned ^= cell_uniform(evaluation, plane, row, column, key) < chance
            counts[n, column] += one != turned
    return counts
