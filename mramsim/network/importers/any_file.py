"""Pick the reader by the file's ending, and compare with a framework's own answers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mramsim.errors import InputError
from mramsim.network.file import load_network
from mramsim.network.graph import Network
from mramsim.network.importers.limits import check_file
from mramsim.network.nodes.base import Array
from mramsim.network.npz import read_npz

ENDINGS = (".pt", ".pth", ".onnx", ".h5", ".hdf5", ".npz")
TOLERANCE = 1e-5


def import_network(
    path: str | os.PathLike[str], layout: str | os.PathLike[str] | None = None, **options: Any
) -> Network:
    """Import a file: ``.pt``/``.pth`` state dictionary, ``.onnx``, ``.h5`` or ``.npz``.

    Parameters
    ----------
    path : path-like
    layout : path-like, optional
        TOML that lists the layers, for state dictionaries and ``.npz``.
    **options
        ``input``, ``scale``, ``offset``, ``zero``, ``name``, ``example``; see `mramsim.from_qonnx`.

    Returns
    -------
    Network

    Raises
    ------
    InputError
    """
    source = Path(path)
    ending = source.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f"{source}: ending '{ending}'; {', '.join(ENDINGS)} are understood")
    if layout is not None and ending not in (".pt", ".pth", ".npz"):
        raise InputError(f"--layout {layout}: {ending} files tell their layers themselves")
    if ending in (".pt", ".pth"):
        from mramsim.network.importers.torch_file import from_state_dict

        return from_state_dict(source, layout, **options)
    if ending == ".onnx":
        from mramsim.network.importers.qonnx import from_qonnx

        return from_qonnx(source, **options)
    if ending == ".npz":
        check_file(source)
        if layout is None and "header" in read_npz(source):
            return load_network(source)
        from mramsim.network.importers.packed import from_npz

        return from_npz(source, layout, **options)
    from mramsim.network.importers.keras import from_keras

    return from_keras(source, **options)


@dataclass(frozen=True)
class Agreement:
    """How an imported network compares with its framework.

    Attributes
    ----------
    images : int
    same_class : int
        Images of the same class.
    largest : float or None
        Largest difference of a score, relative to the largest score (at least 1); None where only
        classes are known.
    first : int or None
        First image of another class.
    """

    images: int
    same_class: int
    largest: float | None
    first: int | None

    @property
    def agrees(self) -> bool:
        """Whether every class is the same and every score within 1e-5."""
        close = self.largest is None or self.largest <= TOLERANCE
        return self.same_class == self.images and close

    def __str__(self) -> str:
        scores = "" if self.largest is None else f", scores within {self.largest:.1e}"
        where = "" if self.first is None else f", first other class at image {self.first}"
        return f"{self.same_class} of {self.images} classes agree{scores}{where}"


def read_check(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Return the arrays of a framework's answers; see `check_network`."""
    source = Path(path)
    check_file(source)
    arrays = read_npz(source)
    keys = ", ".join(sorted(arrays))
    if "x" not in arrays or not {"logits", "classes"} & set(arrays):
        raise InputError(f"{source}: arrays x and logits (or classes) are needed; it has {keys}")
    x = arrays["x"]
    if x.ndim < 2 or len(x) == 0:
        raise InputError(f"{source}: x has shape {x.shape}; [images, ...] with images is needed")
    return arrays


def check_network(network: Network, path: str | os.PathLike[str]) -> Agreement:
    """Compare with the framework's answers in an ``.npz``.

    Parameters
    ----------
    network : Network
    path : path-like
        Arrays ``x`` (raw inputs, as the network takes them) and ``logits`` [images, classes] or
        ``classes`` [images].

    Returns
    -------
    Agreement

    Raises
    ------
    InputError
    """
    source, arrays = Path(path), read_check(path)
    x = arrays["x"]
    scores = network.scores(x)
    if "logits" in arrays:
        return _by_logits(scores, arrays["logits"], source)
    classes = arrays["classes"]
    if classes.shape != (len(x),) or classes.dtype.kind not in "iu":
        raise InputError(f"{source}: classes has shape {classes.shape}; ({len(x)},) of integers")
    return _agreement(scores.argmax(axis=1), classes, None)


def _by_logits(scores: Array, logits: Array, source: Path) -> Agreement:
    if logits.shape != scores.shape or logits.dtype.kind not in "iuf":
        raise InputError(f"{source}: logits has shape {logits.shape}; {scores.shape} is expected")
    if not np.isfinite(logits).all():
        raise InputError(f"{source}: logits hold NaN or infinity")
    wanted = logits.astype(np.float64)
    largest = float(np.abs(scores - wanted).max() / max(1.0, float(np.abs(wanted).max())))
    return _agreement(scores.argmax(axis=1), wanted.argmax(axis=1), largest)


def _agreement(found: Array, wanted: Array, largest: float | None) -> Agreement:
    other = np.flatnonzero(found != wanted)
    first = int(other[0]) if other.size else None
    return Agreement(len(found), len(found) - other.size, largest, first)
