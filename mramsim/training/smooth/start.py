"""Start from trained weights: a float network's, or those of another mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mramsim.errors import InputError
from mramsim.training.checkpoint import restore
from mramsim.training.smooth.layers import MARGIN, SmoothProduct
from mramsim.training.smooth.model import SmoothNetwork

_PREFIX = "layers."


def read_weights(path: str) -> dict[str, Any]:
    """Return the weights in a checkpoint of a training of this method or its float network.

    They are those that the training returned, or would have: the best so far where it keeps them.

    Raises
    ------
    InputError
        If there is none, or it is damaged.
    """
    state = restore(Path(path), None)
    if state is None:
        raise InputError(f"start {path}: no such checkpoint")
    schedule = state.get("schedule")
    best = schedule.get("best") if isinstance(schedule, dict) else None
    weights: dict[str, Any] = (best if isinstance(best, dict) else state).get("model", {})
    found = weights.values() if isinstance(weights, dict) else [None]
    if not all(isinstance(value, Tensor) for value in found):
        raise InputError(f"start {path}: holds no weights")
    return weights


def start_from(model: SmoothNetwork, weights: dict[str, Tensor], origin: str) -> None:
    """Give a network the weights of another one of the same shape.

    Real weights become smooth ones with ``s = 1.5 max |W|`` and ``atanh(W / s)`` at k = 1, so that
    ``s tanh(W)`` is the real weight. Layers that the other network lacks (binary shortcuts) stay as
    they were drawn.

    Parameters
    ----------
    model : SmoothNetwork
    weights : dict of str to Tensor
        A state of another `SmoothNetwork`.
    origin : str
        For errors.

    Raises
    ------
    InputError
        If a layer has another shape, or is smooth there and real here.
    """
    known = 0
    with torch.no_grad():
        for name, layer in model.layers.items():
            prefix = f"{_PREFIX}{name}."
            own = {
                key.removeprefix(prefix): value
                for key, value in weights.items()
                if key.startswith(prefix)
            }
            if not own:
                continue
            known += 1
            if isinstance(layer, SmoothProduct):
                own = _convert(layer, own, origin)
            try:
                layer.load_state_dict(own)
            except RuntimeError:
                raise InputError(f"start {origin}: layer '{name}' has another shape") from None
    if not known:
        raise InputError(f"start {origin}: is of another network")


def _convert(layer: SmoothProduct, own: dict[str, Tensor], origin: str) -> dict[str, Tensor]:
    """Return the parameters of a layer from those it had elsewhere."""
    found = dict(own)
    if layer.scale is None and "scale" in found:
        name = layer.step.name
        raise InputError(f"start {origin}: layer '{name}' has smooth weights there, real ones here")
    if layer.scale is not None and "scale" not in found and "latent" in found:
        scale = MARGIN * found["latent"].abs().max().clamp(min=1e-12)
        found["latent"] = torch.atanh(found["latent"] / scale)
        found["scale"] = scale
    return found
