"""Read a layer: drive its parts, add or let them vote, decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.decisions import decide_codes
from mramsim.kernels.words import count_ones
from mramsim.mapping.events import LayerEvents, digital_events, tile_events
from mramsim.mapping.layer import LayerPlacement
from mramsim.mapping.readers import Limits, Reader
from mramsim.network.nodes.base import Array

Sums = NDArray[np.float64]
_NEVER = 1 << 30


def read_layer(
    layer: LayerPlacement,
    readers: Sequence[Reader],
    levels: Array,
    images: NDArray[np.int64],
    effects: frozenset[str],
) -> tuple[Array, LayerEvents]:
    """Read one layer for a batch.

    Parameters
    ----------
    layer : LayerPlacement
    readers : sequence of Reader
        Of its parts; see `mramsim.mapping.readers.readers_of`.
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
    quantised = "adc" in effects
    kind = np.float64 if layer.threshold is None else np.uint8
    found = np.empty((count, positions, node.fan_out), dtype=kind)
    draws = 0
    for copy in range(layer.copies):
        own = [reader for reader in readers if reader.copy == copy]
        chosen, where = layer.taken(copy, images)
        if layer.copies == 1:
            visit = _Visit(layer, own, rows.reshape(-1, *rows.shape[2:]), images, copy, where)
            value, made = _read(visit, quantised)
            found = value.reshape(found.shape)
        elif chosen.any():
            part = np.ascontiguousarray(rows[chosen, where])
            flat_part = part.reshape(-1, *rows.shape[2:])
            visit = _Visit(layer, own, flat_part, images[chosen], copy, where)
            value, made = _read(visit, quantised)
            found[chosen, where] = value.reshape(*part.shape[:2], -1)
        else:
            continue
        draws += made
    inputs = rows.reshape(-1, *rows.shape[2:])
    value = node.assemble(layer.outputs(found))
    return value, _events(layer, inputs, count, draws)


class _Visit(NamedTuple):
    """What one copy of a layer reads: `inputs` uint8 [evaluations, groups, fan in]."""

    layer: LayerPlacement
    readers: Sequence[Reader]
    inputs: Array
    images: NDArray[np.int64]
    copy: int
    where: slice

    @property
    def positions(self) -> int:
        """Evaluations per image."""
        return len(self.inputs) // len(self.images)

    def driven(self, rows: slice | None = None) -> NDArray[np.float64]:
        """Return how many rows (of the layer, or of `rows`) are driven at each position."""
        mask = self.layer.mask
        if mask is None:
            size = self.layer.node.fan_in if rows is None else rows.stop - rows.start
            return np.full(self.positions, float(size))
        mask = mask[self.where] if rows is None else mask[self.where, rows]
        return np.asarray(mask.sum(axis=1), dtype=np.float64)

    def on(self, rows: slice) -> NDArray[np.float64]:
        """Return how many of `rows` are driven in each evaluation, [evaluations, 1]."""
        return np.tile(self.driven(rows), len(self.images))[:, None]

    def kinds(self) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """Return the different numbers of driven rows, and which of them each position has."""
        on, kinds = np.unique(self.driven(), return_inverse=True)
        return on, kinds.astype(np.int32)


def _read(visit: _Visit, quantised: bool) -> tuple[Array, int]:
    """Return bits where a threshold follows, else accumulators, [evaluations, columns]."""
    layer = visit.layer
    votes = quantised and layer.votes
    rounds = quantised and layer.sum_range is not None and layer.reading != "vote"
    whole = all(reader.integers for reader in visit.readers)
    if whole and not rounds and not (votes and layer.reading != "vote"):
        found, draws = _added(visit)
    else:
        found, draws = _summed(visit, rounds, votes)
        if layer.threshold is not None:
            found = (found >= 0).astype(np.uint8) if votes else decide(visit, found)
    if layer.threshold is None and layer.moved is not None:
        found = found - layer.total_moved(visit.copy)
    return found, draws


def _added(visit: _Visit) -> tuple[Array, int]:
    """Return bits, or accumulators, where the integers of parts and planes simply add."""
    layer, inputs = visit.layer, visit.inputs
    node, evaluations = layer.node, len(inputs)
    gated = any(reader.gated for reader in visit.readers)
    decides = layer.threshold is not None and (layer.reading == "vote" or not gated)
    kind = np.uint8 if decides else np.float64
    out = np.empty((evaluations, node.fan_out), dtype=kind)
    draws = 0
    spans = {(found.columns.start, found.columns.stop): found.columns for found in visit.readers}
    planes = (1 << node.planes) - 1
    for columns in spans.values():
        same = [reader for reader in visit.readers if reader.columns == columns]
        codes, zero = same[0].codes(evaluations), np.zeros((1, 1))
        for reader in same:
            part = inputs[:, reader.group, reader.rows]
            for plane in range(node.planes):
                draws += reader.add(part, plane, visit.images, visit.positions, codes)
            if not decides:
                zero = zero + reader.zero(part, planes, visit.positions, visit.on(reader.rows))
        weight = len(same) * planes
        if decides:
            kept = same[0].kept
            if weight not in kept:  # the same for every batch
                kept[weight] = _limits(visit, same[0], weight)
            decide_codes(codes, *kept[weight], out[:, columns])
        else:
            same[0].fill(codes, weight, zero, out[:, columns])
    if layer.threshold is not None and not decides:
        return decide(visit, out), draws
    return out, draws


