"""Slow, obvious twins of kernels and arrays. Nothing here is called by mramsim.

Random numbers, sums and decisions follow the formulas and the design, one cell at a time, on the
values stored in a record or on the sampled resistances themselves. Layers: `naive_networks`.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from naive_wires import wired_count
from numpy.typing import NDArray

EXACT, CODES, VOTE, SWEEP = 0, 1, 2, 3
MASK = 0xFFFFFFFF
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10

# ---- random numbers ------------------------------------------------------------------------------


def philox(counter: Any, key: Any) -> tuple[Any, Any, Any, Any]:
    """Philox4x32-10 on Python ints, or element by element on uint64 arrays."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def _words(counter: Any, key: Any) -> list[NDArray[np.uint64]]:
    wide = [np.asarray(word).astype(np.uint64) for word in np.broadcast_arrays(*counter)]
    return [np.asarray(word) for word in philox(wide, [int(k) for k in key])]


def unit(high: Any, low: Any) -> NDArray[np.float64]:
    """53 high bits of two words, plus half, over 2^53."""
    word = (np.asarray(high, np.uint64) << np.uint64(32)) | np.asarray(low, np.uint64)
    return ((word >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def log(u: Any) -> NDArray[np.float64]:
    """Logarithm by argument reduction to (1/sqrt 2, sqrt 2] and the series of artanh."""
    mantissa, exponent = np.frexp(np.asarray(u, np.float64))
    mantissa, exponent = mantissa * 2.0, exponent - 1.0
    large = mantissa > 1.4142135623730951
    mantissa, exponent = np.where(large, mantissa / 2, mantissa), exponent + large
    f = mantissa - 1.0
    s = f / (2.0 + f)
    z = s * s
    series = 2 / 21
    for odd in range(19, 1, -2):
        series = 2 / odd + z * series
    half = 0.5 * f * f
    return exponent * LN2_HIGH - ((half - (s * (half + z * series) + exponent * LN2_LOW)) - f)


def sin_pi(b: Any) -> NDArray[np.float64]:
    """sin(pi b) by its Taylor series to the 21st power."""
    b = np.asarray(b, np.float64)
    series: Any = 0.0
    for k in range(10, -1, -1):
        term = (-1) ** k * math.pi ** (2 * k + 1) / math.factorial(2 * k + 1)
        series = term + b * b * series if k < 10 else term
    return b * series


def uniform(counter: Any, key: Any) -> NDArray[np.float64]:
    """Uniform number of each counter."""
    w0, w1, _, _ = _words(counter, key)
    return unit(w0, w1)


PPND16 = (  # numerator and denominator of each region, from the constant term on
    (
        "3.3871328727963666080e0 1.3314166789178437745e2 1.9715909503065514427e3"
        " 1.3731693765509461125e4 4.5921953931549871457e4 6.7265770927008700853e4"
        " 3.3430575583588128105e4 2.5090809287301226727e3",
        "1 4.2313330701600911252e1 6.8718700749205790830e2 5.3941960214247511077e3"
        " 2.1213794301586595867e4 3.9307895800092710610e4 2.8729085735721942674e4"
        " 5.2264952788528545610e3",
    ),
    (
        "1.42343711074968357734e0 4.63033784615654529590e0 5.76949722146069140550e0"
        " 3.64784832476320460504e0 1.27045825245236838258e0 2.41780725177450611770e-1"
        " 2.27238449892691845833e-2 7.74545014278341407640e-4",
        "1 2.05319162663775882187e0 1.67638483018380384940e0 6.89767334985100004550e-1"
        " 1.48103976427480074590e-1 1.51986665636164571966e-2 5.47593808499534494600e-4"
        " 1.05075007164441684324e-9",
    ),
    (
        "6.65790464350110377720e0 5.46378491116411436990e0 1.78482653991729133580e0"
        " 2.96560571828504891230e-1 2.65321895265761230930e-2 1.24266094738807843860e-3"
        " 2.71155556874348757815e-5 2.01033439929228813265e-7",
        "1 5.99832206555887937690e-1 1.36929880922735805310e-1 1.48753612908506148525e-2"
        " 7.86869131145613259100e-4 1.84631831751005468180e-5 1.42151175831644588870e-7"
        " 2.04426310338993978564e-15",
    ),
)


def upper_quantile(tail: Any) -> NDArray[np.float64]:
    """Number that a standard normal one exceeds with probability `tail` up to 1/2 (AS 241)."""
    tail = np.asarray(tail, np.float64)
    centre = 0.5 - tail
    root = np.sqrt(-log(tail))
    found = []
    for texts, at in zip(PPND16, (0.180625 - centre * centre, root - 1.6, root - 5.0), strict=True):
        over, under = ([float(word) for word in text.split()] for text in texts)
        parts = []
        for terms in (over, under):
            total: Any = terms[-1]
            for term in terms[-2::-1]:
                total = total * at + term
            parts.append(total)
        found.append(parts[0] / parts[1])
    far = np.where(root <= 5.0, found[1], found[2])
    return np.where(centre <= 0.425, centre * found[0], far)


OWN = 1 << 31  # in the last word of a counter: a column's own draw


def shared_byte(counter: Any, key: Any, index: Any) -> NDArray[np.int64]:
    """Byte `index` of the 16 bytes of each counter, from the low end of word 0."""
    words = np.stack(_words(counter, key), axis=-1)
    index = np.asarray(index)
    word = np.take_along_axis(words, np.broadcast_to(index // 4, words.shape[:-1])[..., None], -1)
    return (word[..., 0].astype(np.int64) >> (8 * (index % 4))) & 255


def own_bits(counter: Any, key: Any) -> NDArray[np.uint64]:
    """53 bits of each counter, words 0 and 1."""
    w0, w1, _, _ = _words(counter, key)
    return np.asarray((w0 << np.uint64(32) | w1) >> np.uint64(11))


def gaussian(part: Any, word: Any) -> NDArray[np.float64]:
    """Number at place `word` of 2^53 in part `part` of 256 of the normal distribution."""
    low = np.asarray(part) < 128
    inside = (np.where(low, word, (1 << 53) - 1 - np.asarray(word, np.int64)) + 0.5) * 2.0**-53
    tail = (np.where(low, part, 255 - np.asarray(part)) + inside) / 256.0
    return np.where(low, -1.0, 1.0) * upper_quantile(tail)


def column_noise(image: Any, place: Any, plane: int, column: Any, key: Any) -> NDArray[np.float64]:
    """The Gaussian of a column read: 16 columns share a call for its part."""
    column = np.asarray(column)
    part = shared_byte((image, place, plane << 24, column // 16), key, column % 16)
    return gaussian(part, own_bits((image, place, plane << 24, column + OWN), key))


def level_noise(image: int, place: int, plane: int, column: int, on: int, key: Any) -> Any:
    """The Gaussians of the comparisons with levels 0 to on - 1: 16 levels share a call."""
    level = np.arange(on)
    part = shared_byte((image, place, (plane << 24) + level // 16 + 1, column), key, level % 16)
    word = own_bits((image, place, (plane << 24) + level + 1, column + OWN), key)
    return gaussian(part, word)


def cell_uniform(evaluation: int, plane: int, row: int, column: int, key: Any) -> float:
    """The uniform number of a cell read: 16 evaluations share a call for its first byte."""
    shared, own = divmod(evaluation, 16)
    step = (plane << 24) + row
    byte = shared_byte((shared & MASK, shared >> 32, step, column), key, own)
    w0, w1, _, _ = philox((evaluation & MASK, evaluation >> 32, step, column + OWN), key)
    return float((float(byte) + unit(w0, w1)) / 256.0)


# ---- tiles from their record ---------------------------------------------------------------------


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


# ---- tiles from their resistances ----------------------------------------------------------------


def column_current(cells: Any, x: Any, driven: Any, v_read_v: float) -> NDArray[np.float64]:
    """Current of every column in A: input 1 opens the true branch, input 0 the other."""
    current = np.zeros(cells.bits.shape[1])
    for row, column in np.ndindex(cells.bits.shape):
        if driven[row]:
            current[column] += v_read_v / cells.resistance_ohm[0 if x[row] else 1, row, column]
    return current


def column_count(cells: Any, x: Any, driven: Any, v_read_v: float) -> NDArray[np.float64]:
    """The same in counts: above a column of antiparallel branches, over the current of a match."""
    g_ap, g_p = (1.0 / cells.classes[state].total_ohm for state in (0, 1))
    background = sum(driven) * v_read_v * g_ap
    return (column_current(cells, x, driven, v_read_v) - background) / (v_read_v * (g_p - g_ap))


def column_ohm(cells: Any, x: Any, driven: Any) -> NDArray[np.float64]:
    """Resistance of every column in Ohm: the branches that the input selects, in series."""
    total = np.zeros(cells.bits.shape[1])
    for row, column in np.ndindex(cells.bits.shape):
        if driven[row]:
            total[column] += cells.resistance_ohm[0 if x[row] else 1, row, column]
    return total


def charge_v(cells: Any, x: Any, capacitor: Any, v_read_v: float) -> NDArray[np.float64]:
    """Voltage of every column in V once the capacitors [rows, columns] have shared their charge.

    Input 1 puts v_read on top of the true branch, input 0 on top of the other; between the two.
    """
    charge = np.zeros(cells.bits.shape[1])
    for row, column in np.ndindex(cells.bits.shape):
        true, other = cells.resistance_ohm[:, row, column]
        top, bottom = (true, other) if x[row] else (other, true)
        charge[column] += capacitor[row, column] * v_read_v * bottom / (top + bottom)
    return np.asarray(charge / np.sum(capacitor, axis=0))


def latch_input_v(cells: Any, x: Any, mapping: Any) -> NDArray[np.float64]:
    """Input of the latch of every cell in V: the branch that discharges faster wins."""
    result = np.empty(cells.bits.shape)
    for row, column in np.ndindex(result.shape):
        one, two = cells.resistance_ohm[:, row, column]
        left, right = (one, two) if x[row] else (two, one)
        v_left = mapping.vdd_v * math.exp(-mapping.t_read_s / (left * mapping.bitline_f))
        v_right = mapping.vdd_v * math.exp(-mapping.t_read_s / (right * mapping.bitline_f))
        result[row, column] = v_right - v_left
    return result
