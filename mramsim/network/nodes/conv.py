"""Binary two-dimensional convolution by unrolled patches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mramsim.network.nodes.base import Array, Shape
from mramsim.network.nodes.product import Product


@dataclass(frozen=True, eq=False)
class Conv2d(Product):
    """Accumulators of ``weight [outputs, channels / groups, height, width]`` with each patch.

    Attributes
    ----------
    size : tuple of int
        Height and width of the input.
    stride, padding : tuple of int
        Per axis (height, width).
    pad_value : {-1, 0, 1}
        What stands beyond the border. 0 leaves those rows undriven: they add nothing; -1 and +1
        drive them with the lowest or highest level.
    """

    size: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    pad_value: int = 0
    kind: ClassVar[str] = "conv2d"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weight.ndim != 4:
            raise self.fail(
                f"weight has shape {self.weight.shape}; (outputs, channels / groups, height, width)"
            )
        if self.pad_value not in (-1, 0, 1):
            raise self.fail(f"pad_value = {self.pad_value}; -1, 0 and 1 are allowed")
        if min(self.stride) < 1 or min(self.padding) < 0:
            raise self.fail(f"stride {self.stride}, padding {self.padding}: at least 1 and 0")
        if min(self.output_size) < 1:
            raise self.fail(f"kernel {self.weight.shape[2:]} does not fit input {self.size}")

    @property
    def channels(self) -> int:
        """Input channels."""
        return int(self.weight.shape[1]) * self.groups

    @property
    def output_size(self) -> tuple[int, int]:
        """Height and width of the output."""
        height, width = (
            (self.size[axis] + 2 * self.padding[axis] - self.weight.shape[2 + axis])
            // self.stride[axis]
            + 1
            for axis in (0, 1)
        )
        return int(height), int(width)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (outputs, height, width)."""
        expected = (self.channels, *self.size)
        if tuple(shapes[0]) != expected:
            raise self.fail(f"takes {expected}, but '{self.inputs[0]}' gives {tuple(shapes[0])}")
        return (self.fan_out, *self.output_size)

    def rows(self, levels: Array) -> NDArray[np.uint8]:
        """Return the patches, [images, positions, groups, fan_in]."""
        fill = (1 << self.planes) - 1 if self.pad_value == 1 else 0
        return self._unroll(np.asarray(levels), fill)

    @cached_property
    def _driven(self) -> NDArray[np.bool_] | None:
        if self.pad_value != 0 or self.padding == (0, 0):
            return None
        inside = np.ones((1, self.channels // self.groups, *self.size), dtype=np.uint8)
        driven = self._unroll(inside, 0, groups=1)[0, :, 0] > 0
        return None if driven.all() else driven

    def mask(self) -> NDArray[np.bool_] | None:
        """Return which rows are driven at each position, [positions, fan_in]."""
        return self._driven

    def _unroll(self, levels: Array, fill: int, groups: int | None = None) -> NDArray[np.uint8]:
        groups = self.groups if groups is None else groups
        vertical, horizontal = self.padding
        padded = np.pad(
            levels,
            ((0, 0), (0, 0), (vertical, vertical), (horizontal, horizontal)),
            constant_values=fill,
        )
        windows = sliding_window_view(padded, self.weight.shape[2:], axis=(2, 3))
        windows = windows[:, :, :: self.stride[0], :: self.stride[1]]
        images, channels, height, width, *_ = windows.shape
        split = windows.reshape(
            images, groups, channels // groups, height, width, *self.weight.shape[2:]
        )
        patches = split.transpose(0, 3, 4, 1, 2, 5, 6)
        return np.ascontiguousarray(patches).reshape(images, height * width, groups, self.fan_in)

    def assemble(self, counts: Array) -> Array:
        """Return [images, outputs, height, width]."""
        images = counts.shape[0]
        height, width = self.output_size
        grid = counts.reshape(images, height, width, self.fan_out)
        return np.ascontiguousarray(grid.transpose(0, 3, 1, 2))

    def settings(self) -> dict[str, Any]:
        """Return planes, groups and geometry."""
        return {
            "planes": self.planes,
            "groups": self.groups,
            "size": list(self.size),
            "stride": list(self.stride),
            "padding": list(self.padding),
            "pad_value": self.pad_value,
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
        for key in ("size", "stride", "padding"):
            height, width = record[key]
            record[key] = (int(height), int(width))
        return cls(name, inputs, arrays["weight"], **record)
