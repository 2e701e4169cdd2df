"""Average pooling, windows or the whole map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mramsim.network.nodes.base import NUMBERS, Array, Node, Shape, once
from mramsim.network.nodes.windows import Windows, sizes


@dataclass(frozen=True, eq=False)
class AvgPool(Node):
    """Mean of each window, without padding.

    Members are added in float64 in row order (exact for counts), the sum is divided by their
    number, and the quotient is rounded to float32. A kernel of the size of the map is a global
    average; a kernel of 1 takes every `stride`-th value.

    Attributes
    ----------
    kernel, stride : tuple of int
        One entry per axis: one or two.
    """

    kernel: Shape
    stride: Shape
    kind: ClassVar[str] = "avgpool"
    takes: ClassVar[tuple[str, ...]] = NUMBERS
    gives: ClassVar[str] = "reals"

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.kernel) not in (1, 2) or len(self.kernel) != len(self.stride):
            raise self.fail(f"kernel {self.kernel}, stride {self.stride}: one or two entries each")
        if min(*self.kernel, *self.stride) < 1:
            raise self.fail(f"kernel {self.kernel}, stride {self.stride}: at least 1 is allowed")

    def _windows(self, size: Shape) -> Windows:
        none = (0,) * len(self.kernel)
        return Windows(size, self.kernel, self.stride, none, none)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (channels, *output size)."""
        if len(shapes[0]) != 1 + len(self.kernel):
            raise self.fail(f"takes a map of {len(self.kernel)} axes, not {shapes[0]}")
        windows = self._windows(shapes[0][1:])
        problem = windows.problem()
        if problem:
            raise self.fail(problem)
        return (shapes[0][0], *windows.output)

    def forward(self, *values: Array) -> NDArray[np.float32]:
        """Return float32 [images, channels, *output size]."""
        view = self._windows(values[0].shape[2:]).view(values[0], 0)
        total = np.zeros(view.shape[: -len(self.kernel)], dtype=np.float64)
        for place in np.ndindex(*self.kernel):
            total += view[(..., *place)]
        return once(total / np.prod(self.kernel))

    def operations(self, *shapes: Shape) -> dict[str, int]:
        """Return one addition per member and one multiplication per window."""
        out = int(np.prod(self.output_shape(*shapes)))
        return {"add_f32": out * (int(np.prod(self.kernel)) - 1), "mul_f32": out}

    def settings(self) -> dict[str, Any]:
        """Return kernel and stride."""
        return {"kernel": list(self.kernel), "stride": list(self.stride)}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        return cls(name, inputs, sizes(settings["kernel"]), sizes(settings["stride"]))
