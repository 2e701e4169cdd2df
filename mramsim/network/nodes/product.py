"""What linear and convolution share: rows of levels against columns of binary weights."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mramsim.network.nodes.base import Array, Node, as_bits

_EXACT_FLOAT32 = 1 << 24


@dataclass(frozen=True, eq=False)
class Product(Node):
    """A binary matrix product; every array of cells holds one.

    Attributes
    ----------
    weight : uint8 array
        Bits; axis 0 is the output channel.
    planes : int
        Bit planes of the input levels.
    groups : int
        Independent products side by side (grouped convolution).
    """

    weight: NDArray[np.uint8]
    planes: int = 1
    groups: int = 1
    takes: ClassVar[tuple[str, ...]] = ("levels",)
    gives: ClassVar[str] = "counts"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "weight", as_bits(self.name, self.weight))
        if not 1 <= self.planes <= 8:
            raise self.fail(f"planes = {self.planes}; 1 to 8 are allowed")
        if self.weight.size == 0:
            raise self.fail(f"weight has shape {self.weight.shape}; an empty product")
        if self.groups < 1 or self.fan_out % self.groups:
            raise self.fail(f"groups = {self.groups} does not divide {self.fan_out} outputs")

    @property
    def fan_out(self) -> int:
        """Output channels."""
        return int(self.weight.shape[0])

    @property
    def fan_in(self) -> int:
        """Cells in series of one output: rows of one group."""
        return int(self.weight[0].size)

    @property
    def reads_planes(self) -> int:
        """Bit planes of its input."""
        return self.planes

    @property
    def reach(self) -> int:
        """Largest magnitude an accumulator can have."""
        return self.fan_in * ((1 << self.planes) - 1)

    def matrix(self) -> NDArray[np.uint8]:
        """Return the weights as bits [groups, fan_out / groups, fan_in]."""
        return self.weight.reshape(self.groups, self.fan_out // self.groups, self.fan_in)

    @abstractmethod
    def rows(self, levels: Array) -> NDArray[np.uint8]:
        """Return the levels that each evaluation sees, [images, positions, groups, fan_in]."""

    @abstractmethod
    def mask(self) -> NDArray[np.bool_] | None:
        """Return which rows are driven, [positions, fan_in]; None where all always are."""

    @abstractmethod
    def assemble(self, counts: Array) -> Array:
        """Arrange [images, positions, fan_out] into the node's output."""

    def forward(self, *values: Array) -> NDArray[np.int32]:
        """Return the exact accumulators, int32: sum of weight times value over driven rows."""
        rows = self.rows(values[0])
        images, positions = rows.shape[:2]
        kind = np.float32 if self.reach < _EXACT_FLOAT32 else np.float64
        value = 2 * rows.astype(kind) - ((1 << self.planes) - 1)
        mask = self.mask()
        if mask is not None:
            value = value * mask[None, :, None, :].astype(kind)
        matrix = 2 * self.matrix().astype(kind) - 1
        counts = np.empty((images, positions, self.groups, matrix.shape[1]), dtype=np.int32)
        for group in range(self.groups):
            counts[:, :, group] = np.rint(value[:, :, group] @ matrix[group].T)
        return self.assemble(counts.reshape(images, positions, self.fan_out))
