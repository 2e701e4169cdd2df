"""Layers with smooth weights and the BatchNorm that goes with them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from mramsim.training.smooth.control import Control
from mramsim.training.smooth.functions import smooth_sign
from mramsim.training.smooth.plan import Step

START = 0.1  # weights start evenly within this magnitude
EPS = 1e-3  # of BatchNorm
MARGIN = 1.5  # of the scale over the largest weight, when a float layer becomes a smooth one


class SmoothProduct(nn.Module):
    """Dense layer or convolution: ``y = s product(x, tanh(k W)) + b``, or with real weights.

    Parameters
    ----------
    step : Step
    control : Control
        Shared with the whole network.
    """

    def __init__(self, step: Step, control: Control) -> None:
        super().__init__()
        self.step, self.control = step, control
        shape = (step.width, step.fan_in, *(step.kernel or ()))
        area = math.prod(step.kernel or ())
        bound = START if step.binary else (6 / ((step.fan_in + step.width) * area)) ** 0.5
        latent = torch.empty(shape).uniform_(-bound, bound)
        if step.kernel is not None:  # in the order that convolutions are fastest with
            latent = latent.contiguous(memory_format=torch.channels_last)
        self.latent = nn.Parameter(latent)
        self.scale = nn.Parameter(torch.ones(())) if step.binary else None
        self.bias = nn.Parameter(torch.zeros(step.width)) if step.bias else None

    def weight(self) -> Tensor:
        """Return the weights at the present steepness."""
        return smooth_sign(self.latent, self.control.weights) if self.step.binary else self.latent

    def gain(self) -> Tensor:
        """Return what multiplies the sums, float32: the scale times the unit of the input.

        Outside the exact stage it multiplies the weights instead, which are fewer.
        """
        scale = torch.ones(()) if self.scale is None else self.scale
        return scale * self.step.unit

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs, float32 [images, width, ...]."""
        if self.control.stage == "exact":
            return self._exact(x)
        y = self.product(x, self.weight() * self.gain())
        if self.bias is None:
            return y
        return y + self.bias.view(-1, *(1,) * (y.ndim - 2))

    def product(self, x: Tensor, weight: Tensor) -> Tensor:
        """Return the sums of weights times values, zeros beyond the border."""
        if self.step.kernel is None:
            return functional.linear(x.flatten(1), weight)
        high, wide = self.step.kernel
        border = ((wide - 1) // 2, wide // 2, (high - 1) // 2, high // 2)
        if high % 2 and wide % 2:
            around = (high // 2, wide // 2)
            return functional.conv2d(x, weight, stride=self.step.stride, padding=around)
        return functional.conv2d(functional.pad(x, border), weight, stride=self.step.stride)

    def _exact(self, x: Tensor) -> Tensor:
        """Return what the exported nodes compute, step by step."""
        from mramsim.training.smooth.affine import layer_affine

        sums = self.product(x.double(), self.weight().double())
        alphabet = self.step.alphabet
        if alphabet is not None and self.step.binary:
            sums = ((sums - self.shift()) / alphabet.factor).round()
        else:
            sums = sums.float().double()
        return layer_affine(self)(sums)

    def shift(self) -> Tensor:
        """Return the part of a sum that comes from the offset of the alphabet, [width, 1, ...].

        ``sum W (factor v + offset) = factor sum W v + offset sum W``. Beyond the border are zeros,
        which must be the lowest value, or the offset 0, for this to hold there.
        """
        assert self.step.alphabet is not None
        total = self.weight().double().flatten(1).sum(1) * self.step.alphabet.offset
        return total.view(-1, *(1,) * (self.latent.ndim - 2))


class SmoothNorm(nn.Module):
    """BatchNorm that uses the statistics of the batch until averages are gathered at the end."""

    def __init__(self, width: int, control: Control) -> None:
        super().__init__()
        self.control = control
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.mean: Tensor
        self.var: Tensor
        self.count: Tensor
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("var", torch.ones(width))
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised values."""
        if self.control.stage == "exact":
            from mramsim.training.smooth.affine import norm_affine

            return norm_affine(self)(x.double())
        if self.control.stage == "relaxed":
            return functional.batch_norm(
                x, self.mean, self.var, self.weight, self.bias, False, eps=EPS
            )
        if self.control.stage != "collect":
            return functional.batch_norm(x, None, None, self.weight, self.bias, True, eps=EPS)
        rate = 1 / (float(self.count) + 1)
        self.count += 1
        return functional.batch_norm(
            x, self.mean, self.var, self.weight, self.bias, True, momentum=rate, eps=EPS
        )

    def forget(self) -> None:
        """Begin averages anew; each batch then has the same weight."""
        self.count.zero_()
