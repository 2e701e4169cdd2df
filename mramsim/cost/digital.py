"""Energy of the digital part of a layer: popcount, partial sums, thresholds, registers, data."""

from __future__ import annotations

from math import ceil, log2

from mramsim.arrays.digital import tree_adders
from mramsim.arrays.families import FAMILIES
from mramsim.cost.array_read import conducting_reads
from mramsim.cost.components import Components
from mramsim.cost.part import memory, wire_j_per_bit_m
from mramsim.cost.tree import tree_activity
from mramsim.mapping.events import TILE_EVENTS, LayerEvents
from mramsim.mapping.layer import LayerPlacement

TOGGLES = 2  # flip-flops that a binary counter toggles per increment: 1 + 1/2 + 1/4 + ...
_ONES = [TILE_EVENTS.index(name) for name in ("reads_x1_w1", "reads_x0_w0")]
_CELLS = [TILE_EVENTS.index(name) for name in TILE_EVENTS if name.startswith("reads_")]
_READS = [TILE_EVENTS.index("column_reads")]
RANDOM = 0.25  # share of evaluations that charge a node of probability 1/2: p (1 - p)


def popcount_j(layer: LayerPlacement, parts: Components, events: LayerEvents) -> float:
    """Return the energy of counting bits, in J.

    One by one (a counter per column, also for swept references) each 1 increments the counter:
    `TOGGLES` adder operations and flip-flop writes; the ones are the cells that conduct in state P.
    All at once (a tree) each column read takes the tree's full adders, charged by `tree_activity`
    of the share of ones that was counted, and writes the count.
    """
    if layer.reading not in ("count", "sweep"):
        return 0.0
    logic = parts.logic
    adder, register = (
        logic.charge_j(key) * logic.value("layout_factor") for key in ("adder_f", "register_f")
    )
    if FAMILIES[layer.card.sensing].popcount == "counter":
        ones, _ = conducting_reads(layer, events)
        return TOGGLES * ones * (adder + register)
    total = 0.0
    for tile, counts in zip(layer.tiles, events.tiles, strict=True):
        ones, cells, reads = (int(counts[place].sum()) for place in (_ONES, _CELLS, _READS))
        if reads == 0:
            continue
        activity = tree_activity(tile.rows, ones / cells if cells else 0.0)
        each = tree_adders(tile.rows) * activity * adder
        total += reads * (each + ceil(log2(tile.rows + 1)) * register)
    return total


def adders_j(parts: Components, events: LayerEvents) -> float:
    """Return the energy of adding partial sums and comparing with thresholds, in J.

    Bits of converted sums are 1 half of the time and independent from one evaluation to the next,
    so a full adder is charged in `RANDOM` of its operations.
    """
    operations = events.total("adder_ops") + events.total("compare_bits")
    each = parts.logic.charge_j("adder_f") * parts.logic.value("layout_factor")
    return RANDOM * operations * each


def registers_j(parts: Components, events: LayerEvents) -> float:
    """Return the energy of the result registers, in J: each written bit clocks one flip-flop."""
    each = parts.logic.charge_j("register_f") * parts.logic.value("layout_factor")
    return events.total("register_bits") * each


def buffers_j(parts: Components, events: LayerEvents, held_bits: float) -> float:
    """Return the energy of reading inputs from and writing outputs to SRAM, in J.

    `held_bits` are the activations of one image that the layer keeps: its input and its output.
    """
    _, per_bit = memory(parts.buffer, held_bits)
    return (events.total("input_bits") + events.total("output_bits")) * per_bit


def data_movement_j(parts: Components, events: LayerEvents, distance_m: float) -> float:
    """Return the energy of moving input and output bits between layers, in J."""
    moved = events.total("input_bits") + events.total("output_bits")
    return moved * distance_m * wire_j_per_bit_m(parts.wire)
