"""Layers and whole networks of random weights on noisy chips."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from mramsim.benchmark.peers import peers
from mramsim.benchmark.row import conditions, measure
from mramsim.chip import Chip
from mramsim.mapping.placement import place
from mramsim.network.graph import Network
from mramsim.network.nodes import Input, Linear, Node, Output, Threshold

WIRES = ("ir_drop",)  # rows of their own


def random_network(widths: Sequence[int], planes: int = 1, decide_last: bool = False) -> Network:
    """Return fully connected layers of random weights, with signs between them.

    `decide_last` ends in a sign too, as a hidden layer does.
    """
    rng = np.random.default_rng(0)
    nodes: list[Node] = [Input("x", (), (widths[0],), planes=planes)]
    for number, (inputs, outputs) in enumerate(pairwise(widths)):
        before, name = nodes[-1].name, f"fc{number}"
        weight = rng.integers(0, 2, (outputs, inputs)).astype(np.uint8)
        nodes.append(Linear(name, (before,), weight, planes=planes if number == 0 else 1))
        if number + 2 < len(widths) or decide_last:
            level, polarity = np.zeros(outputs, np.int32), np.ones(outputs, np.int8)
            nodes.append(Threshold(f"sign{number}", (name,), level, polarity))
    if decide_last:  # the cheapest ending that a graph may have
        last = rng.integers(0, 2, (1, widths[-1])).astype(np.uint8)
        nodes.append(Linear("last", (nodes[-1].name,), last))
    ends = 1 if decide_last else widths[-1]
    nodes.append(
        Output("out", (nodes[-1].name,), np.ones(ends, np.float32), np.zeros(ends, np.float32))
    )
    return Network(tuple(nodes), name="random")


def network_row(
    name: str,
    widths: Sequence[int],
    images: int,
    device: str,
    mapping: str,
    threads: int,
    repeats: int,
    planes: int = 1,
    decide_last: bool = False,
    only: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Time a network on one chip beside torch."""
    placed = place(random_network(widths, planes, decide_last), mapping)
    chip: Chip = placed.sample(device=device, seed=0, only=only, without=WIRES)
    x = np.random.default_rng(1).integers(0, 2**planes, (images, widths[0])).astype(np.uint8)
    found = chip.run(x, threads=threads)
    events = found.events.layers.values()
    reads = sum(layer.total("column_reads") for layer in events)
    macs = images * sum(a * b for a, b in pairwise(widths))
    return measure(
        name,
        macs,
        lambda: chip.run(x, threads=threads),
        peers(images, widths),
        repeats,
        **conditions(chip, device, mapping, images),
        planes=planes,
        bytes=x.nbytes + found.scores.nbytes,
        draws_per_read=sum(layer.draws for layer in events) / max(1, reads),
    )
