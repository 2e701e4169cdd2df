"""Counter-based random numbers: Philox4x32-10.

Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011),
doi 10.1145/2063384.2063405. A draw depends on key and counter alone, so results cannot depend on
batch size, order or threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mramsim.kernels.jit import kernel

_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_11 = np.uint64(11)
_TWO_M53 = 2.0**-53


@kernel(inline="always")
def philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Return the four uint32 words of Philox4x32-10 for a counter and a key (uint32 each)."""
    for _ in range(10):
        product0 = _M0 * np.uint64(c0)
        product1 = _M1 * np.uint64(c2)
        high0 = np.uint32(product0 >> _32)
        high1 = np.uint32(product1 >> _32)
        c0 = high1 ^ c1 ^ k0
        c1 = np.uint32(product1 & _LOW)
        c2 = high0 ^ c3 ^ k1
        c3 = np.uint32(product0 & _LOW)
        k0 = np.uint32((np.uint64(k0) + _W0) & _LOW)
        k1 = np.uint32((np.uint64(k1) + _W1) & _LOW)
    return c0, c1, c2, c3


@kernel(inline="always")
def unit(high: Any, low: Any) -> Any:
    """Return a uniform float64 in (0, 1] from the 53 high bits of two words."""
    word = (np.uint64(high) << _32) | np.uint64(low)
    return (np.float64(word >> _11) + 0.5) * _TWO_M53


@kernel(inline="always")
def uniform(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Return the uniform of a counter: the first two words."""
    w0, w1, _, _ = philox(c0, c1, c2, c3, k0, k1)
    return unit(w0, w1)
