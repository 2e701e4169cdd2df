"""What a read puts on the MTJs of a cell: voltages, length, direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mramsim.devices.disturb import ReadPulse
from mramsim.devices.resistance import nominal

if TYPE_CHECKING:
    from mramsim.arrays.card import MappingCard
    from mramsim.devices.card import DeviceCard
    from mramsim.devices.conditions import Conditions


def read_pulse(
    device: DeviceCard, mapping: MappingCard, conditions: Conditions, effects: frozenset[str]
) -> ReadPulse:
    """Return the pulse of one read.

    Every branch has `v_read_v` to itself, but for a divider of two MTJs (``charge``), whose
    branches share it by their resistances, each at its own voltage. The current has one direction,
    but for a divider, which is turned round with its input, and a passive array, where bit 0 puts
    -V on the row: there half of the reads go either way.
    """
    volts, length = mapping.v_read_v, mapping.t_read_s
    if mapping.sensing != "charge":
        return ReadPulse(volts, volts, length, both_ways=mapping.input_coding == "bipolar")

    def excess(parallel_v: float) -> float:
        p = nominal(device, parallel_v, conditions, effects)
        ap = nominal(device, volts - parallel_v, conditions, effects)
        own, other = p.rp_ohm + p.series_ohm, ap.rap_ohm + ap.series_ohm
        return parallel_v - volts * own / (own + other)

    from scipy.optimize import brentq

    parallel_v = float(brentq(excess, 0.0, volts, xtol=1e-12)) if volts > 0.0 else volts / 2.0
    return ReadPulse(parallel_v, volts - parallel_v, length, both_ways=True)
