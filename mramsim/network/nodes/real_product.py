"""Linear and convolution on real values: real or binary weights, computed digitally."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mramsim.network.nodes.base import NUMBERS, Array, Node, Shape, as_bits
from mramsim.network.nodes.windows import Windows, sizes

_BLOCK_BYTES = 1 << 26


@dataclass(frozen=True, eq=False)
class RealProduct(Node):
    """Sums of weights times real values, plus a bias.

    Order, the same in the reference and beside a chip: for each output the products, exact in
    float64, are added in float64 from the first input to the last (channel, then the kernel's
    axes); then the bias; then one rounding to float32. No batch size, thread or machine changes it.

    Attributes
    ----------
    weight : float32 array, or uint8 array of bits
        Axis 0 is the output channel. Bits stand for -1 and +1: binary weights on real values.
    bias : float32 array [outputs]
    groups : int
        Independent products side by side.
    """

    weight: Array
    bias: NDArray[np.float32]
    groups: int = 1
    takes: ClassVar[tuple[str, ...]] = NUMBERS
    gives: ClassVar[str] = "reals"

    def __post_init__(self) -> None:
        super().__post_init__()
        weight = np.asarray(self.weight)
        if weight.dtype.kind == "f":
            object.__setattr__(self, "weight", self.finite("weight", weight))
        else:
            object.__setattr__(self, "weight", as_bits(self.name, weight))
        object.__setattr__(self, "bias", self.finite("bias", self.bias))
        if self.weight.ndim < 2 or self.weight.size == 0:
            raise self.fail(f"weight has shape {self.weight.shape}; an empty product")
        if self.bias.shape != (self.fan_out,):
            raise self.fail(f"bias has shape {self.bias.shape}; ({self.fan_out},) is expected")
        if self.groups < 1 or self.fan_out % self.groups:
            raise self.fail(f"groups = {self.groups} does not divide {self.fan_out} outputs")

    @property
    def binary(self) -> bool:
        """Whether the weights are bits."""
        return self.weight.dtype == np.uint8

    @property
    def fan_out(self) -> int:
        """Output channels."""
        return int(self.weight.shape[0])

    @property
    def fan_in(self) -> int:
        """Products of one output."""
        return int(self.weight[0].size)

    @cached_property
    def _matrix(self) -> NDArray[np.float32]:
        """Weights as numbers, [groups, fan_in, fan_out / groups]."""
        values = self.weight.astype(np.float32)
        if self.binary:
            values = 2 * values - 1
        shaped = values.reshape(self.groups, self.fan_out // self.groups, self.fan_in)
        return np.ascontiguousarray(shaped.transpose(0, 2, 1))

    def _sums(self, rows: Array) -> NDArray[np.float32]:
        """Return float32 [images, positions, outputs] of rows [images, positions, groups, n]."""
        from mramsim.kernels.real_product import real_product

        images, positions = rows.shape[:2]
        values = np.ascontiguousarray(rows, dtype=np.float32)
        flat = values.reshape(images * positions, self.groups, self.fan_in)
        found = np.empty((len(flat), self.fan_out), dtype=np.float32)
        real_product(flat, self._matrix, self.bias, found)
        return found.reshape(images, positions, self.fan_out)

    def arrays(self) -> dict[str, Array]:
        """Return weights (bits are packed in a file) and bias."""
        return {"weight": self.weight, "bias": self.bias}


@dataclass(frozen=True, eq=False)
class RealLinear(RealProduct):
    """Fully connected: ``weight [outputs, inputs]`` with the flattened values."""

    kind: ClassVar[str] = "real_linear"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weight.ndim != 2 or self.groups != 1:
            raise self.fail(f"weight has shape {self.weight.shape}; (outputs, inputs) is expected")

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (outputs,)."""
        size = int(np.prod(shapes[0]))
        if size != self.fan_in:
            raise self.fail(f"weight has {self.fan_in} inputs, but '{self.inputs[0]}' gives {size}")
        return (self.fan_out,)

    def forward(self, *values: Array) -> NDArray[np.float32]:
        """Return float32 [images, outputs]."""
        return self._sums(values[0].reshape(len(values[0]), 1, 1, self.fan_in))[:, 0]

    def operations(self, *shapes: Shape) -> dict[str, int]:
        """Return additions (binary weights) or multiply-adds."""
        return {"add_f32" if self.binary else "mac_f32": self.weight.size}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        return cls(name, inputs, arrays["weight"], arrays["bias"])


@dataclass(frozen=True, eq=False)
class RealConv(RealProduct):
    """Convolution: ``weight [outputs, channels / groups, *kernel]``, over one or two axes.

    Attributes
    ----------
    size, stride, padding : tuple of int
        Per axis.
    padding_end : tuple of int, optional
        Padding at the high end where it is not `padding`.
    pad_value : float
        What stands beyond the border.
    """

    size: Shape = (1, 1)
    stride: Shape = (1, 1)
    padding: Shape = (0, 0)
    padding_end: Shape | None = None
    pad_value: float = 0.0
    kind: ClassVar[str] = "real_conv"

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.size) not in (1, 2) or self.weight.ndim != 2 + len(self.size):
            raise self.fail(f"weight has shape {self.weight.shape}, the map {self.size}")
        problem = self.windows.problem()
        if problem:
            raise self.fail(problem)
        if not np.isfinite(self.pad_value):
            raise self.fail(f"pad_value = {self.pad_value}; a finite number is expected")

    @cached_property
    def windows(self) -> Windows:
        """Geometry."""
        after = self.padding if self.padding_end is None else self.padding_end
        kernel = tuple(map(int, self.weight.shape[2:]))
        return Windows(self.size, kernel, self.stride, self.padding, after)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (outputs, *output size)."""
        expected = (int(self.weight.shape[1]) * self.groups, *self.size)
        if tuple(shapes[0]) != expected:
            raise self.fail(f"takes {expected}, but '{self.inputs[0]}' gives {tuple(shapes[0])}")
        return (self.fan_out, *self.windows.output)

    def forward(self, *values: Array) -> NDArray[np.float32]:
        """Return float32 [images, outputs, *output size]."""
        given = np.asarray(values[0], dtype=np.float32)
        per_image = 4 * self.fan_in * self.groups * int(np.prod(self.windows.output))
        step = max(1, _BLOCK_BYTES // per_image)
        found = [
            self.windows.grid(self._sums(self.windows.rows(part, self.pad_value, self.groups)))
            for part in (given[at : at + step] for at in range(0, max(1, len(given)), step))
        ]
        return np.concatenate(found)

    def operations(self, *shapes: Shape) -> dict[str, int]:
        """Return additions (binary weights) or multiply-adds."""
        work = self.weight.size * int(np.prod(self.windows.output))
        return {"add_f32" if self.binary else "mac_f32": work}

    def settings(self) -> dict[str, Any]:
        """Return groups and geometry."""
        end = {} if self.padding_end is None else {"padding_end": list(self.padding_end)}
        return {
            "groups": self.groups,
            "size": list(self.size),
            "stride": list(self.stride),
            "padding": list(self.padding),
            "pad_value": self.pad_value,
            **end,
        }

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        record = dict(settings)
        for key in {"size", "stride", "padding", "padding_end"} & set(record):
            record[key] = sizes(record[key])
        return cls(name, inputs, arrays["weight"], arrays["bias"], **record)
