"""Measure the columns of a programmed chip with known inputs, then trim references and thresholds.

A column's count is off by what its cells add to their nominal values for the input at hand, by the
offset of its comparator or converter and by its reference. The mean of that over inputs belongs to
the column and can be taken out; what differs from input to input stays. The measurement is the
read of the chip itself: noise, converters and wires included, `calibration_reads` times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays.mitigation import MitigationCard
from mramsim.errors import InputError
from mramsim.kernels.records import AnalogTile
from mramsim.mapping.layer import LayerPlacement
from mramsim.mapping.readers import Reader, Record, readers_of
from mramsim.network.nodes.base import Array

Floats = NDArray[np.float64]
_BLOCK_BYTES = 1 << 24


@dataclass(frozen=True, eq=False)
class Known:
    """What the columns of a layer are measured with.

    Attributes
    ----------
    levels : uint8 array [inputs, ...] or None
        Levels at the layer's input for known images; None: random ones.
    generator : callable
        Gives a generator at the start of the random inputs.
    keys : uint32 array [parts, 2]
        Of the per-read draws of the measurement.
    """

    levels: Array | None
    generator: Callable[[], np.random.Generator]
    keys: NDArray[np.uint32]


def trimmed(
    layer: LayerPlacement, records: Sequence[Record], known: Known, effects: frozenset[str]
) -> tuple[LayerPlacement, list[Record]]:
    """Return a layer and the records of its parts after the trims that its card asks for.

    First the analog trims, whose steps are finer, then the digital thresholds by what is left; each
    follows a measurement of its own.

    Parameters
    ----------
    layer : LayerPlacement
    records : sequence of AnalogTile or PcsaTile
    known : Known
    effects : frozenset of str

    Returns
    -------
    layer : LayerPlacement
        With `moved` set.
    records : list
        With trimmed offsets, and levels of votes.

    Raises
    ------
    InputError
        Known images are asked for and there are none.
    """
    card, done = layer.card, list(records)
    if card.calibration_inputs == "images" and known.levels is None:
        raise InputError(
            f"layer '{layer.name}': calibration_inputs = 'images' needs a placement that has seen "
            "training images (Placement.calibrate); 'random' needs none"
        )
    if card.trim_bits > 0:
        mean = measured(layer, done, known, effects, 0).mean(axis=0)
        done = [
            _shifted(
                record,
                trims(mean[part.copy, part.row_block, part.column_start : part.column_stop], card),
            )
            for part, record in zip(layer.parts, done, strict=True)
        ]
    if card.threshold_calibration:
        found = measured(layer, done, known, effects, card.calibration_reads)
        excess = np.tensordot(1 << np.arange(layer.node.planes), found, 1)
        if not layer.votes:
            excess = excess.sum(axis=1, keepdims=True)
        layer = replace(layer, moved=2 * np.rint(excess * layer.slope / 2.0).astype(np.int64))
        if layer.reading == "vote":
            done = [
                record._replace(level=layer.share(part))
                if isinstance(record, AnalogTile)
                else record
                for part, record in zip(layer.parts, done, strict=True)
            ]
    return layer, done


def trims(deviation: Floats, card: MitigationCard) -> Floats:
    """Return by how many counts each column's reference is raised, [columns].

    The mean of the columns that share a trim, rounded to its steps: ``k`` steps with ``k`` from
    ``-2^(b - 1)`` to ``2^(b - 1) - 1``.

    Parameters
    ----------
    deviation : float64 array [columns]
        Measured, in counts.
    card : MitigationCard
    """
    shared = np.arange(len(deviation)) // card.trim_columns
    mean = np.bincount(shared, deviation) / np.bincount(shared)
    half = 1 << (card.trim_bits - 1)
    code = np.clip(np.rint(mean / card.trim_step), -half, half - 1)
    return np.asarray(code[shared] * card.trim_step)


def _shifted(record: Record, trim: Floats) -> Record:
    assert isinstance(record, AnalogTile)  # of others the card refuses trims
    return record._replace(offset=record.offset - trim)


def measured(
    layer: LayerPlacement,
    records: Sequence[Record],
    known: Known,
    effects: frozenset[str],
    first: int,
) -> Floats:
    """Return the mean deviation of every column from an ideal one with the same converter.

    Parameters
    ----------
    layer : LayerPlacement
    records : sequence of AnalogTile or PcsaTile
    known : Known
    effects : frozenset of str
    first : int
        Number of the first read: its noise is that of no other measurement.

    Returns
    -------
    float64 array [planes, copies, row blocks, fan_out]
        In counts. Columns that vote are measured with a swept reference. Parts that are read
        together share the row block of their first.
    """
    quantised = "adc" in effects
    probe = replace(layer, reading="sweep") if layer.reading == "vote" else layer
    keyed = [record._replace(key=key) for record, key in zip(records, known.keys, strict=True)]
    readers = readers_of(probe, keyed, quantised)
    mean = np.zeros((layer.node.planes, layer.copies, layer.row_blocks, layer.node.fan_out))
    for start, rows in _inputs(layer, known):
        images = np.arange(first + start, first + start + len(rows), dtype=np.int64)
        for reader in readers:
            where = layer.taken(reader.copy, images)[1]
            own = rows[:, where, reader.group, reader.rows]
            count, positions, size = own.shape
            levels = np.ascontiguousarray(own).reshape(count * positions, size)
            driven = _mask(layer, where, reader.rows, count)
            on = np.broadcast_to(driven.sum(axis=1, dtype=np.float64), len(levels))[:, None]
            block = reader.parts[0].row_block
            for plane in range(layer.node.planes):
                found, _ = reader.values(levels, plane, images, positions, on)
                wanted = _expected(probe, reader, (levels >> plane) & 1, driven, quantised)
                zero = reader.zero((levels >> plane) & 1, 1, positions, on)
                excess = (found + zero) / reader.slope - wanted
                mean[plane, reader.copy, block, reader.columns] += excess.sum(axis=0) / positions
    return mean / layer.card.calibration_reads


def _inputs(layer: LayerPlacement, known: Known) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield number of the first read and levels of rows, uint8 [reads, positions, groups, R]."""
    node, reads = layer.node, layer.card.calibration_reads
    share = max(1, _BLOCK_BYTES // (layer.positions * node.groups * node.fan_in))
    rng = known.generator()
    for start in range(0, reads, share):
        count = min(share, reads - start)
        if layer.card.calibration_inputs == "images":
            assert known.levels is not None
            chosen = np.arange(start, start + count) % len(known.levels)
            yield start, layer.rows(known.levels[chosen])
            continue
        shape = (count, layer.positions, node.groups, node.fan_in)
        rows = rng.integers(0, 1 << node.planes, shape, dtype=np.uint8)
        yield start, rows if layer.mask is None else rows * layer.mask[None, :, None, :]


def _mask(layer: LayerPlacement, where: slice, rows: slice, count: int) -> NDArray[np.bool_]:
    """Return which rows are driven in each evaluation of `count` reads, [evaluations, rows]."""
    if layer.mask is None:
        return np.ones((1, rows.stop - rows.start), dtype=np.bool_)
    return np.tile(layer.mask[where, rows], (count, 1))


def _expected(
    layer: LayerPlacement,
    reader: Reader,
    bits: NDArray[Any],
    driven: NDArray[np.bool_],
    quantised: bool,
) -> Floats:
    """Return the counts that ideal columns with the same converter hand on, [evaluations, M]."""
    first = reader.group * layer.matrix.shape[1]
    columns = slice(reader.columns.start - first, reader.columns.stop - first)
    stored = layer.matrix[reader.group, columns, reader.rows].T.astype(np.float64)
    counts = bits @ stored
    if not reader.gated:
        counts = counts + ((1.0 - bits) * driven) @ (1.0 - stored)
    if quantised and layer.converter_range is not None:
        return layer.converter_range.quantise(counts)
    return np.asarray(counts)
