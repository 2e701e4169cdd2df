"""Random splits into training and test images, as a run of the authors draws them."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mramsim.datasets.base import Dataset

SPLIT = 42  # seed of the first run of Colombo et al., arXiv:2412.00119


def split_off(
    whole: Dataset, images: NDArray[Any], labels: NDArray[np.uint8], test: int, seed: int
) -> Dataset:
    """Return a data set whose test images are the last of a shuffled list.

    The order is that of Python's ``random.shuffle``, which arXiv:2412.00119 uses, so a run's seed
    gives the run's test images.

    Parameters
    ----------
    whole : Dataset
        Everything but the images; its name gets ``@seed``, unless the seed is `SPLIT`.
    images : array [images, ...]
    labels : uint8 array [images]
    test : int
        How many images to test with.
    seed : int

    Returns
    -------
    Dataset
    """
    order = list(range(len(images)))
    random.Random(seed).shuffle(order)
    train, held_out = np.array(order[:-test]), np.array(order[-test:])
    return replace(
        whole,
        name=whole.name if seed == SPLIT else f"{whole.name}@{seed}",
        x_train=images[train],
        y_train=labels[train],
        x_test=images[held_out],
        y_test=labels[held_out],
    )
