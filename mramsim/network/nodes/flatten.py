"""An image's value as a vector, in a stated order of its axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from mramsim.network.nodes.base import ANY, Array, Node, Shape
from mramsim.network.nodes.windows import sizes


@dataclass(frozen=True, eq=False)
class Flatten(Node):
    """Permute the axes of an image's value, then flatten it.

    Attributes
    ----------
    axes : tuple of int
        Order of the axes of (channels, height, width), the slowest first: (0, 1, 2) is torch's
        order, (1, 2, 0) that of a framework with channels last.
    """

    axes: Shape = (0, 1, 2)
    kind: ClassVar[str] = "flatten"
    takes: ClassVar[tuple[str, ...]] = ANY
    gives: ClassVar[str] = "same"

    def __post_init__(self) -> None:
        super().__post_init__()
        if sorted(self.axes) != list(range(len(self.axes))) or not self.axes:
            raise self.fail(f"axes {self.axes} are no order of axes")

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (values,)."""
        if len(shapes[0]) != len(self.axes):
            raise self.fail(f"orders {len(self.axes)} axes, '{self.inputs[0]}' gives {shapes[0]}")
        return (int(np.prod(shapes[0])),)

    def forward(self, *values: Array) -> Array:
        """Return [images, values] of the type given."""
        moved = values[0].transpose(0, *(axis + 1 for axis in self.axes))
        size = int(np.prod(values[0].shape[1:]))
        return np.ascontiguousarray(moved).reshape(len(moved), size)

    def settings(self) -> dict[str, Any]:
        """Return the order of axes."""
        return {"axes": list(self.axes)}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        return cls(name, inputs, sizes(settings["axes"]))
