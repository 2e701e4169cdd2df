"""Area of placed arrays and of what stands around them."""

from __future__ import annotations

from math import ceil, log2

from mramsim.arrays.coding import mtjs
from mramsim.arrays.digital import tree_adders
from mramsim.arrays.families import FAMILIES
from mramsim.cost.components import Components
from mramsim.cost.converter import converter_m2
from mramsim.cost.part import memory
from mramsim.cost.sensing import converter_of
from mramsim.mapping.events import LAYER_EVENTS, digital_events
from mramsim.mapping.layer import LayerPlacement

COMPONENTS = (
    "cells",
    "drivers",
    "sense_amplifiers",
    "converters",
    "counters",
    "adders",
    "registers",
    "buffers",
)


def area_m2(layer: LayerPlacement, parts: Components, held_bits: float) -> dict[str, float]:
    """Return the area of one layer by component, in m2, all its copies together.

    Every placed tile is a whole array: its unused cells and the read-out of its unused columns
    count. ``drivers`` are a driver per word line, of which a row has one for each MTJ of a cell,
    and a write driver per column; ``buffers`` an SRAM that holds input and output of one image.
    """
    card, tiles, logic = layer.card, len(layer.tiles), parts.logic
    codes, counted = layer.reading == "codes", layer.reading in ("count", "sweep")
    converters = ceil(card.columns / card.columns_per_converter)
    family = FAMILIES[card.sensing]
    counter_bits = ceil(log2(card.rows + 1))
    adder, register = logic.area_m2("adder_m2"), logic.area_m2("register_m2")
    counter_m2 = counter_bits * (adder + register)
    if family.popcount == "tree":
        counter_m2 = tree_adders(card.rows) * adder + counter_bits * register
    amplifiers = card.columns * (card.rows if family.amplifiers == "cell" else 1)
    each_adc = converter_m2(converter_of(layer, parts), card.adc_bits) if codes else 0.0
    branches = mtjs(card)
    rows = card.rows * branches * parts.driver.area_m2("driver_m2")
    columns = card.columns * parts.write.area_m2("write_driver_m2")
    buffer_bits = memory(parts.buffer, held_bits)[0] * 8
    once = {
        "cells": tiles * card.rows * card.columns * branches * parts.cell.area_m2("cell_m2"),
        "drivers": tiles * (rows + columns),
        "sense_amplifiers": 0.0 if codes else tiles * amplifiers * parts.sense.area_m2("sa_m2"),
        "converters": tiles * converters * each_adc,
        "counters": tiles * card.columns * counter_m2 if counted else 0.0,
        "adders": _adders(layer) * adder,
        "registers": layer.node.fan_out * sum_bits(layer) * register,
        "buffers": buffer_bits * parts.buffer.area_m2("sram_m2_per_bit"),
    }
    return {name: card.copies * value for name, value in once.items()}


def sum_bits(layer: LayerPlacement) -> int:
    """Return the width of the layer's sums (or counts of votes) in bits."""
    per_image = int(digital_events(layer, 1)[LAYER_EVENTS.index("register_bits")])
    return per_image // (layer.positions * layer.node.fan_out)


def _adders(layer: LayerPlacement) -> int:
    """Return the full adders of a layer.

    Per output: a tree over row tiles, an accumulator where several steps add up, a comparator where
    a threshold is taken digitally.
    """
    per_output = layer.row_tiles - 1
    partial = layer.node.planes if layer.reading == "count" else layer.steps
    if partial > 1:
        per_output += 1
    if layer.threshold is not None and layer.reading != "vote":
        per_output += 1
    return layer.node.fan_out * sum_bits(layer) * per_output
