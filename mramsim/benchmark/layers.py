"""One layer on a noisy chip: levels in, bits out, and nothing else of a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from mramsim.benchmark.networks import WIRES, random_network
from mramsim.benchmark.peers import peers
from mramsim.benchmark.row import conditions, measure
from mramsim.cards import load_card
from mramsim.chip import BATCH, Chip
from mramsim.comparison import fitted
from mramsim.mapping.events import LayerEvents
from mramsim.mapping.placement import place
from mramsim.mapping.read import read_layer
from mramsim.settings import sort_settings


def layer_chip(
    shape: tuple[int, int],
    mapping: str,
    device: str,
    only: Sequence[str] | None,
    fit: bool = False,
) -> Chip:
    """Return a chip that holds one layer of random weights with a sign behind it.

    `fit` the design to the resistance of the device; see `mramsim.comparison.fitted`.
    """
    changes: dict[str, Any] = {}
    if fit:
        changes = dict(fitted(load_card("device", device), load_card("mapping", mapping)))
    settings = sort_settings(changes)
    placed = place(random_network(shape, decide_last=True), mapping, settings.mapping)
    return placed.sample(device=device, seed=0, only=only, without=WIRES)


def layer_job(chip: Chip, images: int, threads: int) -> tuple[Callable[[], list[LayerEvents]], int]:
    """Return a read of the first layer of `chip` for random images, and the bytes in and out."""
    layer = chip.placement.layers[0]
    readers, effects = chip.readers[layer.name], chip.effects
    rng = np.random.default_rng(1)
    x = rng.integers(0, 2, (images, layer.node.fan_in)).astype(np.uint8)
    batch = min(BATCH, -(-images // threads))
    starts = range(0, images, batch)
    pool = ThreadPoolExecutor(threads)

    def part(start: int) -> LayerEvents:
        own = x[start : start + batch]
        numbers = np.arange(start, start + len(own), dtype=np.int64)
        return read_layer(layer, readers, own, numbers, effects)[1]

    return lambda: list(pool.map(part, starts)), x.nbytes + images * layer.node.fan_out


def layer_row(
    name: str,
    shape: tuple[int, int],
    images: int,
    device: str,
    mapping: str,
    threads: int,
    repeats: int,
    only: Sequence[str] | None = None,
    fit: bool = False,
) -> dict[str, Any]:
    """Time one layer beside torch.

    Parameters
    ----------
    name : str
    shape : (inputs, outputs)
    images : int
    device, mapping : str
        Cards.
    threads, repeats : int
    only : sequence of str, optional
        Effects; all but wires by default.
    fit : bool
        See `layer_chip`.
    """
    chip = layer_chip(shape, mapping, device, only, fit)
    ours, moved = layer_job(chip, images, threads)
    found = ours()
    reads = sum(events.total("column_reads") for events in found)
    return measure(
        name,
        images * shape[0] * shape[1],
        ours,
        peers(images, shape),
        repeats,
        **conditions(chip, device, mapping, images),
        fitted=fit,
        bytes=moved,
        column_reads=reads,
        draws_per_read=sum(events.draws for events in found) / max(1, reads),
    )
