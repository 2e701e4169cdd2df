"""One layer on arrays: its tiles and how its sums are formed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays.card import MappingCard
from mramsim.arrays.converter import CONVERTER_ERRORS, Range, fit_range
from mramsim.arrays.families import FAMILIES
from mramsim.arrays.family import CODING
from mramsim.mapping.tiles import Tile, cut, interleave, row_spans
from mramsim.network.nodes import Product, Threshold
from mramsim.network.nodes.base import Array
from mramsim.network.nodes.threshold import NEVER

Reading = Literal["count", "codes", "vote", "sweep"]


@dataclass(frozen=True, eq=False)
class LayerPlacement:
    """A product of the network, cut into tiles.

    Attributes
    ----------
    index : int
        Number among the mapped layers: part of the key of all draws.
    node : Product
    threshold : Threshold or None
        What follows; None for the output layer.
    card : MappingCard
        With the overrides of this layer.
    tiles : tuple of Tile
    reading : {"count", "codes", "vote", "sweep"}
        What a tile hands on: digitally counted bits, converter codes, one vote per column, or
        counts from a swept reference.
    converter_range : Range or None
        Of the converter, for ``codes``.
    sum_range : Range or None
        Of partial sums, where the policy rounds them.
    order : intp array [fan_in] or None
        Input that each row takes; None: in order.
    usual : float64 array [row blocks, fan_out] or None
        Accumulator that each tile's columns reach on average, where votes are calibrated.
    moved : int64 array [row blocks or 1, fan_out] or None
        Of one chip: by how much a measurement found the accumulators above the exact ones, of each
        tile where tiles vote, else of their sum. Whole counts, hence even; thresholds and outputs
        make up for it.
    """

    index: int
    node: Product
    threshold: Threshold | None
    card: MappingCard
    tiles: tuple[Tile, ...]
    reading: Reading
    converter_range: Range | None
    sum_range: Range | None
    order: NDArray[np.intp] | None = None
    usual: NDArray[np.float64] | None = None
    moved: NDArray[np.int64] | None = None

    @property
    def name(self) -> str:
        """Name of the product node."""
        return self.node.name

    def rows(self, levels: Array) -> NDArray[np.uint8]:
        """Return the levels that each row carries, [images, positions, groups, fan_in]."""
        found = self.node.rows(levels)
        return found if self.order is None else np.ascontiguousarray(found[..., self.order])

    @cached_property
    def mask(self) -> NDArray[np.bool_] | None:
        """Which rows are driven, [positions, fan_in]; None where all always are."""
        found = self.node.mask()
        if found is None or self.order is None:
            return found
        return np.ascontiguousarray(found[:, self.order])

    @cached_property
    def matrix(self) -> NDArray[np.uint8]:
        """Weights as bits in the order of the rows, [groups, fan_out / groups, fan_in]."""
        found = self.node.matrix()
        return found if self.order is None else np.ascontiguousarray(found[..., self.order])

    def block(self, tile: Tile) -> NDArray[np.uint8]:
        """Return the weights of a tile as bits, [columns, rows]."""
        first = tile.group * self.matrix.shape[1]
        columns = slice(tile.column_start - first, tile.column_stop - first)
        return self.matrix[tile.group, columns, tile.row_start : tile.row_stop]

    @cached_property
    def ones(self) -> dict[int, NDArray[np.int64]]:
        """Weights +1 in each row, int64 [rows], by number of the tile."""
        return {tile.index: self.block(tile).sum(axis=0, dtype=np.int64) for tile in self.tiles}

    @cached_property
    def level(self) -> NDArray[np.int32]:
        """Level of the threshold of each output as the chip holds it, int32 [fan_out]."""
        assert self.threshold is not None
        return self._raised(self.threshold.level, slice(None), self.total_moved())

    def total_moved(self) -> NDArray[np.int64]:
        """Return what a measurement found too much in the accumulator of each output, [fan_out]."""
        if self.moved is None:
            return np.zeros(self.node.fan_out, np.int64)
        return np.asarray(self.moved.sum(axis=0))

    def _raised(self, level: Array, columns: slice, moved: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return levels of some outputs with what was measured on top; constant ones stay."""
        assert self.threshold is not None
        signed = self.threshold.polarity[columns] * moved[columns]
        wide = level.astype(np.int64)
        raised = np.clip(wide + signed, 1 - NEVER, NEVER - 1)
        return np.where(np.abs(wide) >= NEVER, wide, raised).astype(np.int32)

    @property
    def row_blocks(self) -> int:
        """Row tiles per neuron."""
        return max(tile.row_block for tile in self.tiles) + 1

    @property
    def positions(self) -> int:
        """Evaluations per image."""
        size = getattr(self.node, "output_size", (1, 1))
        return int(np.prod(size)) if self.mask is None else len(self.mask)

    @property
    def steps(self) -> int:
        """Reads in sequence for one position: bit planes times row groups of a tile."""
        rows = min(self.card.rows, self.node.fan_in)
        groups = -(-rows // self.card.rows_on)
        return self.node.planes * groups

    @property
    def votes(self) -> bool:
        """Whether row tiles vote instead of adding."""
        return self.reading == "vote" or (
            self.card.partial_sums == "majority" and self.threshold is not None
        )

    @property
    def calibrates(self) -> bool:
        """Whether images set its ranges or shares."""
        quantises = self.converter_range is not None or self.sum_range is not None
        return self.card.adc_range == "calibrated" and (quantises or self.votes)

    @property
    def measures_images(self) -> bool:
        """Whether its columns are measured with images after programming."""
        return self.card.measures and self.card.calibration_inputs == "images"

    @property
    def utilisation(self) -> float:
        """Share of the cells of its tiles that hold weights."""
        cells = len(self.tiles) * self.card.rows * self.card.columns
        return self.node.weight.size / cells

    def with_ranges(self, low: float, high: float) -> LayerPlacement:
        """Return the layer with its ranges set to tile counts `low` to `high`."""
        converter = (
            fit_range(low, high, self.card.adc_bits) if self.converter_range is not None else None
        )
        sums = (
            fit_range(low, high, self.card.partial_sum_bits) if self.sum_range is not None else None
        )
        return replace(self, converter_range=converter, sum_range=sums)

    def with_ideal_converters(self) -> LayerPlacement:
        """Return the layer with converters free of gain, offset, nonlinearity and noise."""
        return replace(self, card=self.card.model_copy(update=dict.fromkeys(CONVERTER_ERRORS, 0.0)))

    def share(self, tile: Tile) -> NDArray[np.int32]:
        """Return the level that a tile's columns vote against, int32 [columns].

        A tile's share of the threshold is its share of the rows. Calibrated: what the tile reaches
        on average, plus its share of what the threshold is above the average sum. Rounded up to
        an integer.
        """
        assert self.threshold is not None
        columns = slice(tile.column_start, tile.column_stop)
        found = self._share(tile, columns)
        if self.moved is None or not self.votes:
            return found
        return self._raised(found, columns, self.moved[tile.row_block])

    def _share(self, tile: Tile, columns: slice) -> NDArray[np.int32]:
        assert self.threshold is not None
        level = self.threshold.level[columns].astype(np.int64)
        if self.usual is None:
            return (-((-level * tile.rows) // self.node.fan_in)).astype(np.int32)
        usual = self.usual[:, columns] * self.threshold.polarity[columns]
        part = tile.rows / self.node.fan_in
        wanted = usual[tile.row_block] + part * (level - usual.sum(axis=0))
        constant = np.abs(level) >= NEVER
        return np.where(constant, level, np.ceil(np.round(wanted, 6))).astype(np.int32)

    def polarity(self, tile: Tile) -> NDArray[np.int8]:
        """Return the polarity of a tile's columns, int8 [columns]."""
        assert self.threshold is not None
        return self.threshold.polarity[tile.column_start : tile.column_stop]


def place_layer(
    index: int, node: Product, threshold: Threshold | None, card: MappingCard
) -> LayerPlacement:
    """Cut one product into tiles and choose how it is read.

    A layer that needs counts (the output, several bit planes, or partial sums that add) but has one
    sense amplifier per column is read by a swept reference.
    """
    voting = card.partial_sums == "majority" and threshold is not None
    spans = row_spans(node.fan_in, card.rows, voting)
    tiles = cut(node.fan_out, node.groups, spans, card.columns - card.spare_columns)
    order = interleave(node.fan_in, spans) if card.row_order == "interleaved" else None
    reading: Reading
    if FAMILIES[card.sensing].gives == "bits":
        reading = "count"
    elif card.converter in CODING:
        reading = "codes"
    elif threshold is not None and node.planes == 1 and card.partial_sums == "majority":
        reading = "vote"
    else:
        reading = "sweep"
    rows = float(min(card.rows, node.fan_in))
    converter = fit_range(0.0, rows, card.adc_bits) if reading == "codes" else None
    rounds = card.partial_sums == "adc"
    sums = fit_range(0.0, rows, card.partial_sum_bits) if rounds else None
    return LayerPlacement(index, node, threshold, card, tiles, reading, converter, sums, order)
