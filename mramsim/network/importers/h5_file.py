"""A Keras ``.h5`` file as its configuration and arrays; links, virtual and outside data refused."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from mramsim.errors import InputError
from mramsim.network.importers.limits import MAX_BYTES, MAX_NODES, check_file
from mramsim.network.nodes.base import Array

_MAX_TEXT = 1 << 24


def read_h5(path: Path) -> tuple[str, dict[str, dict[str, Array]]]:
    """Read a model saved as one ``.h5`` file.

    Returns
    -------
    config : str
        JSON of the model.
    arrays : dict of str to dict of str to float32 array
        By layer, then by the last part of the weight's name (``kernel``, ``gamma``, ...).

    Raises
    ------
    InputError
        Without the `import` extra; no configuration; links; arrays stored elsewhere; too large.
    """
    check_file(path)
    try:
        import h5py
    except ImportError:
        raise InputError(f"{path}: needs h5py (pip install 'mramsim[import]')") from None
    if not h5py.is_hdf5(path):
        raise InputError(f"{path}: not an HDF5 file")
    with h5py.File(path, "r") as stored:
        if "model_config" not in stored.attrs:
            raise InputError(
                f"{path}: holds weights only (no model_config); save all of it with model.save"
            )
        text = stored.attrs["model_config"]
        text = text.decode() if isinstance(text, bytes) else str(text)
        if len(text) > _MAX_TEXT:
            raise InputError(f"{path}: a configuration of {len(text)} characters")
        if "model_weights" not in stored:
            raise InputError(f"{path}: has no model_weights")
        arrays: dict[str, dict[str, Array]] = {}
        _gather(stored, "model_weights", (), arrays, _Left(path))
    return text, arrays


class _Left:
    def __init__(self, path: Path) -> None:
        self.path, self.bytes, self.items = path, MAX_BYTES, MAX_NODES

    def take(self, size: int) -> None:
        self.bytes, self.items = self.bytes - size, self.items - 1
        if self.bytes < 0 or self.items < 0:
            raise InputError(f"{self.path}: unpacks to more than {MAX_BYTES} bytes")


def _gather(
    group: Any, key: str, place: tuple[str, ...], arrays: dict[str, dict[str, Array]], left: _Left
) -> None:
    import h5py

    left.take(0)
    if not isinstance(group.get(key, getlink=True), h5py.HardLink):
        raise InputError(f"'{key}' is a link; links are not followed")
    if len(place) > 8:
        raise InputError(f"'{key}' is nested too deep")
    item = group[key]
    if isinstance(item, h5py.Group):
        for name in item:
            _gather(item, name, (*place, name), arrays, left)
    elif isinstance(item, h5py.Dataset) and len(place) >= 2:
        if item.external or item.is_virtual:
            raise InputError(f"'{key}' lies in another file; that is not read")
        if item.dtype.kind not in "fiu" or item.dtype.itemsize > 8:
            raise InputError(f"'{key}' has type {item.dtype}")
        left.take(prod(item.shape or ()) * 8)
        own = arrays.setdefault(place[0], {})
        own[place[-1].split(":")[0]] = np.asarray(item[()], dtype=np.float32)
