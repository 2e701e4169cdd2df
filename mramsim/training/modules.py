"""Torch modules that binary methods share: sign, binary layers, and the network of a shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mramsim.training.shapes import Layer, Size


class SignWindow(torch.autograd.Function):
    """Sign with ``sign(0) = +1`` whose slope is 1 within ``|x| <= 1`` and 0 beyond.

    Straight-through estimator of Courbariaux et al., arXiv:1602.02830, equation 4.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Return -1 or +1."""
        ctx.save_for_backward(x)
        return (x >= 0).to(x.dtype).mul_(2).sub_(1)  # several times faster than torch.where

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Pass the gradient within the window."""
        (x,) = ctx.saved_tensors
        return torch.where(x.abs() <= 1, gradients[0], 0.0)


class StochasticSign(torch.autograd.Function):
    """+1 with probability ``clip((x + 1) / 2, 0, 1)``; slope of `SignWindow`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Return -1 or +1, drawn."""
        ctx.save_for_backward(x)
        chance = ((x + 1) / 2).clamp(0, 1)
        return (torch.rand_like(x) < chance).to(x.dtype).mul_(2).sub_(1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Pass the gradient within the window."""
        return SignWindow.backward(ctx, *gradients)


class BinaryProduct(nn.Module):
    """Linear layer or 3 x 3 convolution with binary weights and no bias.

    Parameters
    ----------
    kind : {"conv", "linear"}
    fan_in : int
        Input features or channels.
    width : int
        Outputs.
    """

    def __init__(self, kind: str, fan_in: int, width: int) -> None:
        super().__init__()
        shape = (width, fan_in, 3, 3) if kind == "conv" else (width, fan_in)
        self.latent = nn.Parameter(torch.empty(shape).uniform_(-1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the integer accumulators of inputs that are odd integers."""
        weight: Tensor = SignWindow.apply(self.latent)  # type: ignore[no-untyped-call]
        if weight.ndim == 4:
            return functional.conv2d(x, weight, padding=1)
        return functional.linear(x.flatten(1), weight)

    def glorot(self) -> float:
        """Return the inverse Glorot bound ``sqrt((n_in + n_out) / 1.5)``."""
        area = self.latent[0, 0].numel() if self.latent.ndim == 4 else 1
        fans = (self.latent.shape[0] + self.latent.shape[1]) * area
        return float((fans / 1.5) ** 0.5)


class BinaryBlock(nn.Module):
    """Product, max-pool where wanted, BatchNorm; the sign belongs to the network."""

    def __init__(self, kind: str, fan_in: int, width: int, pool: bool, eps: float) -> None:
        super().__init__()
        self.product = BinaryProduct(kind, fan_in, width)
        self.pool = nn.MaxPool2d(2) if pool else None
        self.norm = nn.BatchNorm2d(width, eps) if kind == "conv" else nn.BatchNorm1d(width, eps)

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised accumulators."""
        sums = self.product(x)
        normal: Tensor = self.norm(sums if self.pool is None else self.pool(sums))
        return normal


class BinaryNetwork(nn.Module):
    """Blocks with a sign between them; the last block gives the scores.

    Parameters
    ----------
    image : tuple of int
        Channels, height, width.
    layers : sequence of Layer
    classes : int
    stochastic : bool
        Draw activations while training.
    eps : float
        Of BatchNorm.
    """

    def __init__(
        self,
        image: Size,
        layers: Sequence[Layer],
        classes: int,
        stochastic: bool = False,
        eps: float = 1e-4,
    ) -> None:
        super().__init__()
        self.stochastic = stochastic
        blocks = []
        for layer, fan_in in zip(layers, fans(image, layers), strict=False):
            blocks.append(BinaryBlock(layer.kind, fan_in, layer.width, layer.pool, eps))
        blocks.append(BinaryBlock("linear", fans(image, layers)[-1], classes, False, eps))
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of inputs [images, channels, height, width]."""
        sign = StochasticSign if self.stochastic and self.training else SignWindow
        for block in list(self.blocks)[:-1]:
            x = sign.apply(block(x))  # type: ignore[no-untyped-call]
        scores: Tensor = self.blocks[-1](x)
        return scores


def fans(image: Size, layers: Sequence[Layer]) -> list[int]:
    """Return the input features or channels of each layer and of the output layer."""
    channels, height, width = image
    found = []
    flat = False
    for layer in layers:
        if layer.kind == "linear" and not flat:
            channels, height, width, flat = channels * height * width, 1, 1, True
        found.append(channels)
        channels = layer.width
        if layer.pool:
            height, width = height // 2, width // 2
    return [*found, channels * height * width]
