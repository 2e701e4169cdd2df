"""Max-pooling on bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mramsim.network.nodes.base import Array, Node, Shape


@dataclass(frozen=True, eq=False)
class MaxPool2d(Node):
    """OR of the bits in each window; AND for channels whose threshold was reversed.

    A pool that stood between the accumulators and BatchNorm is moved behind the threshold: the
    threshold of a maximum is the OR of thresholds where polarity is +1 and the AND where it is -1.

    Attributes
    ----------
    kernel, stride : tuple of int
        Per axis (height, width); no padding.
    conjunctive : bool array [channels]
        Channels that take the AND.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    conjunctive: NDArray[np.bool_]
    kind: ClassVar[str] = "maxpool2d"
    takes: ClassVar[str] = "levels"
    gives: ClassVar[str] = "levels"

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.kernel) < 1 or min(self.stride) < 1:
            raise self.fail(f"kernel {self.kernel}, stride {self.stride}: at least 1 is allowed")
        object.__setattr__(self, "conjunctive", np.asarray(self.conjunctive).astype(np.bool_))

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (channels, height, width)."""
        if len(shapes[0]) != 3 or shapes[0][0] != self.conjunctive.size:
            raise self.fail(f"takes ({self.conjunctive.size}, height, width), not {shapes[0]}")
        height, width = (
            (shapes[0][1 + axis] - self.kernel[axis]) // self.stride[axis] + 1 for axis in (0, 1)
        )
        if min(height, width) < 1:
            raise self.fail(f"kernel {self.kernel} does not fit {shapes[0][1:]}")
        return (shapes[0][0], height, width)

    def forward(self, *values: Array) -> NDArray[np.uint8]:
        """Return the pooled bits, uint8 [images, channels, height, width]."""
        windows = sliding_window_view(values[0], self.kernel, axis=(2, 3))
        windows = windows[:, :, :: self.stride[0], :: self.stride[1]]
        any_bit: NDArray[np.uint8] = windows.max(axis=(4, 5))
        if not self.conjunctive.any():
            return any_bit
        all_bits = windows.min(axis=(4, 5))
        pooled: NDArray[np.uint8] = np.where(
            self.conjunctive[None, :, None, None], all_bits, any_bit
        )
        return pooled

    def settings(self) -> dict[str, Any]:
        """Return kernel and stride."""
        return {"kernel": list(self.kernel), "stride": list(self.stride)}

    def arrays(self) -> dict[str, Array]:
        """Return the AND channels."""
        return {"conjunctive": self.conjunctive}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        (kh, kw), (sh, sw) = settings["kernel"], settings["stride"]
        return cls(name, inputs, (int(kh), int(kw)), (int(sh), int(sw)), arrays["conjunctive"])
