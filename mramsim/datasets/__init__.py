"""Data sets as integers, one file per set.

``load_dataset`` looks in a folder first (``--data-dir`` or ``MRAMSIM_DATA``), then downloads to the
user's cache with a known checksum. Digits need neither.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from mramsim.datasets.base import Dataset
from mramsim.errors import InputError, nearest

_HOME = {
    "digits": "mramsim.datasets.digits",
    "mnist": "mramsim.datasets.mnist",
    "fashion-mnist": "mramsim.datasets.fashion_mnist",
    "cifar10": "mramsim.datasets.cifar10",
    "cats-dogs": "mramsim.datasets.cats_dogs",
    "spoken-digits": "mramsim.datasets.spoken_digits",
    "prototypes": "mramsim.datasets.prototypes",
    "fashion-mnist-median": "mramsim.datasets.fashion_mnist_median",
}
NAMES = tuple(_HOME)


def load_dataset(name: str | Path, data_dir: str | os.PathLike[str] | None = None) -> Dataset:
    """Load a data set.

    Parameters
    ----------
    name : str or path
        One of `NAMES`, or a CSV file; see `mramsim.datasets.table`. Sets that their authors split
        anew for each run, and tables, take the run's seed behind an ``@``: ``prototypes@43``.
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
    name = str(name)
    stem, at, split = name.partition("@")
    if at and (not (split.isascii() and split.isdigit()) or int(split) >= 1 << 32):
        raise InputError(f"data set '{name}': a split is a seed from 0 to 2^32 - 1")
    if stem.endswith(".csv"):
        from mramsim.datasets.table import load_table

        return load_table(stem, int(split)) if at else load_table(stem)
    if stem not in _HOME:
        raise InputError(f"data set '{name}' is unknown{nearest(stem, NAMES)}")
    folder = os.fspath(data_dir) if data_dir is not None else os.environ.get("MRAMSIM_DATA")
    module = importlib.import_module(_HOME[stem])
    if not at:
        found: Dataset = module.load(folder or None)
        return found
    if not hasattr(module, "load_split"):
        raise InputError(f"data set '{name}': '{stem}' has a single split")
    chosen: Dataset = module.load_split(folder or None, int(split))
    return chosen


__all__ = ["NAMES", "Dataset", "load_dataset"]
