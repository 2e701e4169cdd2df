"""Cost of a placed network: a pure function of counted events and cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

import numpy as np

from mramsim.cost.area import COMPONENTS as AREA_COMPONENTS
from mramsim.cost.area import area_m2
from mramsim.cost.array_read import array_read_j, drivers_j, matched_reads, word_lines_j
from mramsim.cost.components import Components, components_of
from mramsim.cost.digital import adders_j, buffers_j, data_movement_j, popcount_j, registers_j
from mramsim.cost.latency import interval_s, latency_s
from mramsim.cost.measuring import measurements, measuring
from mramsim.cost.nodes import Work, digital_nodes, node_s, operations_j, passed_j
from mramsim.cost.programming import programming
from mramsim.cost.sensing import converters_j, sense_amplifiers_j
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.errors import InputError
from mramsim.mapping.events import Events, LayerEvents
from mramsim.mapping.layer import LayerPlacement
from mramsim.mapping.placement import Placement

COMPONENTS = (
    "array_read",
    "word_lines",
    "drivers",
    "sense_amplifiers",
    "converters",
    "popcount",
    "adders",
    "registers",
    "buffers",
    "data_movement",
    "digital_nodes",
    "control",
    "leakage",
)
NOT_COUNTED = (
    "programming (given apart)",
    "transfer of images on and off the chip",
    "voltage regulators, charge pumps, test and redundancy",
)
OPS_PER_MAC = 2
MEAN_DISTANCE = 2.0 / 3.0  # Manhattan distance of two random points of a unit square
BASIS = "1-bit operations that took place, 1 MAC = 2 operations"


@dataclass(frozen=True)
class Cost:
    """Energy, latency and area of one image.

    Attributes
    ----------
    energy_j_per_image : dict
        ``total``, ``by_component``, ``by_layer``, ``by_layer_component``, in J.
    latency_s_per_image : dict
        ``total``, ``by_layer``, in s, layers in sequence; ``interval``: between two images when
        layers work at the same time on successive ones.
    area_m2 : dict
        ``total``, ``by_component``, in m2.
    operations_per_image : float
        1-bit multiplications and additions that took place: 2 per cell read.
    tops_per_watt, tops_per_mm2, tops_per_mm2_pipelined : float
        Of these operations; per area for layers in sequence and at the same time.
    conditions : dict
        ``vdd_v``, ``node_m``, ``bandwidth_hz`` of the mapping card; ``operations`` in words.
    programming : dict
        See `mramsim.cost.programming.programming`; ``measuring_energy_j`` and
        ``measuring_time_s`` of columns that are then measured (`mramsim.cost.measuring`), layers
        one after another.
    components : dict
        Name of the component card of each role.
    """

    energy_j_per_image: Mapping[str, Any]
    latency_s_per_image: Mapping[str, Any]
    area_m2: Mapping[str, Any]
    operations_per_image: float
    tops_per_watt: float
    tops_per_mm2: float
    tops_per_mm2_pipelined: float
    conditions: Mapping[str, Any]
    programming: Mapping[str, Any]
    components: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values under the keys of ``mramsim run --json``."""
        return {
            "energy_j_per_image": _plain(self.energy_j_per_image),
            "latency_s_per_image": _plain(self.latency_s_per_image),
            "area_m2": _plain(self.area_m2),
            "operations_per_image": self.operations_per_image,
            "tops_per_watt": self.tops_per_watt,
            "tops_per_mm2": self.tops_per_mm2,
            "tops_per_mm2_pipelined": self.tops_per_mm2_pipelined,
            "conditions": dict(self.conditions),
            "programming": dict(self.programming),
            "components": dict(self.components),
            "cost_not_counted": list(NOT_COUNTED),
        }


def cost_of(
    placement: Placement,
    device: DeviceCard,
    events: Events,
    conditions: Conditions | None = None,
) -> Cost:
    """Turn the events of a run into energy, latency and area per image.

    Cells are taken at their nominal resistance at the read voltage; the spread between devices
    changes their mean current to second order only.

    Parameters
    ----------
    placement : Placement
    device : DeviceCard
    events : Events
        Counted by `mramsim.chip.Chip.run`, or expected (`mramsim.cost.expected`).
    conditions : Conditions, optional
        Temperature of the devices.

    Returns
    -------
    Cost

    Raises
    ------
    InputError
        Events without images, or of another network; a component card that is unknown or of
        another kind.
    """
    names = [layer.name for layer in placement.layers]
    if events.images < 1 or list(events.layers) != names:
        raise InputError(
            f"events of {events.images} images and layers {', '.join(events.layers) or 'none'}; "
            f"at least 1 image and layers {', '.join(names)} are needed"
        )
    return _Account(placement, device, events, conditions or Conditions()).close()


