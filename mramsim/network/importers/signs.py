"""A sign after BatchNorm, scales, pools and activations becomes one integer threshold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mramsim.network.fold import Evaluate, fold_sign
from mramsim.network.nodes import (
    Activation,
    Add,
    Affine,
    Flatten,
    LevelValue,
    MaxPool1d,
    MaxPool2d,
    Node,
    PadChannels,
    Product,
    Sign,
    Threshold,
)
from mramsim.network.nodes.base import Shape
from mramsim.network.nodes.threshold import ALWAYS, NEVER

_TABLE = 1 << 24  # entries of the table for functions that are not monotone
Made = Mapping[str, Node]
Pool = MaxPool1d | MaxPool2d


@dataclass(frozen=True)
class Fold:
    """What a sign becomes: nodes in order, the last with its name; or itself and the reason."""

    nodes: tuple[Node, ...]
    reason: str = ""
    ternary: bool = False


def fold(made: Made, shape: Callable[[str], Shape], sign: Sign, zero: int) -> Fold:
    """Fold a sign and what stands before it to a threshold on counts.

    Parameters
    ----------
    made : mapping of str to Node
        The nodes before it.
    shape : callable
        Shape of a node's value.
    sign : Sign
    zero : {1, -1, 0}
        What zero becomes where the sign gives 0 and zero can occur.

    Returns
    -------
    Fold
    """
    chain, source = _chain(made, sign.inputs[0])
    reach = _reach(made, source)
    as_sign = sign if sign.zero else replace(sign, zero=zero)
    if reach is None or reach[0] >= 1 << 24:
        return Fold((as_sign,), ternary=sign.zero == 0)
    channels = shape(source)[0]
    steps = [node for node in chain if not isinstance(node, Pool)]
    found = _switch(steps, reach[0], channels, 1 if sign.zero >= 0 else -1)
    if found is None:
        return Fold((as_sign,), "an activation with a negative slope switches twice", not sign.zero)
    if sign.zero == 0:
        other = _switch(steps, reach[0], channels, -1)
        if other is None or _zero_reachable(found, other, reach[1]):
            if zero == 0:
                return Fold((as_sign,), ternary=True)
            found = found if zero > 0 or other is None else other
            return Fold(_nodes(sign, source, chain, found), ternary=True)
    return Fold(_nodes(sign, source, chain, found))


Switch = tuple[NDArray[np.int32], NDArray[np.int8]]


def _nodes(sign: Sign, source: str, chain: list[Node], found: Switch) -> tuple[Node, ...]:
    """Return the threshold and the pools that move behind it."""
    level, polarity = found
    pools = [index for index, node in enumerate(chain) if isinstance(node, Pool)]
    name = f"{sign.name}_bits" if pools else sign.name
    nodes: list[Node] = [Threshold(name, (source,), level, polarity)]
    for index in pools:
        pool = chain[index]
        assert isinstance(pool, Pool)
        rising = direction(chain[:index], polarity.size) * polarity > 0
        own = sign.name if index == pools[-1] else f"{sign.name}_{pool.name}"
        inputs = (nodes[-1].name,)
        nodes.append(replace(pool, name=own, inputs=inputs, conjunctive=pool.conjunctive ^ ~rising))
    return tuple(nodes)


def _chain(made: Made, name: str) -> tuple[list[Node], str]:
    """Return the elementwise nodes and pools before a sign, first to last, and their source."""
    chain: list[Node] = []
    while isinstance(made[name], Affine | Activation | Pool):
        chain.append(made[name])
        name = made[name].inputs[0]
    return chain[::-1], name


def _reach(made: Made, name: str) -> tuple[int, int | None] | None:
    """Return the largest magnitude of counts and their parity (None: either); None for reals."""
    node = made[name]
    if isinstance(node, Product):
        return node.reach, node.fan_in % 2 if node.mask() is None else None
    if isinstance(node, LevelValue):
        return (1 << node.planes) - 1, 1
    if isinstance(node, PadChannels):
        inner = _reach(made, node.inputs[0])
        return None if inner is None else (inner[0], None)
    if isinstance(node, Flatten | MaxPool1d | MaxPool2d):
        return _reach(made, node.inputs[0])
    if isinstance(node, Add):
        one, other = (_reach(made, part) for part in node.inputs)
        if one is None or other is None:
            return None
        known = one[1] is not None and other[1] is not None
        return one[0] + other[0], ((one[1] or 0) + (other[1] or 0)) % 2 if known else None
    return None


def direction(steps: list[Node], channels: int) -> NDArray[np.int8]:
    """Return +1 where the nodes together rise with their input, else -1, per channel."""
    found = np.ones(channels, dtype=np.int8)
    for node in steps:
        if isinstance(node, Affine):
            found = (found * np.where(node.scale < 0, -1, 1)).astype(np.int8)
    return found


def _monotone(steps: list[Node]) -> bool:
    return not any(
        isinstance(node, Activation) and node.function == "prelu" and (node.parameters < 0).any()
        for node in steps
    )


def _evaluate(steps: list[Node], at_zero: int) -> Evaluate:
    """Return +1 where the sign of the nodes' value is 1, else -1, of counts [channels]."""

    def evaluate(counts: NDArray[np.int64]) -> NDArray[np.float32]:
        value = counts[None, :]
        for node in steps:
            value = node.forward(value)
        above = value[0] >= 0 if at_zero > 0 else value[0] > 0
        return np.where(np.isnan(value[0]), np.nan, np.where(above, 1.0, -1.0)).astype(np.float32)

    return evaluate


def _switch(steps: list[Node], reach: int, channels: int, at_zero: int) -> Switch | None:
    """Return level and polarity; None where a channel switches twice or is too long to tabulate."""
    evaluate = _evaluate(steps, at_zero)
    if _monotone(steps):
        return fold_sign(evaluate, reach, channels)
    if (2 * reach + 1) * channels > _TABLE:
        return None
    counts = np.arange(-reach, reach + 1)
    table = np.stack([evaluate(np.full(channels, count)) for count in counts]) > 0
    flips = np.diff(table.astype(np.int8), axis=0)
    if (np.abs(flips).sum(axis=0) > 1).any():
        return None
    where = np.abs(flips).argmax(axis=0)
    falling = flips.min(axis=0) < 0
    level = np.where(falling, -counts[where], counts[np.minimum(where + 1, 2 * reach)])
    level = np.where(table.all(axis=0), ALWAYS, np.where((~table).all(axis=0), NEVER, level))
    return level.astype(np.int32), np.where(falling, -1, 1).astype(np.int8)


def _zero_reachable(above: Switch, strictly: Switch, parity: int | None) -> bool:
    """Return whether a count that can occur gives exactly 0: where the two switches differ."""
    low = np.minimum(above[0], strictly[0]).astype(np.int64)
    high = np.maximum(above[0], strictly[0]).astype(np.int64)
    gap = high - low
    if parity is None:
        return bool((gap > 0).any())
    first = low + (low + parity) % 2  # the same parity under a sign change
    return bool((first < high).any())
