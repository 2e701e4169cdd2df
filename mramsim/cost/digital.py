"""Energy of the digital part: popcount, partial sums, thresholds, registers, moved bits."""

from __future__ import annotations

from math import ceil, log2

from mramsim.arrays.digital import tree_adders
from mramsim.arrays.families import FAMILIES
from mramsim.cost.array_read import matched_reads
from mramsim.mapping.events import TILE_EVENTS, LayerEvents
from mramsim.mapping.layer import LayerPlacement

TOGGLES = 2  # flip-flops that a binary counter toggles per increment: 1 + 1/2 + 1/4 + ...


def popcount_j(layer: LayerPlacement, events: LayerEvents) -> float:
    """Return the energy of counting bits, in J.

    One by one (a counter per column, also for swept references) each 1 increments the counter:
    `TOGGLES` adder operations and flip-flop writes; the ones are the matching cells. All at once (a
    tree) each column read takes the tree's full adders, of which `tree_activity` toggle, and writes
    the count.
    """
    if layer.reading not in ("count", "sweep"):
        return 0.0
    card = layer.card
    if FAMILIES[card.sensing].popcount == "counter":
        ones, _ = matched_reads(events)
        return TOGGLES * ones * (card.adder_j + card.register_j)
    reads = events.tiles[:, TILE_EVENTS.index("column_reads")]
    total = 0.0
    for tile, count in zip(layer.tiles, reads, strict=True):
        adders = tree_adders(tile.rows) * card.tree_activity * card.adder_j
        total += int(count) * (adders + ceil(log2(tile.rows + 1)) * card.register_j)
    return total


def adders_j(layer: LayerPlacement, events: LayerEvents) -> float:
    """Return the energy of adding partial sums and comparing with thresholds, in J."""
    return (events.total("adder_ops") + events.total("compare_bits")) * layer.card.adder_j


def registers_j(layer: LayerPlacement, events: LayerEvents) -> float:
    """Return the energy of the result registers, in J."""
    return events.total("register_bits") * layer.card.register_j


def data_movement_j(layer: LayerPlacement, events: LayerEvents) -> float:
    """Return the energy of moving input and output bits between layers, in J."""
    moved = events.total("input_bits") + events.total("output_bits")
    return moved * layer.card.wire_j_per_bit
