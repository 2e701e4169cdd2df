"""CIFAR-10: colour pictures of 32 x 32 pixels, 50 000 for training and 10 000 for testing."""

from __future__ import annotations

import tarfile

import numpy as np
from numpy.typing import NDArray

from mramsim.datasets.base import Dataset
from mramsim.datasets.source import download, read_local
from mramsim.errors import InputError

_ADDRESS = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
_SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
_FOLDER = "cifar-10-batches-bin"
_TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
_RECORD = 1 + 3 * 32 * 32
_CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


def load(folder: str | None) -> Dataset:
    """Load CIFAR-10 (binary version) from a folder, or download it."""
    names = (*_TRAIN, "test_batch.bin")
    raw = _download(names) if folder is None else _local(folder, names)
    parts = [parse_batch(content, name) for name, content in zip(names, raw, strict=True)]
    return Dataset(
        "cifar10",
        np.concatenate([images for images, _ in parts[:-1]]),
        np.concatenate([labels for _, labels in parts[:-1]]),
        *parts[-1],
        _CLASSES,
        levels=256,
        planes=8,
        citation="Krizhevsky, Learning multiple layers of features from tiny images (2009)",
    )


def parse_batch(raw: bytes, name: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return images [n, 3, 32, 32] and labels [n] of one batch file.

    Raises
    ------
    InputError
        If the length is no whole number of records or a label is above 9.
    """
    if not raw or len(raw) % _RECORD:
        raise InputError(f"{name}: {len(raw)} bytes is no whole number of {_RECORD}-byte records")
    records = np.frombuffer(raw, dtype=np.uint8).reshape(-1, _RECORD)
    labels = records[:, 0]
    if labels.max() > 9:
        raise InputError(f"{name}: label {labels.max()}; 0 to 9 are allowed")
    return records[:, 1:].reshape(-1, 3, 32, 32), labels


def _local(folder: str, names: tuple[str, ...]) -> list[bytes]:
    return [read_local(folder, f"cifar-10/{_FOLDER}", name) for name in names]


def _download(names: tuple[str, ...]) -> list[bytes]:
    with tarfile.open(download(_ADDRESS, _SHA256)) as archive:
        found = []
        for name in names:
            member = archive.extractfile(f"{_FOLDER}/{name}")
            if member is None:
                raise InputError(f"{_ADDRESS}: holds no {name}")
            found.append(member.read())
        return found
