"""Fashion-MNIST as arXiv:2412.00119 uses it: the training file alone, one bit per pixel.

10 000 of its 60 000 pictures are held out, anew for each run; a pixel is 1 where it is above the
median of all pixels of all 60 000 pictures.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mramsim.datasets import fashion_mnist
from mramsim.datasets.base import Dataset
from mramsim.datasets.split import SPLIT, split_off

_TEST = 10_000


def load(folder: str | None) -> Dataset:
    """Load the set with the split of the authors' first run."""
    return load_split(folder, SPLIT)


def load_split(folder: str | None, seed: int) -> Dataset:
    """Load the set and hold out 10 000 of 60 000 pictures as a run with this seed does."""
    full = fashion_mnist.load(folder)
    median = int(np.median(full.x_train))
    whole = replace(full, name="fashion-mnist-median", threshold=median + 1)
    return split_off(whole, full.x_train, full.y_train, _TEST, seed)
