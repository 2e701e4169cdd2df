"""Elementwise arithmetic on unknown values: finds signs however they are written.

A framework has many ways to write a sign: ``sign(x)``, ``where(x >= 0, 1, -1)``,
``2 * (x > 0) - 1``, ``(sign(x) - x).detach() + x``. Here a value that depends only on whether one
number is below, at or above zero is a `Tri`, and arithmetic on it acts on its three cases. A
difference is kept open until something is added to it. What is not understood becomes `Opaque` and
only fails where it is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from mramsim.errors import InputError
from mramsim.network.graph import MAX_VALUES
from mramsim.network.importers.draft import Draft
from mramsim.network.nodes import Add, Sign
from mramsim.network.nodes.base import Array


@dataclass(frozen=True, eq=False)
class Const:
    """Known numbers; `label` says which parameter they come from."""

    value: Array
    label: str = ""

    @property
    def single(self) -> float | None:
        """The one number that all entries are, or None."""
        if self.value.size and (self.value == self.value.flat[0]).all():
            return float(self.value.flat[0])
        return None


@dataclass(frozen=True)
class Real:
    """The value of a draft's node.

    Attributes
    ----------
    name : str
    axes : tuple of int, optional
        Pending order of the axes of an image's value (a permutation not yet used).
    pads : tuple, optional
        Pending padding: (before, after, value).
    """

    name: str
    axes: tuple[int, ...] | None = None
    pads: tuple[tuple[int, ...], tuple[int, ...], float] | None = None


@dataclass(frozen=True)
class Tri:
    """A function of the sign of a draft's node: its values below, at and above zero."""

    source: str
    table: tuple[float, float, float]


@dataclass(frozen=True)
class Difference:
    """``plus - minus``, not yet used."""

    plus: Value
    minus: Value


@dataclass(frozen=True, eq=False)
class Opaque:
    """Something not understood, and why; `end` is what it amounts to where nothing follows."""

    reason: str
    end: Value | None = None


