"""Fully connected binary layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mramsim.network.nodes.base import Array, Shape
from mramsim.network.nodes.product import Product


@dataclass(frozen=True, eq=False)
class Linear(Product):
    """Accumulators of ``weight [outputs, inputs]`` with the flattened levels."""

    kind: ClassVar[str] = "linear"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weight.ndim != 2:
            raise self.fail(f"weight has shape {self.weight.shape}; (outputs, inputs) is expected")
        if self.groups != 1:
            raise self.fail("groups belong to convolutions")

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (outputs,)."""
        size = int(np.prod(shapes[0]))
        if size != self.fan_in:
            raise self.fail(f"weight has {self.fan_in} inputs, but '{self.inputs[0]}' gives {size}")
        return (self.fan_out,)

    def rows(self, levels: Array) -> NDArray[np.uint8]:
        """Return the levels as [images, 1, 1, inputs]."""
        return np.ascontiguousarray(levels).reshape(levels.shape[0], 1, 1, self.fan_in)

    def mask(self) -> None:
        """All rows are driven."""

    def assemble(self, counts: Array) -> Array:
        """Drop the position axis."""
        return counts[:, 0]

    def settings(self) -> dict[str, Any]:
        """Return the number of bit planes."""
        return {"planes": self.planes}

    def arrays(self) -> dict[str, Array]:
        """Return the weight bits."""
        return {"weight": self.weight}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        return cls(name, inputs, arrays["weight"], planes=int(settings["planes"]))
