"""Latency of a layer: its tiles in parallel, its positions and steps in sequence."""

from __future__ import annotations

from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

from mramsim.cost.components import Components
from mramsim.cost.converter import conversion_s
from mramsim.cost.sensing import converter_of
from mramsim.mapping.events import TILE_EVENTS, LayerEvents
from mramsim.mapping.layer import LayerPlacement
from mramsim.mapping.tiles import Tile


def latency_s(layer: LayerPlacement, parts: Components, events: LayerEvents, images: int) -> float:
    """Return the time that a layer takes for all `images`, in s.

    The slowest tile sets the pace; copies of the layer share its positions. The digital part of one
    position runs while the next position is read; only the last one of each image adds to the time:
    one clock for threshold and register and one per level of the adder tree over row tiles; row
    groups are added as they come.
    """
    slowest = max(
        _reads_s(layer, parts, tile, counts)
        for tile, counts in zip(layer.tiles, events.tiles, strict=True)
    )
    share = ceil(layer.positions / layer.sharing) / layer.positions
    clocks = 1 + ceil(log2(layer.row_tiles))
    return slowest * share + images * clocks * layer.card.clock_s


def interval_s(layer: LayerPlacement, latency_per_image_s: float) -> float:
    """Return the time between two images that a layer can take, in s.

    As many images at a time as there are copies for all positions of each.
    """
    return latency_per_image_s / layer.images_at_once


def decision_s(layer: LayerPlacement, parts: Components) -> float:
    """Return the time of one decision of a sense amplifier, in s.

    What the design gives it, else what its block takes with the timing margin.
    """
    if layer.card.sa_s is not None:
        return layer.card.sa_s
    return parts.sense.delay_s("sa_s") * parts.logic.value("timing_factor")


def _reads_s(
    layer: LayerPlacement, parts: Components, tile: Tile, counts: NDArray[np.int64]
) -> float:
    """Return the time of all reads of one tile, in s.

    Per step: pre-charge, read, then one decision (sense amplifier), the conversions of the columns
    that share a converter, or, for a swept reference, one decision per driven row while the column
    value is held. A counter runs while its column settles, so the longer of both counts, and
    columns that share one settle in turn.
    """
    card = layer.card
    steps = int(counts[TILE_EVENTS.index("steps")])
    reads = steps * (card.t_precharge_s + card.t_read_s)
    if layer.reading == "codes":
        in_turn = min(card.columns_per_converter, tile.columns)
        converter = converter_of(layer, parts)
        one = conversion_s(converter, card.adc_bits, card.rows)
        one *= parts.logic.value("timing_factor")
        if converter.card.model == "counter":
            return steps * in_turn * (card.t_precharge_s + max(card.t_read_s, one))
        return reads + steps * in_turn * one
    if layer.reading == "sweep":
        return reads + int(counts[TILE_EVENTS.index("row_drives")]) * decision_s(layer, parts)
    return reads + steps * decision_s(layer, parts)
