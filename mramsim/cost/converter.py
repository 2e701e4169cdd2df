"""Converters: energy, time and area of one conversion by five published kinds of model."""

from __future__ import annotations

from mramsim.cost.part import Part


def conversion_j(adc: Part, bits: int) -> float:
    """Return the energy of one conversion, in J.

    * ``capacitor``: ``(C_bit b + C_level 4^b) V^2`` (zigzag-imc);
    * ``power``: ``(P_0 + P_bit b) (b + 1) t_step`` (NeuroSim), scaled as C V^2;
    * ``survey``: the largest entry up to the class of bits; beyond the last class 4 times more per
      bit (noise-limited), below the first half as much per bit;
    * ``flash``: ``(2^b - 1)`` comparators for one decision, scaled as C V^2;
    * ``counter``: a counter that steps ``2^b`` times, ``2^b C_step V^2``.
    """
    card = adc.card
    if card.model == "capacitor":
        return bits * adc.charge_j("adc_bit_f") + 4.0**bits * adc.charge_j("adc_level_f")
    if card.model == "power":
        power = adc.energy_j("adc_base_w") + bits * adc.energy_j("adc_bit_w")
        return power * (bits + 1) * adc.value("adc_step_s")
    if card.model == "survey":
        assert card.adc_from_bits is not None
        assert card.adc_conversion_j is not None
        first, last = card.adc_from_bits[0], card.adc_from_bits[-1]
        if bits > last:
            return float(card.adc_conversion_j[-1] * 4.0 ** (bits - last))
        if bits < first:
            return float(card.adc_conversion_j[0] * 2.0 ** (bits - first))
        reached = zip(card.adc_from_bits, card.adc_conversion_j, strict=True)
        return float(max(energy for edge, energy in reached if edge <= bits))
    if card.model == "flash":
        return (2.0**bits - 1.0) * adc.energy_j("adc_comparator_w") * adc.value("adc_decision_s")
    return 2.0**bits * adc.charge_j("adc_step_f")


def conversion_s(adc: Part, bits: int, rows: int) -> float:
    """Return the time of one conversion, in s.

    ``capacitor``: ``b (t_bit + rows t_row)``; ``power``: ``(b + 1) t_step``; ``survey``:
    ``b t_bit``; ``flash``: one decision; ``counter``: ``2^b t_step``.
    """
    model = adc.card.model
    if model == "capacitor":
        return bits * (adc.value("adc_bit_s") + rows * adc.value("adc_row_bit_s"))
    if model == "power":
        return (bits + 1) * adc.value("adc_step_s")
    if model == "survey":
        return bits * adc.value("adc_bit_s")
    if model == "flash":
        return adc.value("adc_decision_s")
    return float(2.0**bits * adc.delay_s("adc_step_s"))


def converter_m2(adc: Part, bits: int) -> float:
    """Return the area of one converter, in m2: ``A 10^(a b) 2^b``."""
    decades = adc.card.adc_area_decades_per_bit * bits
    return float(adc.area_m2("adc_unit_m2") * 10.0**decades * 2.0**bits)
