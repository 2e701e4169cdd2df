"""Torch modules that binary methods share: binary layers, and the network of a shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from mramsim.training.core.norms import affine_of, apply_affine, make_norm
from mramsim.training.core.products import HALF, mixed_product, plain_product
from mramsim.training.core.scales import make_scale, scaled
from mramsim.training.core.signs import sign
from mramsim.training.core.slopes import Slope, Window
from mramsim.training.shapes import Layer, Size


@dataclass(frozen=True)
class Parts:
    """What a binary network is put together from; see `mramsim.training.core.options`."""

    slope: Slope = field(default_factory=Window)
    weight_slope: Slope = field(default_factory=Window)
    scale: str = "none"
    scale_start: str = "mean"
    standardise: bool = False
    norm: str = "batch"
    eps: float = 1e-4
    init: str = "unit"
    stochastic: bool = False
    dropout_input: float = 0.0
    dropout: float = 0.0
    bit_errors: float = 0.0
    precision: str = "float32"
    real_ends: bool = False

    @property
    def dtype(self) -> torch.dtype:
        """Of -1 and +1 while training."""
        return HALF if self.precision == "mixed" else torch.float32


class BinaryProduct(nn.Module):
    """Linear layer or 3 x 3 convolution with binary weights and no bias.

    Parameters
    ----------
    kind : {"conv", "linear"}
    fan_in : int
        Input features or channels.
    width : int
        Outputs.
    parts : Parts, optional
    first : bool
        Whether it reads the image.
    """

    def __init__(
        self, kind: str, fan_in: int, width: int, parts: Parts | None = None, first: bool = False
    ) -> None:
        super().__init__()
        shape = (width, fan_in, 3, 3) if kind == "conv" else (width, fan_in)
        self.latent = nn.Parameter(torch.empty(shape).uniform_(-1, 1))
        self.parts = parts or Parts()
        if self.parts.init == "glorot":
            with torch.no_grad():
                self.latent.mul_(2 / self.glorot())
        self.first = first

    def weight(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return the weights, -1 and +1; gradients reach the latent ones."""
        return sign(self.standard(), self.parts.weight_slope, dtype=dtype)

    def standard(self) -> Tensor:
        """Return the latent weights, where wanted with mean 0 and deviation 1 in each filter."""
        latent: Tensor = self.latent
        if not self.parts.standardise:
            return latent
        around = tuple(range(1, latent.ndim))
        mean, deviation = latent.mean(around, True), latent.std(around, keepdim=True)
        return (latent - mean) / deviation

    def forward(self, x: Tensor) -> Tensor:
        """Return the accumulators of inputs that are odd integers, or 0."""
        mixed = self.training and self.parts.precision == "mixed"
        weight = self.weight(self.parts.dtype if mixed else torch.float32)
        if self.training and self.parts.bit_errors:
            weight = misread(weight, self.parts.bit_errors)
        return mixed_product(x, weight, self.first) if mixed else plain_product(x, weight)

    def glorot(self) -> float:
        """Return the inverse Glorot bound ``sqrt((n_in + n_out) / 1.5)``."""
        area = self.latent[0, 0].numel() if self.latent.ndim == 4 else 1
        fans = (self.latent.shape[0] + self.latent.shape[1]) * area
        return float((fans / 1.5) ** 0.5)


class RealProduct(nn.Module):
    """Linear layer or 3 x 3 convolution with real weights and no bias.

    At inference sums are formed in float64 and rounded once, as `mramsim.network` does.

    Parameters
    ----------
    kind : {"conv", "linear"}
    fan_in, width : int
    """

    def __init__(self, kind: str, fan_in: int, width: int) -> None:
        super().__init__()
        shape = (width, fan_in, 3, 3) if kind == "conv" else (width, fan_in)
        self.values = nn.Parameter(torch.empty(shape))
        nn.init.xavier_uniform_(self.values)

    def forward(self, x: Tensor) -> Tensor:
        """Return the sums."""
        if self.training:
            return plain_product(x.float(), self.values)
        return plain_product(x.double(), self.values.double()).float()


