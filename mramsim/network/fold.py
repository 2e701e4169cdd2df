"""BatchNorm and sign become one integer threshold and polarity per channel, bit-exactly.

A BatchNorm in float32 is a monotone function of the integer accumulator (both roundings are
monotone), so its sign changes at most once over the reachable counts. The switch point is found by
bisection on the float32 function itself; a threshold computed in real numbers would differ near
ties.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mramsim.errors import InputError
from mramsim.network.nodes.threshold import ALWAYS, NEVER

Evaluate = Callable[[NDArray[np.int64]], NDArray[np.float32]]


def fold_sign(
    evaluate: Evaluate, reach: int, channels: int
) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """Find ``polarity * count >= level``, true exactly where ``evaluate(count) >= 0``.

    Parameters
    ----------
    evaluate : callable
        Maps counts, int64 [channels], to float32 [channels]; monotone in each channel.
    reach : int
        Counts run from ``-reach`` to ``+reach``.
    channels : int

    Returns
    -------
    level : int32 array [channels]
    polarity : int8 array [channels]

    Raises
    ------
    InputError
        If the function gives NaN.
    """
    low = np.full(channels, -reach, dtype=np.int64)
    high = np.full(channels, reach, dtype=np.int64)
    at_low, at_high = evaluate(low), evaluate(high)
    if np.isnan(at_low).any() or np.isnan(at_high).any():
        raise InputError("BatchNorm gives NaN; check its mean, variance, gamma and beta")
    first, last = at_low >= 0, at_high >= 0
    falling = first & ~last
    while (high - low > 1).any():
        middle = (low + high) // 2
        beyond = (evaluate(middle) >= 0) != falling
        high = np.where(beyond, middle, high)
        low = np.where(beyond, low, middle)
    # `high` is now the first count on the far side of the switch, `low` the last on the near side.
    polarity = np.where(falling, -1, 1).astype(np.int8)
    level = np.where(falling, -low, high)
    level = np.where(first & last, ALWAYS, level)
    level = np.where(~first & ~last, NEVER, level)
    return level.astype(np.int32), polarity


def batchnorm_affine(
    gamma: NDArray[np.float32],
    beta: NDArray[np.float32],
    mean: NDArray[np.float32],
    var: NDArray[np.float32],
    eps: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return scale and offset of an inference BatchNorm in float32.

    ``scale = gamma / sqrt(var + eps)`` and ``offset = beta - mean * scale``, each step rounded to
    float32, the last as a fused multiply-add.

    Parameters
    ----------
    gamma, beta, mean, var : float32 array [channels]
    eps : float

    Returns
    -------
    scale, offset : float32 array [channels]

    Raises
    ------
    InputError
        For NaN, infinity or a negative variance.
    """
    parts = [np.asarray(part, dtype=np.float32) for part in (gamma, beta, mean, var)]
    if not all(np.isfinite(part).all() for part in parts) or (parts[3] < 0).any():
        raise InputError("BatchNorm holds NaN, infinity or a negative variance")
    gamma, beta, mean, var = parts
    inverse = np.float32(1.0) / np.sqrt(var + np.float32(eps))
    scale = inverse * gamma
    offset = beta.astype(np.float64) - mean.astype(np.float64) * scale.astype(np.float64)
    return scale, offset.astype(np.float32)


def affine(scale: NDArray[np.float32], offset: NDArray[np.float32]) -> Evaluate:
    """Return the function ``count -> scale * count + offset`` in float32, rounded once."""

    def evaluate(count: NDArray[np.int64]) -> NDArray[np.float32]:
        exact = scale.astype(np.float64) * count + offset.astype(np.float64)
        return exact.astype(np.float32)

    return evaluate


def fold_batchnorm(
    gamma: NDArray[np.float32],
    beta: NDArray[np.float32],
    mean: NDArray[np.float32],
    var: NDArray[np.float32],
    eps: float,
    reach: int,
) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """Fold an inference BatchNorm followed by sign; see `fold_sign` and `batchnorm_affine`."""
    scale, offset = batchnorm_affine(gamma, beta, mean, var, eps)
    return fold_sign(affine(scale, offset), reach, scale.size)
