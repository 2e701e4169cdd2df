"""Casts: what bool, whole and short numbers make of a value."""

from __future__ import annotations

from typing import Any

import numpy as np

from mramsim.network.importers.layers import Layers
from mramsim.network.importers.symbols import Const, Opaque, Real, Tri, Value
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
    RealConv,
    RealLinear,
    Sign,
)
from mramsim.network.nodes.base import Array

_FLOATS = ("float32", "float64")
_SHORT = ("float16", "bfloat16")
_LONG = ("int32", "int64")
_INTEGERS = (*_LONG, "int8", "int16", "uint8", "uint16", "uint32", "uint64")


class Casts:
    """Casts of values by the name of the type they become.

    Parameters
    ----------
    layers : Layers
    """

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self._whole: dict[str, bool] = {}

    def cast(self, value: Value, target: str, wanted: str) -> Value:
        """Return a value as another type, or what is lost.

        Parameters
        ----------
        value : Value
        target : str
            ``bool``, ``float32``, ``int64`` and so on.
        wanted : str
            Name of what is cast, for messages.

        Returns
        -------
        Value
            Opaque where a real number would be rounded or cut off.
        """
        if target in _FLOATS or isinstance(value, Opaque):
            return value
        if target == "bool":
            return self.layers.binary("ne", value, Const(np.zeros((), np.float32)), wanted)
        if target not in (*_SHORT, *_INTEGERS):
            return Opaque(f"'{wanted}': numbers of type {target} are not understood")
        if isinstance(value, Const | Tri):
            return self._known(value, target, wanted)
        if target in _LONG and isinstance(value, Real) and self.whole(value.name):
            return value
        lost = "rounds" if target in _SHORT else "truncates"
        return Opaque(f"'{wanted}': a cast to {target} {lost}")

    def typed(self, value: Value, pair: tuple[str, str], wanted: str, moved: bool) -> Value:
        """Return an operation's value in the type that it gives.

        Parameters
        ----------
        value : Value
            As worked out in real numbers.
        pair : tuple of str
            Type of what the operation takes, and of what it gives.
        wanted : str
        moved : bool
            Whether the operation only moves values.
        """
        before, after = pair
        if not isinstance(value, Const | Tri):
            if moved and before == after:
                return value
            if after in _LONG and before in (*_INTEGERS, "bool"):
                return value
        return self.cast(value, after, wanted)

    def whole(self, name: str) -> bool:
        """Return whether a draft's node gives whole numbers only."""
        draft = self.layers.draft
        for node in draft.nodes[len(self._whole) :]:
            self._whole[node.name] = self._is_whole(node)
        return self._whole[name]

    def _is_whole(self, node: Node) -> bool:
        if isinstance(node, LevelValue | Sign):
            return True
        if not node.inputs or not all(self._whole[name] for name in node.inputs):
            return False
        if isinstance(node, Affine):
            source = self.layers.draft.node(node.inputs[0])
            if isinstance(source, LevelValue):  # odd numbers
                return _integral(2 * node.scale) and _integral(node.scale + node.offset)
            return _integral(node.scale) and _integral(node.offset)
        if isinstance(node, RealLinear | RealConv):
            border = node.pad_value if isinstance(node, RealConv) else 0
            return _integral(node.weight) and _integral(node.bias) and _integral(border)
        if isinstance(node, Activation):
            return node.function == "relu"
        return isinstance(node, Add | Flatten | MaxPool1d | MaxPool2d | PadChannels)

    def _known(self, value: Const | Tri, target: str, wanted: str) -> Value:
        numbers = value.value if isinstance(value, Const) else np.array(value.table, np.float32)
        found = _integers(numbers, target) if target in _INTEGERS else _short(numbers, target)
        if found is None:
            return Opaque(f"'{wanted}': a cast to {target} does not hold its values")
        if isinstance(value, Const):
            return Const(found, value.label)
        low, middle, high = (float(part) for part in found)
        return Tri(value.source, (low, middle, high))


def _integral(values: Any) -> bool:
    return bool((np.asarray(values) == np.rint(values)).all())


def _integers(values: Array, target: str) -> Array | None:
    bounds = np.iinfo(target)
    cut = np.trunc(values)
    if not np.isfinite(values).all() or (cut < bounds.min).any() or (cut > bounds.max).any():
        return None
    return cut


def _short(values: Array, target: str) -> Array | None:
    single = np.asarray(values, dtype=np.float32)
    if target == "float16":
        with np.errstate(over="ignore"):
            return single.astype(np.float16).astype(np.float32)
    return single if not (single.view(np.uint32) & 0xFFFF).any() else None  # bfloat16: upper half
