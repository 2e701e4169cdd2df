"""Digits: 1797 handwritten digits of 8 x 8 pixels that ship with scikit-learn."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mramsim.datasets.base import Dataset

_SPLIT_SEED = 20260101  # of the held-out fifth; no other seed touches it


def load(folder: str | None = None) -> Dataset:
    """Load the digits and hold out a stratified, shuffled fifth; needs no folder."""
    table = _table()
    images, labels = table[:, :-1].reshape(-1, 1, 8, 8), np.ascontiguousarray(table[:, -1])
    rng = np.random.Generator(np.random.PCG64(_SPLIT_SEED))
    held_out = np.zeros(len(labels), dtype=np.bool_)
    for label in range(10):
        members = rng.permutation(np.flatnonzero(labels == label))
        held_out[members[: round(len(members) / 5)]] = True
    order = rng.permutation(len(labels))
    train, test = order[~held_out[order]], order[held_out[order]]
    return Dataset(
        "digits",
        images[train],
        labels[train],
        images[test],
        labels[test],
        tuple(str(digit) for digit in range(10)),
        levels=16,
        planes=4,
        citation="Alpaydin, Kaynak, Optical Recognition of Handwritten Digits, UCI (1998)",
    )


def _table() -> NDArray[np.uint8]:
    """Return 64 pixels and the label of each digit, uint8 [1797, 65].

    scikit-learn's file is read where it lies: importing the library takes longer than a run.
    """
    found = find_spec("sklearn")
    path = Path(str(found and found.origin)).parent / "datasets" / "data" / "digits.csv.gz"
    if path.is_file():
        return np.loadtxt(path, delimiter=",").astype(np.uint8)
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return np.column_stack([bunch.data, bunch.target]).astype(np.uint8)
