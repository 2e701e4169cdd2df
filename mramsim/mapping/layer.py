"""One layer on arrays: its tiles and how its sums are formed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays import coding
from mramsim.arrays.card import MappingCard
from mramsim.arrays.converter import CONVERTER_ERRORS, Range, fit_range
from mramsim.arrays.families import FAMILIES
from mramsim.mapping.tiles import Part, Span, Tile
from mramsim.network.nodes import Product, Threshold
from mramsim.network.nodes.base import Array
from mramsim.network.nodes.threshold import NEVER

Reading = Literal["count", "codes", "vote", "sweep"]


class TileRows(NamedTuple):
    """What counting events needs of the tiles of a layer.

    Attributes
    ----------
    number : intp array [rows of all tiles]
        Of each row in [groups, fan_in].
    first : intp array [tiles]
        First row of each tile.
    ones : int64 array [rows of all tiles]
        Weights +1 in each row.
    columns, turns : int64 array [tiles]
        Columns, and reads in sequence (`LayerPlacement.turns`).
    """

    number: NDArray[np.intp]
    first: NDArray[np.intp]
    ones: NDArray[np.int64]
    columns: NDArray[np.int64]
    turns: NDArray[np.int64]


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
        Of one copy.
    groups : tuple of tuple of (start, stop)
        For each row tile, the rows of the fan-in that are read one group after another.
    reading : {"count", "codes", "vote", "sweep"}
        What a tile hands on: digitally counted bits, converter codes, one vote per column, or
        counts from a swept reference.
    converter_range : Range or None
        Of the converter, for ``codes``.
    sum_range : Range or None
        Of partial sums, where the policy rounds them.
    order : intp array [fan_in] or None
        Input that each row takes; None: in order.
    column_order : intp array [fan_out] or None
        Output that each column gives; None: in order. Tiles, parts and all below count columns.
    usual : float64 array [row blocks, fan_out] or None
        Accumulator that each part's columns reach on average, where votes are calibrated.
    moved : int64 array [copies, row blocks or 1, fan_out] or None
        Of one chip: by how much a measurement found the accumulators above the exact ones, of each
        part where parts vote, else of their sum. Whole counts, hence even; thresholds and outputs
        make up for it.
    """

    index: int
    node: Product
    threshold: Threshold | None
    card: MappingCard
    tiles: tuple[Tile, ...]
    groups: tuple[tuple[Span, ...], ...]
    reading: Reading
    converter_range: Range | None
    sum_range: Range | None
    order: NDArray[np.intp] | None = None
    column_order: NDArray[np.intp] | None = None
    usual: NDArray[np.float64] | None = None
    moved: NDArray[np.int64] | None = None

    @property
    def name(self) -> str:
        """Name of the product node."""
        return self.node.name

    def rows(self, levels: Array) -> NDArray[np.uint8]:
        """Return the levels that each row carries, [images, positions, groups, fan_in]."""
        found = self.node.rows(levels)
        if self.order is None:
            return found
        from mramsim.kernels.patches import fill_patches

        turned = np.empty((found.size // self.order.size, 1, self.order.size), found.dtype)
        start, order = np.zeros(1, np.uint64), self.order.astype(np.uint64)
        fill_patches(found.reshape(-1, order.size), start, order, turned)
        return turned.reshape(found.shape)

    @cached_property
    def mask(self) -> NDArray[np.bool_] | None:
        """Which rows are driven, [positions, fan_in]; None where all always are."""
        found = self.node.mask()
        if found is None or self.order is None:
            return found
        return np.ascontiguousarray(found[:, self.order])

    @cached_property
    def matrix(self) -> NDArray[np.uint8]:
        """Weights as bits in the order of rows and columns, [groups, fan_out / groups, fan_in]."""
        found = self.node.matrix()
        if self.column_order is not None:
            shape = found.shape
            found = found.reshape(-1, shape[-1])[self.column_order].reshape(shape)
        return found if self.order is None else np.ascontiguousarray(found[..., self.order])

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """What is read at once: by tile, then copy, then row group."""
        return tuple(
            part
            for tile in self.tiles
            for copy in range(self.copies)
            for part in self.parts_of(tile, copy)
        )

    def parts_of(self, tile: Tile, copy: int) -> tuple[Part, ...]:
        """Return the row groups of one copy of a tile."""
        before = sum(len(spans) for spans in self.groups[: tile.row_block])
        return tuple(
            Part(tile, copy, turn, before + turn, *span)
            for turn, span in enumerate(self.groups[tile.row_block])
        )

    def block(self, part: Tile | Part) -> NDArray[np.uint8]:
        """Return the weights of a tile or part as bits, [columns, rows]."""
        first = part.group * self.matrix.shape[1]
        columns = slice(part.column_start - first, part.column_stop - first)
        return self.matrix[part.group, columns, part.row_start : part.row_stop]

    @cached_property
    def tile_rows(self) -> TileRows:
        """Rows of all tiles, one tile after the other."""
        tiles = self.tiles
        size = self.node.fan_in
        rows = [np.arange(t.group * size + t.row_start, t.group * size + t.row_stop) for t in tiles]
        ones = [self.block(tile).sum(axis=0, dtype=np.int64) for tile in tiles]
        lengths = np.array([tile.rows for tile in tiles])
        return TileRows(
            np.concatenate(rows),
            np.concatenate([[0], np.cumsum(lengths)[:-1]]),
            np.concatenate(ones),
            np.array([tile.columns for tile in tiles], dtype=np.int64),
            np.array([self.turns(tile) for tile in tiles], dtype=np.int64),
        )

    def held_level(self, copy: int) -> NDArray[np.int32]:
        """Return the threshold of each column as a copy of the chip holds it, int32 [fan_out]."""
        return self._raised(self.level, slice(None), self.total_moved(copy))

    def total_moved(self, copy: int = 0) -> NDArray[np.int64]:
        """Return what a measurement found too much in the accumulator of each column, [fan_out]."""
        if self.moved is None:
            return np.zeros(self.node.fan_out, np.int64)
        return np.asarray(self.moved[copy].sum(axis=0))

    def _raised(self, level: Array, columns: slice, moved: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return levels of some columns with what was measured on top; constant ones stay."""
        signed = self.polarity[columns] * moved[columns]
        wide = level.astype(np.int64)
        raised = np.clip(wide + signed, 1 - NEVER, NEVER - 1)
        return np.where(np.abs(wide) >= NEVER, wide, raised).astype(np.int32)

    @property
    def row_tiles(self) -> int:
        """Row tiles per neuron."""
        return len(self.groups)

    @property
    def row_blocks(self) -> int:
        """Parts per neuron: row groups of all its row tiles."""
        return sum(len(spans) for spans in self.groups)

    @property
    def positions(self) -> int:
        """Evaluations per image."""
        size = getattr(self.node, "output_size", (1, 1))
        return int(np.prod(size)) if self.mask is None else len(self.mask)

    @property
    def sharing(self) -> int:
        """Copies that share the positions of one image."""
        return min(self.card.copies, self.positions)

    @property
    def images_at_once(self) -> int:
        """Images that the copies take at a time."""
        return self.card.copies // self.sharing

    @property
    def copies(self) -> int:
        """Copies in use."""
        return self.sharing * self.images_at_once

    def taken(self, copy: int, images: NDArray[np.int64]) -> tuple[NDArray[np.bool_], slice]:
        """Return which of the images (data-set indices) and which positions a copy takes."""
        image, place = divmod(copy, self.sharing)
        return images % self.images_at_once == image, slice(place, None, self.sharing)

    def turns(self, tile: Tile) -> int:
        """Return the reads of a tile in sequence, for one bit plane of one position."""
        if FAMILIES[self.card.sensing].rows_at_once == "one":
            return -(-tile.rows // self.card.rows_on)
        return len(self.groups[tile.row_block])

    @property
    def steps(self) -> int:
        """Reads in sequence for one position: bit planes times row groups of a tile."""
        return self.node.planes * max(self.turns(tile) for tile in self.tiles)

    @property
    def cycles(self) -> int:
        """Reads in sequence for one image; copies share its positions."""
        return self.steps * -(-self.positions // self.sharing)

    @property
    def wasted_cells(self) -> int:
        """Cells of its arrays that hold no weight of a copy in use."""
        cells = self.card.copies * len(self.tiles) * self.card.rows * self.card.columns
        return cells - self.copies * int(self.node.weight.size)

    @property
    def votes(self) -> bool:
        """Whether row tiles vote instead of adding."""
        return self.reading == "vote" or (
            self.card.partial_sums == "majority" and self.threshold is not None
        )

    @property
    def slope(self) -> float:
        """Accumulators per count."""
        return coding.slope(self.card.input_coding == "gated")

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

    @cached_property
    def level(self) -> NDArray[np.int32]:
        """Threshold of each column, int32 [fan_out]."""
        assert self.threshold is not None
        found = self.threshold.level
        return found if self.column_order is None else found[self.column_order]

    @cached_property
    def polarity(self) -> NDArray[np.int8]:
        """Polarity of each column, int8 [fan_out]."""
        assert self.threshold is not None
        found = self.threshold.polarity
        return found if self.column_order is None else found[self.column_order]

    def outputs(self, found: Array) -> Array:
        """Return [..., columns] in the order of outputs."""
        if self.column_order is None:
            return found
        return np.ascontiguousarray(found[..., np.argsort(self.column_order)])

    def share(self, part: Part) -> NDArray[np.int32]:
        """Return the level that the columns of a part vote against, int32 [columns].

        A part's share of the threshold is its share of the rows. Calibrated: what the part reaches
        on average, plus its share of what the threshold is above the average sum. Rounded up to
        an integer.
        """
        columns = slice(part.column_start, part.column_stop)
        found = self._share(part, columns)
        if self.moved is None or not self.votes:
            return found
        return self._raised(found, columns, self.moved[part.copy, part.row_block])

    def _share(self, part: Part, columns: slice) -> NDArray[np.int32]:
        level = self.level[columns].astype(np.int64)
        if self.usual is None:
            return (-((-level * part.rows) // self.node.fan_in)).astype(np.int32)
        usual = self.usual[:, columns] * self.polarity[columns]
        weight = part.rows / self.node.fan_in
        wanted = usual[part.row_block] + weight * (level - usual.sum(axis=0))
        constant = np.abs(level) >= NEVER
        return np.where(constant, level, np.ceil(np.round(wanted, 6))).astype(np.int32)
