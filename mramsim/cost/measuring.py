"""Measuring the columns of a layer after programming: the reads that calibration and trims take."""

from __future__ import annotations

from dataclasses import replace

from mramsim.mapping.events import TILE_EVENTS, LayerEvents
from mramsim.mapping.layer import LayerPlacement


def measurements(layer: LayerPlacement) -> int:
    """Return how many inputs a layer is read with after programming, all measurements together."""
    card = layer.card
    return card.calibration_reads * (int(card.trim_bits > 0) + int(card.threshold_calibration))


def measuring(layer: LayerPlacement, events: LayerEvents) -> tuple[LayerPlacement, LayerEvents]:
    """Return a layer and its events as they are while its columns are measured.

    Columns that vote are then read with a swept reference: one decision for each driven row and
    column.
    """
    if layer.reading != "vote":
        return layer, events
    tiles = events.tiles.copy()
    drives = tiles[:, TILE_EVENTS.index("row_drives")]
    cells = drives * [tile.columns for tile in layer.tiles]
    for name in ("decisions", "counted_bits"):
        tiles[:, TILE_EVENTS.index(name)] = cells
    return replace(layer, reading="sweep"), replace(events, tiles=tiles)
