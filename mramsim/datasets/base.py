"""What a data set is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mramsim.errors import InputError


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels, split once and for all.

    Attributes
    ----------
    name : str
    x_train, x_test : array [images, channels, height, width]
        uint8; int16 for sound: one channel of height 1. To run a network: any numbers and shape
        that it takes.
    y_train, y_test : integer array [images]
        Number of the class, from 0. Training images set calibrated ranges.
    classes : tuple of str
    levels : int
        Values run from `low` to ``low + levels - 1`` or ``low + levels``; a power of two.
    planes : int
        Bit planes that networks take by default.
    citation : str
    threshold : int, optional
        The single bit plane of a pixel is whether it is at least this; else half of `levels`.
    low : int
        Lowest value; that of the number type for sound.
    """

    name: str
    x_train: NDArray[Any]
    y_train: NDArray[np.uint8]
    x_test: NDArray[Any]
    y_test: NDArray[np.uint8]
    classes: tuple[str, ...]
    levels: int = 256
    planes: int = 8
    citation: str = ""
    threshold: int | None = None
    low: int = 0

    def __post_init__(self) -> None:
        for part, x, y in (
            ("training", self.x_train, self.y_train),
            ("test", self.x_test, self.y_test),
        ):
            for what, array in ((f"{part} images", x), (f"{part} labels", y)):
                if not isinstance(array, np.ndarray):
                    kind = type(array).__name__
                    raise InputError(
                        f"data set '{self.name}': {what} are a {kind}; a numpy array is expected"
                    )
            if y.ndim != 1 or y.dtype.kind not in "iu":
                raise InputError(
                    f"data set '{self.name}': {part} labels of shape {y.shape} and type {y.dtype};"
                    " one axis of integers is expected"
                )
            if len(x) != len(y):
                raise InputError(f"data set '{self.name}': {len(x)} {part} images, {len(y)} labels")
            if len(y) and not 0 <= y.min() <= y.max() < len(self.classes):
                raise InputError(
                    f"data set '{self.name}': {part} labels from {y.min()} to {y.max()};"
                    f" 0 to {len(self.classes) - 1} are allowed"
                )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one image."""
        channels, height, width = self.x_train.shape[1:]
        return channels, height, width

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the training images and labels."""
        sha = hashlib.sha256()
        for part in (self.x_train, self.y_train):
            sha.update(f"{part.dtype.str}{part.shape}".encode())
            sha.update(np.ascontiguousarray(part).tobytes())
        return sha.hexdigest()
