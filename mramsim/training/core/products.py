"""Products of -1 and +1 while training, faster than in float32 where the processor can.

Forward sums of linear layers are exact: int8 products with int32 sums. Those of convolutions are
formed from bfloat16 operands, which hold -1, 0 and +1 exactly, and the finished sum is rounded to
eight bits: exact up to 256. Gradients have bfloat16 operands. Only training is touched; a model in
evaluation mode computes in float32, exactly.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

HALF = torch.bfloat16


def int8_product(x: Tensor, weight: Tensor) -> Tensor:
    """Return ``x @ weight.T`` of int8 matrices with exact int32 sums.

    Parameters
    ----------
    x : int8 tensor [rows, d]
    weight : int8 tensor [width, d]

    Returns
    -------
    int32 tensor [rows, width]
    """
    product = getattr(torch, "_int_mm", None)  # not public: may go away
    if product is None:
        return (x.float() @ weight.float().t()).to(torch.int32)  # exact below 2^24
    result: Tensor = product(x, weight.t())
    return result


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return int8_product(x.to(torch.int8), weight.to(torch.int8)).float()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        g = gradients[0].to(HALF)
        return g @ weight, g.t().contiguous() @ x  # faster than from a transposed view


def mixed_product(x: Tensor, weight: Tensor, first: bool) -> Tensor:
    """Return the sums of a layer for training in mixed precision.

    Parameters
    ----------
    x : tensor
        bfloat16 of -1, 0, +1; for the first layer float32 of odd integers up to 255.
    weight : bfloat16 tensor of -1 and +1
        [width, d], or [width, channels, 3, 3] for a convolution with a border of one pixel.
    first : bool
        Whether `x` is the image.

    Returns
    -------
    float32 tensor
    """
    if first:  # odd integers are exact in bfloat16 too, their sums are not
        return plain_product(x, weight.float())
    if weight.ndim == 4:
        return functional.conv2d(x, weight, padding=1).float()
    sums: Tensor = _Linear.apply(x.flatten(1), weight)  # type: ignore[no-untyped-call]
    return sums


def plain_product(x: Tensor, weight: Tensor) -> Tensor:
    """Return the sums of a layer in float32; exact below 2^24."""
    if weight.ndim == 4:
        return functional.conv2d(x, weight, padding=1)
    return functional.linear(x.flatten(1), weight)
