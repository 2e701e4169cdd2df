"""State dictionaries of torch: tensors only, never code."""

from __future__ import annotations

import os
import pickletools
import zipfile
from pathlib import Path
from typing import IO

import numpy as np

from mramsim.errors import InputError
from mramsim.files import read_toml
from mramsim.network import archive
from mramsim.network.archive import open_archive
from mramsim.network.graph import Network
from mramsim.network.importers.guess import guess_layout
from mramsim.network.importers.limits import MAX_NODES, check_file, reading
from mramsim.network.importers.listed import build_listed
from mramsim.network.importers.listing import Listing
from mramsim.network.nodes.base import Array

_MAX_LAYOUT = 1 << 20
_STREAMS = 4  # pickles at the head of a legacy file: magic, version, system, object


def from_state_dict(
    path: str | os.PathLike[str],
    layout: str | os.PathLike[str] | None = None,
    *,
    input: str = "real",
    scale: float = 1.0,
    offset: float = 0.0,
    zero: int = 1,
    name: str | None = None,
    example: Array | None = None,
) -> Network:
    """Import a ``.pt`` or ``.pth`` state dictionary (either of torch's two formats).

    Loaded with ``weights_only``: a file that holds code is refused. A dictionary tells neither the
    order of layers nor strides; `layout`, a TOML file, does. Without it, only a stack of linear
    layers with optional BatchNorm and a sign between them is understood; see
    `mramsim.network.importers.guess`. Arrays that a layout leaves unread are named in the notes.

    Parameters
    ----------
    path : path-like
    layout : path-like, optional
        See docs/import.md.
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
        arrays = load_tensors(source)
        listing = read_layout(Path(layout)) if layout is not None else guess_layout(arrays)
        options = {"input": input, "scale": scale, "offset": offset, "zero": zero,
                   "example": example}  # fmt: skip
        return build_listed(arrays, listing, name or source.stem, f"torch {source.name}", options)


def load_tensors(path: Path) -> dict[str, Array]:
    """Return the tensors of a state dictionary as float32 arrays, in the file's order."""
    size = check_file(path)
    import torch

    _check_sizes(path, size)
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        text = " ".join(str(error).split())[:160]
        raise InputError(
            f"{path}: not a plain state_dict ({type(error).__name__}: {text});"
            " save model.state_dict()"
        ) from None
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    if not isinstance(found, dict):
        raise InputError(f"{path}: holds a {type(found).__name__}; a state_dict is expected")
    arrays: dict[str, Array] = {}
    total = 0
    for key, value in found.items():
        if not isinstance(value, torch.Tensor) or value.layout != torch.strided:
            continue
        total += 4 * value.numel()
        if total > archive.MAX_BYTES or value.numel() * value.element_size() > size:
            raise InputError(f"{path}: '{key}' of shape {tuple(value.shape)} exceeds the file")
        if value.dtype.is_complex or value.is_quantized:
            raise InputError(f"{path}: '{key}' has type {value.dtype}")
        arrays[str(key)] = np.array(value.detach().float().numpy())
    if not arrays:
        raise InputError(f"{path}: holds no tensors")
    return arrays


def _check_sizes(path: Path, size: int) -> None:
    """Read opcodes only: a number above the file's size is a storage that is not there."""
    if zipfile.is_zipfile(path):
        with open_archive(path) as members:
            names = [item for item in members.namelist() if item.endswith("data.pkl")]
            if len(names) != 1:
                raise InputError(f"{path}: not a file of torch.save")
            limit = sum(item.file_size for item in members.infolist())
            with members.open(names[0]) as stream:
                _scan(path, stream, limit)
        return
    with path.open("rb") as stream:
        for index in range(_STREAMS):
            _scan(path, stream, size if index == _STREAMS - 1 else None)


def _scan(path: Path, stream: IO[bytes], limit: int | None) -> None:
    for count, (_, argument, _) in enumerate(pickletools.genops(stream)):
        if count > 100 * MAX_NODES:
            raise InputError(f"{path}: too many objects")
        if limit is not None and isinstance(argument, int) and argument > limit:
            raise InputError(f"{path}: claims {argument} elements, but has {limit} bytes")


def read_layout(path: Path) -> Listing:
    """Read a TOML file that lists layers in order."""
    size = check_file(path)
    if size > _MAX_LAYOUT:
        raise InputError(f"{path}: {size} bytes; at most {_MAX_LAYOUT} are allowed")
    return Listing.parse(read_toml(path), str(path))
