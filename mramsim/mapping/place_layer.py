"""Cut one product into tiles and choose how they are read."""

from __future__ import annotations

from mramsim.arrays.card import MappingCard
from mramsim.arrays.converter import fit_range
from mramsim.arrays.families import FAMILIES
from mramsim.arrays.family import CODING
from mramsim.mapping.columns import column_order
from mramsim.mapping.layer import LayerPlacement, Reading
from mramsim.mapping.tiles import cut, interleave, row_groups
from mramsim.network.nodes import Product, Threshold


def place_layer(
    index: int, node: Product, threshold: Threshold | None, card: MappingCard
) -> LayerPlacement:
    """Cut one product into tiles and choose how it is read.

    A layer that needs counts (the output, several bit planes, or partial sums that add) but has one
    sense amplifier per column is read by a swept reference.
    """
    voting = card.partial_sums == "majority" and threshold is not None
    family = FAMILIES[card.sensing]
    rows_on = card.rows_on if family.rows_at_once == "any" else card.rows
    groups = row_groups(node.fan_in, card.rows, rows_on, voting)
    spans = tuple((found[0][0], found[-1][1]) for found in groups)
    tiles = cut(node.fan_out, node.groups, spans, card.columns - card.spare_columns)
    every = tuple(span for found in groups for span in found)
    order = interleave(node.fan_in, every) if card.row_order == "interleaved" else None
    reading: Reading
    if family.gives == "bits":
        reading = "count"
    elif card.converter in CODING:
        reading = "codes"
    elif threshold is not None and node.planes == 1 and card.partial_sums == "majority":
        reading = "vote"
    else:
        reading = "sweep"
    rows = float(min(rows_on, node.fan_in))
    converter = fit_range(0.0, rows, card.adc_bits) if reading == "codes" else None
    rounds = card.partial_sums == "adc"
    sums = fit_range(0.0, rows, card.partial_sum_bits) if rounds else None
    columns = column_order(card.column_order, node)
    return LayerPlacement(
        index, node, threshold, card, tiles, groups, reading, converter, sums, order, columns
    )
