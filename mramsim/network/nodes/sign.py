"""The sign of real values or counts, with a stated sign of zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from mramsim.network.nodes.base import NUMBERS, Array, Node, Shape


@dataclass(frozen=True, eq=False)
class Sign(Node):
    """Bit of each value: 1 above zero, 0 below.

    Attributes
    ----------
    zero : {1, -1, 0}
        What zero gives (-0.0 is zero): bit 1, bit 0, or the number 0. With 0 the result is ternary
        and no bit, so it is a real value, and what reads it runs digitally.
    """

    zero: int = 1
    kind: ClassVar[str] = "sign"
    takes: ClassVar[tuple[str, ...]] = NUMBERS
    gives: ClassVar[str] = "levels"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.zero not in (1, -1, 0):
            raise self.fail(f"zero = {self.zero}; 1, -1 and 0 are allowed")

    def value_type(self, *types: str) -> str:
        """Return levels, or reals where zero stays zero."""
        return "levels" if self.zero else "reals"

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the shape it is given."""
        return shapes[0]

    def forward(self, *values: Array) -> Array:
        """Return bits (uint8), or float32 of -1, 0 and +1."""
        if self.zero == 0:
            return np.sign(values[0]).astype(np.float32)
        above = values[0] >= 0 if self.zero > 0 else values[0] > 0
        return above.astype(np.uint8)

    def operations(self, *shapes: Shape) -> dict[str, int]:
        """Return one comparison per value."""
        return {"compare": int(np.prod(shapes[0]))}

    def settings(self) -> dict[str, Any]:
        """Return the convention."""
        return {"zero": self.zero}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        return cls(name, inputs, int(settings["zero"]))
