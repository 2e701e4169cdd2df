"""A convolutional network for pictures on a noisy chip, in a process of its own for its memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mramsim.benchmark.clock import Job
from mramsim.benchmark.networks import WIRES
from mramsim.benchmark.peers import Peer
from mramsim.benchmark.row import conditions, measure
from mramsim.mapping.placement import place
from mramsim.network.graph import Network
from mramsim.network.nodes import Conv2d, Input, Linear, MaxPool2d, Node, Output, Threshold
from mramsim.training.shapes import parse_shape

SIDE, CLASSES = 32, 10
PART = 128  # images that torch takes at a time
_CHILD = "from mramsim.benchmark.pictures import child; child(*{!r})"


def _sign(name: str, before: str, width: int) -> Threshold:
    return Threshold(name, (before,), np.zeros(width, np.int32), np.ones(width, np.int8))


def random_pictures_network(shape: str, planes: int = 8) -> Network:
    """Return the network `shape` of `mramsim.training.shapes` with random weights."""
    rng = np.random.default_rng(0)
    nodes: list[Node] = [Input("x", (), (3, SIDE, SIDE), planes=planes)]
    size, width = (3, SIDE, SIDE), planes
    for number, layer in enumerate(parse_shape(shape, size)):
        before, name = nodes[-1].name, f"layer{number}"
        if layer.kind == "conv":
            bits = rng.integers(0, 2, (layer.width, size[0], 3, 3)).astype(np.uint8)
            nodes.append(Conv2d(name, (before,), bits, planes=width, size=size[1:], padding=(1, 1)))
            size = (layer.width, *size[1:])
        else:
            bits = rng.integers(0, 2, (layer.width, int(np.prod(size)))).astype(np.uint8)
            nodes.append(Linear(name, (before,), bits, planes=width))
            size = (layer.width, 1, 1)
        nodes.append(_sign(f"sign{number}", name, layer.width))
        if layer.pool:
            every = np.ones(layer.width, np.bool_)
            nodes.append(MaxPool2d(f"pool{number}", (f"sign{number}",), (2, 2), (2, 2), every))
            size = (size[0], size[1] // 2, size[2] // 2)
        width = 1
    last = rng.integers(0, 2, (CLASSES, int(np.prod(size)))).astype(np.uint8)
    nodes.append(Linear("last", (nodes[-1].name,), last))
    ones = np.ones(CLASSES, np.float32)
    nodes.append(Output("out", ("last",), ones, 0 * ones))
    return Network(tuple(nodes), name=shape)


def _peer(network: Network, images: Any) -> tuple[Job, int]:
    """Return torch's float32 forward of the same network in batches, and its products per image."""
    import torch
    from torch.nn import functional

    steps: list[Any] = []
    products, size = 0, SIDE
    for node in network.nodes:
        if isinstance(node, Conv2d):
            weight = torch.from_numpy(2.0 * node.weight - 1.0).float()
            steps.append(lambda v, w=weight: functional.conv2d(v, w, padding=1))
            size = node.size[0]
            products += node.weight.size * size * size
        elif isinstance(node, Linear):
            weight = torch.from_numpy(2.0 * node.weight - 1.0).float().T.contiguous()
            steps.append(lambda v, w=weight: v.flatten(1) @ w)
            products += node.weight.size
        elif isinstance(node, Threshold):
            steps.append(torch.sign)
        elif isinstance(node, MaxPool2d):
            steps.append(lambda v: functional.max_pool2d(v, 2))
    x = torch.from_numpy(2.0 * images - 255.0).float()
    parts = [x[start : start + PART] for start in range(0, len(x), PART)]

    def run() -> list[Any]:
        found = []
        with torch.no_grad():
            for part in parts:
                value = part
                for step in steps:
                    value = step(value)
                found.append(value)
        return found

    return run, products


def child(
    shape: str, images: int, device: str, mapping: str, threads: int, repeats: int, memory: bool
) -> None:
    """Print one row as JSON: times, or the peak memory of one run in MiB."""
    network = random_pictures_network(shape)
    chip = place(network, mapping).sample(device=device, seed=0, without=WIRES)
    x = np.random.default_rng(1).integers(0, 256, (images, 3, SIDE, SIDE)).astype(np.uint8)
    if memory:
        chip.run(x, threads=threads)
        print(json.dumps({"peak_memory_mib": _peak_mib(), "peak_memory_images": images}))
        return
    import torch

    torch.set_num_threads(threads)
    peer, products = _peer(network, x)
    row = measure(
        "cifar_cnv",
        images * products,
        lambda: chip.run(x, threads=threads),
        {"float32": Peer(peer)},
        repeats,
        **conditions(chip, device, mapping, images),
        bytes=x.nbytes + 4 * CLASSES * images,
    )
    print(json.dumps(row))


def _peak_mib() -> float:
    """Return the most memory that this process has had, without that of its parent."""
    status = Path("/proc/self/status")
    if status.is_file():  # elsewhere a forked process may start with the peak of its parent
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1024
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # bytes, or KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def pictures_row(
    shape: str, images: int, device: str, mapping: str, threads: int, repeats: int
) -> dict[str, Any]:
    """Time a convolutional network, and measure the peak memory of a process that only runs it.

    Memory is that of ten times as many images.
    """

    def call(memory: bool) -> dict[str, Any]:
        count = 10 * images if memory else images
        arguments: Sequence[Any] = (shape, count, device, mapping, threads, repeats, memory)
        done = subprocess.run(
            [sys.executable, "-c", _CHILD.format(tuple(arguments))],
            check=True,
            capture_output=True,
            text=True,
        )
        return dict(json.loads(done.stdout))

    return {**call(False), **call(True)}
