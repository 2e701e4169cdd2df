"""BatchNorm and sign as one integer threshold and polarity per channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mramsim.network.nodes.base import Array, Node, Shape

ALWAYS = -(1 << 30)
NEVER = 1 << 30


@dataclass(frozen=True, eq=False)
class Threshold(Node):
    """Bit of a channel: ``polarity * count >= level``.

    Attributes
    ----------
    level : int32 array [channels]
        `ALWAYS` and `NEVER` stand for constant bits.
    polarity : int8 array [channels]
        +1 or -1.
    """

    level: NDArray[np.int32]
    polarity: NDArray[np.int8]
    kind: ClassVar[str] = "threshold"
    takes: ClassVar[tuple[str, ...]] = ("counts",)
    gives: ClassVar[str] = "levels"

    def __post_init__(self) -> None:
        super().__post_init__()
        level, polarity = np.asarray(self.level), np.asarray(self.polarity)
        if level.ndim != 1 or level.shape != polarity.shape:
            raise self.fail(f"level {level.shape} and polarity {polarity.shape}: one per channel")
        if level.dtype.kind not in "iu" or np.abs(level.astype(np.int64)).max(initial=0) > NEVER:
            raise self.fail(f"levels must be integers within +-{NEVER}")
        if not np.isin(polarity, (-1, 1)).all():
            raise self.fail("polarity must be -1 or +1")
        object.__setattr__(self, "level", level.astype(np.int32))
        object.__setattr__(self, "polarity", polarity.astype(np.int8))

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the shape it is given; axis 0 is the channel."""
        if shapes[0][0] != self.level.size:
            raise self.fail(f"{self.level.size} channels, '{self.inputs[0]}' gives {shapes[0][0]}")
        return shapes[0]

    def forward(self, *values: Array) -> NDArray[np.uint8]:
        """Return the bits, uint8, of counts [images, channels, ...]."""
        counts = values[0]
        per_channel = (1, -1) + (1,) * (counts.ndim - 2)
        level = self.level.reshape(per_channel)
        signed = counts * self.polarity.reshape(per_channel)
        return (signed >= level).astype(np.uint8)

    def operations(self, *shapes: Shape) -> dict[str, int]:
        """Return one comparison per value."""
        return {"compare": int(np.prod(shapes[0]))}

    def arrays(self) -> dict[str, Array]:
        """Return level and polarity."""
        return {"level": self.level, "polarity": self.polarity}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        return cls(name, inputs, arrays["level"], arrays["polarity"])
