"""Networks as ``.npz`` files: a graph, its arrays, and a version. No pickle."""

from __future__ import annotations

import io
import json
import os
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mramsim.errors import InputError, nearest
from mramsim.files import check_source, write_bytes
from mramsim.network import archive
from mramsim.network.graph import Network
from mramsim.network.nodes import KINDS, Node
from mramsim.network.npz import read_npz

FORMAT = "mramsim.network/1"
MAX_HEADER = 1 << 24
_PREDICTIONS = "float_predictions/"


def save_network(network: Network, path: str | os.PathLike[str]) -> Path:
    """Write a network to an ``.npz`` file.

    Weight bits are packed eight to a byte; the same network gives the same bytes.

    Parameters
    ----------
    network : Network
    path : path-like
        Ends in ``.npz``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If the ending is wrong or the file cannot be written.
    """
    target = Path(path)
    if target.suffix != ".npz":
        raise InputError(f"{target}: a network file ends in .npz")
    arrays: dict[str, NDArray[Any]] = {}
    nodes = []
    for node in network.nodes:
        shapes = {}
        for key, array in node.arrays().items():
            if key == "weight" and array.dtype == np.uint8:
                shapes[key] = list(array.shape)
                array = np.packbits(array.ravel(), bitorder="little")
            arrays[f"{node.name}/{key}"] = array
        nodes.append(
            {
                "name": node.name,
                "kind": node.kind,
                "inputs": list(node.inputs),
                "settings": node.settings(),
                "packed": shapes,
            }
        )
    header = {
        "format": FORMAT,
        "name": network.name,
        "nodes": nodes,
        "training": dict(network.training),
    }
    arrays["header"] = np.frombuffer(json.dumps(header, sort_keys=True).encode(), dtype=np.uint8)
    for name, classes in network.float_predictions.items():
        arrays[_PREDICTIONS + name] = np.asarray(classes, dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return write_bytes(target, buffer.getvalue())


def load_network(path: str | os.PathLike[str]) -> Network:
    """Read a network written by `save_network`.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    Network

    Raises
    ------
    InputError
        Missing, truncated or foreign file; unknown version or node; arrays that do not fit.
    """
    source = check_source(path, "network")
    arrays = read_npz(source)
    try:
        stored = arrays.pop("header")
        if stored.nbytes > MAX_HEADER:
            raise InputError(f"{source}: its header has {stored.nbytes} bytes, not {MAX_HEADER}")
        header = json.loads(stored.tobytes().decode())
        version = header["format"]
    except InputError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{source}: not a network of mramsim (no header)") from None
    if version != FORMAT:
        raise InputError(f"{source}: format '{version}' is not known; '{FORMAT}' is")
    try:
        if len(header["nodes"]) > archive.MAX_MEMBERS:
            raise InputError(f"{len(header['nodes'])} nodes; {archive.MAX_MEMBERS} are allowed")
        weights = sum(prod(shape) for item in header["nodes"] for shape in item["packed"].values())
        if weights > archive.MAX_BYTES:
            raise InputError(f"{weights} weights; at most {archive.MAX_BYTES} are allowed")
        own: dict[str, dict[str, NDArray[Any]]] = {}
        for key, array in arrays.items():
            name, _, part = key.rpartition("/")
            own.setdefault(name, {})[part] = array
        nodes = tuple(_node(item, own.get(item["name"], {})) for item in header["nodes"])
        predictions = {
            key.removeprefix(_PREDICTIONS): array
            for key, array in arrays.items()
            if key.startswith(_PREDICTIONS)
        }
        for data, classes in predictions.items():
            if classes.ndim != 1 or classes.dtype.kind not in "iu":
                raise InputError(
                    f"float predictions for '{data}' are {classes.dtype} {classes.shape};"
                    " one whole number per image is expected"
                )
        return Network(nodes, str(header["name"]), dict(header["training"]), predictions)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    except Exception as error:  # any value of any type can stand in a foreign file
        raise InputError(f"{source}: damaged network ({type(error).__name__}: {error})") from None


def _node(item: dict[str, Any], own: dict[str, NDArray[Any]]) -> Node:
    kind, name = item["kind"], item["name"]
    if kind not in KINDS:
        raise InputError(f"node '{name}' has unknown kind '{kind}'{nearest(kind, KINDS)}")
    for key, shape in item["packed"].items():
        count, packed = prod(shape), own[key]
        if packed.dtype != np.uint8 or packed.size != -(-count // 8):
            raise InputError(f"node '{name}': {packed.size} bytes of weights, {count} bits needed")
        bits = np.unpackbits(packed, count=count, bitorder="little")
        own[key] = bits.reshape(shape)
    return KINDS[kind].build(name, tuple(item["inputs"]), item["settings"], own)
