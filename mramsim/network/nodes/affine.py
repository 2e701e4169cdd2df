"""Scale and offset per channel: BatchNorm, a layer's scale or its bias, kept real."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mramsim.network.nodes.base import NUMBERS, Array, Node, Shape, by_channel, once


@dataclass(frozen=True, eq=False)
class Affine(Node):
    """``scale * value + offset`` per channel, rounded once to float32.

    The product is exact in float64, so the result is that of a fused multiply-add, which is what
    BatchNorm does in float32. An inference BatchNorm is one such node; see
    `mramsim.network.fold.batchnorm_affine`.

    Attributes
    ----------
    scale, offset : float32 array [channels]
        Channels are axis 0 of an image's value; one entry acts on all channels.
    """

    scale: NDArray[np.float32]
    offset: NDArray[np.float32]
    kind: ClassVar[str] = "affine"
    takes: ClassVar[tuple[str, ...]] = NUMBERS
    gives: ClassVar[str] = "reals"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "scale", self.finite("scale", self.scale))
        object.__setattr__(self, "offset", self.finite("offset", self.offset))
        if self.scale.ndim != 1 or self.scale.shape != self.offset.shape or not self.scale.size:
            raise self.fail(
                f"scale {self.scale.shape} and offset {self.offset.shape}: one per channel"
            )

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the shape it is given."""
        if self.scale.size not in (1, shapes[0][0]):
            raise self.fail(f"{self.scale.size} channels, '{self.inputs[0]}' gives {shapes[0][0]}")
        return shapes[0]

    def forward(self, *values: Array) -> NDArray[np.float32]:
        """Return float32 [images, channels, ...]."""
        axes = values[0].ndim
        scale = by_channel(self.scale.astype(np.float64), axes)
        return once(values[0] * scale + by_channel(self.offset.astype(np.float64), axes))

    def operations(self, *shapes: Shape) -> dict[str, int]:
        """Return one multiply-add per value."""
        return {"mac_f32": int(np.prod(shapes[0]))}

    def arrays(self) -> dict[str, Array]:
        """Return scale and offset."""
        return {"scale": self.scale, "offset": self.offset}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        return cls(name, inputs, arrays["scale"], arrays["offset"])
