"""The idx format of MNIST and its relatives."""

from __future__ import annotations

import gzip
import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mramsim.datasets.base import Dataset
from mramsim.datasets.source import download, read_local
from mramsim.errors import InputError

_MAGIC = {"images": 0x803, "labels": 0x801}
_SIZE = (28, 28)


def load_idx(
    name: str,
    folder: str | None,
    address: str,
    checksums: Mapping[str, str],
    classes: tuple[str, ...],
    citation: str,
) -> Dataset:
    """Load the four files of an MNIST-like set.

    Parameters
    ----------
    name : str
        Also the sub-folder.
    folder : str or None
        Data folder; None downloads.
    address : str
        Where the ``.gz`` files are, with a slash at the end.
    checksums : mapping of str to str
        SHA-256 of each ``.gz`` file.
    classes : tuple of str
    citation : str

    Returns
    -------
    Dataset

    Raises
    ------
    InputError
        If a file is missing or damaged, or images and labels do not fit.
    """
    parts = {}
    for file, sha256 in checksums.items():
        if folder is not None:
            raw = read_local(folder, name, file)
        else:
            raw = gzip.decompress(download(f"{address}{file}.gz", sha256).read_bytes())
        parts[file] = parse_idx(raw, file)
    x_train, y_train, x_test, y_test = parts.values()
    for images, labels in ((x_train, y_train), (x_test, y_test)):
        if len(images) != len(labels):
            raise InputError(f"{name}: {len(images)} images but {len(labels)} labels")
        if images.shape[1:] != _SIZE:
            raise InputError(f"{name}: images of {images.shape[1:]}; {_SIZE} is expected")
        if labels.max(initial=0) >= len(classes):
            raise InputError(f"{name}: label {labels.max()}; 0 to {len(classes) - 1} are allowed")
    return Dataset(
        name,
        x_train[:, None],
        y_train,
        x_test[:, None],
        y_test,
        classes,
        levels=256,
        planes=1,
        citation=citation,
    )


def parse_idx(raw: bytes, name: str) -> NDArray[np.uint8]:
    """Return the array in an idx file of images or labels.

    Raises
    ------
    InputError
        If the magic number or the length is wrong.
    """
    kind = "images" if "images" in name else "labels"
    axes = 3 if kind == "images" else 1
    start = 4 * (1 + axes)
    magic = int.from_bytes(raw[:4], "big")
    if len(raw) < start or magic != _MAGIC[kind]:
        raise InputError(
            f"{name}: not idx {kind} ({len(raw)} bytes that start with {magic:#x},"
            f" not {_MAGIC[kind]:#x})"
        )
    shape = tuple(int(size) for size in np.frombuffer(raw[4:start], dtype=">u4"))
    body = np.frombuffer(raw, dtype=np.uint8, offset=start)
    if body.size != math.prod(shape):
        raise InputError(f"{name}: {body.size} bytes of {kind}, {math.prod(shape)} expected")
    return body.reshape(shape)


FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
