"""Energy of the array itself: cell currents, bit-line charge, word lines."""

from __future__ import annotations

import numpy as np

from mramsim.arrays.cells import AP, P, classes_of
from mramsim.arrays.pcsa import node_v
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.mapping.events import LayerEvents
from mramsim.mapping.layer import LayerPlacement

_ACTING = frozenset({"bias", "temperature"})  # deterministic effects that set the nominal cell


def branch_ohm(
    layer: LayerPlacement, device: DeviceCard, conditions: Conditions
) -> tuple[float, float]:
    """Return the nominal resistance of a P and of an AP branch while read, in Ohm."""
    classes = classes_of(device, layer.card.v_read_v, conditions, _ACTING)
    return classes[P].total_ohm, classes[AP].total_ohm


def array_read_j(
    layer: LayerPlacement, device: DeviceCard, conditions: Conditions, events: LayerEvents
) -> float:
    """Return the energy drawn from the supply through cells and bit lines, in J.

    Input +1 opens the true branch, -1 the complementary one, so a cell whose weight equals the
    input conducts through a P branch and any other through an AP branch.

    ``current_sum``: ``vdd v_read G t_read`` per driven branch, as the regulated bit line takes its
    current from the supply, and ``C v_read vdd`` per column read to charge the bit line.
    ``pcsa``: both branches of a cell are charged to the supply and discharge to
    ``vdd exp(-t / R C)``; the supply gives ``C vdd (vdd - v_end)`` for each, whatever the input.
    """
    card = layer.card
    p_ohm, ap_ohm = branch_ohm(layer, device, conditions)
    matches, others = matched_reads(events)
    if card.sensing == "pcsa":
        end_v = node_v(np.array([p_ohm, ap_ohm]), card)
        drawn_j = card.bitline_f * card.vdd_v * (card.vdd_v - end_v)
        return (matches + others) * float(drawn_j.sum())
    pulse = card.vdd_v * card.v_read_v * card.t_read_s
    lines = events.total("column_reads") * card.bitline_f * card.v_read_v * card.vdd_v
    return matches * (pulse / p_ohm) + others * (pulse / ap_ohm) + lines


def matched_reads(events: LayerEvents) -> tuple[int, int]:
    """Return how many cells were read with input and weight equal, and how many with not."""
    matches = events.total("reads_x1_w1") + events.total("reads_x0_w0")
    others = events.total("reads_x1_w0") + events.total("reads_x0_w1")
    return matches, others


def word_lines_j(layer: LayerPlacement, events: LayerEvents) -> float:
    """Return the energy of the word lines, in J.

    Each driven row pulses one line of its complementary pair over the whole width of the array:
    ``columns C_cell vdd^2``.
    """
    card = layer.card
    return events.total("row_drives") * card.columns * card.wordline_f * card.vdd_v**2
