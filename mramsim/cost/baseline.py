"""What the same network costs on a digital engine, memory traffic included.

One image at a time. Real layers run on the units of a multiply-accumulate array; beside XNOR gates,
and for all other operations of digital nodes, on those of the arithmetic card, whose area is left
out. Local registers of the multiply-accumulate units, control and leakage are left out, which
favours the baseline.
"""

from __future__ import annotations

from math import ceil
from typing import Any

from mramsim.cards import load_card
from mramsim.cost.card import BaselineCard
from mramsim.cost.component import ComponentCard
from mramsim.cost.nodes import REAL_BITS, Work, digital_nodes, operations_j, passed_j
from mramsim.cost.part import Part, memory
from mramsim.cost.workload import LayerWork, layer_works
from mramsim.network.graph import Network

COMPONENTS = (
    "arithmetic",
    "weight_sram",
    "weight_dram",
    "activation_sram",
    "digital_nodes",
    "board",
)


def baseline_cost(network: Network, card: BaselineCard) -> dict[str, Any]:
    """Return energy, latency and area of one image on a digital engine.

    Parameters
    ----------
    network : Network
    card : BaselineCard

    Returns
    -------
    dict
        ``name``, ``energy_j_per_image``, ``latency_s_per_image``, ``area_m2`` (None for a
        ``roofline``), ``weight_bytes``, ``by_component`` (J), ``by_layer`` (J), ``macs``,
        ``weights_from``, ``conditions``, ``assumed``, ``assumed_of``.
    """
    works = dict(layer_works(network, card))
    nodes = digital_nodes(network, 8 if card.numbers == "int8" else REAL_BITS)
    weight_bits = sum(work.weight_bits for work in works.values())
    weight_bits += sum(node.parameter_bits for node in nodes.values())
    engine = _roofline if card.kind == "roofline" else _engine
    found = engine(card, works, nodes, weight_bits)
    energy = found.pop("energy")
    by_layer = {name: sum(parts.values()) for name, parts in energy.items()}
    cards = [card, *engine_components(card).values()]
    return {
        "name": card.name,
        "energy_j_per_image": sum(by_layer.values()),
        **found,
        "weight_bytes": -(-weight_bits // 8),
        "by_component": {
            key: sum(parts.get(key, 0.0) for parts in energy.values()) for key in COMPONENTS
        },
        "by_layer": by_layer,
        "macs": sum(work.macs for work in works.values()),
        "conditions": {"vdd_v": card.vdd_v, "node_m": card.node_m, "clock_hz": card.clock_hz},
        "assumed": sum(len(one.assumed()) for one in cards),
        "assumed_of": sum(len(one.sources) for one in cards),
    }


def engine_components(card: BaselineCard) -> dict[str, ComponentCard]:
    """Return the component cards of an engine by role."""
    names = {
        role: getattr(card, f"{role}_card") for role in ("arithmetic", "logic", "sram", "dram")
    }
    return {role: load_card("component", name) for role, name in names.items() if name}


def citations(card: BaselineCard) -> set[str]:
    """Return the citations of an engine and its components."""
    return {text for one in (card, *engine_components(card).values()) for text in one.citations()}


def _engine(
    card: BaselineCard, works: dict[str, LayerWork], nodes: dict[str, Work], weight_bits: int
) -> dict[str, Any]:
    assert card.node_m is not None
    assert card.vdd_v is not None
    assert card.clock_hz is not None
    assert card.macs_per_cycle is not None
    parts = {
        role: Part(found, card.node_m, card.vdd_v)
        for role, found in engine_components(card).items()
    }
    on_chip, weight_j = memory(parts["sram"], weight_bits)
    held = max(work.held_bits for work in works.values())
    activation_j = memory(parts["sram"], held)[1]
    outside = max(0.0, 1.0 - on_chip * 8 / weight_bits)
    dram = parts["dram"]
    loads: dict[str, tuple[dict[str, float], int, int]] = {}  # own energy, weight bits, cycles
    for name, work in works.items():
        passing = (work.input_bits + work.output_bits) * activation_j
        own = {"arithmetic": _arithmetic_j(work, card, parts), "activation_sram": passing}
        loads[name] = (own, work.weight_bits, ceil(work.macs / card.macs_per_cycle))
    for name, node in nodes.items():
        joule = operations_j(node, parts["arithmetic"]) + passed_j(node.moved_bits, parts["sram"])
        cycles = _node_cycles(node, card, parts["arithmetic"])
        loads[name] = ({"digital_nodes": joule}, node.parameter_bits, cycles)
    energy = {
        name: {
            **own,
            "weight_sram": (1.0 - outside) * bits * weight_j,
            "weight_dram": outside * bits * dram.value("dram_j_per_bit"),
        }
        for name, (own, bits, _) in loads.items()
    }
    fetched_per_s = 8.0 * dram.value("dram_bytes_per_s")
    latency = sum(
        max(cycles / card.clock_hz, outside * bits / fetched_per_s)
        for _, bits, cycles in loads.values()
    )
    stored = (1.0 - outside) * weight_bits + held
    area = card.macs_per_cycle * (card.mac_m2 or 0.0)
    return {
        "energy": energy,
        "latency_s_per_image": latency,
        "area_m2": area + stored * parts["sram"].area_m2("sram_m2_per_bit"),
        "weights_from": "SRAM" if outside == 0.0 else f"SRAM, {outside:.0%} DRAM",
    }


def _node_cycles(node: Work, card: BaselineCard, arithmetic: Part) -> int:
    """Return the cycles of a digital node, without those of its weights."""
    assert card.macs_per_cycle is not None
    own = node.operations.get(f"mac_{card.numbers}", 0)
    rest = sum(node.operations.values()) - own
    return ceil(own / card.macs_per_cycle) + ceil(rest / arithmetic.value("operations_per_cycle"))


def _arithmetic_j(work: LayerWork, card: BaselineCard, parts: dict[str, Part]) -> float:
    if card.kind == "mac_array":
        unit = parts["arithmetic"]
        keys = ("mul_f32_j", "add_f32_j") if card.numbers == "f32" else ("mul_int8_j", "add_int_j")
        return work.macs * sum(unit.energy_j(key) for key in keys)
    logic = parts["logic"]
    gates = work.macs * logic.charge_j("xnor_f") + work.adders * logic.charge_j("adder_f")
    return (card.toggle_activity or 0.0) * (gates + work.registers * logic.charge_j("register_f"))


def _roofline(
    card: BaselineCard, works: dict[str, LayerWork], nodes: dict[str, Work], weight_bits: int
) -> dict[str, Any]:
    """Return power times the longer of computing and fetching, layer by layer.

    Weights that the cache cannot hold are fetched for each image.
    """
    assert card.peak_operations_per_s is not None
    assert card.memory_bytes_per_s is not None
    assert card.power_w is not None
    outside = max(0.0, 1.0 - (card.cache_bytes or 0) * 8 / weight_bits)
    work = {name: (2 * layer.macs, layer.weight_bits) for name, layer in works.items()}
    for name, node in nodes.items():
        operations = sum(node.operations.values()) + node.operations.get("mac_f32", 0)
        work[name] = (operations, node.parameter_bits)
    times = {
        name: max(
            operations / card.peak_operations_per_s,
            outside * bits / 8 / card.memory_bytes_per_s,
        )
        for name, (operations, bits) in work.items()
    }
    return {
        "energy": {name: {"board": card.power_w * time} for name, time in times.items()},
        "latency_s_per_image": sum(times.values()),
        "area_m2": None,
        "weights_from": "cache" if outside == 0.0 else f"cache, {outside:.0%} DRAM",
    }
