"""An imported network gives what its module gives, on the example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from mramsim.errors import InputError
from mramsim.network.graph import Network, batches
from mramsim.network.importers.any_file import TOLERANCE, Agreement
from mramsim.network.importers.torch_trace import own_copy
from mramsim.network.nodes import Sign
from mramsim.network.nodes.base import Array

IMAGES = 256
_NEAR = 1e-6  # of a sign's largest value: what float32 may round to either side of zero


@dataclass(frozen=True)
class Case:
    """What is compared.

    Attributes
    ----------
    module : torch.nn.Module
    example : float tensor [images, ...]
        What the module is fed.
    raw : array [images, ...]
        What the network is given.
    soft : bool
        Whether the module ends in a softmax, which the network leaves out.
    """

    module: nn.Module
    example: Tensor
    raw: Array
    soft: bool = False

    def head(self) -> Case:
        """Return the case of the first images only."""
        return Case(self.module, self.example[:IMAGES], self.raw[:IMAGES], self.soft)


def compare(network: Network, case: Case) -> list[str]:
    """Compare a network with its module on the first 256 images.

    Parameters
    ----------
    network : Network
        With the signs of zero as the module has them.
    case : Case

    Returns
    -------
    list of str
        Notes on images that rounding decides.

    Raises
    ------
    InputError
        Where classes or scores differ by more than a check of files allows.
    """
    case = case.head()
    found = network.scores(case.raw)
    wanted = _scores(case.module, case.example)
    off = _differing(found, wanted, case.soft)
    if not off.any():
        return []
    fine = _in_float64(case)
    if fine is not None:
        off &= _differing(found, fine, case.soft)
    off &= ~_near_zero(network, case.raw)
    if off.any():
        scale = max(1.0, float(np.abs(wanted).max()))
        same = int((found.argmax(1) == wanted.argmax(1)).sum())
        largest = None if case.soft else float(np.abs(found - wanted).max()) / scale
        said = Agreement(len(found), same, largest, None)
        raise InputError(
            f"the imported network and the module differ on {int(off.sum())} of {len(off)} images"
            f" of example_input ({said}): its forward draws random numbers, keeps a state, branches"
            " on values, or holds an operation that is misread"
        )
    count = int(_differing(found, wanted, case.soft).sum())
    return [f"{count} of {len(off)} images of the example differ from the module by its rounding"]


def _scores(module: nn.Module, example: Tensor) -> Array:
    own = own_copy(module).to(example.dtype)
    try:
        with torch.no_grad():
            starts = range(0, len(example), 64)
            parts = [own(example[start : start + 64].clone()) for start in starts]
        parts = [part[0] if isinstance(part, tuple | list) else part for part in parts]
        found = torch.cat(parts).double().numpy()
    except Exception as error:  # the module's own code runs here and may raise anything
        text = str(error).split("\n")[0][:200]
        raise InputError(
            f"the module cannot run on example_input ({type(error).__name__}: {text})"
        ) from None
    if not np.isfinite(found).all():
        raise InputError("the module gives NaN or infinity on example_input")
    return np.asarray(found.reshape(len(found), -1))  # [images, classes, 1] is as good


def _in_float64(case: Case) -> Array | None:
    """Return the module's scores with less rounding; None if it does not run so."""
    try:
        return _scores(case.module, case.example.double())
    except InputError:
        return None


def _differing(found: Array, wanted: Array, soft: bool) -> Array:
    """Return which images have other scores, or another class that is no tie."""
    if found.shape != wanted.shape:
        raise InputError(f"the module gives {wanted.shape} on example_input, not {found.shape}")
    forms: list[Callable[[Tensor], Tensor]] = [lambda x: x]
    if soft:
        forms = [lambda x: x.softmax(1), lambda x: x.log_softmax(1)]
    given = torch.from_numpy(found.astype(np.float64))
    return min((_off(form(given).numpy(), wanted) for form in forms), key=np.sum)


def _off(found: Array, wanted: Array) -> Array:
    room = TOLERANCE * max(1.0, float(np.abs(wanted).max()))
    far = np.abs(found - wanted).max(axis=1) > room
    chosen = np.take_along_axis(wanted, found.argmax(axis=1)[:, None], 1)[:, 0]
    return np.asarray(far | (chosen < wanted.max(axis=1) - 2 * room))


def _near_zero(network: Network, raw: Array) -> Array:
    """Return which images have a real value before a sign that rounding may move across zero."""
    names = [node.inputs[0] for node in network.nodes if isinstance(node, Sign)]
    found = []
    for part in batches(raw, 64):
        values = network.values(part)
        near = np.zeros(len(part), dtype=np.bool_)
        for name in names:
            size = np.abs(values[name].reshape(len(part), -1))
            near |= ((size > 0) & (size <= _NEAR * size.max())).any(axis=1)
        found.append(near)
    return np.concatenate(found)
