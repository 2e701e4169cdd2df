"""From a network of real nodes to binary products and integer thresholds, exactly.

A real product becomes an array's product where its weights are two numbers of equal magnitude per
output and its input is levels under one scale and offset. A sign becomes a threshold where
everything since the counts is elementwise and monotone, or switches once when tabulated. Whatever
cannot be proved equal stays as it is, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mramsim.network.graph import Network
from mramsim.network.importers.signs import fold
from mramsim.network.nodes import (
    Activation,
    Affine,
    Conv1d,
    Conv2d,
    Flatten,
    LevelValue,
    Linear,
    MaxPool1d,
    MaxPool2d,
    Node,
    Output,
    Product,
    RealConv,
    RealLinear,
    Sign,
)
from mramsim.network.nodes.base import Array

_SPREAD = 1e-5  # relative spread of magnitudes that still counts as one: straight-through rounding


@dataclass
class Lowered:
    """The binary network and what is to be said about it.

    Attributes
    ----------
    network : Network
    reasons : dict of str to str
        Why a product stays digital, by node name.
    ternary : list of str
        Signs whose zero cannot be ruled out and was given a sign.
    """

    network: Network
    reasons: dict[str, str] = field(default_factory=dict)
    ternary: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Levels:
    """Numbers that are a function of levels: ``table[level]``."""

    name: str
    planes: int
    table: NDArray[np.float32]

    def affine(self) -> tuple[float, float] | None:
        """Return scale and offset over the odd integers that levels stand for, or None."""
        top = (1 << self.planes) - 1
        low, high = float(self.table[0]), float(self.table[-1])
        scale, offset = (high - low) / (2 * top), (high + low) / 2
        line = scale * (2.0 * np.arange(top + 1) - top) + offset
        within = np.abs(line - self.table).max() <= 1e-6 * max(abs(low), abs(high), 1e-30)
        return (scale, offset) if scale != 0 and within else None


def lower(network: Network, zero: int = 1) -> Lowered:
    """Make a network binary wherever that changes no value.

    Parameters
    ----------
    network : Network
        Of real nodes, as importers draft it.
    zero : {1, -1, 0}
        What a sign that gives 0 for zero becomes where zero can occur; 0 keeps it ternary, and
        what reads it digital.

    Returns
    -------
    Lowered
    """
    work = _Lowering(network, zero)
    for node in network.nodes:
        work.take(node)
    nodes = _renamed(_alive(_output(work.made)))
    training = dict(network.training)
    found = Network(tuple(nodes), network.name, training, network.float_predictions)
    names = {node.name for node in nodes}
    reasons = {name: text for name, text in work.reasons.items() if name in names}
    return Lowered(found, reasons, [name for name in work.ternary if name in names])


class _Lowering:
    def __init__(self, network: Network, zero: int) -> None:
        self.network, self.zero = network, zero
        self.made: dict[str, Node] = {}
        self.where: dict[str, str] = {}
        self.reasons: dict[str, str] = {}
        self.ternary: list[str] = []
        self._levels: dict[str, Levels | str] = {}

    def add(self, node: Node) -> str:
        while node.name in self.made:
            node = replace(node, name=f"{node.name}_")
        self.made[node.name] = node
        return node.name

    def take(self, node: Node) -> None:
        moved = replace(node, inputs=tuple(self.where[name] for name in node.inputs))
        if isinstance(moved, RealLinear | RealConv):
            self.where[node.name] = self._product(moved)
        elif isinstance(moved, Sign):
            self.where[node.name] = self._sign(moved)
        else:
            self.where[node.name] = self.add(moved)

    def _sign(self, node: Sign) -> str:
        found = fold(self.made, self.shape, node, self.zero)
        if found.ternary:
            self.ternary.append(node.name)
        for part in found.nodes:
            name = self.add(part)
        if found.reason:
            self.reasons[node.name] = found.reason
        last = self.made[name]
        if node.zero == 0 and not (isinstance(last, Sign) and last.zero == 0):
            return self.add(LevelValue(f"{node.name}_value", (name,)))
        return name

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a made node's value."""
        node = self.made[name]
        return node.output_shape(*(self.shape(source) for source in node.inputs))

    def _product(self, node: RealLinear | RealConv) -> str:
        bits, alpha, reason = binary_weights(node)
        if bits is None:
            self.reasons[node.name] = reason
            return self.add(node)
        source = self.levels(node.inputs[0])
        if isinstance(source, str):
            self.reasons[node.name] = f"binary weights, but {source}"
            return self._scaled(node, bits, alpha)
        line = source.affine()
        if line is None:
            self.reasons[node.name] = "binary weights, but its input is constant or not linear"
            return self._scaled(node, bits, alpha)
        made = _on_arrays(node, bits, source, line)
        if isinstance(made, str):
            self.reasons[node.name] = made
            return self._scaled(node, bits, alpha)
        if made.reach >= 1 << 24:
            self.reasons[node.name] = "its sums exceed what float32 holds exactly"
            return self._scaled(node, bits, alpha)
        name = self.add(made)
        scale, offset = line
        if (scale, offset) != (1.0, 0.0):
            sums = (2.0 * bits.reshape(len(bits), -1) - 1).sum(axis=1)
            name = self._affine(
                f"{node.name}_levels", name, np.full(len(bits), scale), offset * sums
            )
        return self._finish(node, name, alpha)

    def _scaled(self, node: RealLinear | RealConv, bits: Array, alpha: Array) -> str:
        """Keep a product digital, with its binary weights as bits."""
        if (alpha == 1).all():
            return self.add(replace(node, weight=bits))
        none = np.zeros_like(node.bias)
        return self._finish(node, self.add(replace(node, weight=bits, bias=none)), alpha)

    def _finish(self, node: RealLinear | RealConv, name: str, alpha: Array) -> str:
        if (alpha == 1).all() and not node.bias.any():
            return name
        return self._affine(f"{node.name}_scale", name, alpha, node.bias)

    def _affine(self, name: str, source: str, scale: Array, offset: Array) -> str:
        pair = (np.asarray(part, dtype=np.float32) for part in (scale, offset))
        return self.add(Affine(name, (source,), *pair))

    def levels(self, name: str) -> Levels | str:
        """Return a node's numbers as a function of levels, or why they are not."""
        if name not in self._levels:
            self._levels[name] = self._find_levels(self.made[name])
        return self._levels[name]

    def _find_levels(self, node: Node) -> Levels | str:
        if isinstance(node, LevelValue):
            top = (1 << node.planes) - 1
            return Levels(
                node.inputs[0], node.planes, 2 * np.arange(top + 1, dtype=np.float32) - top
            )
        if not isinstance(node, Affine | Activation | MaxPool1d | MaxPool2d | Flatten):
            return f"its input '{node.name}' is real ({node.kind})"
        inner = self.levels(node.inputs[0])
        if isinstance(inner, str):
            return inner
        if isinstance(node, Affine | Activation):
            return _through(node, inner)
        if isinstance(node, Flatten):
            if node.axes == tuple(range(len(node.axes))):
                return inner  # a linear layer flattens in this order itself
            return replace(inner, name=self.add(replace(node, inputs=(inner.name,))))
        if inner.affine() is None:
            return f"its input '{node.name}' pools values that are not linear in levels"
        falling = bool(inner.table[0] > inner.table[-1])
        pool = replace(node, inputs=(inner.name,), conjunctive=node.conjunctive ^ falling)
        return replace(inner, name=self.add(pool))


