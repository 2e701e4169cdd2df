"""What a network asks of a digital engine for one image, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, log2, prod

import numpy as np

from mramsim.cost.card import BaselineCard
from mramsim.network.graph import Network
from mramsim.network.nodes import Product


@dataclass(frozen=True)
class LayerWork:
    """One layer for one image on one engine.

    Attributes
    ----------
    macs : int
        Multiply-accumulates (1-bit ones for ``xnor_popcount``); undriven padding is no work.
    adders, registers : int
        Full additions and flip-flop writes (``xnor_popcount``).
    weight_bits, input_bits, output_bits : int
        Read, read and written.
    held_bits : int
        Activations of one image that must be kept: input and output of the layer.
    """

    macs: int
    adders: int
    registers: int
    weight_bits: int
    input_bits: int
    output_bits: int
    held_bits: int


def layer_works(network: Network, card: BaselineCard) -> Iterator[tuple[str, LayerWork]]:
    """Yield name and work of every binary product.

    Each weight is read once per image and kept for all positions of its layer; each input patch is
    read once per position and broadcast to all outputs; each output is written once.
    """
    for node in network.products():
        planes = node.planes if card.kind == "xnor_popcount" else 1
        rows = _driven_rows(node)
        positions = sum(rows.values())
        adders, registers = _popcounts(node, rows, planes, card)
        patch = node.fan_in * node.groups * planes * card.activation_bits
        inputs = prod(network.shapes[node.inputs[0]]) * planes
        outputs = positions * node.fan_out
        yield (
            node.name,
            LayerWork(
                macs=sum(driven * count for driven, count in rows.items()) * node.fan_out * planes,
                adders=adders,
                registers=registers,
                weight_bits=node.weight.size * card.weight_bits,
                input_bits=positions * patch,
                output_bits=outputs * card.activation_bits,
                held_bits=(inputs + outputs) * card.activation_bits,
            ),
        )


def _driven_rows(node: Product) -> dict[int, int]:
    """Return how many positions drive how many rows."""
    mask = node.mask()
    if mask is None:
        return {node.fan_in: int(np.prod(getattr(node, "output_size", (1,))))}
    driven, count = np.unique(mask.sum(axis=1), return_counts=True)
    return {int(rows): int(times) for rows, times in zip(driven, count, strict=True)}


def _popcounts(
    node: Product, rows: dict[int, int], planes: int, card: BaselineCard
) -> tuple[int, int]:
    """Return full additions and flip-flop writes of all popcounts and their accumulation."""
    if card.popcount_bits is None:
        return 0, 0
    width = ceil(log2(2 * node.reach + 1))
    adders = registers = 0
    for driven, count in rows.items():
        tree, chunks = _tree(driven, card.popcount_bits)
        evaluations = count * node.fan_out * planes
        adders += evaluations * (tree + chunks * width)
        registers += evaluations * chunks * width
    return adders, registers


def _tree(bits: int, width: int) -> tuple[int, int]:
    """Return the full adders of popcounts over `bits` in chunks of `width`, and the chunks.

    A tree of full adders that counts n bits has ``n - ceil(log2(n + 1))`` of them: each takes three
    bits of one weight and gives two.
    """
    full, rest = divmod(bits, width)
    adders = full * (width - ceil(log2(width + 1)))
    if rest:
        adders += rest - ceil(log2(rest + 1))
    return adders, full + (rest > 0)
