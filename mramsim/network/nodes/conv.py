"""Binary convolution by unrolled patches, over one or two axes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mramsim.network.nodes.base import Array, Shape
from mramsim.network.nodes.product import Product
from mramsim.network.nodes.windows import Windows, sizes


@dataclass(frozen=True, eq=False)
class Conv(Product):
    """Accumulators of ``weight [outputs, channels / groups, *kernel]`` with each patch.

    Attributes
    ----------
    size : tuple of int
        Of the input, without channels.
    stride, padding : tuple of int
        Per axis.
    pad_value : {-1, 0, 1}
        What stands beyond the border. 0 leaves those rows undriven: they add nothing; -1 and +1
        drive them with the lowest or highest level.
    padding_end : tuple of int, optional
        Padding at the high end of each axis where it is not `padding`.
    """

    size: Shape = (1, 1)
    stride: Shape = (1, 1)
    padding: Shape = (0, 0)
    pad_value: int = 0
    padding_end: Shape | None = None
    axes: ClassVar[int] = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weight.ndim != 2 + self.axes or len(self.size) != self.axes:
            kernel = "(outputs, channels / groups, " + ("height, width)", "length)")[2 - self.axes]
            raise self.fail(
                f"weight has shape {self.weight.shape}, the map {self.size}; {kernel} is expected"
            )
        if self.pad_value not in (-1, 0, 1):
            raise self.fail(f"pad_value = {self.pad_value}; -1, 0 and 1 are allowed")
        problem = self.windows.problem()
        if problem:
            raise self.fail(problem)

    @cached_property
    def windows(self) -> Windows:
        """Geometry."""
        after = self.padding if self.padding_end is None else self.padding_end
        kernel = tuple(map(int, self.weight.shape[2:]))
        return Windows(self.size, kernel, self.stride, self.padding, after)

    @property
    def channels(self) -> int:
        """Input channels."""
        return int(self.weight.shape[1]) * self.groups

    @property
    def output_size(self) -> Shape:
        """Size of the output, without channels."""
        return self.windows.output

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (outputs, *output size)."""
        expected = (self.channels, *self.size)
        if tuple(shapes[0]) != expected:
            raise self.fail(f"takes {expected}, but '{self.inputs[0]}' gives {tuple(shapes[0])}")
        return (self.fan_out, *self.output_size)

    def rows(self, levels: Array) -> NDArray[np.uint8]:
        """Return the patches, [images, positions, groups, fan_in]."""
        fill = (1 << self.planes) - 1 if self.pad_value == 1 else 0
        return self.windows.rows(np.asarray(levels), fill, self.groups)

    @cached_property
    def _driven(self) -> NDArray[np.bool_] | None:
        if self.pad_value != 0 or not self.windows.pads:
            return None
        inside = np.ones((1, self.channels // self.groups, *self.size), dtype=np.uint8)
        driven = self.windows.rows(inside, 0, 1)[0, :, 0] > 0
        return None if driven.all() else driven

    def mask(self) -> NDArray[np.bool_] | None:
        """Return which rows are driven at each position, [positions, fan_in]."""
        return self._driven

    def assemble(self, counts: Array) -> Array:
        """Return [images, outputs, *output size]."""
        return self.windows.grid(counts)

    def settings(self) -> dict[str, Any]:
        """Return planes, groups and geometry."""
        end = {} if self.padding_end is None else {"padding_end": list(self.padding_end)}
        return {
            "planes": self.planes,
            "groups": self.groups,
            "size": list(self.size),
            "stride": list(self.stride),
            "padding": list(self.padding),
            "pad_value": self.pad_value,
            **end,
        }

    def arrays(self) -> dict[str, Array]:
        """Return the weight bits."""
        return {"weight": self.weight}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        record = dict(settings)
        for key in {"size", "stride", "padding", "padding_end"} & set(record):
            record[key] = sizes(record[key])
        return cls(name, inputs, arrays["weight"], **record)


@dataclass(frozen=True, eq=False)
class Conv2d(Conv):
    """Convolution over (height, width)."""

    kind: ClassVar[str] = "conv2d"
