"""Which points no other point beats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

HIGH = frozenset({"accuracy"})  # objectives that are to be high


def losses(values: NDArray[np.float64], objectives: Sequence[str]) -> NDArray[np.float64]:
    """Return values [points, objectives] so that less is better."""
    signs = [-1.0 if name in HIGH else 1.0 for name in objectives]
    return np.asarray(values * np.array(signs))


def pareto_front(loss: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points are not dominated.

    A point is dominated if another is at least as good in every objective and better in one.

    Parameters
    ----------
    loss : float64 array [points, objectives]
        Less is better.

    Returns
    -------
    bool array [points]
    """
    no_worse = (loss[:, None, :] <= loss[None, :, :]).all(axis=2)
    better = (loss[:, None, :] < loss[None, :, :]).any(axis=2)
    dominated = (no_worse & better).any(axis=0)
    return np.asarray(~dominated)
