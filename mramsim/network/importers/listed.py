"""Layers listed in order, by kind and name, over a dictionary of arrays."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from mramsim.errors import InputError, nearest
from mramsim.network.graph import Network
from mramsim.network.importers.draft import input_record
from mramsim.network.importers.layers import Layers
from mramsim.network.importers.listing import Listing, is_whole
from mramsim.network.importers.result import Options, finish
from mramsim.network.importers.symbols import Const, Real, Value
from mramsim.network.nodes.base import Array

_COUNTER = "num_batches_tracked"  # of BatchNorm: of no use after training
_SHOWN = 8


def build_listed(
    arrays: dict[str, Array], listing: Listing, name: str, source: str, options: dict[str, Any]
) -> Network:
    """Return the network of a listing."""
    draft, first = input_record(
        listing.shape, options["input"], options["scale"], options["offset"]
    )
    walk = _Walk(Layers(draft), arrays, Real(first))
    for index, layer in enumerate(listing.layers, 1):
        walk.take(layer, index)
    unused = [key for key in arrays if key not in walk.used and not key.endswith(_COUNTER)]
    if unused:
        names = ", ".join(unused[:_SHOWN]) + (", ..." if len(unused) > _SHOWN else "")
        if listing.guessed:
            raise InputError(
                f"arrays that no linear layer or BatchNorm reads: {names}; name the layers in a"
                " TOML file (--layout)"
            )
        draft.notes.append(f"arrays that no layer of the list reads: {names}")
    return finish(draft, walk.last, Options(name, source, options["zero"]), options["example"])


class _Walk:
    def __init__(self, layers: Layers, arrays: dict[str, Array], first: Value) -> None:
        self.layers, self.arrays, self.last = layers, arrays, first
        self.named: dict[str, Value] = {"input": first}
        self.used: set[str] = set()

    def take(self, layer: dict[str, Any], index: int) -> None:
        """Compute one layer."""
        label = str(layer.get("name", f"{layer['kind']}{index}"))
        handler: Callable[..., Value] = getattr(self, f"_{layer['kind']}")
        try:
            self.last = handler(layer, label, self._given(layer, label))
        except (TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"layer '{label}' ({layer['kind']}): {error}") from None
        self.named[label] = self.last

    def _given(self, layer: dict[str, Any], label: str) -> list[Value]:
        """Return the layer's sources: as many as its kind takes."""
        names = layer.get("from")
        if names is None:
            found = [self.last]
        else:
            found = [
                self._source(name, label)
                for name in (names if isinstance(names, list) else [names])
            ]
        count = 2 if layer["kind"] == "add" else 1
        if len(found) != count:
            said = f"{len(found)} sources" if names is None else f"from = {names!r}"
            wanted = "from = [one, other]" if count == 2 else "one name"
            raise InputError(f"layer '{label}' ({layer['kind']}): {said}; {wanted} is expected")
        return found

    def _source(self, name: Any, label: str) -> Value:
        if not isinstance(name, str) or name not in self.named:
            raise InputError(f"layer '{label}': from '{name}'{nearest(str(name), self.named)}")
        return self.named[name]

    def _array(self, label: str, *keys: str, optional: bool = False) -> Const | None:
        for key in keys:
            for full in (f"{label}.{key}", f"{label}/{key}", f"{label}_{key}"):
                if full in self.arrays:
                    self.used.add(full)
                    return Const(self.arrays[full], label)
        if optional:
            return None
        known = sorted(self.arrays)
        raise InputError(f"'{label}.{keys[0]}' is not in the file{nearest(label, known)}")

    def _weight(self, layer: dict[str, Any], label: str) -> Const:
        found = self._array(label, "weight", "parametrizations.weight.original", "latent", "kernel")
        assert found is not None
        weight = found.value
        binary = layer.get("binary", True)
        if not isinstance(binary, bool):
            raise InputError(f"layer '{label}': binary = {binary!r}; true or false is expected")
        if binary:
            if not np.isfinite(weight).all():
                raise InputError(f"layer '{label}': weights hold NaN or infinity")
            bits = np.where(weight >= 0, np.float32(1), np.float32(-1))
            weight = bits * self._alpha(layer, label, weight)
        return Const(weight.astype(np.float32), label)

    def _alpha(self, layer: dict[str, Any], label: str, weight: Array) -> Array:
        kind = layer.get("alpha", "none")
        axes = tuple(range(1, weight.ndim))
        if kind == "none":
            return np.ones(1, np.float32)
        if kind == "filter":
            return np.asarray(np.abs(weight).mean(axis=axes, keepdims=True), np.float32)
        if isinstance(kind, int | float):
            return np.full(1, kind, np.float32)
        if kind == "layer":
            return np.asarray(np.abs(weight).mean(), np.float32).reshape(1)
        stored = self._array(label, str(kind))
        assert stored is not None
        return stored.value.reshape(-1, *[1] * len(axes))

    def _linear(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        x = self._flatten({}, f"{label}_flat", given)
        bias = self._array(label, "bias", optional=True)
        return self.layers.linear(x, self._weight(layer, label), bias, label)

    def _conv(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        weight = self._weight(layer, label)
        axes = weight.value.ndim - 2
        padding, x = _sizes(layer, label, "padding", 0, axes), given[0]
        fill = float(layer.get("pad_value", 0))
        if fill:
            x = self.layers.pad(x, [0, *padding], [0, *padding], fill, label)
            padding = [0] * axes
        return self.layers.conv(
            x,
            weight,
            self._array(label, "bias", optional=True),
            label,
            stride=_sizes(layer, label, "stride", 1, axes),
            before=padding,
            groups=int(layer.get("groups", 1)),
        )

    def _batchnorm(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        parts = [
            self._array(label, "weight", "gamma", optional=True),
            self._array(label, "bias", "beta", optional=True),
            self._array(label, "running_mean", "mean"),
            self._array(label, "running_var", "var"),
        ]
        return self.layers.batchnorm(given[0], parts, float(layer.get("eps", 1e-5)), label)

    def _threshold(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        """Bit where ``polarity * count >= threshold``."""
        level = self._array(label, "threshold", "level")
        polarity = self._array(label, "polarity", optional=True)
        assert level is not None
        if (level.value != np.rint(level.value)).any() or np.abs(level.value).max() >= 1 << 24:
            raise InputError(f"layer '{label}': thresholds must be integers below 2^24")
        x = given[0]
        if polarity is not None:
            if not np.isin(polarity.value, (-1, 1)).all():
                raise InputError(f"layer '{label}': polarity must be -1 or +1")
            x = self._scaled(x, polarity, label)
        source = self.layers.real(x, label)
        return self.layers.sign(Real(self.layers.draft.affine(label, source, 1.0, -level.value)), 1)

    def _scaled(self, x: Value, factor: Const, label: str) -> Value:
        source = self.layers.real(x, label)
        return Real(self.layers.draft.affine(f"{label}_scale", source, factor.value.ravel(), 0.0))

    def _scale(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        factor = self._array(label, "scale", "alpha", "weight")
        assert factor is not None
        found = self._scaled(given[0], factor, label)
        shift = self._array(label, "offset", "bias", optional=True)
        if shift is None:
            return found
        source = self.layers.real(found)
        return Real(self.layers.draft.affine(f"{label}_shift", source, 1.0, shift.value.ravel()))

    def _sign(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        zero = layer.get("zero", 1)
        if zero not in (1, -1, 0):
            raise InputError(f"layer '{label}': zero = {zero}; 1, -1 and 0 are allowed")
        return self.layers.sign(given[0], zero)

    def _heaviside(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        return self.layers.binary("ge", given[0], Const(np.zeros(1, np.float32)), label)

    def _maxpool(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        axes = len(self.layers.shape(given[0]) or ()) - 1
        kernel = _sizes(layer, label, "kernel", 2, axes)
        stride = _sizes(layer, label, "stride", kernel, axes)
        padding = _sizes(layer, label, "padding", 0, axes)
        return self.layers.maxpool(given[0], kernel, stride, padding, label)

    def _avgpool(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        axes = len(self.layers.shape(given[0]) or ()) - 1
        kernel = _sizes(layer, label, "kernel", 2, axes)
        stride = _sizes(layer, label, "stride", kernel, axes)
        return self.layers.average(given[0], kernel, stride, label)

    def _global_average(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        return self.layers.whole_average(given[0], label, True)

    def _flatten(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        shape = self.layers.shape(given[0]) or ()
        order, x = layer.get("order", "chw"), given[0]
        if order not in ("chw", "hwc"):
            raise InputError(f"layer '{label}': order '{order}'; chw and hwc are allowed")
        if order == "hwc" and len(shape) > 1:
            x = self.layers.permute(x, [*range(1, len(shape)), 0])
        return self.layers.reshape(x, (prod(shape),), label)

    def _relu(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        return self.layers.function(given[0], "relu", label)

    def _tanh(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        return self.layers.function(given[0], "tanh", label)

    def _hardtanh(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        return self.layers.function(given[0], "clip", label, -1.0, 1.0)

    def _prelu(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        slope = self._array(label, "weight", "alpha")
        assert slope is not None
        return self.layers.function(given[0], "prelu", label, slope.value.ravel())

    def _add(self, layer: dict[str, Any], label: str, given: list[Value]) -> Value:
        return self.layers.binary("add", given[0], given[1], label)


def _sizes(layer: dict[str, Any], label: str, key: str, default: Any, axes: int) -> list[int]:
    """Return one size per axis, from one number or a list; padding may be 0."""
    value = layer.get(key, default)
    found = value if isinstance(value, list) else [value]
    least, what = 0 if key == "padding" else 1, f"layer '{label}': {key} = {value!r}"
    if not all(map(is_whole, found)) or (isinstance(value, list) and len(value) != axes):
        raise InputError(f"{what}; a whole number or {axes} sizes are expected")
    if min(found, default=least) < least:
        raise InputError(f"{what}; at least {least} is allowed")
    return found if isinstance(value, list) else [value] * axes
