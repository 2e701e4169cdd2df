"""Where a kernel slides: what convolutions and pools over one or two axes share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mramsim.network.nodes.base import Array, Shape


@dataclass(frozen=True)
class Windows:
    """A kernel sliding over a map; every field has one entry per axis.

    Attributes
    ----------
    size : tuple of int
        Of the map.
    kernel, stride : tuple of int
    before, after : tuple of int
        Padding at the low and at the high end.
    """

    size: Shape
    kernel: Shape
    stride: Shape
    before: Shape
    after: Shape

    def problem(self) -> str | None:
        """Return what is wrong with the geometry, or None."""
        axes = len(self.size)
        parts = (self.kernel, self.stride, self.before, self.after)
        if any(len(part) != axes for part in parts):
            return f"kernel, stride and padding need {axes} entries each"
        if min(*self.size, *self.kernel, *self.stride) < 1:
            return f"size {self.size}, kernel {self.kernel}, stride {self.stride}: at least 1"
        if min(*self.before, *self.after) < 0:
            return f"padding {self.before}, {self.after}: at least 0 is allowed"
        if min(self.output) < 1:
            return f"kernel {self.kernel} does not fit input {self.size}"
        return None

    @property
    def output(self) -> Shape:
        """Size of the result."""
        return tuple(
            (size + low + high - kernel) // stride + 1
            for size, kernel, stride, low, high in zip(
                self.size, self.kernel, self.stride, self.before, self.after, strict=True
            )
        )

    @property
    def pads(self) -> bool:
        """Whether anything stands beyond the border."""
        return any(self.before) or any(self.after)

    def padded(self, values: Array, fill: Any) -> Array:
        """Return values [images, channels, *size] with `fill` beyond the border."""
        border = [(0, 0), (0, 0), *zip(self.before, self.after, strict=True)]
        return np.pad(values, border, constant_values=fill) if self.pads else values

    def view(self, values: Array, fill: Any) -> Array:
        """Return [images, channels, *output, *kernel] of values [images, channels, *size]."""
        axes = len(self.size)
        padded = self.padded(values, fill)
        found = sliding_window_view(padded, self.kernel, axis=tuple(range(2, 2 + axes)))
        steps = tuple(slice(None, None, stride) for stride in self.stride)
        return found[(slice(None), slice(None), *steps)]

    def members(self, values: Array, fill: Any) -> list[Array]:
        """Return each member of all windows, [images, channels, *output]."""
        found = self.view(values, fill)
        return [found[(..., *member)] for member in np.ndindex(self.kernel)]

    def rows(self, values: Array, fill: Any, groups: int) -> Array:
        """Return the unrolled patches, [images, positions, groups, channels / groups * kernel].

        Within a row the order is channel, then the kernel's axes.
        """
        from mramsim.kernels.patches import fill_patches

        padded = self.padded(values, fill)
        images = len(padded)
        place, member = self._places(padded.shape[1:])
        patches = np.empty((images, len(place), len(member)), dtype=padded.dtype)
        size = int(np.prod(padded.shape[1:]))
        fill_patches(padded.reshape(images, size), place, member, patches)
        return patches.reshape(images, len(place), groups, len(member) // groups)

    def _places(self, shape: Shape) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Return where patches start in padded maps [channels, *size], and where members lie."""
        number = np.arange(np.prod(shape), dtype=np.uint64).reshape(shape)
        steps = zip(self.output, self.stride, strict=True)
        place = number[(0, *np.ix_(*(np.arange(count) * stride for count, stride in steps)))]
        member = number[(slice(None), *(slice(size) for size in self.kernel))]
        return place.reshape(-1), member.reshape(-1)

    def grid(self, sums: Array) -> Array:
        """Return [images, channels, *output] of sums [images, positions, channels]."""
        shaped = sums.reshape(len(sums), *self.output, sums.shape[2])
        return np.ascontiguousarray(np.moveaxis(shaped, -1, 1))


def sizes(value: Any) -> Shape:
    """Return a tuple of ints from a list of a file's record."""
    return tuple(int(part) for part in value)
