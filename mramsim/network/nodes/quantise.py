"""Real values rounded to levels of several bit planes: a quantised input inside the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mramsim.network.nodes.base import NUMBERS, Array, Node, Shape, once

ROUNDINGS = {"even": np.rint, "floor": np.floor, "ceil": np.ceil, "zero": np.trunc}


@dataclass(frozen=True, eq=False)
class Quantise(Node):
    """``level = clip(round(value / scale + zero), low, high) - low`` with steps in float32.

    Attributes
    ----------
    planes : int
        Bits, 1 to 8; levels run from 0 to ``2**planes - 1``.
    scale, zero : float
        Step and zero point.
    low, high : int
        Smallest and largest integer; ``low`` is level 0.
    rounding : {"even", "floor", "ceil", "zero"}
    """

    planes: int
    scale: float
    zero: float
    low: int
    high: int
    rounding: str = "even"
    kind: ClassVar[str] = "quantise"
    takes: ClassVar[tuple[str, ...]] = NUMBERS
    gives: ClassVar[str] = "levels"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.planes <= 8:
            raise self.fail(f"planes = {self.planes}; 1 to 8 are allowed")
        if not (np.isfinite(self.scale) and self.scale > 0 and np.isfinite(self.zero)):
            raise self.fail(f"scale = {self.scale}, zero = {self.zero}; a positive scale is needed")
        if not 0 <= self.high - self.low < 1 << self.planes:
            raise self.fail(f"integers {self.low} to {self.high} do not fit {self.planes} bits")
        if self.rounding not in ROUNDINGS:
            raise self.fail(f"rounding '{self.rounding}'; {', '.join(ROUNDINGS)} are allowed")

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the shape it is given."""
        return shapes[0]

    def forward(self, *values: Array) -> NDArray[np.uint8]:
        """Return levels, uint8 of the shape given."""
        x = once(np.asarray(values[0], dtype=np.float64)) / np.float32(self.scale)
        rounded = ROUNDINGS[self.rounding](x + np.float32(self.zero))
        level = np.clip(rounded, self.low, self.high) - self.low
        return np.asarray(level, dtype=np.uint8)

    def operations(self, *shapes: Shape) -> dict[str, int]:
        """Return one multiply-add and two comparisons per value."""
        size = int(np.prod(shapes[0]))
        return {"mac_f32": size, "compare": 2 * size}

    def settings(self) -> dict[str, Any]:
        """Return the record."""
        keys = ("planes", "scale", "zero", "low", "high", "rounding")
        return {key: getattr(self, key) for key in keys}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        return cls(name, inputs, **settings)
