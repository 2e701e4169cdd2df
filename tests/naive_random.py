"""Random numbers of the slow twins: Philox, uniform numbers and Gaussians by their formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

MASK = 0xFFFFFFFF
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
OWN = 1 << 31  # in the last word of a counter: a column's own draw


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
