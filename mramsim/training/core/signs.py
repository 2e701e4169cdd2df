"""The sign with a chosen slope, deterministic or drawn. ``sign(0) = +1``."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mramsim.training.core.slopes import Slope


class _Sign(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: Slope, drawn: bool, dtype: torch.dtype) -> Tensor:
        ctx.slope = slope
        ctx.save_for_backward(x)
        if dtype is torch.bfloat16 and not drawn:
            return _half_signs(x)
        level = torch.rand_like(x).mul_(2).sub_(1) if drawn else 0.0
        bits = torch.empty_like(x)
        torch.ge(x, level, out=bits)  # into floats: faster than a cast, which is faster than where
        return bits.mul_(2).sub_(1).to(dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (x,) = ctx.saved_tensors
        return ctx.slope.gradient(x, gradients[0].to(x.dtype)), None, None, None


def _half_signs(x: Tensor) -> Tensor:
    """Return -1 or +1 as bfloat16, from the sign bit: half the time of a comparison.

    Minus zero gives -1, in training only; sums and BatchNorm hardly ever make one.
    """
    bits = x.to(torch.bfloat16)
    bits.view(torch.int16).bitwise_and_(-0x8000).bitwise_or_(0x3F80)
    return bits


def sign(
    x: Tensor, slope: Slope, drawn: bool = False, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return -1 or +1.

    Parameters
    ----------
    x : float32 tensor
    slope : Slope
        Of the backward pass.
    drawn : bool
        +1 with probability ``clip((x + 1) / 2, 0, 1)`` (arXiv:1602.02830), by torch's
        default generator.
    dtype : torch.dtype
        Of the result.

    Returns
    -------
    tensor of `dtype`, shape of `x`
    """
    result: Tensor = _Sign.apply(x, slope, drawn, dtype)  # type: ignore[no-untyped-call]
    return result
