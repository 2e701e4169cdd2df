"""Latency of a layer: its tiles in parallel, its positions and steps in sequence."""

from __future__ import annotations

from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

from mramsim.mapping.events import TILE_EVENTS, LayerEvents
from mramsim.mapping.layer import LayerPlacement
from mramsim.mapping.tiles import Tile


def latency_s(layer: LayerPlacement, events: LayerEvents, images: int) -> float:
    """Return the time that a layer takes for all `images`, in s.

    The slowest tile sets the pace. The digital part of one position runs while the next position
    is read; only the last one of each image adds to the time: one clock for threshold and register
    and one per level of the adder tree over row tiles.
    """
    slowest = max(
        _reads_s(layer, tile, counts)
        for tile, counts in zip(layer.tiles, events.tiles, strict=True)
    )
    clocks = 1 + ceil(log2(layer.row_blocks))
    return slowest + images * clocks * layer.card.clock_s


def _reads_s(layer: LayerPlacement, tile: Tile, counts: NDArray[np.int64]) -> float:
    """Return the time of all reads of one tile, in s.

    Per step: pre-charge, read, then one decision (sense amplifier), the conversions of the columns
    that share a converter, or, for a swept reference, one decision per driven row while the column
    value is held.
    """
    card = layer.card
    steps = int(counts[TILE_EVENTS.index("steps")])
    reads = steps * (card.t_precharge_s + card.t_read_s)
    if layer.reading == "codes":
        in_turn = min(card.columns_per_converter, tile.columns)
        return reads + steps * in_turn * card.adc_bits * card.adc_bit_s
    if layer.reading == "sweep":
        return reads + int(counts[TILE_EVENTS.index("row_drives")]) * card.sa_s
    return reads + steps * card.sa_s
