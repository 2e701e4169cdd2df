"""Real-valued matrix product in one fixed order of additions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.jit import kernel


@kernel
def real_product(
    rows: NDArray[np.float32],
    matrix: NDArray[np.float32],
    bias: NDArray[np.float32],
    found: NDArray[np.float32],
) -> None:
    """Write ``rows @ matrix + bias``, summed from the first row to the last in float64.

    Products of float32 are exact in float64, so a fused multiply-add changes nothing, and each
    output has its own sum, so vector width changes nothing either.

    Parameters
    ----------
    rows : float32 array [evaluations, groups, n]
    matrix : float32 array [groups, n, outputs / groups]
    bias : float32 array [outputs]
    found : float32 array [evaluations, outputs]
        Result, rounded once.
    """
    groups, size, columns = matrix.shape
    sums = np.empty(columns, dtype=np.float64)
    for place in range(rows.shape[0]):
        for group in range(groups):
            sums[:] = 0.0
            for row in range(size):
                value = np.float64(rows[place, group, row])
                for column in range(columns):
                    sums[column] += value * np.float64(matrix[group, row, column])
            for column in range(columns):
                total = sums[column] + np.float64(bias[group * columns + column])
                found[place, group * columns + column] = np.float32(total)
