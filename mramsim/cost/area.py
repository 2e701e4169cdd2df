"""Area of placed arrays and of what stands around them."""

from __future__ import annotations

from math import ceil, log2

from mramsim.arrays.digital import tree_adders
from mramsim.arrays.families import FAMILIES
from mramsim.mapping.events import LAYER_EVENTS, digital_events
from mramsim.mapping.layer import LayerPlacement

COMPONENTS = ("cells", "sense_amplifiers", "converters", "counters", "adders", "registers")
BRANCHES = 2  # MTJs, each with its transistor, of a 2T2MTJ cell


def area_m2(layer: LayerPlacement) -> dict[str, float]:
    """Return the area of one layer by component, in m2.

    Every placed tile is a whole array: its unused cells and the read-out of its unused columns
    count. Word-line drivers, control and buffers are left out.
    """
    card, tiles = layer.card, len(layer.tiles)
    codes, counted = layer.reading == "codes", layer.reading in ("count", "sweep")
    converters = ceil(card.columns / card.columns_per_converter)
    family = FAMILIES[card.sensing]
    counter_bits = ceil(log2(card.rows + 1))
    counter_m2 = counter_bits * (card.adder_m2 + card.register_m2)
    if family.popcount == "tree":
        counter_m2 = tree_adders(card.rows) * card.adder_m2 + counter_bits * card.register_m2
    amplifiers = card.columns * (card.rows if family.amplifiers == "cell" else 1)
    return {
        "cells": tiles * card.rows * card.columns * BRANCHES * card.cell_m2,
        "sense_amplifiers": 0.0 if codes else tiles * amplifiers * card.sa_m2,
        "converters": tiles * converters * card.adc_m2 if codes else 0.0,
        "counters": tiles * card.columns * counter_m2 if counted else 0.0,
        "adders": _adders(layer) * card.adder_m2,
        "registers": layer.node.fan_out * sum_bits(layer) * card.register_m2,
    }


def sum_bits(layer: LayerPlacement) -> int:
    """Return the width of the layer's sums (or counts of votes) in bits."""
    per_image = int(digital_events(layer, 1)[LAYER_EVENTS.index("register_bits")])
    return per_image // (layer.positions * layer.node.fan_out)


def _adders(layer: LayerPlacement) -> int:
    """Return the full adders of a layer.

    Per output: a tree over row tiles, an accumulator where several steps add up, a comparator where
    a threshold is taken digitally.
    """
    per_output = layer.row_blocks - 1
    partial = layer.node.planes if layer.reading == "count" else layer.steps
    if partial > 1:
        per_output += 1
    if layer.threshold is not None and layer.reading != "vote":
        per_output += 1
    return layer.node.fan_out * sum_bits(layer) * per_output
