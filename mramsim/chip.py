"""A sampled die: programmed once, read as often as you like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mramsim.bounds import whole
from mramsim.devices.card import DeviceCard
from mramsim.kernels.records import AnalogTile, PcsaTile
from mramsim.mapping.events import Events
from mramsim.mapping.layer import LayerPlacement
from mramsim.mapping.placement import Placement
from mramsim.mapping.read import read_layer
from mramsim.mapping.readers import Reader, readers_of
from mramsim.network.graph import batches
from mramsim.network.nodes import Threshold
from mramsim.network.nodes.base import Array
from mramsim.threads import each, thread_count

BATCH = 1024


_Part = tuple[NDArray[np.float32], Events, dict[str, tuple[int, int]]]


@dataclass(frozen=True, eq=False)
class Run:
    """What a chip did with a set of images.

    Attributes
    ----------
    scores : float32 array [images, classes]
    predictions : intp array [images]
    events : Events
    decision_errors : dict of str to (wrong, decisions)
        Per layer with a threshold: bits that differ from the exact decision on the same inputs.
    """

    scores: NDArray[np.float32]
    predictions: NDArray[np.intp]
    events: Events
    decision_errors: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, eq=False)
class Chip:
    """A programmed die.

    Attributes
    ----------
    placement : Placement
    device : DeviceCard
    effects : frozenset of str
        Effects that act; see `active_effects`.
    records : dict of str to list
        Per layer, the record of each tile: all that kernels see.
    seed, number : int
        Root of all its random draws.
    """

    placement: Placement
    device: DeviceCard
    effects: frozenset[str]
    records: Mapping[str, list[AnalogTile | PcsaTile]]
    seed: int
    number: int

    @cached_property
    def readers(self) -> dict[str, tuple[Reader, ...]]:
        """Per layer, its tiles in the order that kernels want."""
        return {
            layer.name: readers_of(layer, self.records[layer.name], "adc" in self.effects)
            for layer in self.placement.layers
        }

    def predict(
        self, images: Array, batch: int = BATCH, threads: int | None = None
    ) -> NDArray[np.intp]:
        """Return the class of each image; see `run`."""
        return self.run(images, batch=batch, threads=threads).predictions

    def run(
        self,
        images: Array,
        *,
        first: int = 0,
        batch: int = BATCH,
        checked: int = 0,
        threads: int | None = None,
    ) -> Run:
        """Read the chip for a set of images.

        Parameters
        ----------
        images : integer array [images, *input shape]
        first : int
            Data-set index of the first image: read noise belongs to an image, not to a batch.
        batch : int
            Most images computed at a time; does not change the result.
        checked : int
            Images whose decisions are compared with the exact ones, from the first on.
        threads : int, optional
            Batches computed at the same time; all processors by default. Does not change the
            result.

        Returns
        -------
        Run
        """
        workers, batch = thread_count(threads), whole("batch", batch)
        _ = self.readers  # prepared once, before threads start
        if not len(images):
            nothing = self.placement.network.scores(images)
            return Run(nothing, np.argmax(nothing, axis=1), Events(), {})
        share = max(1, -(-len(images) // workers))
        parts = list(batches(images, min(batch, share, self.placement.block())))
        starts = np.cumsum([0, *(len(part) for part in parts[:-1])])

        def read(index: int) -> _Part:
            part, start = parts[index], int(starts[index])
            indices = np.arange(first + start, first + start + len(part), dtype=np.int64)
            return self._forward(part, indices, max(0, checked - start))

        done = each(read, range(len(parts)), workers)
        scores = np.concatenate([found for found, _, _ in done])
        events, errors = Events(), dict[str, tuple[int, int]]()
        for _, counted, wrong in done:
            events = events + counted
            for name, (bad, total) in wrong.items():
                before = errors.get(name, (0, 0))
                errors[name] = (before[0] + bad, before[1] + total)
        return Run(scores, np.argmax(scores, axis=1), events, errors)

    def _forward(self, images: Array, indices: NDArray[np.int64], checked: int) -> _Part:
        network = self.placement.network
        values: dict[str, Array] = {}
        decided: set[str] = set()
        errors: dict[str, tuple[int, int]] = {}
        layers = {}
        for node in network.nodes:
            layer = self.placement.layer(node.name)
            if layer is not None:
                levels = values[node.inputs[0]]
                readers = self.readers[node.name]
                value, events = read_layer(layer, readers, levels, indices, self.effects)
                if layer.threshold is not None:
                    decided.add(layer.threshold.name)
                    if checked:
                        errors[node.name] = _errors(layer, levels[:checked], value[:checked])
                values[node.name], layers[node.name] = value, events
            elif isinstance(node, Threshold) and node.name in decided:
                values[node.name] = values[node.inputs[0]]
            else:
                inputs = [values[name] for name in node.inputs] if node.inputs else [images]
                values[node.name] = node.forward(*inputs)
        return values[network.output.name], Events(len(images), layers), errors


def _errors(layer: LayerPlacement, levels: Array, bits: Array) -> tuple[int, int]:
    """Return wrong and all decisions, against the exact ones on the same inputs."""
    assert layer.threshold is not None
    exact = layer.threshold.forward(layer.node.forward(levels))
    return int((exact != bits).sum()), exact.size
