"""Energy of what turns analog columns into bits: sense amplifiers and converters."""

from __future__ import annotations

from mramsim.cost.components import Components
from mramsim.cost.converter import conversion_j
from mramsim.cost.part import Part
from mramsim.errors import InputError
from mramsim.mapping.events import LayerEvents
from mramsim.mapping.layer import LayerPlacement


def decision_j(sense: Part) -> float:
    """Return the energy of one decision, in J: ``C V^2 + I_static V t``."""
    static = sense.value("sa_static_a") * sense.vdd_v * sense.delay_s("sa_s")
    return sense.charge_j("sa_f") + static


def sense_amplifiers_j(layer: LayerPlacement, parts: Components, events: LayerEvents) -> float:
    """Return the energy of all sense-amplifier decisions, in J.

    The comparator of a converter is part of the converter's own energy.
    """
    if layer.reading == "codes":
        return 0.0
    return events.total("decisions") * decision_j(parts.sense)


def converters_j(layer: LayerPlacement, parts: Components, events: LayerEvents) -> float:
    """Return the energy of all conversions, in J."""
    conversions = events.total("conversions")
    if conversions == 0:
        return 0.0
    return conversions * conversion_j(converter_of(layer, parts), layer.card.adc_bits)


def converter_of(layer: LayerPlacement, parts: Components) -> Part:
    """Return the converter's part.

    Raises
    ------
    InputError
        Where the mapping card names none.
    """
    if parts.adc is None:
        raise InputError(f"card {layer.card.name}: a converter needs adc_card")
    return parts.adc
