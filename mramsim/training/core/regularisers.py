"""Regularisers of latent weights that suit binary ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from mramsim.errors import InputError, nearest

Pair = tuple[Tensor, Tensor]  # latent weights [width, ...], their scale [] or [width]


def manhattan(pairs: Sequence[Pair]) -> Tensor:
    """Return R1, the sum of ``| alpha - |w| |`` (Darabi et al., arXiv:1812.11800)."""
    return _total([(_spread(w, alpha) - w.abs()).abs().sum() for w, alpha in pairs])


def euclidean(pairs: Sequence[Pair]) -> Tensor:
    """Return R2, the sum of ``(alpha - |w|)^2`` (Darabi et al., arXiv:1812.11800)."""
    return _total([(_spread(w, alpha) - w.abs()).square().sum() for w, alpha in pairs])


def one_minus_square(pairs: Sequence[Pair]) -> Tensor:
    """Return the sum of ``1 - w^2`` (Tang et al., AAAI 2017); for weights clipped to [-1, 1]."""
    return _total([(1 - w.square()).sum() for w, _ in pairs])


def kurtosis(pairs: Sequence[Pair]) -> Tensor:
    """Return the mean over layers of ``(Kurt(w) - 1.8)^2``, 0 for uniform weights (BD-BNN)."""
    found = []
    for w, _ in pairs:
        normal = (w - w.mean()) / w.std(correction=0)
        found.append((normal.pow(4).mean() - 1.8).square())
    return _total(found) / len(found)


REGULARISERS: dict[str, Callable[[Sequence[Pair]], Tensor]] = {
    "r1": manhattan,
    "r2": euclidean,
    "square": one_minus_square,
    "kurtosis": kurtosis,
}


def check_regulariser(name: str, strength: float) -> None:
    """Raise InputError unless the name is "none" or one of `REGULARISERS`, the strength not < 0."""
    names = ("none", *REGULARISERS)
    if name not in names:
        raise InputError(f"regulariser '{name}' is unknown{nearest(name, names)}")
    if not 0 <= strength <= 1e6:
        raise InputError(f"strength = {strength}; 0 to 1e6 is allowed")


def _spread(w: Tensor, alpha: Tensor) -> Tensor:
    return alpha.reshape(-1, *(1,) * (w.ndim - 1)) if alpha.ndim else alpha


def _total(parts: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(parts)).sum()
