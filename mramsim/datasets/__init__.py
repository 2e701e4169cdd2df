"""Data sets as integers, one file per set.

``load_dataset`` looks in a folder first (``--data-dir`` or ``MRAMSIM_DATA``), then downloads to the
user's cache with a known checksum. Digits need neither.
"""

from __future__ import annotations

import importlib
import os

from mramsim.datasets.base import Dataset
from mramsim.errors import InputError, nearest

_HOME = {
    "digits": "mramsim.datasets.digits",
    "mnist": "mramsim.datasets.mnist",
    "fashion-mnist": "mramsim.datasets.fashion_mnist",
    "cifar10": "mramsim.datasets.cifar10",
}
NAMES = tuple(_HOME)


def load_dataset(name: str, data_dir: str | os.PathLike[str] | None = None) -> Dataset:
    """Load a data set.

    Parameters
    ----------
    name : {"digits", "mnist", "fashion-mnist", "cifar10"}
    data_dir : path-like, optional
        Folder with one sub-folder per set; the variable ``MRAMSIM_DATA`` if None. Without either
        the set is downloaded (extra ``data``).

    Returns
    -------
    Dataset

    Raises
    ------
    InputError
        Unknown name, missing or damaged file, failed download.
    """
    if name not in _HOME:
        raise InputError(f"data set '{name}' is unknown{nearest(name, NAMES)}")
    folder = os.fspath(data_dir) if data_dir is not None else os.environ.get("MRAMSIM_DATA")
    found: Dataset = importlib.import_module(_HOME[name]).load(folder or None)
    return found


__all__ = ["NAMES", "Dataset", "load_dataset"]
