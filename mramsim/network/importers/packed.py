"""Weights and integer thresholds in one ``.npz``: what a script of one's own can write."""

from __future__ import annotations

import os
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from mramsim.errors import InputError
from mramsim.network import archive
from mramsim.network.graph import MAX_VALUES, Network
from mramsim.network.importers.limits import check_file, reading
from mramsim.network.importers.listed import build_listed
from mramsim.network.importers.listing import Listing
from mramsim.network.importers.torch_file import read_layout
from mramsim.network.nodes.base import Array
from mramsim.network.npz import read_npz


def from_npz(
    path: str | os.PathLike[str],
    layout: str | os.PathLike[str] | None = None,
    *,
    input: str = "bits",
    scale: float = 2.0,
    offset: float = -1.0,
    zero: int = 1,
    name: str | None = None,
    example: Array | None = None,
) -> Network:
    """Import arrays named ``LAYER.weight``, ``LAYER.threshold``, ``LAYER.polarity``.

    A weight holds -1 and +1, or 0 and 1, or bits packed eight to a byte (``numpy.packbits`` with
    ``bitorder="little"``) beside ``LAYER.shape``. ``threshold`` holds integers: the bit of a
    neuron is ``polarity * count >= threshold``, polarity +1 if absent. ``scale`` and ``offset``
    turn the last counts into scores. Without `layout` the layers are linear, in the file's order,
    and the input is bits 0 and 1 that stand for -1 and +1.

    Parameters
    ----------
    path, layout : path-like
    input, scale, offset, zero
        As for `mramsim.from_torch`.
    name, example
        As for `mramsim.from_qonnx`.

    Returns
    -------
    Network

    Raises
    ------
    InputError
    """
    source = Path(path)
    with reading(source):
        check_file(source)
        arrays = _unpacked(read_npz(source))
        listing = read_layout(Path(layout)) if layout is not None else _guess(arrays)
        options = {"input": input, "scale": scale, "offset": offset, "zero": zero,
                   "example": example}  # fmt: skip
        return build_listed(arrays, listing, name or source.stem, f"npz {source.name}", options)


def _unpacked(stored: dict[str, Array]) -> dict[str, Array]:
    arrays: dict[str, Array] = {}
    left = archive.MAX_BYTES
    for key, array in stored.items():
        if array.dtype.kind not in "iufb":
            raise InputError(f"'{key}' has type {array.dtype}; numbers are expected")
        if key.endswith(".shape"):
            continue
        bits = 8 if key.removesuffix("weight") + "shape" in stored else 1
        left -= 4 * bits * array.size
        if left < 0:
            raise InputError(f"its arrays exceed {archive.MAX_BYTES} bytes as 32-bit numbers")
        if key.endswith(".weight"):
            array = _weight(key, array, stored.get(key.removesuffix("weight") + "shape"))
        arrays[key] = array.astype(np.float32)
    return arrays


def _weight(key: str, array: Array, shape: Array | None) -> Array:
    if shape is not None:
        sizes = [int(size) for size in shape.ravel()]
        count = prod(sizes)
        if min(sizes, default=0) < 1 or count > MAX_VALUES or array.dtype != np.uint8:
            raise InputError(f"'{key}': shape {sizes} or type {array.dtype} of packed bits")
        if array.size != -(-count // 8):
            raise InputError(f"'{key}': {array.size} bytes; shape {sizes} needs {-(-count // 8)}")
        array = np.unpackbits(array.ravel(), count=count, bitorder="little").reshape(sizes)
    levels = set(np.unique(array).tolist())
    if levels <= {0, 1}:
        return 2 * array.astype(np.int8) - 1
    if levels <= {-1, 1}:
        return array
    raise InputError(f"'{key}' holds {len(levels)} different values; two are expected")


def _guess(arrays: dict[str, Array]) -> Listing:
    layers: list[dict[str, Any]] = []
    shape: tuple[int, ...] | None = None
    for key, array in arrays.items():
        label, _, part = key.rpartition(".")
        if part == "weight" and array.ndim == 2:
            shape = shape or (int(array.shape[1]),)
            layers.append({"kind": "linear", "name": label})
            if f"{label}.threshold" in arrays:
                layers.append({"kind": "threshold", "name": label})
            elif f"{label}.scale" in arrays:
                layers.append({"kind": "scale", "name": label})
        elif part == "weight":
            raise InputError(f"'{key}' is a convolution; name the layers in a TOML file (--layout)")
    if shape is None:
        raise InputError("no 'LAYER.weight' of two axes is in the file")
    return Listing(shape, layers, guessed=True)
