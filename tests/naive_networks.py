"""Slow, obvious twins of layers and networks: loops over images, positions, tiles and planes."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
from naive import CODES, EXACT, SWEEP, VOTE, code_of, packed, read_analog, read_pcsa, zero_of
from numpy.typing import NDArray

from mramsim.network.nodes.threshold import NEVER


def patch(node: Any, levels: Any, position: int, group: int) -> list[tuple[int, bool]]:
    """Level and whether it is driven, of each row that one evaluation sees."""
    if node.kind == "linear":
        return [(int(level), True) for level in levels.ravel()]
    at = np.unravel_index(position, node.output_size)
    starts = [i * step - pad for i, step, pad in zip(at, node.stride, node.padding, strict=True)]
    share = node.weight.shape[1]
    found = []
    for channel in range(group * share, (group + 1) * share):
        for shift in np.ndindex(*node.weight.shape[2:]):
            place = [start + by for start, by in zip(starts, shift, strict=True)]
            if all(0 <= i < size for i, size in zip(place, node.size, strict=True)):
                found.append((int(levels[(channel, *place)]), True))
            elif node.pad_value == 1:
                found.append(((1 << node.planes) - 1, True))
            else:
                found.append((0, node.pad_value == -1))
    return found


def driven_rows(node: Any, position: int) -> list[bool]:
    """Which rows are driven at a position; alike for all groups."""
    linear = node.kind == "linear"
    blank = np.zeros(node.fan_in if linear else (node.channels, *node.size), int)
    return [on for _, on in patch(node, blank, position, 0)]


def positions_of(node: Any) -> int:
    """Evaluations per image."""
    return 1 if node.kind == "linear" else math.prod(node.output_size)


def arrange(node: Any, sums: Any) -> Any:
    """[images, positions, channels] to the shape of the node."""
    if node.kind == "linear":
        return sums[:, 0]
    return np.moveaxis(sums.reshape(len(sums), *node.output_size, -1), -1, 1)


def accumulators(node: Any, levels: Any) -> NDArray[np.int64]:
    """Exact accumulators: each driven row adds weight times (2 level - (2^planes - 1))."""
    top = (1 << node.planes) - 1
    sums = np.zeros((len(levels), positions_of(node), node.fan_out), np.int64)
    for image, place, column in np.ndindex(sums.shape):
        group = column // (node.fan_out // node.groups)
        rows = patch(node, levels[image], place, group)
        for (level, driven), weight in zip(rows, node.weight[column].ravel(), strict=True):
            if driven:
                sums[image, place, column] += (2 * level - top) * (1 if weight else -1)
    return np.asarray(arrange(node, sums))


def held(layer: Any, part: Any, rows: list[Any]) -> list[Any]:
    """Those of the fan-in rows of a neuron that a part holds, in the order it holds them.

    In order, or dealt to the parts in turn like cards, leaving out parts that are full.
    """
    if layer.card.row_order == "natural":
        return rows[part.row_start : part.row_stop]
    sizes = {other.row_block: other.rows for other in layer.parts}
    hands: dict[int, list[Any]] = {block: [] for block in sorted(sizes)}
    waiting = list(rows)
    while waiting:
        for block, hand in hands.items():
            if waiting and len(hand) < sizes[block]:
                hand.append(waiting.pop(0))
    return hands[part.row_block]


def outputs_of(layer: Any, part: Any) -> list[int]:
    """Output that each column of a part gives."""
    places = range(part.column_start, part.column_stop)
    order = layer.column_order
    return [place if order is None else int(order[place]) for place in places]


def copy_of(layer: Any, image: int, place: int) -> int:
    """Copies share positions in turn; those that are left share images in turn."""
    count = positions_of(layer.node)
    sharing = min(layer.card.copies, count)
    return (image % (layer.card.copies // sharing)) * sharing + place % sharing


def share_of(layer: Any, tile: Any) -> list[int]:
    """A tile's share of each threshold: by rows, around its usual sum if known; rounded up."""
    shares = []
    for place, column in enumerate(outputs_of(layer, tile), tile.column_start):
        level, part = int(layer.threshold.level[column]), Fraction(tile.rows, layer.node.fan_in)
        usual = [Fraction(0)] * layer.row_blocks
        if layer.usual is not None and abs(level) < NEVER:
            polarity = int(layer.threshold.polarity[column])
            usual = [polarity * exact(mean) for mean in layer.usual[:, place]]
        share = math.ceil(usual[tile.row_block] + part * (level - sum(usual)))
        more = calibrated(layer, tile.copy, tile.row_block, column, level) if layer.votes else 0
        shares.append(share + more)
    return shares


