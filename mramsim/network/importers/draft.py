"""A network as its framework computes it: real-valued nodes, before anything is folded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from mramsim.errors import InputError
from mramsim.network import archive
from mramsim.network.graph import MAX_VALUES, Network
from mramsim.network.importers.limits import MAX_NODES
from mramsim.network.nodes import (
    Activation,
    Affine,
    AvgPool,
    Flatten,
    Input,
    LevelValue,
    Node,
    Output,
    RealInput,
)
from mramsim.network.nodes.base import Shape

MAX_DRAFT = 3 * MAX_NODES
RECORDS = ("real", "signs", "bits", "uint8")


class Draft:
    """Grows a graph node by node; every value but a sign's is a number.

    A list of layers can name the same arrays again and again, so their sum is bounded here.

    Parameters
    ----------
    entry : Node
        The input record.
    """

    def __init__(self, entry: Node) -> None:
        self.nodes: list[Node] = [entry]
        self.shapes: dict[str, Shape] = {entry.name: entry.output_shape()}
        self.types: dict[str, str] = {entry.name: entry.value_type()}
        self.notes: list[str] = []
        self._values: dict[str, str] = {}
        self._left = 2 * archive.MAX_BYTES

    def name(self, wanted: str) -> str:
        """Return a name that is free, made of letters, digits and underscores."""
        stem = re.sub(r"\W+", "_", wanted, flags=re.ASCII).strip("_")[:64] or "node"
        found, count = stem, 1
        while found in self.shapes:
            count += 1
            found = f"{stem}_{count}"
        return found

    def add(self, node: Node) -> str:
        """Append a node, check that it fits, and return its name."""
        shape = node.output_shape(*(self.shapes[name] for name in node.inputs))
        if int(np.prod(shape, dtype=np.float64)) > MAX_VALUES:
            raise node.fail(f"gives {shape} values per image; at most {MAX_VALUES} are allowed")
        given = [self.types[name] for name in node.inputs]
        for name, kind in zip(node.inputs, given, strict=True):
            if kind not in node.takes:
                raise node.fail(f"takes {' or '.join(node.takes)}, '{name}' gives {kind}")
        self._left -= sum(array.nbytes for array in node.arrays().values())
        if self._left < 0 or len(self.nodes) >= MAX_DRAFT:
            raise InputError(
                f"more than {2 * archive.MAX_BYTES} bytes of parameters or {MAX_DRAFT} nodes"
            )
        self.nodes.append(node)
        self.shapes[node.name] = shape
        self.types[node.name] = node.value_type(*given)
        return node.name

    def node(self, name: str) -> Node:
        """Return the node called `name`."""
        return next(node for node in self.nodes if node.name == name)

    def number(self, name: str) -> str:
        """Return `name`, or the numbers that its levels stand for."""
        if self.types[name] != "levels":
            return name
        if name not in self._values:
            planes = getattr(self.node(name), "planes", 1)
            own = self.name(f"{name}_value")
            self._values[name] = self.add(LevelValue(own, (name,), planes))
        return self._values[name]

    def affine(self, wanted: str, source: str, scale: Any, offset: Any) -> str:
        """Append ``scale * value + offset``; each a number or one per channel."""
        pair = np.broadcast_arrays(np.atleast_1d(scale), np.atleast_1d(offset))
        own = self.name(wanted)
        return self.add(Affine(own, (source,), *(np.array(part, np.float32) for part in pair)))

    def function(self, wanted: str, source: str, function: str, *parameters: Any) -> str:
        """Append an `Activation`."""
        rows = np.broadcast_arrays(*map(np.atleast_1d, parameters)) if parameters else []
        table = np.array(rows, np.float32).reshape(len(parameters), -1 if parameters else 1)
        return self.add(Activation(self.name(wanted), (source,), function, table))

    def flatten(self, wanted: str, source: str, axes: Sequence[int] | None = None) -> str:
        """Append a `Flatten`; a vector stays as it is."""
        rank = len(self.shapes[source])
        if rank == 1:
            return source
        order = tuple(range(rank)) if axes is None else tuple(axes)
        return self.add(Flatten(self.name(wanted), (source,), order))

    def average(self, wanted: str, source: str, kernel: Shape, stride: Shape) -> str:
        """Append an average pool."""
        return self.add(AvgPool(self.name(wanted), (source,), kernel, stride))

    def finish(self, last: str, name: str) -> Network:
        """Return the network whose scores are the values of `last`."""
        last = self.number(last)
        shape = self.shapes[last]
        if len(shape) != 1:
            raise InputError(f"the last layer gives {shape}; one score per class is expected")
        ones = np.ones(shape[0], np.float32)
        output = Output(self.name("out"), (last,), ones, np.zeros_like(ones))
        return Network((*self.nodes, output), name)


def input_record(
    shape: Shape, kind: str = "real", scale: float = 1.0, offset: float = 0.0
) -> tuple[Draft, str]:
    """Begin a draft with an input of the given kind.

    Parameters
    ----------
    shape : tuple of int
        One image, without the batch.
    kind : {"real", "signs", "bits", "uint8"}
        Raw values: real numbers, -1 and +1, 0 and 1, or 0 to 255. The last three are levels that
        arrays can read.
    scale, offset : float
        The framework was fed ``scale * raw + offset``.

    Returns
    -------
    draft : Draft
    name : str
        The node that holds what the framework was fed.
    """
    if kind not in RECORDS:
        raise InputError(f"input '{kind}' is unknown; {', '.join(RECORDS)} are allowed")
    if not 1 <= len(shape) <= 3 or min(shape) < 1 or max(shape) > MAX_VALUES:
        raise InputError(f"input shape {shape}: one to three sizes from 1 to {MAX_VALUES}")
    if not (np.isfinite(scale) and np.isfinite(offset)):
        raise InputError(f"scale = {scale}, offset = {offset}; finite numbers are needed")
    if abs(scale) < np.finfo(np.float32).tiny:
        raise InputError(f"scale = {scale}; the network would not see its input")
    if kind == "real":
        pair = (np.array([part], dtype=np.float32) for part in (scale, offset))
        return Draft(RealInput("x", (), shape, *pair)), "x"
    planes, low, step = {"signs": (1, -1, 2), "bits": (1, 0, 1), "uint8": (8, 0, 1)}[kind]
    half, top = step / 2, (1 << planes) - 1  # raw = low + step * level, value = 2 level - top
    factor, shift = scale * half, scale * (low + half * top) + offset
    draft = Draft(Input("x", (), shape, planes, low, step, factor, shift))
    name = draft.number("x")
    if (factor, shift) != (1.0, 0.0):
        name = draft.affine("x_scale", name, factor, shift)
    return draft, name
