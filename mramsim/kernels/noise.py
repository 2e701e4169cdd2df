"""The Gaussian of one column read, in two parts: which 256th of the distribution, and where in it.

One Philox call gives the first part of 16 neighbouring columns, a byte each; the second, 53 bits
from a counter of the column's own, is drawn only where the first leaves a decision open. Together
they are one uniform number, and the Gaussian is its quantile: Wichura, Appl. Statist. 37, 477
(1988), doi 10.2307/2347330, algorithm AS 241 (PPND16), relative error about 1e-16.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.gauss import log
from mramsim.kernels.jit import kernel
from mramsim.kernels.philox import philox

OWN = np.uint32(0x80000000)  # marks the counter of a column's own 53 bits
_SHARED = np.uint32(4)  # 2^4 neighbours share a call
_32, _11 = np.uint64(32), np.uint64(11)
_TWO_M53 = 2.0**-53
EDGE = 1e-9  # what a bound of `edges` may be off by

_A = (
    3.3871328727963666080e0,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
)
_B = (
    1.0,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
)
_C = (
    1.42343711074968357734e0,
    4.63033784615654529590e0,
    5.76949722146069140550e0,
    3.64784832476320460504e0,
    1.27045825245236838258e0,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
)
_D = (
    1.0,
    2.05319162663775882187e0,
    1.67638483018380384940e0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
)
_E = (
    6.65790464350110377720e0,
    5.46378491116411436990e0,
    1.78482653991729133580e0,
    2.96560571828504891230e-1,
    2.65321895265761230930e-2,
    1.24266094738807843860e-3,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
)
_F = (
    1.0,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
    1.84631831751005468180e-5,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
)


@kernel(inline="always")
def _ratio(p: Any, q: Any, r: Any) -> Any:
    """Return the ratio of two polynomials of degree 7."""
    over = p[7]
    under = q[7]
    for k in range(6, -1, -1):
        over = over * r + p[k]
        under = under * r + q[k]
    return over / under


@kernel
def upper_quantile(tail: Any) -> Any:
    """Return the standard normal number exceeded with probability `tail`, 0 < tail <= 1/2."""
    centre = 0.5 - tail
    if centre <= 0.425:
        return centre * _ratio(_A, _B, 0.180625 - centre * centre)
    r = np.sqrt(-log(tail))
    if r <= 5.0:
        return _ratio(_C, _D, r - 1.6)
    return _ratio(_E, _F, r - 5.0)


@kernel
def tail_of(part: Any, w0: Any, w1: Any) -> Any:
    """Return the smaller tail, 0 < tail <= 1/2, of place (w0, w1) in a 256th of it all."""
    word = np.float64(((np.uint64(w0) << _32) | np.uint64(w1)) >> _11)
    low = part < 128
    inside = ((word if low else 9007199254740991.0 - word) + 0.5) * _TWO_M53
    return (np.float64(part if low else 255 - part) + inside) / 256.0


@kernel
def placed(part: Any, image: Any, place: Any, step: Any, column: Any, k0: Any, k1: Any) -> Any:
    """Return the Gaussian in 256th `part` (0 to 255), by the column's own draw."""
    w0, w1, _, _ = philox(image, place, step, column | OWN, k0, k1)
    found = upper_quantile(tail_of(part, w0, w1))
    return -found if part < 128 else found


@cache
def edges() -> NDArray[np.float64]:
    """Return the bounds of the 256 parts of the distribution, float64 [257].

    Part b lies between ``edges[b]`` and ``edges[b + 1]`` to within `EDGE`; the outermost parts end
    at 10 sigma, beyond anything that is drawn.
    """
    from scipy.special import ndtri

    bounds: NDArray[np.float64] = ndtri(np.arange(257) / 256.0)
    bounds[[0, -1]] = -10.0, 10.0
    return bounds


@kernel(inline="always")
def part_of(w0: Any, w1: Any, w2: Any, w3: Any, index: Any) -> Any:
    """Return byte `index` (0 to 15) of four words."""
    word = w0
    if index >= 12:
        word = w3
    elif index >= 8:
        word = w2
    elif index >= 4:
        word = w1
    return (np.int64(word) >> (8 * (index & 3))) & 255


@kernel
def column_normal(image: Any, place: Any, step: Any, column: Any, k0: Any, k1: Any) -> Any:
    """Return the Gaussian of a column read (all uint32)."""
    w0, w1, w2, w3 = philox(image, place, step, column >> _SHARED, k0, k1)
    part = part_of(w0, w1, w2, w3, np.int64(column) & 15)
    return placed(part, image, place, step, column, k0, k1)