def calibrated(layer: Any, copy: int, block: int | None, output: int, level: int) -> int:
    """What a measurement added to a level: polarity times what was found too much (None: all)."""
    if layer.moved is None or abs(level) >= NEVER:
        return 0
    blocks = range(layer.moved.shape[1]) if block is None else [block]
    found = sum(int(layer.moved[copy, at, column_of(layer, output)]) for at in blocks)
    return int(layer.threshold.polarity[output]) * found


def column_of(layer: Any, output: int) -> int:
    """Column that gives an output."""
    return output if layer.column_order is None else list(layer.column_order).index(output)


def measured(layer: Any, records: Any, levels: Any, first: int, quantised: bool) -> Any:
    """Mean of what each part reads above an ideal one, in accumulators, [parts][columns]."""
    images = np.arange(first, first + len(levels))
    probe = replace(layer, reading="sweep") if layer.reading == "vote" else layer
    probe = replace(probe, sum_range=None, threshold=None, card=plain(layer.card))
    found = []
    for part, record in zip(layer.parts, records, strict=True):
        places = range(part.copy % layer.sharing, positions_of(layer.node), layer.sharing)
        perfect = ideal_part(probe, part)
        real = read_part(probe, part, record, levels, images, places, quantised)
        ideal = read_part(probe, part, perfect, levels, images, places, quantised)
        found.append((real - ideal).mean(axis=0))
    return found


def plain(card: Any) -> Any:
    """The card without a policy for partial sums."""
    return card.model_copy(update={"partial_sums": "exact"})


def exact(mean: float) -> Fraction:
    """The fraction that a mean over at most a thousand integers was rounded from."""
    return Fraction(mean).limit_denominator(1000)


def usual_sums(layer: Any, levels: Any) -> NDArray[np.float64]:
    """Mean exact accumulator of each part, [row blocks, columns]."""
    node, count = layer.node, positions_of(layer.node)
    top = (1 << node.planes) - 1
    totals = np.zeros((layer.row_blocks, node.fan_out))
    for tile in layer.parts:
        if tile.copy > 0:
            continue
        for image, place in np.ndindex(len(levels), count):
            rows = held(layer, tile, patch(node, levels[image], place, tile.group))
            values = np.array([(2 * level - top) * driven for level, driven in rows])
            for at, column in enumerate(outputs_of(layer, tile), tile.column_start):
                weight = np.array(held(layer, tile, node.weight[column].ravel().tolist()))
                totals[tile.row_block, at] += values @ (2 * weight - 1)
    return totals / (len(levels) * count)


def ideal_part(layer: Any, tile: Any) -> Any:
    """A record of perfect cells: what the readers above look at."""
    node = layer.node
    bits = node.weight.reshape(node.fan_out, -1)
    own = outputs_of(layer, tile)
    bits = [held(layer, tile, row.tolist()) for row in bits[own]]
    places = [driven_rows(node, place) for place in range(positions_of(node))]
    places = [on for at, on in enumerate(places) if at % layer.sharing == tile.copy % layer.sharing]
    driven = [held(layer, tile, on) for on in places]
    vote = layer.threshold is not None
    return SimpleNamespace(
        weight=np.array([packed(row) for row in bits], np.uint64).T,
        driven=np.array([packed(row) for row in driven], np.uint64),
        base=np.zeros((len(driven), tile.columns), int),
        deviation=np.zeros((tile.rows, tile.columns), int),
        gain=1.0,
        step=1.0,
        odd_row=[],
        odd_column=[],
        offset=np.zeros(tile.columns),
        reference_match=[],
        comparators=[],
        bend=[],
        variance_match=0.0,
        variance_other=0.0,
        variance_column=0.0,
        level=share_of(layer, tile) if vote else [],
        polarity=layer.threshold.polarity[own] if vote else [],
        key=(0, 0),
        wires=SimpleNamespace(siemens=[], transfer=[]),
        variance_fixed=[],
        gated=layer.card.input_coding == "gated",
    )


def read_part(
    layer: Any, tile: Any, record: Any, levels: Any, images: Any, places: Any, quantised: bool
) -> Any:
    """What a part contributes to the accumulators, [images * places, columns]."""
    node, count = layer.node, len(places)
    rows = [patch(node, image, place, tile.group) for image in levels for place in places]
    rows = [held(layer, tile, row) for row in rows]
    on = np.array([[sum(driven for _, driven in row)] for row in rows], float)
    mode = {"count": EXACT, "codes": CODES, "vote": VOTE, "sweep": SWEEP}[layer.reading]
    scale = layer.converter_range or SimpleNamespace(low=0.0, step=1.0, codes=1)
    converter = SimpleNamespace(
        mode=mode if quantised else EXACT, low=scale.low, step=scale.step, codes=scale.codes
    )
    total = 0.0
    for plane in range(node.planes):
        bits = np.array([[(level >> plane) & driven for level, driven in row] for row in rows])
        if layer.reading == "count":
            sums = 2.0 * read_pcsa(record, bits, images, count, plane) - on
        else:
            sums = read_analog(record, converter, bits, images, count, plane)
        if quantised and layer.card.partial_sums == "adc" and mode != VOTE:
            zero = zeros_of(record, bits, on)
            slope = 4.0 if layer.card.input_coding == "gated" else 2.0
            codes = [[code_of(v, layer.sum_range) for v in row] for row in (sums + zero) / slope]
            counts = layer.sum_range.low + layer.sum_range.step * np.array(codes)
            sums = slope * counts - zero
        total = total + 2.0**plane * sums
    if quantised and mode != VOTE and layer.votes:
        signed = total * layer.threshold.polarity[outputs_of(layer, tile)]
        total = np.where(signed >= share_of(layer, tile), 1.0, -1.0)
    return total


