"""The operations of torch's inner graph (ATen), on symbols."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from mramsim.errors import InputError
from mramsim.network.importers.casts import Casts
from mramsim.network.importers.layers import Layers
from mramsim.network.importers.symbols import Const, Opaque, Real, Value
from mramsim.network.nodes.base import Array

Handler = Callable[..., Value]
SAME = {
    "detach", "alias", "clone", "contiguous", "lift_fresh_copy", "_to_copy", "to", "lift_fresh",
}  # fmt: skip
BINARY = {
    "add": "add", "sub": "sub", "mul": "mul", "div": "div", "ge": "ge", "gt": "gt", "le": "le",
    "lt": "lt", "eq": "eq", "ne": "ne", "minimum": "minimum", "maximum": "maximum",
}  # fmt: skip


def constant(value: Any) -> Const:
    """Return a number or array as a constant."""
    return Const(np.asarray(value, dtype=np.float32))


class TorchOps:
    """Handlers by name of operation; `wanted` is the name of the node to make.

    Parameters
    ----------
    layers : Layers
    """

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self.casts = Casts(layers)
        self.rank = 0  # axes of the first argument as torch sees it, images included
        self.table: dict[str, Handler] = {
            name.removeprefix("_op_"): getattr(self, name)
            for name in dir(self)
            if name.startswith("_op_")
        }
        self.table.update(dict.fromkeys(SAME, self._same))
        for name in ("softmax", "_softmax", "log_softmax", "_log_softmax"):
            self.table[name] = lambda wanted, x, *_rest, **_named: layers.softmax(x, wanted)
        for name, operator in BINARY.items():
            self.table[name] = self._binary(operator)

    def _same(self, wanted: str, x: Value, *_rest: Any, **_named: Any) -> Value:
        return x

    def _binary(self, operator: str) -> Handler:
        def handler(wanted: str, one: Any, other: Any, alpha: float = 1) -> Value:
            first = one if isinstance(one, Value) else constant(one)
            second = other if isinstance(other, Value) else constant(other)
            if alpha != 1:
                second = self.layers.binary("mul", second, constant(alpha), wanted)
            return self.layers.binary(operator, first, second, wanted)

        return handler

    def _op_rsub(self, wanted: str, x: Value, other: Any, alpha: float = 1) -> Value:
        handler = self._binary("sub")
        return handler(wanted, other, x, alpha)

    def _op_neg(self, wanted: str, x: Value) -> Value:
        return self.layers.binary("mul", x, constant(-1), wanted)

    def _op_sign(self, wanted: str, x: Value) -> Value:
        return self.layers.sign(x)

    _op_sgn = _op_sign

    def _op_where(self, wanted: str, condition: Value, one: Any, other: Any) -> Value:
        pair = [part if isinstance(part, Value) else constant(part) for part in (one, other)]
        return self.layers.where(condition, pair[0], pair[1])

    def _op_masked_fill(self, wanted: str, x: Value, mask: Value, fill: Any) -> Value:
        return self.layers.where(mask, fill if isinstance(fill, Value) else constant(fill), x)

    def _op_index_put(self, wanted: str, x: Value, indices: Sequence[Any], fill: Value) -> Value:
        if len(indices) != 1 or not isinstance(fill, Const) or fill.single is None:
            return Opaque(f"'{wanted}': an assignment to chosen elements is not understood")
        return self.layers.where(indices[0], fill, x)

    def _op_logical_not(self, wanted: str, x: Value) -> Value:
        return self.layers.binary("eq", x, constant(0), wanted)

    _op_bitwise_not = _op_logical_not

    def _op_dropout(self, wanted: str, x: Value, share: float, train: bool = True) -> Value:
        return Opaque(f"'{wanted}': a dropout that draws random numbers") if train and share else x

    _op_native_dropout = _op_feature_dropout = _op_dropout

    def _op_copy(self, wanted: str, x: Value, given: Value, *_rest: Any) -> Value:
        return given  # all values are written: the caller compared the shapes

    _op_slice_scatter = _op_copy

    def _op_fill(self, wanted: str, x: Value, fill: Any) -> Value:
        found = fill if isinstance(fill, Value) else constant(fill)
        if isinstance(found, Const) and found.single is not None:
            return constant(found.single)
        return Opaque(f"'{wanted}': a fill with a computed value is not understood")

    def _op_full_like(self, wanted: str, x: Value, fill: float, **_named: Any) -> Value:
        return constant(fill)

    def _op_ones_like(self, wanted: str, x: Value, **_named: Any) -> Value:
        return constant(1)

    def _op_zeros_like(self, wanted: str, x: Value, **_named: Any) -> Value:
        return constant(0)

    def _op_convolution(
        self,
        wanted: str,
        x: Value,
        weight: Value,
        bias: Value | None,
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int],
        transposed: bool,
        output_padding: Sequence[int],
        groups: int,
    ) -> Value:
        if transposed:
            return Opaque(f"'{wanted}': a transposed convolution is not understood")
        return self.layers.conv(
            x,
            weight,
            bias,
            wanted,
            stride=stride,
            before=padding,
            dilation=dilation,
            groups=groups,
        )

    def _op_linear(self, wanted: str, x: Value, weight: Value, bias: Value | None = None) -> Value:
        return self.layers.linear(x, weight, bias, wanted)

    def _op_mm(self, wanted: str, x: Value, weight: Value) -> Value:
        if not isinstance(weight, Const):
            return Opaque(f"'{wanted}': a product of two computed values is not understood")
        return self.layers.linear(x, Const(weight.value.T, weight.label), None, wanted)

    _op_matmul = _op_mm

    def _op_addmm(
        self, wanted: str, bias: Value, x: Value, weight: Value, beta: float = 1, alpha: float = 1
    ) -> Value:
        if not isinstance(weight, Const) or (beta, alpha) != (1, 1):
            return Opaque(f"'{wanted}': a product of two computed values is not understood")
        return self.layers.linear(x, Const(weight.value.T, weight.label), bias, wanted)

    def _op_native_batch_norm(
        self,
        wanted: str,
        x: Value,
        gamma: Value | None,
        beta: Value | None,
        mean: Value | None,
        var: Value | None,
        training: bool,
        momentum: float,
        eps: float,
        *_rest: Any,
    ) -> Value:
        if training or mean is None:
            return Opaque(
                f"'{wanted}': a BatchNorm without running statistics depends on the batch"
            )
        return self.layers.batchnorm(x, (gamma, beta, mean, var), eps, wanted)

    _op_batch_norm = _op_native_batch_norm

    def _op__native_batch_norm_legit_no_training(self, wanted: str, x: Value, *parts: Any) -> Value:
        return self.layers.batchnorm(x, parts[:4], parts[5], wanted)

    def _op_relu(self, wanted: str, x: Value) -> Value:
        return self.layers.function(x, "relu", wanted)

    def _op_tanh(self, wanted: str, x: Value) -> Value:
        return self.layers.function(x, "tanh", wanted)

    def _op_sigmoid(self, wanted: str, x: Value) -> Value:
        return self.layers.function(x, "sigmoid", wanted)

    def _op_clamp(
        self, wanted: str, x: Value, low: float | None = None, high: float | None = None
    ) -> Value:
        for operator, bound in (("maximum", low), ("minimum", high)):
            if bound is not None:
                x = self.layers.binary(operator, x, constant(bound), wanted)
        return x

    def _op_hardtanh(self, wanted: str, x: Value, low: float = -1, high: float = 1) -> Value:
        return self.layers.function(x, "clip", wanted, low, high)

    def _op_leaky_relu(self, wanted: str, x: Value, slope: float = 0.01) -> Value:
        return self.layers.function(x, "prelu", wanted, slope)

    def _op__prelu_kernel(self, wanted: str, x: Value, slope: Value) -> Value:
        source = self.layers.real(x, f"{wanted}_in")
        known = self.layers.per_channel(slope.value, source) if isinstance(slope, Const) else None
        if known is None:
            return Opaque(f"'{wanted}': a slope per position is not understood")
        return self.layers.function(Real(source), "prelu", wanted, known)

    _op_prelu = _op__prelu_kernel

    def _op_max_pool2d(
        self,
        wanted: str,
        x: Value,
        kernel: Sequence[int],
        stride: Sequence[int] = (),
        padding: Sequence[int] = (0,),
        dilation: Sequence[int] = (1,),
        ceil_mode: bool = False,
    ) -> Value:
        if ceil_mode or max(dilation) > 1:
            return Opaque(f"'{wanted}': a max-pool with ceil_mode or dilation is not understood")
        size = _spread(kernel)
        border = _spread(padding)
        return self.layers.maxpool(x, size, _spread(stride or kernel), border, wanted)

    _op_max_pool2d_with_indices = _op_max_pool2d

    def _op_avg_pool2d(
        self,
        wanted: str,
        x: Value,
        kernel: Sequence[int],
        stride: Sequence[int] = (),
        padding: Sequence[int] = (0,),
        ceil_mode: bool = False,
        include: bool = True,
        divisor: int | None = None,
    ) -> Value:
        size, step = _spread(kernel), _spread(stride or kernel)
        shape = self.layers.shape(x) or ()
        uneven = any((n - k) % s for n, k, s in zip(shape[1:], size, step, strict=False))
        if any(padding) or divisor or (ceil_mode and uneven):
            return Opaque(f"'{wanted}': an average pool with padding is not understood")
        return self.layers.average(x, size, step, wanted)

    def _op__adaptive_avg_pool2d(self, wanted: str, x: Value, size: Sequence[int]) -> Value:
        shape = (self.layers.shape(x) or ())[1:]
        if len(shape) != 2 or any(n % out for n, out in zip(shape, size, strict=True)):
            return Opaque(f"'{wanted}': an adaptive pool of {shape} to {tuple(size)} is uneven")
        kernel = [n // out for n, out in zip(shape, size, strict=True)]
        return self.layers.average(x, kernel, kernel, wanted)

    _op_adaptive_avg_pool2d = _op__adaptive_avg_pool2d

    def _op_mean(
        self, wanted: str, x: Value, axes: Sequence[int] = (), keep: bool = False
    ) -> Value:
        wanted_axes = list(range(2, self.rank))
        if not axes or sorted(axis % self.rank for axis in axes) != wanted_axes:
            return Opaque(f"'{wanted}': a mean over axes {list(axes)} is not understood")
        if len(self.layers.shape(x) or ()) == 1:
            return x
        return self.layers.whole_average(x, wanted, not keep)

    def _op_permute(self, wanted: str, x: Value, axes: Sequence[int]) -> Value:
        order = [axis % len(axes) for axis in axes]
        if order[0] != 0:
            return Opaque(f"'{wanted}': a permutation of the batch is not understood")
        return self.layers.permute(x, [axis - 1 for axis in order[1:]])

    def _op_transpose(self, wanted: str, x: Value, one: int, other: int) -> Value:
        axes = list(range(self.rank))
        axes[one], axes[other] = axes[other], axes[one]
        return self._op_permute(wanted, x, axes)

    def _op_slice(
        self,
        wanted: str,
        x: Value,
        axis: int = 0,
        start: int | None = None,
        stop: int | None = None,
        step: int = 1,
    ) -> Value:
        shape = self.layers.shape(x) or ()
        size = shape[axis - 1] if 1 <= axis <= len(shape) else None
        whole = start in (None, 0) and (stop is None or size is None or stop >= size)
        if whole and step == 1:
            return x
        if not whole or axis < 2:
            return Opaque(f"'{wanted}': a slice of part of the values is not understood")
        kernel, steps = [1] * (len(shape) - 1), [1] * (len(shape) - 1)
        steps[axis - 2] = step
        return self.layers.average(x, kernel, steps, wanted)

    def _op_constant_pad_nd(
        self, wanted: str, x: Value, pads: Sequence[int], fill: float = 0.0
    ) -> Value:
        rank = len(self.layers.shape(x) or ())
        before, after = [0] * rank, [0] * rank
        for index in range(len(pads) // 2):
            if index >= rank:
                return Opaque(f"'{wanted}': padding of the batch is not understood")
            before[-1 - index], after[-1 - index] = pads[2 * index], pads[2 * index + 1]
        return self.layers.pad(x, before, after, float(fill), wanted)


def _spread(value: Sequence[int]) -> list[int]:
    """Return one entry per axis of a map, as torch writes one for both."""
    return list(value) * 2 if len(value) == 1 else list(value)


def numbers(tensor: Tensor) -> Array:
    """Return a tensor of numbers as float32 (bool as 0 and 1)."""
    if tensor.is_complex():
        raise InputError("the module computes with complex numbers; real ones are understood")
    return np.array(tensor.detach().cpu().float().numpy())
