"""Max-pooling on bits, counts or real values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mramsim.network.nodes.base import ANY, Array, Node, Shape
from mramsim.network.nodes.windows import Windows, sizes


@dataclass(frozen=True, eq=False)
class MaxPool(Node):
    """Maximum of each window: OR on bits; minimum (AND) for channels marked conjunctive.

    A pool that stood between the accumulators and BatchNorm is moved behind the threshold: the
    threshold of a maximum is the OR of thresholds where polarity is +1 and the AND where it is -1.

    Attributes
    ----------
    kernel, stride : tuple of int
        Per axis.
    conjunctive : bool array [channels]
        Channels that take the minimum.
    padding : tuple of int
        Per axis; what stands beyond the border never wins. Less than the kernel.
    """

    kernel: Shape
    stride: Shape
    conjunctive: NDArray[np.bool_]
    padding: Shape | None = None
    takes: ClassVar[tuple[str, ...]] = ANY
    gives: ClassVar[str] = "same"
    axes: ClassVar[int] = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        before = (0,) * self.axes if self.padding is None else self.padding
        if {len(self.kernel), len(self.stride), len(before)} != {self.axes}:
            raise self.fail(f"kernel {self.kernel}, stride {self.stride}: {self.axes} entries each")
        if min(self.kernel) < 1 or min(self.stride) < 1:
            raise self.fail(f"kernel {self.kernel}, stride {self.stride}: at least 1 is allowed")
        if any(not 0 <= pad < size for pad, size in zip(before, self.kernel, strict=True)):
            raise self.fail(f"padding {before}: 0 to below the kernel {self.kernel} is allowed")
        object.__setattr__(self, "conjunctive", np.asarray(self.conjunctive).astype(np.bool_))

    def _windows(self, size: Shape) -> Windows:
        before = (0,) * self.axes if self.padding is None else self.padding
        return Windows(size, self.kernel, self.stride, before, before)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (channels, *output size)."""
        if len(shapes[0]) != 1 + self.axes or shapes[0][0] != self.conjunctive.size:
            axes = ("height, width", "length")[2 - self.axes]
            raise self.fail(f"takes ({self.conjunctive.size}, {axes}), not {shapes[0]}")
        windows = self._windows(shapes[0][1:])
        problem = windows.problem()
        if problem:
            raise self.fail(problem)
        return (shapes[0][0], *windows.output)

    def forward(self, *values: Array) -> Array:
        """Return the pooled values [images, channels, *output size], of the type given."""
        windows = self._windows(values[0].shape[2:])
        lowest, highest = _bounds(values[0].dtype)
        largest: Array = reduce(np.maximum, windows.members(values[0], lowest))
        if not self.conjunctive.any():
            return largest
        smallest = reduce(np.minimum, windows.members(values[0], highest))
        per_channel = (1, -1) + (1,) * self.axes
        pooled: Array = np.where(self.conjunctive.reshape(per_channel), smallest, largest)
        return pooled

    def operations(self, *shapes: Shape) -> dict[str, int]:
        """Return one comparison per further member of a window."""
        out = int(np.prod(self.output_shape(*shapes)))
        return {"compare": out * (int(np.prod(self.kernel)) - 1)}

    def settings(self) -> dict[str, Any]:
        """Return kernel and stride."""
        padding = {} if self.padding is None else {"padding": list(self.padding)}
        return {"kernel": list(self.kernel), "stride": list(self.stride), **padding}

    def arrays(self) -> dict[str, Array]:
        """Return the AND channels."""
        return {"conjunctive": self.conjunctive}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        padding = sizes(settings["padding"]) if "padding" in settings else None
        kernel, stride = sizes(settings["kernel"]), sizes(settings["stride"])
        return cls(name, inputs, kernel, stride, arrays["conjunctive"], padding)


def _bounds(kind: np.dtype[Any]) -> tuple[Any, Any]:
    if kind.kind == "f":
        return -np.inf, np.inf
    limits = np.iinfo(kind)
    return limits.min, limits.max


@dataclass(frozen=True, eq=False)
class MaxPool2d(MaxPool):
    """Pool over (height, width)."""

    kind: ClassVar[str] = "maxpool2d"


@dataclass(frozen=True, eq=False)
class MaxPool1d(MaxPool):
    """Pool over (length,)."""

    kind: ClassVar[str] = "maxpool1d"
    axes: ClassVar[int] = 1
