"""A sampled die: programmed once, read as often as you like."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mramsim import effects as effect_table
from mramsim.arrays import cells, current_sum, pcsa
from mramsim.arrays.card import MappingCard
from mramsim.cards import load_card
from mramsim.devices import spread_parts
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.errors import InputError
from mramsim.kernels.current_sum import CurrentSumTile
from mramsim.kernels.pcsa import PcsaTile
from mramsim.mapping.events import Events
from mramsim.mapping.layer import LayerPlacement
from mramsim.mapping.placement import Placement
from mramsim.mapping.read import read_layer
from mramsim.mapping.tiles import Tile
from mramsim.network.graph import batches
from mramsim.network.nodes import Threshold
from mramsim.network.nodes.base import Array

BATCH = 1024
READ_NOISE = 0  # number of the key of all per-read draws, beside those of effects.py
WAFER = 16  # number of the key of the wafer's draws, which chips share
DIE = 17
SPATIAL = 18
MODELLED: dict[str, frozenset[str]] = {
    "pcsa": pcsa.MODELLED,
    "current_sum": current_sum.MODELLED,
}


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
    records: Mapping[str, list[CurrentSumTile | PcsaTile]]
    seed: int
    number: int

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
        workers = thread_count(threads)
        share = max(1, -(-len(images) // workers))
        parts = list(batches(images, min(batch, share, self.placement.block())))
        starts = np.cumsum([0, *(len(part) for part in parts[:-1])])

        def read(part: Array, start: int) -> _Part:
            indices = np.arange(first + start, first + start + len(part), dtype=np.int64)
            return self._forward(part, indices, max(0, checked - start))

        if workers == 1 or len(parts) == 1:
            done = [read(part, int(start)) for part, start in zip(parts, starts, strict=True)]
        else:
            with ThreadPoolExecutor(workers) as pool:
                done = list(pool.map(read, parts, map(int, starts)))
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
                records = self.records[node.name]
                value, events = read_layer(layer, records, levels, indices, self.effects)
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


def active_effects(card: MappingCard, chosen: frozenset[str]) -> frozenset[str]:
    """Return those of the chosen effects that this design uses and that are modelled."""
    return chosen & MODELLED[card.sensing]


def not_modelled(card: MappingCard) -> list[str]:
    """Return the effects that a real chip of this design has but the simulation leaves out."""
    return effect_table.ordered(set(effect_table.NAMES) - MODELLED[card.sensing])


def sample_chip(
    placement: Placement,
    device: str | Path | DeviceCard = "stt_jung_nature_2022",
    seed: int = 0,
    *,
    number: int = 0,
    overrides: Mapping[str, Any] | None = None,
    only: list[str] | None = None,
    without: list[str] | None = None,
    conditions: Conditions | None = None,
) -> Chip:
    """Sample a die and program the network into it.

    Parameters
    ----------
    placement : Placement
    device : str, path or DeviceCard
    seed : int
        At least 0; the same seed and number give the same die.
    number : int
        Which die of the seed.
    overrides : mapping, optional
        Keys of the device card to replace.
    only, without : list of str, optional
        Effects to keep and to leave out; see `mramsim.effects.select`.
    conditions : Conditions, optional
        Temperature and age.

    Returns
    -------
    Chip

    Raises
    ------
    InputError
        Unknown card, key or effect; negative seed.
    """
    if seed < 0 or number < 0:
        raise InputError(f"seed = {seed}, chip = {number}: at least 0 is allowed")
    card: DeviceCard = load_card("device", device, overrides)
    chosen = effect_table.select(only, without or ())
    active = active_effects(placement.card, chosen)
    die = _die(placement, card, conditions or Conditions(), active, seed, number)
    records = {
        layer.name: [_program(layer, tile, die, (seed, number)) for tile in layer.tiles]
        for layer in placement.layers
    }
    return Chip(placement, card, active, records, seed, number)


def _die(
    placement: Placement,
    card: DeviceCard,
    conditions: Conditions,
    effects: frozenset[str],
    seed: int,
    number: int,
) -> cells.Die:
    """Return what all tiles share; the wafer is that of the seed."""
    wafer = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(WAFER,)))
    own = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number, DIE)))
    factor = spread_parts.shared_factor(card, wafer, own, effects)
    reading = sum(layer.steps * layer.positions * layer.card.t_read_s for layer in placement.layers)
    return cells.Die(card, conditions, effects, factor, 1.0 / reading)


def _program(
    layer: LayerPlacement, tile: Tile, die: cells.Die, root: tuple[int, int]
) -> CurrentSumTile | PcsaTile:
    def sequence(number: int) -> np.random.SeedSequence:
        key = (root[1], layer.index, tile.index, number)
        return np.random.SeedSequence(root[0], spawn_key=key)

    def generator(name: str) -> np.random.Generator:
        number = SPATIAL if name == "spatial" else effect_table.number(name)
        return np.random.Generator(np.random.PCG64(sequence(number)))

    mapping = layer.card
    written = cells.program(die, mapping, layer.block(tile).T, generator)
    driven = np.ones((1, tile.rows), dtype=np.bool_)
    if layer.mask is not None:
        driven = layer.mask[:, tile.row_start : tile.row_stop]
    offset = generator("sa_offset").standard_normal(tile.columns)
    key = sequence(READ_NOISE).generate_state(2, np.uint32).astype(np.uint32)
    if mapping.sensing == "pcsa":
        return pcsa.program(written, die, mapping, driven, offset, key)
    levels, polarity = np.zeros(tile.columns, np.int32), np.ones(tile.columns, np.int8)
    if layer.threshold is not None:
        levels, polarity = layer.share(tile), layer.polarity(tile)
    return current_sum.program(written, die, mapping, driven, levels, polarity, offset, key)


def _errors(layer: LayerPlacement, levels: Array, bits: Array) -> tuple[int, int]:
    """Return wrong and all decisions, against the exact ones on the same inputs."""
    assert layer.threshold is not None
    exact = layer.threshold.forward(layer.node.forward(levels))
    return int((exact != bits).sum()), exact.size


def thread_count(threads: int | None) -> int:
    """Return how many threads to use: `threads`, or one for each processor.

    Raises
    ------
    InputError
        For less than 1.
    """
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if threads < 1:
        raise InputError(f"threads = {threads}; at least 1 is allowed")
    return threads
