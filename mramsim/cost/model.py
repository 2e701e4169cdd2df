"""Cost of a placed network: a pure function of counted events and cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mramsim.cost.area import COMPONENTS as AREA_COMPONENTS
from mramsim.cost.area import area_m2
from mramsim.cost.array_read import array_read_j, matched_reads, word_lines_j
from mramsim.cost.digital import adders_j, data_movement_j, popcount_j, registers_j
from mramsim.cost.latency import latency_s
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
    "sense_amplifiers",
    "converters",
    "popcount",
    "adders",
    "registers",
    "data_movement",
)
NOT_COUNTED = (
    "programming",
    "control and clock tree",
    "leakage",
    "input and output buffers",
    "pooling and class scores",
)
OPS_PER_MAC = 2


@dataclass(frozen=True)
class Cost:
    """Energy, latency and area of one image.

    Attributes
    ----------
    energy_j_per_image : dict
        ``total``, ``by_component``, ``by_layer``, in J.
    latency_s_per_image : dict
        ``total``, ``by_layer``, in s; layers in sequence.
    area_m2 : dict
        ``total``, ``by_component``, in m2.
    operations_per_image : float
        1-bit multiplications and additions that took place: 2 per cell read.
    tops_per_watt, tops_per_mm2 : float
        Of these operations.
    conditions : dict
        ``vdd_v``, ``node_m``, ``bandwidth_hz`` of the mapping card.
    """

    energy_j_per_image: Mapping[str, Any]
    latency_s_per_image: Mapping[str, Any]
    area_m2: Mapping[str, Any]
    operations_per_image: float
    tops_per_watt: float
    tops_per_mm2: float
    conditions: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values under the keys of ``mramsim run --json``."""
        return {
            "energy_j_per_image": _plain(self.energy_j_per_image),
            "latency_s_per_image": _plain(self.latency_s_per_image),
            "area_m2": _plain(self.area_m2),
            "operations_per_image": self.operations_per_image,
            "tops_per_watt": self.tops_per_watt,
            "tops_per_mm2": self.tops_per_mm2,
            "conditions": dict(self.conditions),
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
        Events without images, or of another network.
    """
    names = [layer.name for layer in placement.layers]
    if events.images < 1 or list(events.layers) != names:
        raise InputError(
            f"events of {events.images} images and layers {', '.join(events.layers) or 'none'}; "
            f"at least 1 image and layers {', '.join(names)} are needed"
        )
    surroundings = conditions or Conditions()
    images = events.images
    by_layer, by_component = {}, dict.fromkeys(COMPONENTS, 0.0)
    latency, areas = {}, dict.fromkeys(AREA_COMPONENTS, 0.0)
    operations = 0.0
    for layer in placement.layers:
        counted = events.layers[layer.name]
        energy = layer_energy_j(layer, device, surroundings, counted)
        for name, value in energy.items():
            by_component[name] += value / images
        by_layer[layer.name] = sum(energy.values()) / images
        latency[layer.name] = latency_s(layer, counted, images) / images
        for name, value in area_m2(layer).items():
            areas[name] += value
        operations += OPS_PER_MAC * sum(matched_reads(counted)) / images
    total_j, total_s, total_m2 = sum(by_layer.values()), sum(latency.values()), sum(areas.values())
    card = placement.card
    return Cost(
        energy_j_per_image={"total": total_j, "by_component": by_component, "by_layer": by_layer},
        latency_s_per_image={"total": total_s, "by_layer": latency},
        area_m2={"total": total_m2, "by_component": areas},
        operations_per_image=operations,
        tops_per_watt=operations / total_j * 1e-12,
        tops_per_mm2=operations / total_s / (total_m2 * 1e6) * 1e-12,
        conditions={
            "vdd_v": card.vdd_v,
            "node_m": card.node_m,
            "bandwidth_hz": card.bandwidth_hz,
        },
    )


def layer_energy_j(
    layer: LayerPlacement, device: DeviceCard, conditions: Conditions, events: LayerEvents
) -> dict[str, float]:
    """Return the energy of one layer's events by component, in J (all images together)."""
    return {
        "array_read": array_read_j(layer, device, conditions, events),
        "word_lines": word_lines_j(layer, events),
        "sense_amplifiers": sense_amplifiers_j(layer, events),
        "converters": converters_j(layer, events),
        "popcount": popcount_j(layer, events),
        "adders": adders_j(layer, events),
        "registers": registers_j(layer, events),
        "data_movement": data_movement_j(layer, events),
    }


def _plain(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: dict(value) if isinstance(value, Mapping) else value for key, value in parts.items()
    }
