"""How much of an adder tree is charged, from the share of ones at its leaves."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

_GRID = 1024  # the share of ones is rounded to 1 / 1024, so that results are kept


def tree_activity(bits: int, ones: float) -> float:
    """Return the share of evaluations that charge a full adder of a tree, a fraction.

    A tree of binary adders over `bits` leaves, each 1 with probability `ones`, independent of the
    others and of the evaluation before. The sum of ``n = 2^k`` leaves is binomial; a node that is 1
    with probability q is charged in ``q (1 - q)`` of the evaluations. The mean is over all sum bits
    of all adders. At ``ones`` = 1/2 it is close to 1/4; few ones leave the high bits at rest.

    Parameters
    ----------
    bits : int
        At least 1.
    ones : float
        0 to 1.
    """
    return _activity(max(1, ceil(log2(max(bits, 2)))), round(ones * _GRID))


@lru_cache(maxsize=4096)
def _activity(levels: int, grid: int) -> float:
    ones = grid / _GRID
    spread = np.array([1.0 - ones, ones])
    charged = adders = 0.0
    for level in range(1, levels + 1):
        spread = np.convolve(spread, spread)
        share = 2.0**-level  # adders of this level per leaf
        probability = _bit_probability(spread, level + 1)
        charged += share * float((probability * (1.0 - probability)).sum())
        adders += share * (level + 1)
    return charged / adders


def _bit_probability(spread: NDArray[np.float64], bits: int) -> NDArray[np.float64]:
    """Return the probability that each bit of the sum is 1, float64 [bits]."""
    sums = np.arange(len(spread))
    return np.array([float(spread[(sums >> bit) & 1 == 1].sum()) for bit in range(bits)])
