"""Small data sets and models for tests of training."""

from __future__ import annotations

import numpy as np

from mramsim.datasets import Dataset


def toy(
    shape: tuple[int, int, int] = (1, 8, 8),
    count: int = 120,
    levels: int = 256,
    planes: int = 1,
    seed: int = 0,
) -> Dataset:
    """Return four blurred patterns with noise: easy, but not trivial."""
    rng = np.random.default_rng(seed)
    patterns = rng.integers(0, 2, (4, *shape)) * 0.6 + 0.2
    labels = rng.integers(0, 4, 2 * count).astype(np.uint8)
    clean = patterns[labels] + rng.normal(size=(2 * count, *shape)) * 0.2
    images = np.clip(np.rint(clean * (levels - 1)), 0, levels - 1).astype(np.uint8)
    images.flags.writeable = labels.flags.writeable = False  # as read from a file
    return Dataset(
        "toy",
        images[:count],
        labels[:count],
        images[count:],
        labels[count:],
        tuple("abcd"),
        levels=levels,
        planes=planes,
        citation="made here",
    )
