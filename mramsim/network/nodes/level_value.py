"""Levels as the odd integers they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mramsim.network.nodes.base import Array, Node, Shape


@dataclass(frozen=True, eq=False)
class LevelValue(Node):
    """``2 * level - (2**planes - 1)`` as a count: what a shortcut or a real layer reads.

    Attributes
    ----------
    planes : int
        Bit planes of the levels; a bit gives -1 or +1.
    """

    planes: int = 1
    kind: ClassVar[str] = "level_value"
    takes: ClassVar[tuple[str, ...]] = ("levels",)
    gives: ClassVar[str] = "counts"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.planes <= 8:
            raise self.fail(f"planes = {self.planes}; 1 to 8 are allowed")

    @property
    def reads_planes(self) -> int:
        """Bit planes of its input."""
        return self.planes

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the shape it is given."""
        return shapes[0]

    def forward(self, *values: Array) -> NDArray[np.int32]:
        """Return int32 of the shape given."""
        return 2 * values[0].astype(np.int32) - ((1 << self.planes) - 1)

    def settings(self) -> dict[str, Any]:
        """Return the number of bit planes."""
        return {"planes": self.planes}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        return cls(name, inputs, int(settings["planes"]))
