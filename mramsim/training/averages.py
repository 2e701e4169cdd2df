"""Averages of BatchNorm over all training images, as the trained network meets them.

The averages gathered on the way are those of the last batches, with the noise of training: dropout
changes the variance of sums in training only ("variance shift": Li, Chen, Hu, Yang, CVPR 2019,
arXiv:1801.05134). Here each
normalisation gets mean and variance of the sums of all images, behind layers that are done already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mramsim.training.core.norms import ShiftNorm
from mramsim.training.modules import BinaryNetwork

_PART = 500  # images at a time


class _Reached(Exception):
    """The layer that is looked at has its input."""


def gather_averages(
    model: BinaryNetwork, inputs: Tensor, prepare: Callable[[Tensor], Tensor]
) -> None:
    """Give every BatchNorm the moments of its sums over all images; layer after layer.

    Parameters
    ----------
    model : BinaryNetwork
        Left in evaluation mode. Shift-based normalisations keep their own averages.
    inputs : uint8 tensor [images, ...]
    prepare : callable
        Float32 inputs of the model from some of the images.
    """
    model.eval()
    for block in model.all_blocks():
        if isinstance(block.norm, ShiftNorm):
            continue
        mean, variance = _moments(model, block, inputs, prepare)
        alpha = block.alpha().detach().double()
        assert block.norm.running_mean is not None
        assert block.norm.running_var is not None
        block.norm.running_mean.copy_(alpha * mean)
        block.norm.running_var.copy_(alpha**2 * variance)


def _moments(
    model: BinaryNetwork, block: Any, inputs: Tensor, prepare: Callable[[Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """Return mean and variance of what a block's normalisation takes, float64 [width]."""
    count, total, squares = 0, torch.zeros(()), torch.zeros(())

    def look(module: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        nonlocal count, total, squares
        sums = block.sums(arguments[0]).double().transpose(0, 1).flatten(1)
        count += sums.shape[1]
        total = total + sums.sum(1)
        squares = squares + sums.square().sum(1)
        raise _Reached

    hook = block.register_forward_pre_hook(look)
    try:
        with torch.no_grad():
            for part in torch.split(inputs, _PART):
                try:
                    model(prepare(part))
                except _Reached:
                    continue
    finally:
        hook.remove()
    mean = total / count
    return mean, (squares / count - mean.square()) * (count / max(1, count - 1))