def zeros_of(record: Any, bits: Any, on: Any) -> Any:
    """What to take from the counts of one read, [evaluations, 1 or columns]."""
    if not getattr(record, "gated", False):
        return on
    places = len(record.driven)
    columns = range(record.weight.shape[1])
    zeros = [[zero_of(record, x, n % places, at)[0] for at in columns] for n, x in enumerate(bits)]
    return np.array(zeros)


def added_codes(layer: Any, sums: Any, levels: Any) -> Any:
    """The same sums, from codes that were added as integers and turned into a number once."""
    node, scale = layer.node, layer.converter_range
    gated = layer.card.input_coding == "gated"
    top = (1 << node.planes) - 1
    weight, slope, count = layer.row_blocks * top, 4.0 if gated else 2.0, positions_of(node)
    zero = np.zeros(sums.shape)
    for n, output in np.ndindex(sums.shape):
        group = output // (node.fan_out // node.groups)
        rows = patch(node, levels[n // count], n % count, group)
        for (level, driven), stored in zip(rows, node.weight[output].ravel(), strict=True):
            if driven and gated:
                zero[n, output] += 2 * level + top * (2 * int(stored) - 1)
            elif driven:
                zero[n, output] += top
    codes = np.rint(((sums + zero) / slope - scale.low * weight) / scale.step)
    return slope * (scale.low * weight + scale.step * codes) - zero


def read_layer(layer: Any, records: Any, levels: Any, images: Any, quantised: bool) -> Any:
    """Bits where a threshold follows, else accumulators, in the shape of the node."""
    node, count = layer.node, positions_of(layer.node)
    sums = np.zeros((len(levels) * count, node.fan_out))
    for part, record in zip(layer.parts, records, strict=True):
        taken = np.array(
            [[copy_of(layer, int(i), p) == part.copy for p in range(count)] for i in images]
        )
        who, places = np.flatnonzero(taken.any(axis=1)), np.flatnonzero(taken.any(axis=0))
        if len(who):
            found = read_part(layer, part, record, levels[who], images[who], places, quantised)
            sums[np.ix_(np.flatnonzero(taken), outputs_of(layer, part))] += found
    if quantised and layer.reading == "codes" and not layer.votes and layer.sum_range is None:
        sums = added_codes(layer, sums, levels)
    sums = sums.reshape(len(levels), count, -1)
    if layer.threshold is None:
        for image, place, output in np.ndindex(
            sums.shape if layer.moved is not None else (0, 0, 0)
        ):
            copy = copy_of(layer, int(images[image]), place)
            sums[image, place, output] -= layer.moved[copy, :, column_of(layer, output)].sum()
        return arrange(node, sums)
    if quantised and layer.votes:
        return arrange(node, (sums >= 0).astype(np.uint8))
    bits = np.zeros(sums.shape, np.uint8)
    for image, place, channel in np.ndindex(sums.shape):
        reachable = sum(driven_rows(node, place)) * ((1 << node.planes) - 1)
        level = int(layer.threshold.level[channel])
        level += calibrated(layer, copy_of(layer, int(images[image]), place), None, channel, level)
        first = level + (level - reachable) % 2  # accumulators come in steps of two
        signed = int(layer.threshold.polarity[channel]) * sums[image, place, channel]
        bits[image, place, channel] = signed > first - 1
    return arrange(node, bits)


def forward(placement: Any, records: Any, images: Any, first: int, quantised: bool) -> Any:
    """Scores of a whole network; `records` None: perfect cells."""
    values: dict[str, Any] = {}
    indices = np.arange(first, first + len(images))
    decided = {layer.threshold.name for layer in placement.layers if layer.threshold}
    for node in placement.network.nodes:
        layer = placement.layer(node.name)
        inputs = [values[name] for name in node.inputs] or [images]
        if layer is not None:
            ideal = [ideal_part(layer, part) for part in layer.parts]
            own = ideal if records is None else records[node.name]
            values[node.name] = read_layer(layer, own, inputs[0], indices, quantised)
        else:
            values[node.name] = inputs[0] if node.name in decided else node.forward(*inputs)
    return values[placement.network.output.name]
