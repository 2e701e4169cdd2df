"""What a data set is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels, split once and for all.

    Attributes
    ----------
    name : str
    x_train, x_test : uint8 array [images, channels, height, width]
    y_train, y_test : uint8 array [images]
    classes : tuple of str
    levels : int
        Pixels run from 0 to ``levels - 1`` or ``levels``; a power of two.
    planes : int
        Bit planes that networks take by default.
    citation : str
    threshold : int, optional
        The single bit plane of a pixel is whether it is at least this; else half of `levels`.
    """

    name: str
    x_train: NDArray[np.uint8]
    y_train: NDArray[np.uint8]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.uint8]
    classes: tuple[str, ...]
    levels: int
    planes: int
    citation: str
    threshold: int | None = None

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
