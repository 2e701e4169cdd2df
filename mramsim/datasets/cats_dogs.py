"""Cats against dogs: two of the ten classes of CIFAR-10, 32 x 32 pixels in colour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mramsim.datasets import cifar10
from mramsim.datasets.base import Dataset

_CAT, _DOG = 3, 5  # labels of CIFAR-10


def load(folder: str | None) -> Dataset:
    """Load the cats (label 0) and dogs (label 1): 10 000 to train with, 2 000 to test with."""
    full = cifar10.load(folder)
    x_train, y_train = _pair(full.x_train, full.y_train)
    x_test, y_test = _pair(full.x_test, full.y_test)
    return replace(
        full,
        name="cats-dogs",
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        classes=("cat", "dog"),
    )


def _pair(
    images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the images of both classes in their order, and 0 or 1 for each."""
    chosen = np.isin(labels, (_CAT, _DOG))
    return images[chosen], (labels[chosen] == _DOG).astype(np.uint8)
