"""Energy of the digital part: popcount, partial sums, thresholds, registers, moved bits."""

from __future__ import annotations

from mramsim.cost.array_read import matched_reads
from mramsim.mapping.events import LayerEvents
from mramsim.mapping.layer import LayerPlacement

TOGGLES = 2  # flip-flops that a binary counter toggles per increment: 1 + 1/2 + 1/4 + ...


def popcount_j(layer: LayerPlacement, events: LayerEvents) -> float:
    """Return the energy of the column counters, in J.

    Where bits are counted one by one (``count``, ``sweep``) each 1 increments the counter of its
    column: `TOGGLES` adder operations and flip-flop writes. The ones are the matching cells.
    """
    if layer.reading not in ("count", "sweep"):
        return 0.0
    ones, _ = matched_reads(events)
    return TOGGLES * ones * (layer.card.adder_j + layer.card.register_j)


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