def _limits(visit: _Visit, reader: Reader, weight: int) -> Limits:
    """Return for summed codes the least ``sign * code`` that gives 1, see `decide_codes`.

    The same decision as `decide` takes on the numbers that the codes stand for, solved for codes.
    """
    layer, columns = visit.layer, reader.columns
    sign = layer.polarity[columns].astype(np.int64)
    counts, kinds = visit.kinds()
    if layer.reading == "vote":
        limit = np.where(sign > 0, -(-weight // 2), -(weight // 2))
        return np.tile(limit, (len(counts), 1)).astype(np.int32), kinds, sign.astype(np.int32)
    on = counts[:, None] * ((1 << layer.node.planes) - 1)
    first = first_accumulator(layer.held_level(visit.copy)[columns], on)
    zero, one = (reader.numbers(np.full((1, 1), code), weight, 0.0).item() for code in (0, 1))
    middle = np.clip((sign * (first - 1) + on - zero) / (one - zero), -_NEVER, _NEVER)
    limit = np.full(middle.shape, _NEVER, dtype=np.int64)
    for code in sign * np.rint(middle).astype(np.int64) + np.arange(3, -4, -1)[:, None, None]:
        signed = sign * reader.numbers(sign * code, weight, on)
        limit = np.where(signed > first - 1, code, limit)
    return limit.astype(np.int32), kinds, sign.astype(np.int32)


def first_accumulator(level: NDArray[np.int32], on: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the first reachable accumulator at or above `level`, of `on` weighted driven rows."""
    wide = level.astype(np.int64)[None, :]
    return wide + (wide + on.astype(np.int64)) % 2


def decide(visit: _Visit, sums: Sums) -> NDArray[np.uint8]:
    """Return the bits of accumulators [evaluations, columns] that need not be integers.

    The border lies half a count (1 in units of the accumulator) below the first reachable
    accumulator that gives 1; accumulators are reachable in steps of 2 from ``-rows on``.
    """
    layer = visit.layer
    on = visit.driven()[:, None] * ((1 << layer.node.planes) - 1)
    first = first_accumulator(layer.held_level(visit.copy), on)
    signed = sums.reshape(-1, *first.shape) * layer.polarity.astype(np.float64)
    bits: NDArray[np.uint8] = (signed > first - 1).astype(np.uint8)
    return bits.reshape(sums.shape)


def _summed(visit: _Visit, rounds: bool, votes: bool) -> tuple[Sums, int]:
    """Return what parts pass on, added: analog counts, rounded partial sums, or their votes."""
    layer, inputs = visit.layer, visit.inputs
    sums = np.zeros((len(inputs), layer.node.fan_out))
    draws = 0
    for reader in visit.readers:
        on = visit.on(reader.rows)
        part = np.zeros((len(inputs), reader.width))
        levels = inputs[:, reader.group, reader.rows]
        for plane in range(layer.node.planes):
            found, made = reader.values(levels, plane, visit.images, visit.positions, on)
            if rounds:
                assert layer.sum_range is not None
                zero = reader.zero((levels >> plane) & 1, 1, visit.positions, on)
                counts = layer.sum_range.quantise((found + zero) / reader.slope)
                found = reader.slope * counts - zero
            part += float(1 << plane) * found
            draws += made
        if votes and layer.reading != "vote":
            level = layer.share(reader.parts[0])
            part = np.where(part * layer.polarity[reader.columns] >= level, 1.0, -1.0)
        sums[:, reader.columns] += part
    return sums, draws


def _events(layer: LayerPlacement, inputs: Array, count: int, draws: int) -> LayerEvents:
    """Return the events of reading `inputs` (uint8 [evaluations, groups, fan in])."""
    node = layer.node
    ones = np.zeros((node.groups, node.fan_in), dtype=np.int64)
    count_ones(inputs.reshape(len(inputs), -1), node.planes, ones.reshape(-1))
    driven = np.full(node.fan_in, len(inputs) * node.planes, dtype=np.int64)
    if layer.mask is not None:
        driven = layer.mask.sum(axis=0, dtype=np.int64) * count * node.planes
    events = tile_events(layer, ones, driven, len(inputs))
    return LayerEvents(events, digital_events(layer, count), draws)
