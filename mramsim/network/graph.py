"""The network: an ordered graph of named nodes with exact values."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mramsim.bounds import whole
from mramsim.errors import InputError
from mramsim.network.nodes import Input, Node, Output, Product, Quantise, RealInput
from mramsim.network.nodes.base import Array, Shape

MAX_VALUES = 1 << 26
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True, eq=False)
class Network:
    """A trained binary neural network with an exact integer meaning.

    Attributes
    ----------
    nodes : tuple of Node
        In an order in which every input comes first; the first is the `Input` or `RealInput`, the
        last the `Output`.
    name : str
        For people and results.
    training : dict
        How it was made: method, data, seed, epochs, accuracies. JSON-able.
    float_predictions : dict of str to uint8 array
        Per data set, the class that the float network of the same shape gives each test image.
    """

    nodes: tuple[Node, ...]
    name: str = "network"
    training: Mapping[str, Any] = field(default_factory=dict)
    float_predictions: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isprintable():
            raise InputError(f"network name {self.name!r}: printable characters are allowed")
        _ = self.shapes
        if not isinstance(self.nodes[0], Input | RealInput):
            raise InputError(f"network '{self.name}': the first node must be an input")
        if not isinstance(self.nodes[-1], Output):
            raise InputError(f"network '{self.name}': the last node must be an output")
        _ = self.types
        for node in self.nodes:
            if node.reads_planes is None:
                continue
            planes = self.planes(node.inputs[0])
            if planes != node.reads_planes:
                raise node.fail(
                    f"reads {node.reads_planes} planes, '{node.inputs[0]}' gives {planes}"
                )

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """Shape of one image's value at each node; checks the whole graph."""
        if not self.nodes:
            raise InputError(f"network '{self.name}' has no nodes")
        shapes: dict[str, Shape] = {}
        for node in self.nodes:
            if not _NAME.fullmatch(node.name):
                raise InputError(
                    f"network '{self.name}': node '{node.name}': letters, digits, '_', '-' and '.'"
                    " are allowed in a name (it names files and arrays)"
                )
            if node.name in shapes:
                raise InputError(f"network '{self.name}': two nodes are called '{node.name}'")
            for name in node.inputs:
                if name not in shapes:
                    raise node.fail(f"its input '{name}' is not computed before it")
            shape = node.output_shape(*(shapes[name] for name in node.inputs))
            if prod(shape) > MAX_VALUES:
                raise node.fail(f"gives {shape} values per image; at most {MAX_VALUES} are allowed")
            shapes[node.name] = shape
        return shapes

    @cached_property
    def types(self) -> dict[str, str]:
        """What each node gives: levels, counts, reals or scores; checks what each takes."""
        found: dict[str, str] = {}
        for node in self.nodes:
            given = [found[name] for name in node.inputs]
            for name, kind in zip(node.inputs, given, strict=True):
                if kind not in node.takes:
                    raise node.fail(f"takes {' or '.join(node.takes)}, '{name}' gives {kind}")
            found[node.name] = node.value_type(*given)
        return found

    @property
    def input(self) -> Input | RealInput:
        """The input record."""
        first = self.nodes[0]
        assert isinstance(first, Input | RealInput)
        return first

    @property
    def output(self) -> Output:
        """The output layer."""
        last = self.nodes[-1]
        assert isinstance(last, Output)
        return last

    def products(self) -> list[Product]:
        """Return the binary matrix products in order."""
        return [node for node in self.nodes if isinstance(node, Product)]

    def node(self, name: str) -> Node:
        """Return the node called `name`."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise InputError(f"network '{self.name}' has no node '{name}'")

    def consumers(self, name: str) -> list[Node]:
        """Return the nodes that read `name`."""
        return [node for node in self.nodes if name in node.inputs]

    def planes(self, name: str) -> int:
        """Return the bit planes of the levels that a node gives."""
        node = self.node(name)
        if node.gives == "same":
            return self.planes(node.inputs[0])
        return node.planes if isinstance(node, Input | Quantise) else 1

    def weight_bits(self) -> int:
        """Return the number of binary weights on arrays."""
        return sum(node.weight.size for node in self.products())

    def values(self, images: Array) -> dict[str, Array]:
        """Compute every node's exact value for a batch; see `Node`."""
        found: dict[str, Array] = {}
        for node in self.nodes:
            inputs = (found[name] for name in node.inputs) if node.inputs else (images,)
            found[node.name] = node.forward(*inputs)
        return found

    def scores(self, images: Array, batch: int = 256) -> NDArray[np.float32]:
        """Return the exact scores.

        Parameters
        ----------
        images : integer array [images, *input shape]
        batch : int
            Images computed at a time; does not change the result.

        Returns
        -------
        float32 array [images, classes]
        """
        parts = [self.values(part)[self.output.name] for part in batches(images, batch)]
        return np.concatenate(parts)

    def predict(self, images: Array, batch: int = 256) -> NDArray[np.intp]:
        """Return the class of each image; the lowest class wins a tie."""
        classes: NDArray[np.intp] = np.argmax(self.scores(images, batch), axis=1)
        return classes

    @cached_property
    def digest(self) -> str:
        """SHA-256 over structure and parameters (not over name and training record)."""
        sha = hashlib.sha256()
        for node in self.nodes:
            head = [node.kind, node.name, list(node.inputs), node.settings()]
            sha.update(json.dumps(head, sort_keys=True).encode())
            for key, array in sorted(node.arrays().items()):
                sha.update(f"{key}{array.dtype.str}{array.shape}".encode())
                sha.update(np.ascontiguousarray(array).tobytes())
        return sha.hexdigest()

    def __repr__(self) -> str:
        layers = ", ".join(f"{node.name}: {node.kind}" for node in self.nodes)
        return f"Network('{self.name}', {self.weight_bits()} weights: {layers})"


def batches(images: Array, size: int) -> Iterator[Array]:
    """Yield successive parts of at most `size` images; at least one part."""
    if whole("batch", size) < 1:
        raise InputError(f"batch = {size}; at least 1 is allowed")
    count = max(1, len(images))
    for start in range(0, count, size):
        yield images[start : start + size]
