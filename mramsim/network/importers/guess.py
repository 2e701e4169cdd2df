"""The layers of a state dictionary, guessed from names and order of its arrays."""

from __future__ import annotations

from typing import Any

from mramsim.errors import InputError
from mramsim.network.importers.listing import Listing
from mramsim.network.nodes.base import Array

_WEIGHTS = (".weight", ".parametrizations.weight.original", ".latent")
_MEAN = ".running_mean"
_HINT = "name the layers in a TOML file (--layout)"


def guess_layout(arrays: dict[str, Array]) -> Listing:
    """List a stack of linear layers: weight, BatchNorm where its statistics are there, sign.

    The file's order is the order of declaration, which need not be that of computation. It is
    trusted where every layer is followed by one BatchNorm (the last one need not be), or none is.

    Parameters
    ----------
    arrays : dict of str to array
        In the file's order.

    Returns
    -------
    Listing

    Raises
    ------
    InputError
        A convolution, no linear layer, or BatchNorms of which the place is not certain.
    """
    layers: list[dict[str, Any]] = []
    for key, array in arrays.items():
        suffix = next((part for part in _WEIGHTS if key.endswith(part)), None)
        if key.endswith(_MEAN):
            layers.append({"kind": "batchnorm", "name": key.removesuffix(_MEAN)})
        elif suffix and array.ndim > 2:
            raise InputError(
                f"'{key}' is a convolution; its stride and padding are not in the file: {_HINT}"
            )
        elif suffix and array.ndim == 2:
            layers.append({"kind": "linear", "name": key.removesuffix(suffix), "binary": True})
    if all(layer["kind"] == "batchnorm" for layer in layers):
        raise InputError(f"no linear layer is in the file; {_HINT}")
    _check_places(layers)
    first = next(array for array in arrays.values() if array.ndim == 2)
    return Listing((int(first.shape[1]),), _with_signs(layers), guessed=True)


def _check_places(layers: list[dict[str, Any]]) -> None:
    """Refuse BatchNorms that do not stand behind one layer each."""
    before, bare = None, None
    some = any(layer["kind"] == "batchnorm" for layer in layers)
    for layer in layers:
        name, normed = layer["name"], layer["kind"] == "batchnorm"
        if normed and (before is None or before["kind"] == "batchnorm"):
            where = f"behind '{before['name']}'" if before else "before the first layer"
            raise InputError(f"BatchNorm '{name}' stands {where} in the file; {_HINT}")
        if not normed and before is not None and before["kind"] == "linear":
            bare = bare or before["name"]
        before = layer
    if some and bare is not None:
        raise InputError(
            f"layer '{bare}' has no BatchNorm behind it in the file, but others have; {_HINT}"
        )


def _with_signs(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for layer in layers:
        if layer["kind"] == "linear" and found:
            found.append({"kind": "sign"})
        found.append(layer)
    return found
