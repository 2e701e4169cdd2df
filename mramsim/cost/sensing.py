"""Energy of what turns analog columns into bits: sense amplifiers and converters."""

from __future__ import annotations

from mramsim.mapping.events import LayerEvents
from mramsim.mapping.layer import LayerPlacement


def sense_amplifiers_j(layer: LayerPlacement, events: LayerEvents) -> float:
    """Return the energy of all sense-amplifier decisions, in J.

    The comparator of a converter is part of the converter's own energy.
    """
    if layer.reading == "codes":
        return 0.0
    return events.total("decisions") * layer.card.sa_j


def converters_j(layer: LayerPlacement, events: LayerEvents) -> float:
    """Return the energy of all conversions, in J: ``(k1 b + k2 4^b) vdd^2`` each.

    Form and constants of the card: zigzag-imc's fit to published analog in-memory chips.
    """
    card = layer.card
    capacitance = card.adc_bit_f * card.adc_bits + card.adc_level_f * 4.0**card.adc_bits
    return events.total("conversions") * capacitance * card.vdd_v**2