def _through(node: Affine | Activation, inner: Levels) -> Levels | str:
    """Apply an elementwise node to a table; it must treat all channels alike."""
    parts = [node.scale, node.offset] if isinstance(node, Affine) else list(node.parameters)
    if any(part.size and (part != part[0]).any() for part in parts):
        return f"its input '{node.name}' has a scale per channel"
    one = [part[:1] for part in parts]
    if isinstance(node, Affine):
        plain: Node = Affine("t", ("x",), *one)
    else:
        plain = Activation("t", ("x",), node.function, np.array(one).reshape(len(one), -1))
    return replace(inner, table=plain.forward(inner.table[None, :])[0])


def binary_weights(node: RealLinear | RealConv) -> tuple[Array | None, Array, str]:
    """Return weights as bits and one magnitude per output, or None and the reason."""
    if node.binary:
        return node.weight, np.ones(node.fan_out, np.float32), ""
    rows = np.abs(node.weight.reshape(node.fan_out, -1))
    alpha = np.asarray(rows.max(axis=1))
    spread = (alpha - rows.min(axis=1)) > _SPREAD * alpha
    if not spread.any():
        near = np.where(np.abs(alpha - 1) <= _SPREAD, np.float32(1), alpha)
        return (node.weight >= 0).astype(np.uint8), near.astype(np.float32), ""
    zeros = int((rows[spread] == 0).sum())
    others = rows[spread][rows[spread] != 0]
    if zeros and others.size and np.ptp(others) <= _SPREAD * others.max():
        return None, alpha, f"{zeros} of its weights are 0, so they are not binary"
    return None, alpha, "real weights"


def _on_arrays(
    node: RealLinear | RealConv, bits: Array, source: Levels, line: tuple[float, float]
) -> Product | str:
    """Return the product on levels, or why padding forbids it."""
    if isinstance(node, RealLinear):
        return Linear(node.name, (source.name,), bits, planes=source.planes)
    pad_value = 0
    if node.windows.pads:
        scale, offset = line
        top = (1 << source.planes) - 1
        value = (node.pad_value - offset) / scale
        share = value / top
        if min(abs(share - option) for option in (-1, 0, 1)) > 1e-6:
            return f"its padding of {node.pad_value:g} is no level of its input"
        pad_value = round(share)
    kind = Conv1d if len(node.size) == 1 else Conv2d
    return kind(
        node.name,
        (source.name,),
        bits,
        planes=source.planes,
        groups=node.groups,
        size=node.size,
        stride=node.stride,
        padding=node.padding,
        pad_value=pad_value,
        padding_end=node.padding_end,
    )


def _output(made: dict[str, Node]) -> list[Node]:
    """Let the output take over the last scale and offset."""
    nodes = list(made.values())
    last = nodes[-1]
    before = made[last.inputs[0]]
    plain = isinstance(last, Output) and (last.scale == 1).all() and not last.offset.any()
    if plain and isinstance(last, Output) and isinstance(before, Affine):
        scale, offset = (
            np.broadcast_to(part, last.scale.shape) for part in (before.scale, before.offset)
        )
        nodes[-1] = replace(last, inputs=before.inputs, scale=scale, offset=offset)
    return nodes


def _alive(nodes: list[Node]) -> list[Node]:
    """Drop what the last node does not need; the input stays."""
    needed = {nodes[-1].name, nodes[0].name}
    for node in reversed(nodes):
        if node.name in needed:
            needed.update(node.inputs)
    return [node for node in nodes if node.name in needed]


def _renamed(nodes: list[Node]) -> list[Node]:
    """Drop underscores that kept a name apart from that of a node now gone."""
    taken = {node.name for node in nodes}
    new: dict[str, str] = {}
    for node in nodes:
        plain = node.name.rstrip("_")
        new[node.name] = node.name if not plain or plain in taken else plain
        taken.add(new[node.name])
    return [
        replace(node, name=new[node.name], inputs=tuple(new[name] for name in node.inputs))
        for node in nodes
    ]
