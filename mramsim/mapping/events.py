"""Counted events of a run: the only thing that energy, latency and area are made from.

Counts follow from how often each input row carried each bit, and from the weights: both are exact,
so events add over batches, shards and threads. Expected activity goes through the same functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

from mramsim.mapping.layer import LayerPlacement

TILE_EVENTS = (
    "reads_x1_w1",
    "reads_x1_w0",
    "reads_x0_w1",
    "reads_x0_w0",
    "row_drives",
    "steps",
    "column_reads",
    "decisions",
    "conversions",
    "counted_bits",
)
LAYER_EVENTS = ("adder_ops", "register_bits", "compare_bits", "input_bits", "output_bits")


@dataclass(frozen=True, eq=False)
class LayerEvents:
    """Events of one layer.

    Attributes
    ----------
    tiles : int64 array [tiles, len(TILE_EVENTS)]
        ``reads_x1_w0`` counts cells read with input +1 and weight -1, and so on (gated cells with
        input -1 among them, which do not conduct); ``row_drives`` word-line activations; ``steps``
        reads in sequence; ``column_reads`` columns sensed; ``decisions`` comparisons of sense
        amplifiers; ``conversions`` of the converter; ``counted_bits`` bits through a digital
        popcount.
    digital : int64 array [len(LAYER_EVENTS)]
        ``adder_ops`` one-bit full additions of partial sums, ``register_bits`` flip-flops written,
        ``compare_bits`` one-bit full additions of thresholds, ``input_bits`` and ``output_bits``
        activations moved.
    draws : int
        Random numbers drawn while reading (a figure of the simulation, not of the chip).
    """

    tiles: NDArray[np.int64]
    digital: NDArray[np.int64]
    draws: int = 0

    def __add__(self, other: LayerEvents) -> LayerEvents:
        """Add the events of two parts of a run."""
        return LayerEvents(
            self.tiles + other.tiles, self.digital + other.digital, self.draws + other.draws
        )

    def total(self, name: str) -> int:
        """Return one event, summed over tiles."""
        if name in TILE_EVENTS:
            return int(self.tiles[:, TILE_EVENTS.index(name)].sum())
        return int(self.digital[LAYER_EVENTS.index(name)])


@dataclass(frozen=True, eq=False)
class Events:
    """Events of a run over `images` images, by layer name."""

    images: int = 0
    layers: Mapping[str, LayerEvents] = field(default_factory=dict)

    def __add__(self, other: Events) -> Events:
        """Add the events of two parts of a run."""
        names = list(self.layers) or list(other.layers)
        merged = {}
        for name in names:
            parts = [run.layers[name] for run in (self, other) if name in run.layers]
            merged[name] = parts[0] if len(parts) == 1 else parts[0] + parts[1]
        return Events(self.images + other.images, merged)


def tile_events(
    layer: LayerPlacement,
    ones: NDArray[np.int64],
    driven: NDArray[np.int64],
    evaluations: int,
) -> NDArray[np.int64]:
    """Return the events of all tiles.

    Parameters
    ----------
    layer : LayerPlacement
    ones : int64 array [groups, fan_in]
        How often each row carried bit 1, over evaluations and bit planes.
    driven : int64 array [fan_in]
        How often each row was driven.
    evaluations : int
        Images times positions.

    Returns
    -------
    int64 array [tiles, len(TILE_EVENTS)]
    """
    node, rows = layer.node, layer.tile_rows
    on = ones.reshape(-1)[rows.number]
    off = driven[rows.number % node.fan_in] - on
    width = np.repeat(rows.columns, np.diff(rows.first, append=len(rows.number)))

    def summed(values: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.add.reduceat(values, rows.first)

    reads = evaluations * node.planes
    columns = reads * rows.turns * rows.columns
    drives = summed(on if layer.card.input_coding == "gated" else on + off)
    cells = drives * rows.columns
    decisions = {
        "count": cells,
        "codes": columns * layer.card.adc_bits,
        "vote": columns,
        "sweep": cells,
    }[layer.reading]
    none = np.zeros_like(columns)
    return np.stack(
        [
            summed(on * rows.ones),
            summed(on * (width - rows.ones)),
            summed(off * rows.ones),
            summed(off * (width - rows.ones)),
            drives,
            reads * rows.turns,
            columns,
            decisions,
            columns if layer.reading == "codes" else none,
            decisions if layer.reading in ("count", "sweep") else none,
        ],
        axis=1,
    )


def _counted_rows(layer: LayerPlacement, images: int) -> int:
    """Return the full additions that count the rows of gated cells that are on."""
    if layer.card.input_coding != "gated":
        return 0
    node = layer.node
    each = node.fan_in - ceil(log2(node.fan_in + 1))  # a tree of full adders
    return images * layer.positions * node.planes * node.groups * each


def digital_events(layer: LayerPlacement, images: int) -> NDArray[np.int64]:
    """Return the digital events of a layer, int64 [len(LAYER_EVENTS)]."""
    node = layer.node
    outputs = images * layer.positions * node.fan_out
    vote_width = ceil(log2(layer.row_blocks + 1))
    votes = (layer.row_blocks - 1) * vote_width
    if layer.reading == "vote":
        width, adds = vote_width, votes
        compares = vote_width if layer.row_blocks > 1 else 0
    else:
        width = ceil(log2(2 * node.reach + 1))
        parts = node.planes if layer.votes else layer.row_blocks * node.planes
        adds = (parts - 1) * width
        compares = width if layer.threshold is not None else 0
        if layer.votes:
            adds = layer.row_blocks * adds + votes
            compares = layer.row_blocks * width + vote_width
    if layer.card.input_coding == "gated" and layer.reading != "vote":
        adds += width  # rows on, counted once for all columns
    input_bits = images * layer.positions * node.fan_in * node.groups * node.planes
    output_bits = outputs * (1 if layer.threshold is not None else width)
    return np.array(
        [
            outputs * adds + _counted_rows(layer, images),
            outputs * width,
            outputs * compares,
            input_bits,
            output_bits,
        ],
        dtype=np.int64,
    )
