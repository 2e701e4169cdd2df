"""Class scores: an affine map of accumulators or real values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mramsim.network.nodes.base import NUMBERS, Array, Node, Shape, once


@dataclass(frozen=True, eq=False)
class Output(Node):
    """Score of a class: ``scale * count + offset`` in float32, rounded once.

    The product is formed in float64, where it is exact, so the result is that of a fused
    multiply-add, which is what BatchNorm does in float32.

    Attributes
    ----------
    scale, offset : float32 array [classes]
    """

    scale: NDArray[np.float32]
    offset: NDArray[np.float32]
    kind: ClassVar[str] = "output"
    takes: ClassVar[tuple[str, ...]] = NUMBERS
    gives: ClassVar[str] = "scores"

    def __post_init__(self) -> None:
        super().__post_init__()
        scale = self.finite("scale", self.scale)
        offset = self.finite("offset", self.offset)
        if scale.ndim != 1 or scale.shape != offset.shape:
            raise self.fail(f"scale {scale.shape} and offset {offset.shape}: one per class")
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "offset", offset)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (classes,)."""
        if tuple(shapes[0]) != (self.scale.size,):
            raise self.fail(f"{self.scale.size} classes, '{self.inputs[0]}' gives {shapes[0]}")
        return shapes[0]

    def forward(self, *values: Array) -> NDArray[np.float32]:
        """Return the scores, float32 [images, classes]."""
        scores = values[0] * self.scale.astype(np.float64)
        scores += self.offset.astype(np.float64)
        return once(scores)

    def operations(self, *shapes: Shape) -> dict[str, int]:
        """Return one multiply-add per class."""
        return {"mac_f32": self.scale.size}

    def arrays(self) -> dict[str, Array]:
        """Return scale and offset."""
        return {"scale": self.scale, "offset": self.offset}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        return cls(name, inputs, arrays["scale"], arrays["offset"])