Value = Const | Real | Tri | Difference | Opaque
_OPERATORS: dict[str, Callable[[Array, Array], Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "ge": np.greater_equal,
    "gt": np.greater,
    "le": np.less_equal,
    "lt": np.less,
    "eq": np.equal,
    "ne": np.not_equal,
    "minimum": np.minimum,
    "maximum": np.maximum,
}
_COMPARISONS = {
    "ge": (0, 1, 1),
    "gt": (0, 0, 1),
    "le": (1, 1, 0),
    "lt": (1, 0, 0),
    "eq": (0, 1, 0),
    "ne": (1, 0, 1),
}
_SWAPPED = {"ge": "le", "gt": "lt", "le": "ge", "lt": "gt", "eq": "eq", "ne": "ne"}


class Symbols:
    """Arithmetic that grows a draft.

    Parameters
    ----------
    draft : Draft
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def real(self, value: Value, wanted: str = "node") -> str:
        """Return the node that holds a value; make it if need be.

        Raises
        ------
        InputError
            For what is not understood.
        """
        if isinstance(value, Real):
            if value.axes is not None or value.pads is not None:
                raise InputError(
                    f"'{value.name}' is permuted or padded where that is not understood"
                )
            return value.name
        if isinstance(value, Tri):
            return self._sign(value, wanted)
        if isinstance(value, Difference):
            minus = self.draft.affine(f"{wanted}_minus", self.real(value.minus, wanted), -1.0, 0.0)
            name = self.draft.name(wanted)
            return self.draft.add(Add(name, (self.real(value.plus, wanted), minus)))
        if isinstance(value, Opaque):
            raise InputError(value.reason)
        raise InputError(f"constant '{value.label}' stands where a value of the input is expected")

    def _sign(self, value: Tri, wanted: str) -> str:
        low, middle, high = value.table
        if low == high:
            return self._constant(value, wanted)
        scale, offset = (high - low) / 2, (high + low) / 2
        signs = {low: -1, high: 1, offset: 0}
        if middle not in signs:
            raise InputError(f"'{wanted}': a step of three values {value.table} is not understood")
        zero = signs[middle]
        stem = wanted if "sign" in wanted else f"{wanted}_sign"
        name = self.draft.add(Sign(self.draft.name(stem), (value.source,), zero))
        name = self.draft.number(name)
        if (scale, offset) != (1.0, 0.0):
            name = self.draft.affine(f"{stem}_scale", name, scale, offset)
        return name

    def _constant(self, value: Tri, wanted: str) -> str:
        if value.table[1] != value.table[0]:
            raise InputError(f"'{wanted}': a step of three values {value.table} is not understood")
        return self.draft.affine(wanted, value.source, 0.0, value.table[0])

    def sign(self, value: Value, at_zero: int = 0) -> Value:
        """Return the sign, with `at_zero` for zero."""
        if isinstance(value, Const):
            found = np.sign(value.value)
            return Const(np.where(found == 0, np.float32(at_zero), found), value.label)
        if isinstance(value, Tri):
            table = [float(np.sign(part)) if part else float(at_zero) for part in value.table]
            return Tri(value.source, (table[0], table[1], table[2]))
        if isinstance(value, Opaque):
            return value
        return Tri(self.real(value), (-1.0, float(at_zero), 1.0))

    def binary(self, operator: str, one: Value, other: Value, wanted: str) -> Value:
        """Return ``one operator other`` for an operator of `_OPERATORS`."""
        if isinstance(one, Const) and isinstance(other, Const):
            size = prod(np.broadcast_shapes(one.value.shape, other.value.shape))
            if size > MAX_VALUES:
                raise InputError(f"'{wanted}': a constant of {size} values is too large")
            with np.errstate(all="ignore"):
                return Const(_OPERATORS[operator](one.value, other.value), one.label or other.label)
        tri = self._tri(operator, one, other)
        if tri is not None:
            return tri
        if operator in ("add", "sub"):
            found = self._cancel(operator, one, other)
            if found is not None:
                return found
        for part in (one, other):
            if isinstance(part, Opaque):
                return part
        if operator in _COMPARISONS:
            return self._compare(operator, one, other, wanted)
        return self._numbers(operator, one, other, wanted)

    def where(self, condition: Value, one: Value, other: Value) -> Value:
        """Return `one` where the condition holds, else `other`."""
        if isinstance(condition, Opaque):
            return condition
        if isinstance(condition, Tri):
            tables = [self._table(part, condition.source) for part in (one, other)]
            if tables[0] is not None and tables[1] is not None:
                rows = zip(condition.table, tables[0], tables[1], strict=True)
                picked = [yes if test else no for test, yes, no in rows]
                return Tri(condition.source, (picked[0], picked[1], picked[2]))
        return Opaque("a choice between two computed values is not understood")

    def _tri(self, operator: str, one: Value, other: Value) -> Tri | None:
        source = next((part.source for part in (one, other) if isinstance(part, Tri)), None)
        if source is None:
            return None
        tables = [self._table(part, source) for part in (one, other)]
        if tables[0] is None or tables[1] is None:
            return None
        pair = (np.array(part, dtype=np.float32) for part in tables)
        with np.errstate(all="ignore"):
            found = [float(part) for part in _OPERATORS[operator](*pair)]
        return Tri(source, (found[0], found[1], found[2])) if np.isfinite(found).all() else None

    @staticmethod
    def _table(value: Value, source: str) -> tuple[float, float, float] | None:
        if isinstance(value, Tri) and value.source == source:
            return value.table
        if isinstance(value, Const) and value.single is not None:
            return (value.single,) * 3
        return None

    @staticmethod
    def _cancel(operator: str, one: Value, other: Value) -> Value | None:
        """Straight-through forms: ``(s - x) + x`` is s; differences are kept open."""
        if operator == "add":
            for difference, rest in ((one, other), (other, one)):
                if isinstance(difference, Difference) and difference.minus == rest:
                    return difference.plus
            return None
        if isinstance(one, Const) or isinstance(other, Const):
            return None
        return Difference(one, other)

    def _compare(self, operator: str, one: Value, other: Value, wanted: str) -> Value:
        if isinstance(one, Const):
            return self._compare(_SWAPPED[operator], other, one, wanted)
        table = tuple(float(part) for part in _COMPARISONS[operator])
        if isinstance(other, Const):
            source = self.real(one, wanted)
            if (other.value != 0).any():
                shifted = self._numbers("sub", Real(source), other, f"{wanted}_shift")
                if isinstance(shifted, Opaque):
                    return shifted
                source = self.real(shifted)
        else:
            source = self.real(Difference(one, other), wanted)
        return Tri(source, (table[0], table[1], table[2]))

    def _numbers(self, operator: str, one: Value, other: Value, wanted: str) -> Value:
        """Apply a scale, an offset or a sum."""
        if isinstance(one, Const):
            if operator in ("add", "mul", "minimum", "maximum"):
                return self._numbers(operator, other, one, wanted)
            if operator == "sub":
                minus = self._numbers(
                    "mul", other, Const(np.array(-1, np.float32)), f"{wanted}_minus"
                )
                return self._numbers("add", minus, one, wanted)
            return Opaque(f"'{wanted}': a division by a computed value is not understood")
        if not isinstance(other, Const):
            if operator == "add":
                pair = (self.real(one, wanted), self.real(other, wanted))
                return Real(self.draft.add(Add(self.draft.name(wanted), pair)))
            return Opaque(f"'{wanted}': '{operator}' of two computed values is not understood")
        source = self.real(one, wanted)
        found = self.per_channel(other.value, source)
        if found is None:
            return Opaque(f"'{wanted}': a constant per position is not understood")
        label = other.label or wanted
        if operator == "div":
            with np.errstate(divide="ignore", over="ignore"):
                found = (1.0 / found.astype(np.float64)).astype(np.float32)
        if operator in ("mul", "div"):
            return Real(self.draft.affine(label, source, found, 0.0))
        if operator in ("add", "sub"):
            return Real(
                self.draft.affine(label, source, 1.0, found if operator == "add" else -found)
            )
        low = found if operator == "maximum" else np.float32(-3e38)
        high = found if operator == "minimum" else np.float32(3e38)
        return Real(self.draft.function(label, source, "clip", low, high))

    def per_channel(self, values: Array, source: str) -> Array | None:
        """Return a constant as one number or one per channel of a node; None for other forms."""
        found = np.asarray(values, dtype=np.float32)
        if found.size == 1:
            return found.reshape(1)
        shape = self.draft.shapes[source]
        try:
            whole = np.broadcast_to(found, (1, *shape))[0]
        except ValueError:
            return None
        rows = whole.reshape(shape[0], -1)
        return np.array(rows[:, 0]) if (rows == rows[:, :1]).all() else None
