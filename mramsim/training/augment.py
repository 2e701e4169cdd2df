"""Augmentation of pictures while training: mirrored and shifted at random."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mramsim.errors import InputError

AUGMENTS = ("none", "shift", "flip-shift")
SHIFT = 1 / 8  # largest shift over the side of the picture: 4 of 32 pixels


def augmentation(name: str) -> Callable[[Tensor], Tensor] | None:
    """Return a function of images by name, one of `AUGMENTS`; None for "none".

    Raises
    ------
    InputError
        Unknown name.
    """
    if name not in AUGMENTS:
        raise InputError(f"augment = '{name}'; {', '.join(AUGMENTS)} are allowed")
    if name == "none":
        return None
    return flip_and_shift if name == "flip-shift" else lambda images: flip_and_shift(images, False)


def flip_and_shift(images: Tensor, flip: bool = True, share: float = SHIFT) -> Tensor:
    """Return each image mirrored with probability 1/2 and shifted along both axes.

    Shifts are whole pixels, drawn evenly up to `share` of the side (12.5 % for CIFAR-10 in Zhao
    and Xiao, Sci. Rep. 11, 19797 (2021)); what comes in from outside repeats the border. Draws
    come from torch's default generator.

    Parameters
    ----------
    images : tensor [images, channels, height, width]
        Of any number type.
    flip : bool
        Whether to mirror at all.
    share : float
        0 to 1.

    Returns
    -------
    tensor
        As `images`.
    """
    count, channels, height, width = images.shape
    rows = _indices(count, height, share)
    columns = _indices(count, width, share)
    if flip:
        mirrored = torch.rand(count, 1) < 0.5
        columns = torch.where(mirrored, width - 1 - columns, columns)
    source = (rows[:, :, None] * width + columns[:, None, :]).view(count, 1, -1)
    pixels = images.flatten(2).gather(2, source.expand(-1, channels, -1))
    return pixels.view(images.shape)


def _indices(count: int, side: int, share: float) -> Tensor:
    """Return the source index of each pixel along one axis, [images, side]."""
    most = int(side * share)
    shift = torch.randint(-most, most + 1, (count, 1))
    return (torch.arange(side) + shift).clamp(0, side - 1)