class BinaryBlock(nn.Module):
    """Product, max-pool and scale where wanted, normalisation; the sign belongs to the network.

    At inference scale and normalisation are one affine map per channel, the one that is folded.
    Where `real`, the product has real weights and no scale.
    """

    product: BinaryProduct | RealProduct

    def __init__(
        self,
        kind: str,
        fan_in: int,
        width: int,
        pool: bool,
        parts: Parts,
        first: bool = False,
        norm: str | None = None,
        real: bool = False,
    ) -> None:
        super().__init__()
        self.scale = None
        if real:
            self.product = RealProduct(kind, fan_in, width)
        else:
            self.product = BinaryProduct(kind, fan_in, width, parts, first)
            self.scale = make_scale(parts.scale, self.product.standard(), parts.scale_start)
        self.pool = nn.MaxPool2d(2) if pool else None
        self.norm = make_norm(norm or parts.norm, kind, width, parts.eps)
        kept = 1 - (parts.dropout_input if first else parts.dropout)
        self.kept = kept  # share of the inputs; sums are scaled up by its inverse

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised accumulators."""
        dropping = self.training and self.kept < 1
        if dropping:
            x = x * (torch.rand_like(x, dtype=torch.float32) < self.kept)
        sums = self.sums(x)
        if not self.training:
            return apply_affine(sums, *self.affine())
        if dropping:
            sums = sums / self.kept
        if self.scale is not None:
            sums = scaled(sums, self.alpha())
        normal: Tensor = self.norm(sums)
        return normal

    def sums(self, x: Tensor) -> Tensor:
        """Return the accumulators, pooled."""
        found: Tensor = self.product(x)
        return found if self.pool is None else self.pool(found)

    def alpha(self) -> Tensor:
        """Return the scale of the weights, [] or [width]; 1 where there is none."""
        if self.scale is None or isinstance(self.product, RealProduct):
            return torch.ones(())
        alpha: Tensor = self.scale(self.product.standard())
        return alpha

    def affine(self) -> tuple[Tensor, Tensor]:
        """Return scale and offset from accumulators to what the sign sees, float32 [width]."""
        scale, offset = affine_of(self.norm)
        return scale * self.alpha().detach(), offset


class BinaryNetwork(nn.Module):
    """Blocks with a sign between them; the last block gives the scores.

    Parameters
    ----------
    image : tuple of int
        Channels, height, width.
    layers : sequence of Layer
    classes : int
    parts : Parts
    """

    def __init__(self, image: Size, layers: Sequence[Layer], classes: int, parts: Parts) -> None:
        super().__init__()
        self.parts = parts
        widths = fans(image, layers)
        blocks = [
            BinaryBlock(
                *(layer.kind, fan_in, layer.width, layer.pool, parts),
                first=index == 0,
                real=parts.real_ends and index == 0,
            )
            for index, (layer, fan_in) in enumerate(zip(layers, widths, strict=False))
        ]
        last = BinaryBlock(
            *("linear", widths[-1], classes, False, parts), norm="batch", real=parts.real_ends
        )
        self.blocks = nn.ModuleList([*blocks, last])

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of inputs [images, channels, height, width]."""
        drawn = self.parts.stochastic and self.training
        dtype = self.parts.dtype if self.training else torch.float32
        for block in list(self.blocks)[:-1]:
            x = sign(block(x), self.parts.slope, drawn, dtype)
        scores: Tensor = self.blocks[-1](x)
        return scores

    def all_blocks(self) -> list[BinaryBlock]:
        """Return the blocks in order."""
        return [block for block in self.blocks if isinstance(block, BinaryBlock)]

    def binary_layers(self) -> list[tuple[BinaryBlock, BinaryProduct]]:
        """Return the blocks with binary weights, and their products."""
        pairs = [(block, block.product) for block in self.all_blocks()]
        return [(block, product) for block, product in pairs if isinstance(product, BinaryProduct)]


def misread(weight: Tensor, rate: float) -> Tensor:
    """Return weights of which each is inverted with probability `rate`.

    Gradients pass to the weight that is stored as if it had been read right.
    """
    with torch.no_grad():
        flips = torch.rand(weight.shape) < rate
        change = weight * flips * -2
    return weight + change


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
