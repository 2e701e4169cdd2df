"""Reinforcement: rare random increments away from 0, drawn by the gaps between them.

Each integer is moved independently with the same probability. Drawing the geometric gap to the
next one costs one random word per move instead of one per integer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.jit import kernel
from mramsim.kernels.local_errors import pack_signs, sign_of
from mramsim.kernels.philox import philox

_TABLE = 1024


@kernel
def strengthen(
    hidden: Any,
    gaps: Any,
    clip: Any,
    tie: Any,
    step: Any,
    layer: Any,
    key: Any,
    w: Any,
    w_live: Any,
) -> Any:
    """Move random integers away from 0, clip all, and pack their signs.

    Parameters
    ----------
    hidden : int32 [K, d]
        Changed.
    gaps : uint32 [G]
        `gap_table` of the probability; empty leaves all as they are.
    clip : int
        Largest magnitude; 0 for none.
    tie, step, layer : int
    key : uint32 [2]
    w, w_live : uint64 [W, K]
        Filled.
    """
    for neuron in range(hidden.shape[0]):
        row = hidden[neuron]
        if gaps.size > 0:
            strengthen_row(row, gaps, neuron, step, layer, key)
        if clip > 0:
            for position in range(row.size):
                row[position] = min(max(row[position], -clip), clip)
        pack_signs(row, tie, w[:, neuron], w_live[:, neuron])


@kernel
def strengthen_row(row: Any, gaps: Any, neuron: Any, step: Any, layer: Any, key: Any) -> Any:
    """Add 2 sign(h) to randomly chosen integers; the gaps between them are drawn.

    A gap beyond the table is walked without a success and drawn on: it has no memory.
    """
    position = np.int64(0)
    block = 0
    while position < row.size:
        w0, w1, w2, w3 = philox(
            np.uint32(block),
            np.uint32(neuron),
            np.uint32(step),
            np.uint32(layer),
            key[0],
            key[1],
        )
        for word in (np.uint32(w0), np.uint32(w1), np.uint32(w2), np.uint32(w3)):
            gap = np.searchsorted(gaps, word, side="right")
            position += gap
            if position >= row.size:
                return
            if gap < gaps.size:
                row[position] += 2 * sign_of(row[position], 0)
                position += 1
        block += 1


def gap_table(probability: float) -> NDArray[np.uint32]:
    """Return 2^32 times the distribution function of the gap before a success, rounded down.

    Parameters
    ----------
    probability : float
        Of a success; 0 to below 1.

    Returns
    -------
    uint32 array [1024] or [0]
        Entry g: the gap is at most g. Empty for probability 0.
    """
    if probability == 0:
        return np.empty(0, np.uint32)
    gaps = np.arange(1, _TABLE + 1)
    at_most = -np.expm1(gaps * np.log1p(-probability))
    table: NDArray[np.uint32] = np.floor(at_most * 2.0**32).clip(max=2**32 - 1).astype(np.uint32)
    return table
