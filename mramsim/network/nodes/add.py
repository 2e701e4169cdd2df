"""Residual sum of two values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from mramsim.network.nodes.base import NUMBERS, Array, Node, Shape


@dataclass(frozen=True, eq=False)
class Add(Node):
    """Sum of counts (integers), or of real values in float32, each rounded once.

    Two counts stay counts, so a threshold can follow; with a real value on either side counts are
    first made float32, exact below 2^24. The order of the two inputs does not matter.
    """

    kind: ClassVar[str] = "add"
    takes: ClassVar[tuple[str, ...]] = NUMBERS
    gives: ClassVar[str] = "reals"
    arity: ClassVar[int] = 2

    def value_type(self, *types: str) -> str:
        """Return counts of counts, else reals."""
        return "counts" if set(types) == {"counts"} else "reals"

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the shape that both inputs have."""
        if tuple(shapes[0]) != tuple(shapes[1]):
            one, other = self.inputs
            raise self.fail(f"'{one}' gives {shapes[0]}, '{other}' gives {shapes[1]}")
        return shapes[0]

    def forward(self, *values: Array) -> Array:
        """Return int32 of counts (float64 from a chip), else float32."""
        first, second = values
        if np.float32 not in (first.dtype, second.dtype):
            return np.asarray(first + second)
        with np.errstate(over="ignore"):
            return np.asarray(first.astype(np.float32) + second.astype(np.float32))

    def operations(self, *shapes: Shape) -> dict[str, int]:
        """Return one addition per value."""
        return {"add_f32": int(np.prod(shapes[0]))}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        return cls(name, inputs)
