"""Sample a die and program a network into it: every static draw is keyed here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from mramsim import effects as effect_table
from mramsim.arrays import cells, remapping
from mramsim.arrays.card import MappingCard
from mramsim.arrays.families import FAMILIES
from mramsim.arrays.family import Site
from mramsim.bounds import whole
from mramsim.cards import load_card
from mramsim.chip import Chip
from mramsim.devices import spread_parts
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.errors import InputError
from mramsim.kernels.records import AnalogTile, PcsaTile
from mramsim.mapping.layer import LayerPlacement
from mramsim.mapping.placement import Placement
from mramsim.mapping.tiles import Part, Tile
from mramsim.mapping.trimming import Known, trimmed
from mramsim.threads import each, thread_count

READ_NOISE = 0  # number of the key of all per-read draws, beside those of effects.py
WAFER = 16  # number of the key of the wafer's draws, which chips share
DIE = 17
SPARES = 1  # last number of the keys of spare columns
MEASUREMENT = 20  # number of the key of inputs and reads that measure columns after programming
OTHERS = {"spatial": 18, "capacitor": 19}  # static draws that are part of another effect


def modelled(card: MappingCard) -> frozenset[str]:
    """Return the effects that the simulation has for this design."""
    found = FAMILIES[card.sensing].modelled
    return found - {"ir_drop"} if card.column_wire_ohm is None else found


def active_effects(card: MappingCard, chosen: frozenset[str]) -> frozenset[str]:
    """Return those of the chosen effects that this design uses and that are modelled."""
    return chosen & modelled(card)


def not_modelled(card: MappingCard) -> list[str]:
    """Return the effects that a real chip of this design has but the simulation leaves out."""
    absent = FAMILIES[card.sensing].absent
    return effect_table.ordered(set(effect_table.NAMES) - modelled(card) - absent)


def not_used(card: MappingCard, wanted: Iterable[str]) -> list[str]:
    """Return the effects asked for by name that this design does not have or model."""
    return effect_table.ordered(set(wanted) - modelled(card))


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
    threads: int | None = None,
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
    threads : int, optional
        Tiles programmed at the same time; all processors by default. Does not change the chip.

    Returns
    -------
    Chip

    Raises
    ------
    InputError
        Unknown card, key or effect; negative seed.
    """
    seed, number = whole("seed", seed), whole("chip", number)
    if seed < 0 or number < 0:
        raise InputError(f"seed = {seed}, chip = {number}: at least 0 is allowed")
    card: DeviceCard = load_card("device", device, overrides)
    chosen = effect_table.select(only, without or ())
    active = active_effects(placement.card, chosen)
    die = _die(placement, card, conditions or Conditions(), active, seed, number)
    pieces = [
        (layer, tile, copy)
        for layer in placement.layers
        for tile in layer.tiles
        for copy in range(layer.copies)
    ]
    programmed = iter(
        each(lambda piece: _program(*piece, die, (seed, number)), pieces, thread_count(threads))
    )
    records, layers = {}, []
    for layer in placement.layers:
        own = islice(programmed, len(layer.tiles) * layer.copies)
        made = list(chain.from_iterable(own))
        if layer.card.measures:
            known = _known(placement, layer, (seed, number))
            layer, made = trimmed(layer, made, known, active)
        records[layer.name] = made
        layers.append(layer)
    return Chip(replace(placement, layers=tuple(layers)), card, active, records, seed, number)


def _known(placement: Placement, layer: LayerPlacement, root: tuple[int, int]) -> Known:
    """Return what the columns of a layer are measured with; all chips get the same inputs."""
    own = [_sequence(root, layer, part.tile, MEASUREMENT, *_beyond(part)) for part in layer.parts]
    keys = np.array([key.generate_state(2, np.uint32) for key in own], dtype=np.uint32)
    shared = np.random.SeedSequence(root[0], spawn_key=(MEASUREMENT, layer.index, 0))
    levels = placement.known.get(layer.name)
    return Known(levels, lambda: np.random.Generator(np.random.PCG64(shared)), keys)


def _sequence(
    root: tuple[int, int], layer: LayerPlacement, tile: Tile, number: int, *more: int
) -> np.random.SeedSequence:
    """Return the seed of one kind of draws in a tile; `more` where a tile has several of it."""
    key = (root[1], layer.index, tile.index, number, *more)
    return np.random.SeedSequence(root[0], spawn_key=key)


def _beyond(part: Part) -> tuple[int, ...]:
    """Return what tells a part from the first one of its tile."""
    return (part.copy, part.turn) if part.copy or part.turn else ()


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
    reading = sum(layer.cycles * layer.card.t_read_s for layer in placement.layers)
    return cells.Die(card, conditions, effects, factor, 1.0 / reading)


def _program(
    layer: LayerPlacement, tile: Tile, copy: int, die: cells.Die, root: tuple[int, int]
) -> list[AnalogTile | PcsaTile]:
    """Return the records of one copy of a tile, one per row group.

    All row groups are read by the same amplifiers and converters: they start from the same draws.
    """

    def cell(name: str) -> np.random.Generator:
        return generator(name, *((copy, 0) if copy else ()))

    def generator(name: str, *own: int) -> np.random.Generator:
        number = OTHERS[name] if name in OTHERS else effect_table.number(name)
        return np.random.Generator(np.random.PCG64(_sequence(root, layer, tile, number, *own)))

    def spares(name: str) -> np.random.Generator:
        return generator(name, *((copy, SPARES) if copy else (SPARES,)))

    mapping = layer.card
    written = remapping.program(die, mapping, layer.block(tile).T, cell, spares)
    records, solved = [], dict[str, Any]()
    for part in layer.parts_of(tile, copy):
        noise = _sequence(root, layer, tile, READ_NOISE, *_beyond(part))
        site = _site(layer, part, noise, cell, written, solved)
        held = written.of_rows(part.first, part.first + part.rows)
        records.append(FAMILIES[mapping.sensing].program(held, die, mapping, site))
    return records


def _site(
    layer: LayerPlacement,
    part: Part,
    noise: np.random.SeedSequence,
    generator: cells.Generators,
    written: cells.Cells,
    solved: dict[str, Any],
) -> Site:
    driven = np.ones((1, part.rows), dtype=np.bool_)
    if layer.mask is not None:
        places = slice(part.copy % layer.sharing, None, layer.sharing)
        driven = layer.mask[places, part.row_start : part.row_stop]
    levels, polarity = np.zeros(part.columns, np.int32), np.ones(part.columns, np.int8)
    if layer.threshold is not None:
        levels = layer.share(part)
        polarity = layer.polarity[part.column_start : part.column_stop]
    return Site(
        driven,
        levels,
        polarity,
        layer.reading,
        layer.converter_range,
        generator,
        noise.generate_state(2, np.uint32).astype(np.uint32),
        part.first,
        written,
        solved,
    )
