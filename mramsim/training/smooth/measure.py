"""Accuracies of a smooth network, and the averages of its BatchNorms at the end."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mramsim.training.smooth.control import SIGN, Stage
from mramsim.training.smooth.functions import Alphabet
from mramsim.training.smooth.model import SmoothNetwork

_VALUES = 1 << 22  # of one value between layers, at a time


def values_of(levels: Tensor, coding: Alphabet) -> Tensor:
    """Return the float32 values that levels stand for."""
    odd = levels.float() * 2 - ((1 << coding.planes) - 1)
    return odd * coding.factor + coding.offset


def classes_of(
    model: SmoothNetwork, levels: Tensor, stage: Stage, binary: bool
) -> NDArray[np.int64]:
    """Return the class of each image, int64 [images].

    Parameters
    ----------
    model : SmoothNetwork
    levels : uint8 tensor [images, channels, height, width]
    stage : str
        See `mramsim.training.smooth.control.Control`.
    binary : bool
        With the sign in the place of every smooth function.
    """
    steep = (SIGN, SIGN) if binary else (None, None)
    found = []
    with torch.no_grad(), model.control.at(stage, *steep):
        for part in _parts(model, levels, stage):
            found.append(model(values_of(part, model.plan.coding)).argmax(1))
    classes: NDArray[np.int64] = torch.cat(found).numpy()
    return classes


def accuracy(
    model: SmoothNetwork,
    levels: Tensor,
    labels: NDArray[np.uint8],
    stage: Stage,
    binary: bool,
) -> float:
    """Return the share of images that get their label; see `classes_of`."""
    return float((classes_of(model, levels, stage, binary) == labels).mean())


def gather_averages(model: SmoothNetwork, levels: Tensor, batch: int, binary: bool) -> None:
    """Give every BatchNorm the averages over batches of the training images.

    While training, BatchNorm only ever uses the statistics of the batch, and they change when the
    sign takes the place of smooth functions, so that averages gathered on the way would be wrong.
    Every batch has the same weight, so once through the images is enough (the authors, whose
    averages forget, go through them five or ten times). Batches are drawn, as while training: a
    batch of one class, in data that are sorted, would have other statistics.

    Parameters
    ----------
    model : SmoothNetwork
    levels : uint8 tensor [images, channels, height, width]
    batch : int
    binary : bool
    """
    for norm in model.norms():
        norm.forget()
    if not model.norms():
        return
    steep = (SIGN, SIGN) if binary else (None, None)
    with torch.no_grad(), model.control.at("collect", *steep):
        for part in mixed_parts(levels, batch):
            model(values_of(part, model.plan.coding))


def mixed_parts(levels: Tensor, batch: int) -> list[Tensor]:
    """Return the images in parts of about `batch`, equal but for one; always the same draw."""
    order = torch.randperm(len(levels), generator=torch.Generator().manual_seed(0))
    return list(torch.tensor_split(levels[order], max(1, round(len(levels) / batch))))


def _parts(model: SmoothNetwork, levels: Tensor, stage: Stage) -> list[Tensor]:
    """Return parts of about equal size: statistics of a few images would be poor ones."""
    if stage in ("validate", "collect"):
        most = 500
    else:
        most = max(1, _VALUES // max(1, model.plan.largest()))
    return list(torch.tensor_split(levels, -(-len(levels) // most) or 1))
