"""What every node of a network can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mramsim.errors import InputError

Array = NDArray[Any]
Shape = tuple[int, ...]
NUMBERS = ("counts", "reals")
ANY = ("levels", "counts", "reals")


@dataclass(frozen=True, eq=False)
class Node(ABC):
    """One step of a network.

    Values between nodes are *levels* (uint8, 0 to ``2**planes - 1``; a bit is a level of one plane
    and stands for -1 or +1), *counts* (int32 accumulators; float64 where a chip read them with
    noise), *reals* or *scores* (float32); `takes` and `gives` say which.

    Attributes
    ----------
    name : str
        Unique in the network.
    inputs : tuple of str
        Names of the nodes whose values it takes.
    """

    name: str
    inputs: tuple[str, ...]
    kind: ClassVar[str]
    takes: ClassVar[tuple[str, ...]]
    gives: ClassVar[str]
    arity: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if len(self.inputs) != self.arity:
            raise self.fail(f"has {len(self.inputs)} inputs; {self.arity} expected")

    @abstractmethod
    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the shape of one image's value; raise InputError where the inputs do not fit."""

    @abstractmethod
    def forward(self, *values: Array) -> Array:
        """Compute the exact value for a batch (first axis: images)."""

    def value_type(self, *types: str) -> str:
        """Return what it gives for inputs of these types; ``same``: what it takes."""
        return types[0] if self.gives == "same" else self.gives

    @property
    def reads_planes(self) -> int | None:
        """Bit planes that its input must have, where its result depends on them."""
        return None

    def operations(self, *shapes: Shape) -> dict[str, int]:
        """Return the digital operations for one image, by name, from the input shapes.

        Names: ``mac_f32`` (multiply and add), ``add_f32``, ``mul_f32``, ``add_int``, ``compare``,
        ``function`` (a transcendental). A product on an array counts its own events instead.
        """
        return {}

    def settings(self) -> dict[str, Any]:
        """Return the plain (JSON) part of the node."""
        return {}

    def arrays(self) -> dict[str, Array]:
        """Return the array part of the node."""
        return {}

    @classmethod
    @abstractmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from what `settings` and `arrays` returned."""

    def fail(self, text: str) -> InputError:
        """Return an error that names the node."""
        return InputError(f"node '{self.name}' ({self.kind}): {text}")

    def finite(self, key: str, values: Array) -> NDArray[np.float32]:
        """Return `values` as float32; refuse NaN and infinity."""
        found = np.asarray(values)
        if found.dtype.kind not in "iuf" or not np.isfinite(found).all():
            raise self.fail(f"{key} must be finite numbers")
        with np.errstate(over="ignore"):
            single = np.ascontiguousarray(found, dtype=np.float32)
        if not np.isfinite(single).all():
            raise self.fail(f"{key} must fit float32")
        return single


def by_channel(values: Array, axes: int) -> Array:
    """Return values [channels] so that they broadcast over [images, channels, ...] of `axes`."""
    return values.reshape((1, -1) + (1,) * (axes - 2))


def once(exact: NDArray[np.float64]) -> NDArray[np.float32]:
    """Round float64 to float32; beyond its range is infinity, without a warning."""
    with np.errstate(over="ignore", under="ignore"):
        return exact.astype(np.float32)


def as_bits(node: str, weight: Array) -> NDArray[np.uint8]:
    """Return weights as bits (1 is +1), from bits or from values of -1 and +1.

    Parameters
    ----------
    node : str
        Named in errors.
    weight : array
        bool or uint8 of 0 and 1, or any number type of -1 and +1.

    Returns
    -------
    ndarray of uint8

    Raises
    ------
    InputError
        If a value is NaN or anything but two levels.
    """
    values = np.asarray(weight)
    if values.dtype == np.bool_:
        return values.astype(np.uint8)
    if values.dtype.kind not in "iuf":
        raise InputError(f"node '{node}': weights have dtype {values.dtype}; numbers are allowed")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise InputError(f"node '{node}': weights hold NaN or infinity; only -1 and +1 are allowed")
    levels = np.unique(values)
    if values.dtype == np.uint8 and np.isin(levels, (0, 1)).all():
        return np.ascontiguousarray(values)
    if np.isin(levels, (-1, 1)).all():
        return np.ascontiguousarray(values > 0).astype(np.uint8)
    shown = ", ".join(f"{level:g}" for level in levels[:4]) + (", ..." if levels.size > 4 else "")
    raise InputError(
        f"node '{node}': weights are not binary ({levels.size} levels: {shown});"
        " only -1 and +1 are allowed"
    )
