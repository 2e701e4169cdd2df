"""The affine maps of trained layers in float32, the same for torch and for exported nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mramsim.network.fold import batchnorm_affine
from mramsim.network.nodes.base import once

if TYPE_CHECKING:
    from mramsim.training.smooth.layers import SmoothNorm, SmoothProduct

Float32 = NDArray[np.float32]


def layer_parts(layer: SmoothProduct) -> tuple[Float32, Float32]:
    """Return scale and offset of a layer's outputs, float32 [width].

    They act on the sums of a layer with real inputs or real weights; on the integers
    ``sum W v`` of a layer that is binary throughout.
    """
    width = layer.step.width
    gain = np.float32(layer.gain().detach().numpy())
    bias = np.zeros(width, np.float32) if layer.bias is None else layer.bias.detach().numpy()
    alphabet = layer.step.alphabet
    if alphabet is None or not layer.step.binary:
        return np.full(width, gain), bias
    scale = np.full(width, gain * np.float32(alphabet.factor))  # a power of two: exact
    with torch.no_grad():
        shift = layer.shift().flatten().numpy()
    return scale, once(np.float64(gain) * shift + bias)


def norm_parts(norm: SmoothNorm) -> tuple[Float32, Float32]:
    """Return scale and offset of an inference BatchNorm, float32 [width]."""
    from mramsim.training.smooth.layers import EPS

    tensors = (norm.weight, norm.bias, norm.mean, norm.var)
    gamma, beta, mean, var = (tensor.detach().numpy() for tensor in tensors)
    return batchnorm_affine(gamma, beta, mean, var, EPS)


def layer_affine(layer: SmoothProduct) -> Callable[[Tensor], Tensor]:
    """Return the map of a layer's sums, float64, to its outputs, rounded once to float32."""
    return _apply(*layer_parts(layer))


def norm_affine(norm: SmoothNorm) -> Callable[[Tensor], Tensor]:
    """Return an inference BatchNorm of float64 values, rounded once to float32."""
    return _apply(*norm_parts(norm))


def _apply(scale: Float32, offset: Float32) -> Callable[[Tensor], Tensor]:
    def apply(x: Tensor) -> Tensor:
        shape = (-1, *(1,) * (x.ndim - 2))
        a = torch.from_numpy(scale.astype(np.float64)).view(shape)
        b = torch.from_numpy(offset.astype(np.float64)).view(shape)
        return (x * a + b).float()

    return apply
