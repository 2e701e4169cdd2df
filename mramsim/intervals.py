"""Confidence intervals: of a mean over chips (Student), of a share of chips (Clopper-Pearson)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def half_width(values: Sequence[float], confidence: float = 0.95) -> float | None:
    """Return half of Student's interval of a mean; None for fewer than two values."""
    from scipy.special import stdtrit

    count = len(values)
    if count < 2:
        return None
    spread = float(np.asarray(values, dtype=np.float64).std(ddof=1))
    return float(stdtrit(count - 1, 0.5 + 0.5 * confidence)) * spread / math.sqrt(count)


def mean_interval(
    shares: Sequence[float], confidence: float = 0.95
) -> tuple[float, float] | tuple[None, None]:
    """Return Student's interval of a mean of shares, cut at 0 and 1; Nones for fewer than two."""
    half = half_width(shares, confidence)
    if half is None:
        return None, None
    mean = float(np.asarray(shares, dtype=np.float64).mean())
    return max(0.0, mean - half), min(1.0, mean + half)


def clopper_pearson(good: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share after `good` of `count`.

    Source: Clopper, Pearson, Biometrika 26, 404 (1934), through quantiles of the beta distribution.
    """
    from scipy.special import betaincinv

    tail = 0.5 * (1.0 - confidence)
    low = 0.0 if good == 0 else float(betaincinv(good, count - good + 1, tail))
    high = 1.0 if good == count else float(betaincinv(good + 1, count - good, 1.0 - tail))
    return low, high
