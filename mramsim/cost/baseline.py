"""What the same network shape costs on a digital engine, memory traffic included.

One image at a time. Each weight is read once per image and kept for all positions of its layer;
each input patch is read once per position and broadcast to all outputs; each output is written
once. Local registers of the multiply-accumulate units, control and leakage are left out, which
favours the baseline.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, log2
from typing import Any

import numpy as np

from mramsim.cost.card import BaselineCard
from mramsim.network.graph import Network
from mramsim.network.nodes import Product

COMPONENTS = ("arithmetic", "weight_sram", "weight_dram", "activation_sram")


@dataclass(frozen=True)
class Work:
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


def baseline_cost(network: Network, card: BaselineCard) -> dict[str, Any]:
    """Return energy, latency and area of one image on a digital engine.

    Parameters
    ----------
    network : Network
    card : BaselineCard

    Returns
    -------
    dict
        ``name``, ``energy_j_per_image``, ``latency_s_per_image``, ``area_m2``, ``weight_bytes``,
        ``by_component`` (J), ``by_layer`` (J), ``macs``, ``weights_from``, ``conditions``,
        ``assumed``, ``assumed_of``.
    """
    works = dict(_works(network, card))
    weight_bits = sum(work.weight_bits for work in works.values())
    on_chip, weight_j = _memory(card, weight_bits)
    held = max(work.held_bits for work in works.values())
    _, activation_j = _memory(card, held)
    outside = max(0.0, 1.0 - on_chip * 8 / weight_bits)
    energy = {
        name: {
            "arithmetic": _arithmetic_j(work, card),
            "weight_sram": (1.0 - outside) * work.weight_bits * weight_j,
            "weight_dram": outside * work.weight_bits * card.dram_j_per_bit,
            "activation_sram": (work.input_bits + work.output_bits) * activation_j,
        }
        for name, work in works.items()
    }
    by_layer = {name: sum(parts.values()) for name, parts in energy.items()}
    stored = (1.0 - outside) * weight_bits + held
    return {
        "name": card.name,
        "energy_j_per_image": sum(by_layer.values()),
        "latency_s_per_image": sum(_latency_s(work, card, outside) for work in works.values()),
        "area_m2": card.macs_per_cycle * card.mac_m2 + stored * card.sram_m2_per_bit,
        "weight_bytes": -(-weight_bits // 8),
        "by_component": {key: sum(parts[key] for parts in energy.values()) for key in COMPONENTS},
        "by_layer": by_layer,
        "macs": sum(work.macs for work in works.values()),
        "weights_from": "SRAM" if outside == 0.0 else f"SRAM, {outside:.0%} DRAM",
        "conditions": {"vdd_v": card.vdd_v, "node_m": card.node_m, "clock_hz": card.clock_hz},
        "assumed": len(card.assumed()),
        "assumed_of": len(card.sources),
    }


def _works(network: Network, card: BaselineCard) -> Iterator[tuple[str, Work]]:
    for node in network.products():
        planes = node.planes if card.kind == "xnor_popcount" else 1
        rows = _driven_rows(node)
        positions = sum(rows.values())
        width = ceil(log2(2 * node.reach + 1))
        adders = registers = 0
        if card.popcount_bits is not None:
            for driven, count in rows.items():
                tree, chunks = _popcount_adders(driven, card.popcount_bits)
                evaluations = count * node.fan_out * planes
                adders += evaluations * (tree + chunks * width)
                registers += evaluations * chunks * width
        patch = node.fan_in * node.groups * planes * card.activation_bits
        inputs = int(np.prod(network.shapes[node.inputs[0]])) * planes
        outputs = positions * node.fan_out
        yield (
            node.name,
            Work(
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


def _popcount_adders(bits: int, width: int) -> tuple[int, int]:
    """Return the full adders of popcounts over `bits` in chunks of `width`, and the chunks.

    A tree of full adders that counts n bits has ``n - ceil(log2(n + 1))`` of them: each takes three
    bits of one weight and gives two.
    """
    full, rest = divmod(bits, width)
    adders = full * (width - ceil(log2(width + 1)))
    if rest:
        adders += rest - ceil(log2(rest + 1))
    return adders, full + (rest > 0)


def _arithmetic_j(work: Work, card: BaselineCard) -> float:
    if card.kind == "mac_array":
        return work.macs * ((card.multiply_j or 0.0) + (card.add_j or 0.0))
    gates = work.macs * (card.xnor_j or 0.0) + work.adders * (card.adder_j or 0.0)
    flops = work.registers * (card.register_j or 0.0)
    return (card.toggle_activity or 0.0) * (gates + flops)


def _memory(card: BaselineCard, bits: int) -> tuple[float, float]:
    """Return size in bytes and access energy in J per bit of the memory that holds `bits`.

    Between the sizes of the card energy follows a power law of the size (straight lines on
    logarithmic axes); no memory is smaller than the first or larger than the last.
    """
    size = min(max(bits / 8, card.sram_bytes[0]), card.sram_bytes[-1])
    known, energy = np.log(card.sram_bytes), np.log(card.sram_j_per_bit)
    return size, float(np.exp(np.interp(np.log(size), known, energy)))


def _latency_s(work: Work, card: BaselineCard, outside: float) -> float:
    """Return the longer of computing and of fetching weights from outside, in s."""
    computing = ceil(work.macs / card.macs_per_cycle) / card.clock_hz
    fetching = outside * work.weight_bits / 8 / card.dram_bytes_per_s
    return max(computing, fetching)
