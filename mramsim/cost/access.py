"""Times that follow from gates and currents: access of a plain read, cycle of an adder tree."""

from __future__ import annotations

from math import ceil, log2

from mramsim.arrays.bias import read_pulse
from mramsim.arrays.cells import AP, P, classes_of
from mramsim.cost.components import components_of
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.mapping.layer import LayerPlacement

SIGMAS = 6.0  # of the sense amplifier's offset that the signal must exceed
_ACTING = frozenset({"bias"})


def access_parts_s(layer: LayerPlacement, device: DeviceCard) -> dict[str, float]:
    """Return the parts of the time from an address to the output of one row, in s, without margin.

    * ``decoder``: ``ceil(log2 rows)`` levels of gates, half a full adder each;
    * ``signal``: the difference of P and AP currents must move the bit line by `SIGMAS` times the
      offset of the sense amplifier, ``C dV / (I_P - I_AP)``;
    * ``decision`` of the sense amplifier, and one ``register``.
    """
    card = layer.card
    parts = components_of(card)
    pulse = read_pulse(device, card, Conditions(), _ACTING)
    classes = classes_of(device, pulse, Conditions(), _ACTING)
    signal_a = card.v_read_v * (1.0 / classes[P].total_ohm - 1.0 / classes[AP].total_ohm)
    return {
        "decoder": ceil(log2(max(card.rows, 2))) * parts.logic.delay_s("adder_s") / 2.0,
        "signal": card.bitline_f * SIGMAS * card.sigma_sa_offset_v / signal_a,
        "decision": parts.sense.delay_s("sa_s"),
        "register": parts.logic.delay_s("register_s"),
    }


def tree_parts_s(layer: LayerPlacement) -> dict[str, float]:
    """Return the parts of the shortest cycle of cells that decide and a tree that counts, in s.

    The ``decision`` of a cell; in the ``tree`` one full adder per level, as the low bits of a level
    are ready while its high bits still ripple, and the carry of the last level, half a full adder
    per bit; one ``register``. Without margin.
    """
    parts = components_of(layer.card)
    levels = ceil(log2(max(layer.card.rows, 2)))
    return {
        "decision": parts.sense.delay_s("sa_s"),
        "tree": 1.5 * levels * parts.logic.delay_s("adder_s"),
        "register": parts.logic.delay_s("register_s"),
    }
