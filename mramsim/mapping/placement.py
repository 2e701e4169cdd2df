"""A network on arrays: every binary product cut into tiles, everything else digital."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mramsim.arrays.card import MappingCard
from mramsim.cards import load_card
from mramsim.errors import InputError, nearest
from mramsim.given import plain_value
from mramsim.mapping.calibration import Reached
from mramsim.mapping.layer import LayerPlacement
from mramsim.mapping.place_layer import place_layer
from mramsim.network.graph import Network, batches
from mramsim.network.library import find_network
from mramsim.network.nodes import Threshold
from mramsim.network.nodes.base import Array

if TYPE_CHECKING:
    from mramsim.chip import Chip


_BLOCK_BYTES = 1 << 27


@dataclass(frozen=True, eq=False)
class Placement:
    """A network placed on arrays of one design.

    Attributes
    ----------
    network : Network
    card : MappingCard
    layers : tuple of LayerPlacement
        In network order.
    calibrated : bool
        Whether converter ranges follow images (`calibrate`) or cover all counts.
    component_values : dict
        Keys of component cards that the user replaced.
    known : dict of layer name to uint8 array [images, ...]
        Levels at the inputs of layers whose columns are measured with images; see `calibrate`.
    """

    network: Network
    card: MappingCard
    layers: tuple[LayerPlacement, ...]
    calibrated: bool = False
    component_values: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, Array] = field(default_factory=dict)

    def layer(self, name: str) -> LayerPlacement | None:
        """Return the placement of the node called `name`, or None where it is digital."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        return None

    def calibrate(self, images: Array) -> Placement:
        """Return the placement with every calibrated range set to what `images` reach.

        Parameters
        ----------
        images : integer array [images, *input shape]
            Training images; the noiseless tile counts of each layer set its range. Layers whose
            columns are measured after programming keep what the first of them give as input.

        Returns
        -------
        Placement

        Raises
        ------
        InputError
            For no images, or images of another shape.
        """
        wants = [layer for layer in self.layers if layer.calibrates]
        keeps = [layer for layer in self.layers if layer.measures_images]
        if not wants and not keeps:
            return self
        if not len(images):
            raise InputError("no images to calibrate with; at least 1 is needed")
        found = {layer.name: Reached(layer) for layer in wants}
        kept: dict[str, list[Array]] = {layer.name: [] for layer in keeps}
        for part in batches(images, self.block()):
            values = self.network.values(part)
            for layer in wants:
                found[layer.name].add(values[layer.node.inputs[0]])
            for layer in keeps:
                left = layer.card.calibration_reads - sum(map(len, kept[layer.name]))
                kept[layer.name].append(values[layer.node.inputs[0]][: max(0, left)])
        layers = tuple(
            found[layer.name].calibrated() if layer.name in found else layer
            for layer in self.layers
        )
        known = {name: np.concatenate(parts) for name, parts in kept.items()}
        return replace(self, layers=layers, calibrated=self.calibrated or bool(wants), known=known)

    def with_ideal_converters(self) -> Placement:
        """Return the placement with converters that quantise and do nothing else."""
        layers = tuple(layer.with_ideal_converters() for layer in self.layers)
        return replace(self, layers=layers)

    def table(self) -> list[dict[str, Any]]:
        """Return one row per mapped layer: size, tiles, utilisation, rows on, cycles."""
        return [
            {
                "layer": layer.name,
                "fan_in": layer.node.fan_in,
                "fan_out": layer.node.fan_out,
                "planes": layer.node.planes,
                "tiles": len(layer.tiles) * layer.card.copies,
                "tile": f"{layer.card.rows}x{layer.card.columns}",
                "utilisation": round(layer.utilisation, 4),
                "rows_on": min(layer.card.rows_on, layer.node.fan_in),
                "steps": layer.steps,
                "positions": layer.positions,
                "copies": layer.card.copies,
                "cycles": layer.cycles,
                "wasted_cells": layer.wasted_cells,
                "reading": layer.reading,
            }
            for layer in self.layers
        ]

    def digital(self) -> list[str]:
        """Return the nodes that run digitally, in order."""
        mapped = {layer.name for layer in self.layers}
        absorbed = {
            layer.threshold.name
            for layer in self.layers
            if layer.reading == "vote" and layer.threshold
        }
        return [node.name for node in self.network.nodes if node.name not in mapped | absorbed]

    def block(self) -> int:
        """Return how many images may be read at a time within about 128 MiB of memory."""
        largest = 1
        for layer in self.layers:
            node = layer.node
            row_bytes = node.fan_in * node.groups
            largest = max(largest, layer.positions * (row_bytes + 24 * node.fan_out))
        return max(1, _BLOCK_BYTES // largest)

    def sample(self, device: Any = "stt_jung_nature_2022", seed: int = 0, **options: Any) -> Chip:
        """Sample one chip; see `mramsim.sampling.sample_chip`."""
        from mramsim.sampling import sample_chip

        return sample_chip(self, device=device, seed=seed, **options)


def place(
    network: Network | str | Path,
    mapping: str | Path | MappingCard = "pcsa_hirtzlin_nanoarch_2019",
    overrides: Mapping[str, Any] | None = None,
    layers: Mapping[str, Mapping[str, Any]] | None = None,
    components: Mapping[str, Any] | None = None,
) -> Placement:
    """Place a network on arrays.

    Parameters
    ----------
    network : Network, str or path
        ``pretrained:NAME`` or a file is loaded.
    mapping : str, path or MappingCard
    overrides : mapping, optional
        Keys of the mapping card to replace for all layers.
    layers : mapping of str to mapping, optional
        Keys to replace for single layers, by node name.
    components : mapping, optional
        Keys of component cards to replace, wherever they occur; they matter to cost only.

    Returns
    -------
    Placement

    Raises
    ------
    InputError
        Unknown network, card, key or layer.
    """
    if not isinstance(network, Network):
        network = find_network(str(network))
    card: MappingCard = load_card("mapping", mapping, overrides)
    own = dict(layers or {})
    names = [node.name for node in network.products()]
    if not names:
        raise InputError(f"network '{network.name}' has no binary layer to place on arrays")
    for name in own:
        if name not in names:
            raise InputError(f"layer '{name}' is not in the network{nearest(name, names)}")
    placed = []
    for index, node in enumerate(network.products()):
        readers = network.consumers(node.name)
        follows = readers[0] if len(readers) == 1 else None
        threshold = follows if isinstance(follows, Threshold) else None
        layer_card: MappingCard = load_card("mapping", card, own.get(node.name))
        placed.append(place_layer(index, node, threshold, layer_card))
    values = {key: plain_value(value) for key, value in (components or {}).items()}
    return Placement(network, card, tuple(placed), component_values=values)
