"""Parts of tiles ready to be read: records in the order that kernels want, made once per chip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays import coding
from mramsim.arrays.drop import counts_of
from mramsim.kernels.converters import CODES, EXACT, SWEEP, VOTE, Converter
from mramsim.kernels.lanes import aligned
from mramsim.kernels.pcsa import read_pcsa
from mramsim.kernels.prepared import Prepared, prepare
from mramsim.kernels.prepared_bits import PreparedBits, prepare_bits
from mramsim.kernels.products import COLUMNS, INPUTS
from mramsim.kernels.read_codes import read_codes
from mramsim.kernels.read_values import read_values
from mramsim.kernels.records import NO_COUNTS, AnalogTile, PcsaTile
from mramsim.kernels.words import fill_numbers
from mramsim.mapping.layer import LayerPlacement
from mramsim.mapping.tiles import Part

Codes = NDArray[np.int32]
Limits = tuple[Codes, Codes, Codes]  # limit, kinds and sign
Record = AnalogTile | PcsaTile


@dataclass(frozen=True, eq=False)
class Reader:
    """One or more parts of one copy and input group that are read in one call.

    Attributes
    ----------
    parts : tuple of Part
    copy : int
    group : int
    rows, columns : slice
        Of the layer's group, and of its columns.
    converter : Converter
        What is made of an analog count.
    record : AnalogTile or None
        None for cells that give bits.
    ready : Prepared or PreparedBits
    kept : dict of int to tuple
        By the weight of summed codes, where they are decided; see
        `mramsim.kernels.decisions.decide_codes`. Filled when first needed.
    """

    parts: tuple[Part, ...]
    copy: int
    group: int
    rows: slice
    columns: slice
    converter: Converter
    record: AnalogTile | None
    ready: Prepared | PreparedBits
    kept: dict[int, Limits] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.columns.stop - self.columns.start)

    @property
    def integers(self) -> bool:
        """Whether reads give integers (codes, votes, counts) instead of analog counts."""
        return self.record is None or self.converter.mode != EXACT

    @property
    def gated(self) -> bool:
        """Whether it counts products of bits instead of matches; see `mramsim.arrays.coding`."""
        return self.record is not None and self.record.gated

    @property
    def slope(self) -> float:
        """Accumulators per count."""
        return coding.slope(self.gated)

    def zero(
        self, levels: NDArray[Any], weight: int, positions: int, rows_on: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return what is taken from counts times `slope`, float64 [evaluations, 1 or columns].

        Parameters
        ----------
        levels : integer array [evaluations, rows]
            One bit of them, or all where planes add with their weights.
        weight : int
            Sum of the weights of the planes.
        positions : int
        rows_on : float64 array [evaluations, 1]
            Driven rows.
        """
        if not self.gated:
            return rows_on * weight
        ready: Any = self.ready
        place = np.minimum(np.arange(len(levels)) % positions, len(ready.pattern) - 1)
        ones = levels.sum(axis=1, dtype=np.float64)[:, None]
        return np.asarray(2.0 * ones - weight * ready.shift[ready.pattern[place]])

    def codes(self, count: int) -> Codes:
        """Return zeros to add the codes of `count` evaluations to.

        int32 [blocks of 32 evaluations, panels of 16 columns, 32, 16]: the order of reading.
        """
        shape = (-(-count // INPUTS), -(-self.width // COLUMNS), INPUTS, COLUMNS)
        return aligned(shape, np.int32)  # type: ignore[no-any-return]

    def add(
        self,
        levels: NDArray[np.uint8],
        plane: int,
        images: NDArray[np.int64],
        positions: int,
        codes: Codes,
    ) -> int:
        """Read one bit plane, add the integers times ``2^plane`` to `codes`; return the draws.

        `levels` (uint8 [evaluations, rows]) are those of the reader's rows.
        """
        ready: Any = self.ready
        if self.record is None:
            return int(read_pcsa(levels, plane, images, positions, ready, codes))
        given = self._given(levels, plane, positions)
        record, converter = self.record, self.converter
        made = read_codes(levels, plane, images, positions, record, ready, converter, given, codes)
        return int(made)

    def _given(self, levels: Any, plane: int, positions: int) -> NDArray[np.float64]:
        """Return the analog counts behind the wires, where there are any."""
        assert self.record is not None
        if self.record.wires.size == 0:
            return NO_COUNTS
        bits = np.asarray((levels >> plane) & 1, dtype=np.uint8)
        return counts_of(self.record, bits, positions)

    def values(
        self,
        levels: NDArray[np.uint8],
        plane: int,
        images: NDArray[np.int64],
        positions: int,
        rows_on: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], int]:
        """Return what one bit plane passes on, float64 [evaluations, columns], and the draws.

        Accumulators, ``2 count - rows_on`` for matches (`rows_on` float64 [evaluations, 1]: driven
        rows), or votes.
        """
        if not self.integers:
            assert self.record is not None
            values = np.empty((len(levels), self.width))
            given = self._given(levels, plane, positions)
            record, ready, converter = self.record, self.ready, self.converter
            draws = read_values(
                levels, plane, images, positions, record, ready, converter, given, values
            )
            return values, int(draws)
        codes = self.codes(len(levels))
        draws = self.add(levels, plane, images, positions, codes)
        codes >>= plane
        zero = self.zero((levels >> plane) & 1, 1, positions, rows_on)
        return self.numbers(flat(codes, len(levels), self.width), 1, zero), draws

    def numbers(self, codes: NDArray[Any], weight: int, zero: Any) -> NDArray[np.float64]:
        """Return the numbers that summed codes stand for.

        Parameters
        ----------
        codes : int array [evaluations, columns]
            Sum over parts and planes.
        weight : int
            What a code of 1 in each of them would sum to.
        zero : float64 array
            Sum of `zero`, each plane with its weight.
        """
        if self.record is not None and self.converter.mode == VOTE:
            return np.asarray(self.record.polarity * (2.0 * codes - weight))
        if self.record is not None and self.converter.mode == CODES:
            low, step = self.converter.low, self.converter.step
            return np.asarray(self.slope * (low * weight + step * codes) - zero)
        return np.asarray(self.slope * codes - zero)

    def fill(
        self, codes: Codes, weight: int, zero: NDArray[np.float64], out: NDArray[np.float64]
    ) -> None:
        """Write `numbers` of `codes` (see there) to `out` [evaluations, columns].

        `zero` : float64 [evaluations, 1 or columns].
        """
        if self.record is not None and self.converter.mode == VOTE:
            out[...] = self.numbers(flat(codes, len(out), self.width), weight, zero)
            return
        coded = self.record is not None and self.converter.mode == CODES
        low, step = (self.converter.low, self.converter.step) if coded else (0.0, 1.0)
        fill_numbers(codes, self.slope, low * weight, step, zero, out)


def flat(codes: Codes, count: int, columns: int) -> Codes:
    """Return codes in the order of reading as [count, columns]."""
    blocks, _, inputs, _ = codes.shape
    return codes.transpose(0, 2, 1, 3).reshape(blocks * inputs, -1)[:count, :columns]


def converter_of(layer: LayerPlacement, quantised: bool) -> Converter:
    """Return what a layer's tiles make of an analog count."""
    found = layer.converter_range
    if found is not None and layer.reading == "codes":
        return Converter(CODES if quantised else EXACT, found.low, found.step, found.codes)
    if not quantised:
        return Converter(EXACT, 0.0, 1.0, 1)
    if layer.reading == "vote":
        return Converter(VOTE, 0.0, 1.0, 2)
    return Converter(SWEEP, 0.0, 1.0, 1)  # bits are counted digitally


def readers_of(
    layer: LayerPlacement, records: Sequence[Record], quantised: bool
) -> tuple[Reader, ...]:
    """Prepare the parts of a layer; those of bits whose counts only add become one."""
    converter = converter_of(layer, quantised)
    pairs = list(zip(layer.parts, records, strict=True))
    adds = layer.sum_range is None and not layer.votes
    if adds and isinstance(records[0], PcsaTile):
        kinds = sorted({(part.copy, part.group) for part in layer.parts})
        return tuple(
            _bits([pair for pair in pairs if (pair[0].copy, pair[0].group) == kind], converter)
            for kind in kinds
        )
    made = []
    for part, record in pairs:
        if isinstance(record, PcsaTile):
            made.append(_bits([(part, record)], converter))
            continue
        rows, columns = _spans([part])
        ready = prepare(record, converter)
        made.append(Reader((part,), part.copy, part.group, rows, columns, converter, record, ready))
    return tuple(made)


def _spans(parts: Sequence[Part]) -> tuple[slice, slice]:
    rows = slice(min(t.row_start for t in parts), max(t.row_stop for t in parts))
    columns = slice(min(t.column_start for t in parts), max(t.column_stop for t in parts))
    return rows, columns


def _bits(pairs: Sequence[tuple[Part, Any]], converter: Converter) -> Reader:
    parts = tuple(part for part, _ in pairs)
    rows, columns = _spans(parts)
    places = [
        (
            slice(part.row_start - rows.start, part.row_stop - rows.start),
            slice(part.column_start - columns.start, part.column_stop - columns.start),
        )
        for part in parts
    ]
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    ready = prepare_bits([record for _, record in pairs], places, shape)
    first = parts[0]
    return Reader(parts, first.copy, first.group, rows, columns, converter, None, ready)
