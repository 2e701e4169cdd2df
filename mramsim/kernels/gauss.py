"""Logarithm and sine with the same bytes everywhere.

They are written out in additions, multiplications and divisions of IEEE float64 without branches,
so that numpy and every processor give the same bytes and loops vectorise.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from mramsim.kernels.jit import instruction, kernel

_MANTISSA = np.uint64(0x000FFFFFFFFFFFFF)
_ONE = np.uint64(0x3FF0000000000000)
_52 = np.uint64(52)
_SQRT2 = 1.4142135623730951
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
# 2 artanh(s) = 2 s + s (2/3 s^2 + 2/5 s^4 + ...), |s| < 0.1716
_L1, _L2, _L3, _L4, _L5 = 2 / 3, 2 / 5, 2 / 7, 2 / 9, 2 / 11
_L6, _L7, _L8, _L9, _L10 = 2 / 13, 2 / 15, 2 / 17, 2 / 19, 2 / 21
# sin(pi b) = sum of (-1)^k pi^(2k+1) / (2k+1)! b^(2k+1), |b| <= 1/2
_S0, _S1, _S2, _S3, _S4, _S5, _S6, _S7, _S8, _S9, _S10 = (
    (-1) ** k * math.pi ** (2 * k + 1) / math.factorial(2 * k + 1) for k in range(11)
)


@instruction(lambda value: np.float64(value).view(np.uint64))
def bits_of(typing_context: Any, value: Any) -> Any:
    """Return the 64 bits of a float64 as uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.uint64(types.float64), generate


@instruction(lambda word: np.uint64(word).view(np.float64))
def from_bits(typing_context: Any, word: Any) -> Any:
    """Return the float64 whose 64 bits are given."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.uint64), generate


@kernel(inline="always")
def log(u: Any) -> Any:
    """Return the natural logarithm of a normal float64 ``u > 0`` (error below 1 ulp)."""
    word = bits_of(u)
    exponent = np.float64(np.int64(word >> _52) - np.int64(1023))
    mantissa = from_bits((word & _MANTISSA) | _ONE)
    large = mantissa > _SQRT2
    exponent = exponent + (1.0 if large else 0.0)
    mantissa = mantissa * (0.5 if large else 1.0)
    f = mantissa - 1.0
    s = f / (2.0 + f)
    z = s * s
    tail = _L6 + z * (_L7 + z * (_L8 + z * (_L9 + z * _L10)))
    series = z * (_L1 + z * (_L2 + z * (_L3 + z * (_L4 + z * (_L5 + z * tail)))))
    half = 0.5 * f * f
    return exponent * _LN2_HIGH - ((half - (s * (half + series) + exponent * _LN2_LOW)) - f)


@kernel(inline="always")
def sin_pi(b: Any) -> Any:
    """Return sin(pi b) for |b| <= 1/2 (Taylor series, error below 1e-16)."""
    z = b * b
    series = _S5 + z * (_S6 + z * (_S7 + z * (_S8 + z * (_S9 + z * _S10))))
    return b * (_S0 + z * (_S1 + z * (_S2 + z * (_S3 + z * (_S4 + z * series)))))