class _Account:
    """The sums of one call of `cost_of`."""

    def __init__(
        self, placement: Placement, device: DeviceCard, events: Events, conditions: Conditions
    ) -> None:
        self.placement, self.device, self.conditions = placement, device, conditions
        self.events, self.images = events, events.images
        values = placement.component_values
        self.common = components_of(placement.card, values)
        self.parts = {layer.name: components_of(layer.card, values) for layer in placement.layers}
        self.held = {layer.name: _held_bits(placement, layer) for layer in placement.layers}
        self.areas = dict.fromkeys(AREA_COMPONENTS, 0.0)
        for layer in placement.layers:
            own = area_m2(layer, self.parts[layer.name], self.held[layer.name])
            for name, value in own.items():
                self.areas[name] += value
        self.total_m2 = sum(self.areas.values())
        self.latency: dict[str, float] = {}
        self.by_layer: dict[str, float] = {}
        self.matrix: dict[str, dict[str, float]] = {}
        self.by_component = dict.fromkeys(COMPONENTS, 0.0)
        self.interval = 0.0
        self.measuring_j = self.measuring_s = 0.0
        self.operations = 0.0

    def close(self) -> Cost:
        """Add up layers, digital nodes and leakage."""
        digital = digital_nodes(self.placement.network)
        for node in self.placement.network.nodes:
            layer = self.placement.layer(node.name)
            if layer is not None:
                self._layer(layer)
            elif node.name in digital:
                self._node(node.name, digital[node.name])
        return self._cost()

    def _layer(self, layer: LayerPlacement) -> None:
        counted, parts = self.events.layers[layer.name], self.parts[layer.name]
        distance = MEAN_DISTANCE * sqrt(self.total_m2)
        energy = dynamic_j(
            layer, self.device, self.conditions, counted, parts, self.held[layer.name], distance
        )
        per_image = {name: value / self.images for name, value in energy.items()}
        time = latency_s(layer, parts, counted, self.images) / self.images
        self.interval = max(self.interval, interval_s(layer, time))
        self._measure(layer, distance)
        self.operations += OPS_PER_MAC * sum(matched_reads(counted)) / self.images
        self._add(layer.name, per_image, time, parts)

    def _measure(self, layer: LayerPlacement, distance: float) -> None:
        """Add what it takes to measure the columns of a layer once it is programmed."""
        reads = measurements(layer)
        if reads == 0:
            return
        probe, counted = measuring(layer, self.events.layers[layer.name])
        parts, held = self.parts[layer.name], self.held[layer.name]
        energy = dynamic_j(probe, self.device, self.conditions, counted, parts, held, distance)
        self.measuring_j += reads * layer.card.copies * sum(energy.values()) / self.images
        single = replace(probe, card=probe.card.model_copy(update={"copies": 1}))
        self.measuring_s += reads * latency_s(single, parts, counted, self.images) / self.images

    def _node(self, name: str, work: Work) -> None:
        parts = self.common
        time = node_s(work, parts, self.placement.card.clock_s)
        self.interval = max(self.interval, time)
        joule = operations_j(work, parts.arithmetic)
        joule += sum(
            passed_j(bits, parts.buffer) for bits in (work.moved_bits, work.parameter_bits)
        )
        self._add(name, {"digital_nodes": joule}, time, parts)

    def _add(self, name: str, energy: dict[str, float], time: float, parts: Components) -> None:
        logic = parts.logic
        around = sum(value for key, value in energy.items() if key != "array_read")
        outside_m2 = self.total_m2 - self.areas["cells"]
        watt = outside_m2 * logic.value("leakage_w_per_m2") * logic.vdd_v / logic.card.vdd_v
        energy = {
            **energy,
            "control": logic.value("control_share") * around,
            "leakage": watt * time,
        }
        for key, value in energy.items():
            self.by_component[key] += value
        self.by_layer[name] = sum(energy.values())
        self.matrix[name] = energy
        self.latency[name] = time

    def _cost(self) -> Cost:
        card = self.placement.card
        joule, second = sum(self.by_layer.values()), sum(self.latency.values())
        density = self.operations / (self.total_m2 * 1e6) * 1e-12
        used = {role: found.name for role, found in self.common.cards().items()}
        return Cost(
            energy_j_per_image={
                "total": joule,
                "by_component": self.by_component,
                "by_layer": self.by_layer,
                "by_layer_component": self.matrix,
            },
            latency_s_per_image={
                "total": second,
                "by_layer": self.latency,
                "interval": self.interval,
            },
            area_m2={"total": self.total_m2, "by_component": self.areas},
            operations_per_image=self.operations,
            tops_per_watt=self.operations / joule * 1e-12,
            tops_per_mm2=density / second,
            tops_per_mm2_pipelined=density / self.interval,
            conditions={
                "vdd_v": card.vdd_v,
                "node_m": card.node_m,
                "bandwidth_hz": card.bandwidth_hz,
                "operations": BASIS,
            },
            programming={
                **programming(self.placement, self.device, self.conditions, self.parts),
                "measuring_energy_j": self.measuring_j,
                "measuring_time_s": self.measuring_s,
            },
            components=used,
        )


def dynamic_j(
    layer: LayerPlacement,
    device: DeviceCard,
    conditions: Conditions,
    events: LayerEvents,
    parts: Components,
    held_bits: float,
    distance_m: float,
) -> dict[str, float]:
    """Return the dynamic energy of one layer's events by component, in J (all images together)."""
    return {
        "array_read": array_read_j(layer, device, conditions, events),
        "word_lines": word_lines_j(layer, parts, events),
        "drivers": drivers_j(layer, parts, events),
        "sense_amplifiers": sense_amplifiers_j(layer, parts, events),
        "converters": converters_j(layer, parts, events),
        "popcount": popcount_j(layer, parts, events),
        "adders": adders_j(parts, events),
        "registers": registers_j(parts, events),
        "buffers": buffers_j(parts, events, held_bits),
        "data_movement": data_movement_j(parts, events, distance_m),
    }


def _held_bits(placement: Placement, layer: LayerPlacement) -> float:
    """Return input and output of a layer for one image, in bits."""
    node, shapes = layer.node, placement.network.shapes
    inputs = int(np.prod(shapes[node.inputs[0]])) * node.planes
    outputs = layer.positions * node.fan_out
    return inputs + outputs


def _plain(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: dict(value) if isinstance(value, Mapping) else value for key, value in parts.items()
    }
