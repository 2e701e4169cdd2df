"""Read a layer: drive its tiles, add or vote over row tiles, decide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays.drop import counts_of
from mramsim.kernels.analog import AnalogTile, lanes_for, read_analog
from mramsim.kernels.converters import CODES, EXACT, SWEEP, VOTE, Converter
from mramsim.kernels.pcsa import PcsaTile, read_pcsa
from mramsim.kernels.words import pack
from mramsim.mapping.events import LayerEvents, digital_events, tile_events
from mramsim.mapping.layer import LayerPlacement
from mramsim.mapping.tiles import Tile
from mramsim.network.nodes.base import Array

Record = AnalogTile | PcsaTile
Sums = NDArray[np.float64]


def read_layer(
    layer: LayerPlacement,
    records: Sequence[Record],
    levels: Array,
    images: NDArray[np.int64],
    effects: frozenset[str],
) -> tuple[Array, LayerEvents]:
    """Read one layer for a batch.

    Parameters
    ----------
    layer : LayerPlacement
    records : sequence of tile records
    levels : uint8 array [images, ...]
        Input of the product node.
    images : int64 array [images]
        Data-set index of each image.
    effects : frozenset of str

    Returns
    -------
    value : array
        Bits (uint8) where a threshold follows, else accumulators (float64), in the node's shape.
    events : LayerEvents
    """
    node = layer.node
    rows = layer.rows(levels)
    count, positions = rows.shape[:2]
    evaluations = count * positions
    quantised = "adc" in effects
    votes = quantised and layer.votes
    sums = np.zeros((evaluations, node.fan_out), dtype=np.float64)
    events, draws = [], 0
    inputs = _Inputs(layer, rows.reshape(evaluations, node.groups, node.fan_in))
    for tile, record in zip(layer.tiles, records, strict=True):
        part = np.zeros((evaluations, tile.columns), dtype=np.float64)
        for plane in range(node.planes):
            x = inputs.packed(tile, plane)
            found, made = _read_plane(layer, record, x, images, plane, quantised)
            part += float(1 << plane) * found
            draws += made
        columns = slice(tile.column_start, tile.column_stop)
        if votes and layer.reading != "vote":
            part = _votes(layer, tile, record, part)
        sums[:, columns] += part
        ones, driven = inputs.activity(tile)
        events.append(tile_events(layer, tile, ones, driven, evaluations))
    counted = LayerEvents(np.stack(events), digital_events(layer, count), draws)
    shaped = sums.reshape(count, positions, node.fan_out)
    if layer.threshold is None:
        return node.assemble(shaped), counted
    if votes:
        return node.assemble((shaped >= 0).astype(np.uint8)), counted
    return node.assemble(decide(layer, shaped)), counted


def decide(layer: LayerPlacement, sums: Sums) -> NDArray[np.uint8]:
    """Return the bits of accumulators [images, positions, channels] that need not be integers.

    The border lies half a count (1 in units of the accumulator) below the first reachable
    accumulator that gives 1; accumulators are reachable in steps of 2 from ``-rows on``.
    """
    assert layer.threshold is not None
    level = layer.threshold.level.astype(np.int64)
    mask = layer.mask
    rows_on = np.array([layer.node.fan_in]) if mask is None else mask.sum(axis=1)
    total = rows_on * ((1 << layer.node.planes) - 1)
    first = level[None, :] + (level[None, :] + total[:, None]) % 2
    signed = sums * layer.threshold.polarity.astype(np.float64)
    bits: NDArray[np.uint8] = (signed > first - 1).astype(np.uint8)
    return bits


def _read_plane(
    layer: LayerPlacement,
    record: Record,
    x: NDArray[np.uint64],
    images: NDArray[np.int64],
    plane: int,
    quantised: bool,
) -> tuple[Sums, int]:
    """Return what one tile passes on for one bit plane: accumulators or votes; and the draws."""
    positions = len(x) // len(images)
    columns = record.weight.shape[1]
    driven = np.resize(record.rows_on, positions).astype(np.float64)
    rows_on = np.tile(driven, len(images))[:, None]
    sums = np.zeros((len(x), columns), dtype=np.float64)
    draws: int
    if isinstance(record, PcsaTile):  # a family that gives bits
        counts = np.empty((len(x), columns), dtype=np.int32)
        draws = read_pcsa(x, images, positions, plane, record, counts)
        np.subtract(2.0 * counts, rows_on, out=sums)
    else:
        converter = _converter(layer, quantised)
        lanes = lanes_for(record)
        given = counts_of(record, x, positions)
        draws = read_analog(x, images, positions, plane, record, converter, lanes, given, sums)
    if quantised and layer.sum_range is not None and layer.reading != "vote":
        sums = 2.0 * layer.sum_range.quantise((sums + rows_on) / 2.0) - rows_on
    return sums, draws


def _converter(layer: LayerPlacement, quantised: bool) -> Converter:
    if not quantised:
        return Converter(EXACT, 0.0, 1.0, 1)
    if layer.reading == "vote":
        return Converter(VOTE, 0.0, 1.0, 1)
    if layer.reading == "sweep":
        return Converter(SWEEP, 0.0, 1.0, 1)
    found = layer.converter_range
    assert found is not None
    return Converter(CODES, found.low, found.step, found.codes)


def _votes(layer: LayerPlacement, tile: Tile, record: Record, part: Sums) -> Sums:
    """Return +1 or -1 per column: its accumulator against its share of the threshold."""
    signed = part * layer.polarity(tile)
    return np.where(signed >= layer.share(tile), 1.0, -1.0)


class _Inputs:
    """Packed bits and activity of each row block, made once for all column tiles."""

    def __init__(self, layer: LayerPlacement, rows: NDArray[np.uint8]) -> None:
        self._planes = layer.node.planes
        self._rows = rows
        self._mask = layer.mask
        self._packed: dict[tuple[int, int, int], NDArray[np.uint64]] = {}
        self._activity: dict[tuple[int, int], tuple[NDArray[np.int64], NDArray[np.int64]]] = {}

    def packed(self, tile: Tile, plane: int) -> NDArray[np.uint64]:
        """Return the words of one bit plane of the tile's rows, uint64 [evaluations, W]."""
        key = (tile.group, tile.row_block, plane)
        if key not in self._packed:
            part = self._rows[:, tile.group, tile.row_start : tile.row_stop]
            words = np.empty((len(part), -(-tile.rows // 64)), dtype=np.uint64)
            pack(part, plane, words)
            self._packed[key] = words
        return self._packed[key]

    def activity(self, tile: Tile) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how often each row carried bit 1 and how often it was driven."""
        key = (tile.group, tile.row_block)
        if key not in self._activity:
            part = self._rows[:, tile.group, tile.row_start : tile.row_stop]
            ones = np.zeros(tile.rows, dtype=np.int64)
            for plane in range(self._planes):
                ones += ((part >> plane) & 1).sum(axis=0, dtype=np.int64)
            driven = np.full(tile.rows, len(part) * self._planes, dtype=np.int64)
            if self._mask is not None:
                share = self._mask[:, tile.row_start : tile.row_stop].sum(axis=0, dtype=np.int64)
                driven = share * (len(part) // len(self._mask)) * self._planes
            self._activity[key] = (ones, driven)
        return self._activity[key]
