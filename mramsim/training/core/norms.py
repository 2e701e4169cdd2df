"""Normalisation in front of a sign: ordinary BatchNorm, and the shift-based one.

Both are, at inference, one affine map per channel; `affine_of` gives it in float32.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mramsim.errors import InputError
from mramsim.network.fold import batchnorm_affine
from mramsim.training.core.power import nearest_power

NORMS = ("batch", "shift")


class _ShiftNormalise(torch.autograd.Function):
    """``AP2(gamma) c inv + beta``; backward with the rounded quantities."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, gamma: Tensor, beta: Tensor, centre: Tensor, inverse: Tensor
    ) -> Tensor:
        ctx.save_for_backward(x, gamma, centre, inverse)
        power = nearest_power(gamma)
        return (x - centre[:, None]) * (inverse * power)[:, None] + beta[:, None]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        (g,) = gradients
        x, gamma, centre, inverse = ctx.saved_tensors
        c = x - centre[:, None]
        along = (g * c).mean((0, 2)) * inverse  # mean of g times the normalised x
        rough = nearest_power(c) * inverse[:, None]
        inner = g - g.mean((0, 2))[:, None] - rough * along[:, None]
        scale = (inverse * nearest_power(gamma))[:, None]
        count = x.shape[0] * x.shape[2]
        return inner * scale, along * count, g.sum((0, 2)), None, None


class ShiftNorm(nn.Module):
    """Shift-based BatchNorm (Courbariaux et al., arXiv:1602.02830; authors' code).

    With c the centred input: variance ``mean(c AP2(c))``, inverse deviation
    ``AP2(1 / sqrt(variance + eps))``, result ``AP2(gamma) c inverse + beta``. Running averages of
    the mean and of the inverse deviation, momentum 1/8; at inference AP2 of the latter.

    Parameters
    ----------
    width : int
        Channels.
    eps : float
    """

    running_mean: Tensor
    running_inverse: Tensor

    def __init__(self, width: int, eps: float = 1e-4) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.register_buffer("running_mean", torch.zeros(width))
        self.register_buffer("running_inverse", torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised input [images, channels, ...] of a mini-batch."""
        flat = x.flatten(2) if x.ndim > 2 else x[:, :, None]
        with torch.no_grad():
            centre = flat.mean((0, 2))
            c = flat - centre[:, None]
            inverse = torch.rsqrt((c * nearest_power(c)).mean((0, 2)) + self.eps)
            self.running_mean.lerp_(centre, 0.125)
            self.running_inverse.lerp_(inverse, 0.125)
            inverse = nearest_power(inverse)
        y: Tensor = _ShiftNormalise.apply(  # type: ignore[no-untyped-call]
            flat, self.weight, self.bias, centre, inverse
        )
        return y.reshape(x.shape)


Norm = nn.BatchNorm1d | nn.BatchNorm2d | ShiftNorm


def make_norm(name: str, kind: str, width: int, eps: float) -> Norm:
    """Return a normalisation by name, for layers of `kind` "conv" or "linear".

    Raises
    ------
    InputError
        Unknown name.
    """
    if name == "shift":
        return ShiftNorm(width, eps)
    if name != "batch":
        raise InputError(f"norm = '{name}'; batch and shift are allowed")
    return nn.BatchNorm2d(width, eps) if kind == "conv" else nn.BatchNorm1d(width, eps)


def affine_of(norm: Norm) -> tuple[Tensor, Tensor]:
    """Return scale and offset, float32 [channels], of a normalisation at inference."""
    gamma, beta, mean = (
        part.detach() for part in (norm.weight, norm.bias, norm.running_mean) if part is not None
    )
    if isinstance(norm, ShiftNorm):
        scale = nearest_power(gamma) * nearest_power(norm.running_inverse)
        return scale, (beta.double() - mean.double() * scale.double()).float()
    assert norm.running_var is not None
    moments = (mean.numpy(), norm.running_var.numpy())
    scale_array, offset_array = batchnorm_affine(
        gamma.numpy(), beta.numpy(), *moments, float(norm.eps)
    )
    return torch.from_numpy(scale_array), torch.from_numpy(offset_array)


def apply_affine(x: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
    """Return ``scale * x + offset`` per channel, rounded once, as BatchNorm does at inference."""
    zero, one = torch.zeros_like(scale), torch.ones_like(scale)
    return functional.batch_norm(x, zero, one, scale, offset, False, 0.0, 0.0)
