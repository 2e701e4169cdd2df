"""The example that a torch module is fed, and the raw values that it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mramsim.errors import InputError
from mramsim.network.importers.draft import RECORDS
from mramsim.network.nodes.base import Array

_ALLOWED = {"signs": "-1 and +1", "bits": "0 and 1", "uint8": "whole numbers from 0 to 255"}
_ROUNDINGS = 8  # of float32, between raw values and what the module is fed


@dataclass(frozen=True)
class Feed:
    """How raw values become what the module is fed.

    Attributes
    ----------
    input : {"real", "signs", "bits", "uint8"}
    scale, offset : float
        The module is fed ``scale * raw + offset``.
    """

    input: str
    scale: float
    offset: float

    def raw(self, example: Tensor) -> Array:
        """Return the raw values of an example.

        Raises
        ------
        InputError
            For values that no raw value of this kind gives.
        """
        fed = example.numpy().astype(np.float64)
        raw = (fed - self.offset) / self.scale
        if self.input == "real":
            return np.asarray(raw)
        whole = np.rint(raw)
        room = _ROUNDINGS * 2.0**-24 * (np.abs(fed) + abs(self.offset)) / abs(self.scale)
        allowed = {"uint8": (whole >= 0) & (whole <= 255), "bits": (whole == 0) | (whole == 1)}
        fits = allowed.get(self.input, np.abs(whole) == 1)
        wrong = ~fits | (np.abs(raw - whole) > np.minimum(room, 0.25))
        if wrong.any():
            where = np.unravel_index(int(wrong.argmax()), wrong.shape)
            raise InputError(
                f"example_input holds {fed[where]:g}; with scale = {self.scale:g} and offset ="
                f" {self.offset:g} that is the raw value {raw[where]:g}, input '{self.input}'"
                f" takes {_ALLOWED[self.input]}"
            )
        return np.asarray(whole.astype(np.int64))


def feed(input: str, scale: Any, offset: Any) -> Feed:
    """Return how raw values are fed; scale and offset must be one number each."""
    if input not in RECORDS:
        raise InputError(f"input '{input}' is unknown; {', '.join(RECORDS)} are allowed")
    return Feed(input, _number("scale", scale), _number("offset", offset))


def images(example_input: Any) -> Tensor:
    """Return an example as finite float32 [images, ...]."""
    if not isinstance(example_input, Tensor):
        kind = type(example_input).__name__
        raise InputError(f"example_input is of type {kind}; a torch tensor is needed")
    if example_input.is_complex():
        raise InputError("example_input is complex; real numbers are needed")
    example = example_input.detach().cpu().float()
    if example.ndim < 2 or len(example) < 1:
        raise InputError(f"example_input has shape {tuple(example.shape)}; [images, ...] is needed")
    if not torch.isfinite(example).all():
        raise InputError("example_input holds NaN or infinity")
    return example


def _number(name: str, value: Any) -> float:
    try:
        if not isinstance(value, str) and np.ndim(value) == 0:
            return float(value)
    except (TypeError, ValueError):
        pass
    raise InputError(f"{name} = {value}; one number is needed")
