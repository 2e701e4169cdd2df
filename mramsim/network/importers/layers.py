"""Layers that every framework has, on symbols: products, norms, pools, shapes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from mramsim.errors import InputError
from mramsim.network.fold import batchnorm_affine
from mramsim.network.graph import MAX_VALUES
from mramsim.network.importers.draft import Draft
from mramsim.network.importers.symbols import Const, Opaque, Real, Symbols, Value
from mramsim.network.nodes import MaxPool1d, MaxPool2d, PadChannels, RealConv, RealLinear
from mramsim.network.nodes.base import Array, Shape


class Layers(Symbols):
    """What importers call for each operation; weights are `Const`."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft)
        self.count = 0

    def shape(self, value: Value) -> Shape | None:
        """Return the shape of one image's value, pending steps included; None if unknown."""
        if isinstance(value, Const | Opaque):
            return None
        if isinstance(value, Real):
            shape = self.draft.shapes[value.name]
            if value.pads is not None:
                shape = (shape[0], *map(sum, zip(shape[1:], *value.pads[:2], strict=True)))
            return shape if value.axes is None else tuple(shape[axis] for axis in value.axes)
        inner: Value = Real(value.source) if hasattr(value, "source") else value.plus
        return self.shape(inner)

    def linear(self, x: Value, weight: Value, bias: Value | None, wanted: str) -> Value:
        """Return ``x @ weight.T + bias``; weight [outputs, inputs]."""
        matrix = self._known(weight, wanted)
        source = self.real(x, f"{wanted}_in")
        if len(self.draft.shapes[source]) != 1:
            return Opaque(f"'{wanted}': a linear layer takes a vector; flatten before it")
        node = RealLinear(self.draft.name(wanted), (source,), matrix, self._bias(bias, matrix))
        return Real(self.draft.add(node))

    def conv(
        self,
        x: Value,
        weight: Value,
        bias: Value | None,
        wanted: str,
        *,
        stride: Sequence[int],
        before: Sequence[int],
        after: Sequence[int] | None = None,
        dilation: Sequence[int] = (1,),
        groups: int = 1,
    ) -> Value:
        """Return a convolution; weight [outputs, channels / groups, *kernel]."""
        kernel = _dilated(self._known(weight, wanted), dilation)
        low, high, value = tuple(before), tuple(before if after is None else after), 0.0
        if isinstance(x, Real) and x.pads is not None:
            if x.pads[2] != 0 and any(low + high):
                return Opaque(f"'{wanted}': two paddings with different values")
            low, high = (
                tuple(a + b for a, b in zip(one, other, strict=True))
                for one, other in zip((low, high), x.pads[:2], strict=True)
            )
            value, x = x.pads[2], Real(x.name, x.axes)
        source = self.real(x, f"{wanted}_in")
        node = RealConv(
            self.draft.name(wanted),
            (source,),
            kernel,
            self._bias(bias, kernel),
            groups,
            self.draft.shapes[source][1:],
            tuple(stride),
            low,
            None if high == low else high,
            value,
        )
        return Real(self.draft.add(node))

    def batchnorm(self, x: Value, parts: Sequence[Value | None], eps: float, wanted: str) -> Value:
        """Return an inference BatchNorm of gamma, beta, mean and variance (None: 1, 0, -, -)."""
        mean, var = (self._known(part, wanted).ravel() for part in parts[2:])
        gamma = np.ones_like(mean) if parts[0] is None else self._known(parts[0], wanted).ravel()
        beta = np.zeros_like(mean) if parts[1] is None else self._known(parts[1], wanted).ravel()
        try:
            pair = batchnorm_affine(gamma, beta, mean, var, eps)
        except InputError as error:
            raise InputError(f"layer '{wanted}': {error}") from None
        source = self.real(x, f"{wanted}_in")
        return Real(self.draft.affine(wanted, source, *pair))

    def maxpool(
        self,
        x: Value,
        kernel: Sequence[int],
        stride: Sequence[int],
        padding: Sequence[int],
        wanted: str,
    ) -> Value:
        """Return a max-pool over one or two axes."""
        source = self.real(x, f"{wanted}_in")
        kernel, stride, padding = self._one_axis(source, kernel, stride, padding)
        pool = MaxPool1d if len(kernel) == 1 else MaxPool2d
        none = np.zeros(self.draft.shapes[source][0], np.bool_)
        border = tuple(padding) if any(padding) else None
        name = self.draft.name(wanted)
        return Real(
            self.draft.add(pool(name, (source,), tuple(kernel), tuple(stride), none, border))
        )

    def average(self, x: Value, kernel: Sequence[int], stride: Sequence[int], wanted: str) -> Value:
        """Return an average pool without padding."""
        if max(*kernel, *stride) == 1:
            return x
        source = self.real(x, f"{wanted}_in")
        kernel, stride, _ = self._one_axis(source, kernel, stride, [0] * len(kernel))
        return Real(self.draft.average(wanted, source, tuple(kernel), tuple(stride)))

    def _one_axis(self, source: str, *parts: Sequence[int]) -> list[Sequence[int]]:
        """Drop the first of two axes where the map has one: how torch pools over a line."""
        if len(self.draft.shapes[source]) == 2 and len(parts[0]) == 2:
            return [part[1:] for part in parts]
        return list(parts)

    def whole_average(self, x: Value, wanted: str, flat: bool) -> Value:
        """Return the average over all positions, as a vector if `flat`."""
        source = self.real(x, f"{wanted}_in")
        size = self.draft.shapes[source][1:]
        found = self.draft.average(wanted, source, size, size)
        return Real(self.draft.flatten(f"{wanted}_flat", found) if flat else found)

    def function(self, x: Value, function: str, wanted: str, *parameters: Array | float) -> Value:
        """Return an activation."""
        return Real(
            self.draft.function(wanted, self.real(x, f"{wanted}_in"), function, *parameters)
        )

    def softmax(self, x: Value, wanted: str) -> Value:
        """Return a softmax: at the end it changes no class and is left out."""
        reason = f"'{wanted}': a softmax inside the network is not understood"
        return x if isinstance(x, Opaque) else Opaque(reason, x)

    def permute(self, x: Value, axes: Sequence[int]) -> Value:
        """Reorder the axes of an image's value."""
        value = x if isinstance(x, Real) else Real(self.real(x))
        if value.pads is not None or len(axes) != len(self.draft.shapes[value.name]):
            return Opaque("a permutation that mixes padding or the batch is not understood")
        old = value.axes or tuple(range(len(axes)))
        new = tuple(old[axis] for axis in axes)
        return Real(value.name, None if new == tuple(range(len(axes))) else new)

    def reshape(self, x: Value, shape: Sequence[int], wanted: str) -> Value:
        """Give an image's value another shape: the same, or a vector."""
        if isinstance(x, Opaque) and x.end is not None:
            return Opaque(x.reason, self.reshape(x.end, shape, wanted))
        old = self.shape(x)
        if old is None or tuple(shape) == old:
            return x
        cores = [[size for size in part if size != 1] for part in (old, shape)]
        if len(shape) > 1 and cores[0] == cores[1] and shape[0] == old[0]:
            return x  # an axis of length 1 more or less: how torch pools over a line
        if prod(shape) != prod(old):
            return Opaque(f"'{wanted}': a reshape of {old} to {tuple(shape)} mixes images")
        if len(shape) == 1:
            value = x if isinstance(x, Real) else Real(self.real(x, f"{wanted}_in"))
            return Real(self.draft.flatten(wanted, value.name, value.axes))
        return Opaque(f"'{wanted}': a reshape of {old} to {tuple(shape)} is not understood")

    def pad(
        self, x: Value, before: Sequence[int], after: Sequence[int], fill: float, wanted: str
    ) -> Value:
        """Pad an image's value (one entry per axis, channels first)."""
        if not any((*before, *after)):
            return x
        if min(*before, *after) < 0:
            return Opaque(f"'{wanted}': negative padding is not understood")
        if before[0] or after[0]:
            if any((*before[1:], *after[1:])) or fill:
                return Opaque(f"'{wanted}': padding of channels and positions at once")
            source = self.real(x, wanted)
            node = PadChannels(self.draft.name(wanted), (source,), before[0], after[0])
            return Real(self.draft.add(node))
        if isinstance(x, Real) and x.axes is not None:
            return Opaque(f"'{wanted}': padding of permuted axes is not understood")
        source = self.real(x, wanted)
        return Real(source, pads=(tuple(before[1:]), tuple(after[1:]), fill))

    def _known(self, value: Value | None, wanted: str) -> Array:
        if not isinstance(value, Const):
            raise InputError(f"layer '{wanted}': its parameters depend on the input")
        if value.value.dtype.kind not in "iufb" or not np.isfinite(value.value).all():
            raise InputError(f"layer '{wanted}': its parameters must be finite numbers")
        return value.value.astype(np.float32)

    def _bias(self, bias: Value | None, weight: Array) -> Array:
        if bias is None:
            return np.zeros(len(weight), np.float32)
        return np.broadcast_to(self._known(bias, "bias").reshape(-1), (len(weight),)).copy()


def _dilated(weight: Array, dilation: Sequence[int]) -> Array:
    """Return the kernel with zeros between its taps."""
    if max(dilation) == 1:
        return weight
    steps = tuple(dilation) * (weight.ndim - 2 if len(dilation) == 1 else 1)
    if max(steps) > 64 or min(steps) < 1:
        raise InputError(f"dilation {steps}: 1 to 64 is allowed")
    sizes = [(size - 1) * step + 1 for size, step in zip(weight.shape[2:], steps, strict=True)]
    if prod(weight.shape[:2]) * prod(sizes) > MAX_VALUES:
        raise InputError(f"dilation {steps} of a kernel {weight.shape}: too large")
    found = np.zeros((*weight.shape[:2], *sizes), np.float32)
    found[(slice(None), slice(None), *(slice(None, None, step) for step in steps))] = weight
    return found
