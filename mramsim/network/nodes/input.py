"""The input record: how raw integers become bits, stored with the network."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from math import prod
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mramsim.errors import InputError, nearest
from mramsim.network.nodes.base import Array, Node, Shape

MAX_RAW = 1 << 40
_KEYS = ("shape", "planes", "low", "step", "scale", "offset")


@dataclass(frozen=True, eq=False)
class Input(Node):
    """Turn raw integers into levels of `planes` bits.

    ``level = clip((raw - low) // step, 0, 2**planes - 1)``, and a level stands for the odd integer
    ``value = 2 * level - (2**planes - 1)``, so that each bit plane is a vector of -1 and +1 and
    ``value = sum_p 2**p * plane_p``. One plane with ``low = t - step`` is the threshold
    ``raw >= t``.

    Attributes
    ----------
    shape : tuple of int
        Shape of one raw image: (features,), (channels, length) or (channels, height, width).
    planes : int
        Bits per value, 1 to 8.
    low, step : int
        Offset and divisor of the raw integers.
    scale, offset : float
        ``real = scale * value + offset``: what the network's author fed in; for the record.
    """

    shape: Shape
    planes: int = 1
    low: int = 0
    step: int = 1
    scale: float = 1.0
    offset: float = 0.0
    kind: ClassVar[str] = "input"
    takes: ClassVar[tuple[str, ...]] = ("raw integers",)
    gives: ClassVar[str] = "levels"
    arity: ClassVar[int] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("planes", "low", "step"):
            if not isinstance(getattr(self, key), int):
                raise self.fail(f"{key} = {getattr(self, key)!r}; an integer is expected")
        if not 1 <= self.planes <= 8:
            raise self.fail(f"planes = {self.planes}; 1 to 8 are allowed")
        if not -MAX_RAW <= self.low <= MAX_RAW:
            raise self.fail(f"low = {self.low}; {-MAX_RAW} to {MAX_RAW} is allowed")
        if not 1 <= self.step <= MAX_RAW:
            raise self.fail(f"step = {self.step}; 1 to {MAX_RAW} is allowed")
        check_shape(self, self.shape)
        for key in ("scale", "offset"):
            if not abs(getattr(self, key)) <= sys.float_info.max:  # also NaN
                raise self.fail(f"{key} = {getattr(self, key)!r}; a finite number is expected")

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return `shape`."""
        return self.shape

    def forward(self, *values: Array) -> NDArray[np.uint8]:
        """Return the levels, uint8 [images, *shape], of raw integers [images, *shape]."""
        raw = shaped(self, self.shape, np.asarray(values[0]), "iub")
        last = (1 << self.planes) - 1
        if raw.dtype == np.uint8 and self.low == 0 and self.step == 1:  # the same, on bytes
            return raw.copy() if raw.max(initial=0) <= last else np.minimum(raw, np.uint8(last))
        level = (raw.astype(np.int64) - self.low) // self.step
        return np.clip(level, 0, last).astype(np.uint8)

    def settings(self) -> dict[str, Any]:
        """Return the record."""
        return {
            "shape": list(self.shape),
            "planes": self.planes,
            "low": self.low,
            "step": self.step,
            "scale": self.scale,
            "offset": self.offset,
        }

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        record = dict(settings)
        for key, value in record.items():
            what = f"node '{name}' (input): damaged record: "
            if key not in _KEYS:
                raise InputError(f"{what}key '{key}' is unknown{nearest(key, _KEYS)}")
            if key in ("scale", "offset") and not isinstance(value, Real):
                raise InputError(f"{what}{key} = {value!r}; a number is expected")
        record["shape"] = tuple(int(size) for size in record["shape"])
        return cls(name, inputs, **record)


def check_shape(node: Node, shape: Shape) -> None:
    """Refuse an image shape that no node takes."""
    if not 1 <= len(shape) <= 3 or min(shape) < 1:
        raise node.fail(
            f"shape {shape}; (features,), (channels, length) or (channels, height, width)"
        )


def shaped(node: Node, shape: Shape, raw: Array, kinds: str) -> Array:
    """Return raw images as [images, *shape]; refuse other shapes, and dtypes not of `kinds`.

    Axes of length 1 may be left out or added, and images or the network may be flat; another
    order of axes is refused.
    """
    if raw.dtype.kind not in kinds:
        allowed = "numbers" if "f" in kinds else "integers"
        raise node.fail(f"images have dtype {raw.dtype}; {allowed} are allowed")
    given, wanted = (tuple(size for size in one if size != 1) for one in (raw.shape[1:], shape))
    flat = min(len(given), len(wanted)) <= 1 and prod(given) == prod(wanted)
    if raw.ndim < 2 or not (given == wanted or flat):
        raise node.fail(f"images have shape {raw.shape[1:]}; {shape} is expected")
    return raw.reshape(raw.shape[0], *shape)
