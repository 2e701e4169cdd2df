"""Channels of zeros around a value: the parameter-free shortcut of residual networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from mramsim.network.nodes.base import NUMBERS, Array, Node, Shape


@dataclass(frozen=True, eq=False)
class PadChannels(Node):
    """Add channels of zeros before and after those of the input.

    Attributes
    ----------
    before, after : int
        Channels to add, at least 0.
    """

    before: int
    after: int
    kind: ClassVar[str] = "pad_channels"
    takes: ClassVar[tuple[str, ...]] = NUMBERS
    gives: ClassVar[str] = "same"

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.before, self.after) < 0:
            raise self.fail(f"before = {self.before}, after = {self.after}; at least 0 is allowed")

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the input's shape with more channels."""
        return (shapes[0][0] + self.before + self.after, *shapes[0][1:])

    def forward(self, *values: Array) -> Array:
        """Return [images, channels, ...] of the type given."""
        border = [(0, 0), (self.before, self.after)] + [(0, 0)] * (values[0].ndim - 2)
        return np.pad(values[0], border)

    def settings(self) -> dict[str, Any]:
        """Return the numbers of channels."""
        return {"before": self.before, "after": self.after}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        return cls(name, inputs, int(settings["before"]), int(settings["after"]))
