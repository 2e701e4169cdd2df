"""What the tiles of a layer reach on images: sets converter ranges and shares of votes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mramsim.mapping.layer import LayerPlacement
from mramsim.network.nodes.base import Array


class Reached:
    """Smallest, largest and mean noiseless counts of a layer's parts, gathered over batches.

    Parameters
    ----------
    layer : LayerPlacement
    """

    def __init__(self, layer: LayerPlacement) -> None:
        self._layer = layer
        self._low, self._high = np.inf, -np.inf
        self._sums = np.zeros((layer.row_blocks, layer.node.fan_out))
        self._images = 0
        mask = layer.mask
        shape = (1, layer.node.fan_in)
        self._driven = np.ones(shape) if mask is None else mask.astype(np.float64)

    def add(self, levels: Array) -> None:
        """Take a batch of the layer's input levels into account."""
        layer, node = self._layer, self._layer.node
        rows = layer.rows(levels)
        gated = layer.card.input_coding == "gated"
        for part in layer.parts:
            if part.copy:
                continue
            own = slice(part.row_start, part.row_stop)
            weights = 2.0 * layer.block(part).T - 1.0
            on = self._driven[:, own].sum(axis=1)[None, :, None]
            for plane in range(node.planes):
                bits = (rows[:, :, part.group, own] >> plane) & 1
                signs = (2.0 * bits - 1.0) * self._driven[None, :, own]
                sums = signs @ weights
                counts = (sums + on) / 2.0
                if gated:
                    counts = bits.astype(np.float64) @ ((weights + 1.0) / 2.0)
                self._low = min(self._low, float(counts.min()))
                self._high = max(self._high, float(counts.max()))
                total: NDArray[np.float64] = sums.sum(axis=(0, 1)) * (1 << plane)
                self._sums[part.row_block, part.column_start : part.column_stop] += total
        self._images += rows.shape[0] * rows.shape[1]

    def calibrated(self) -> LayerPlacement:
        """Return the layer with its ranges and shares set."""
        layer = self._layer.with_ranges(self._low, self._high)
        return replace(layer, usual=self._sums / self._images) if layer.votes else layer
