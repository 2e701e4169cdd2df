"""The input record of a network whose first layer reads real values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mramsim.network.nodes.base import Array, Node, Shape, by_channel, once
from mramsim.network.nodes.input import check_shape, shaped
from mramsim.network.nodes.windows import sizes


@dataclass(frozen=True, eq=False)
class RealInput(Node):
    """Turn raw integers or real values into float32: ``scale * raw + offset``, rounded once.

    Attributes
    ----------
    shape : tuple of int
        (features,), (channels, length) or (channels, height, width).
    scale, offset : float32 array [channels or 1]
        What the network's author applied to raw values.
    """

    shape: Shape
    scale: NDArray[np.float32]
    offset: NDArray[np.float32]
    kind: ClassVar[str] = "real_input"
    takes: ClassVar[tuple[str, ...]] = ("raw integers",)
    gives: ClassVar[str] = "reals"
    arity: ClassVar[int] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_shape(self, self.shape)
        object.__setattr__(self, "scale", self.finite("scale", self.scale))
        object.__setattr__(self, "offset", self.finite("offset", self.offset))
        if self.scale.shape != self.offset.shape or self.scale.shape not in (
            (1,),
            (self.shape[0],),
        ):
            raise self.fail(
                f"scale {self.scale.shape} and offset {self.offset.shape}: one, or one per channel"
            )

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return `shape`."""
        return self.shape

    def forward(self, *values: Array) -> NDArray[np.float32]:
        """Return float32 [images, *shape] of raw integers or real values."""
        raw = shaped(self, self.shape, np.asarray(values[0]), "iubf")
        axes = raw.ndim
        scale = by_channel(self.scale.astype(np.float64), axes)
        with np.errstate(over="ignore", invalid="ignore"):
            found = once(raw * scale + by_channel(self.offset.astype(np.float64), axes))
        if not np.isfinite(found).all():
            raise self.fail("images hold NaN, infinity or numbers beyond float32; none is allowed")
        return found

    def settings(self) -> dict[str, Any]:
        """Return the shape."""
        return {"shape": list(self.shape)}

    def arrays(self) -> dict[str, Array]:
        """Return scale and offset."""
        return {"scale": self.scale, "offset": self.offset}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        return cls(name, inputs, sizes(settings["shape"]), arrays["scale"], arrays["offset"])
