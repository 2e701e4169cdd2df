"""Prototypes: noisy copies of ten random vectors, the synthetic task of arXiv:2412.00119."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mramsim.datasets.base import Dataset
from mramsim.datasets.split import SPLIT, split_off

_SEED = 42
_CLASSES, _COPIES, _BITS, _FLIP = 10, 1200, 1000, 0.44
_TEST = 2000


def load(folder: str | None = None) -> Dataset:
    """Make the prototypes with the split of the authors' first run; needs no folder."""
    return load_split(folder, SPLIT)


def load_split(folder: str | None, seed: int) -> Dataset:
    """Make the prototypes and hold out 2 000 of 12 000 as a run with this seed does."""
    bits = generate()
    labels = np.repeat(np.arange(_CLASSES, dtype=np.uint8), _COPIES)
    empty = np.empty((0, 1, 1, _BITS), np.uint8)
    whole = Dataset(
        "prototypes",
        empty,
        labels[:0],
        empty,
        labels[:0],
        tuple(str(number) for number in range(_CLASSES)),
        levels=2,
        planes=1,
        citation="Colombo, Pittorino, Roveri, arXiv:2412.00119 (2024)",
    )
    return split_off(whole, bits[:, None, None], labels, _TEST, seed)


def generate() -> NDArray[np.uint8]:
    """Return all copies, class by class.

    Ten prototypes of 1 000 random bits; in each of 1 200 copies every bit is flipped with
    probability 0.44. No two copies are equal, which is as good as certain and holds for this seed.

    Returns
    -------
    uint8 array [12000, 1000]
        Bits.
    """
    rng = np.random.default_rng(_SEED)
    prototypes = rng.choice([-1, 1], size=(_CLASSES, _BITS)) > 0
    copies = [prototype ^ (rng.random((_COPIES, _BITS)) < _FLIP) for prototype in prototypes]
    return np.concatenate(copies).astype(np.uint8)
