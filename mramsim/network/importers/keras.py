"""Larq and Keras ``.h5`` files, read with h5py; no TensorFlow, nothing executed."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mramsim.errors import InputError, nearest
from mramsim.network.graph import MAX_VALUES, Network
from mramsim.network.importers.draft import input_record
from mramsim.network.importers.h5_file import read_h5
from mramsim.network.importers.layers import Layers
from mramsim.network.importers.limits import MAX_NODES, reading
from mramsim.network.importers.result import Options, finish
from mramsim.network.importers.symbols import Const, Real, Value
from mramsim.network.nodes.base import Array

Config = dict[str, Any]
_SIGNS = {"ste_sign", "SteSign", "approx_sign", "ApproxSign", "swish_sign", "SwishSign",
          "sign", "SteHeaviside", "ste_heaviside"}  # fmt: skip
_SKIPPED = {"Dropout", "SpatialDropout2D", "GaussianNoise", "ActivityRegularization"}


def from_keras(
    path: str | os.PathLike[str],
    *,
    input: str = "real",
    scale: float = 1.0,
    offset: float = 0.0,
    zero: int = 1,
    name: str | None = None,
    example: Array | None = None,
) -> Network:
    """Import a whole model saved by Keras 2 or Larq as ``.h5`` (sequential or a chain with adds).

    Understood: QuantDense, QuantConv1D/2D, QuantDepthwiseConv2D, Dense, Conv1D/2D,
    BatchNormalization, max, average and global average pools, Flatten (channels last), Activation,
    ReLU, LeakyReLU, PReLU, Add, ZeroPadding2D. Quantisers: ste_sign, approx_sign, swish_sign (all
    give +1 for 0) and ste_heaviside. Kernels are [height, width, in, out] and [in, out].

    Parameters
    ----------
    path : path-like
    input, scale, offset, zero
        As for `mramsim.from_torch`; images of the result are channels first.
    name, example
        As for `mramsim.from_qonnx`.

    Returns
    -------
    Network

    Raises
    ------
    InputError
    """
    source = Path(path)
    with reading(source):
        text, arrays = read_h5(source)
        config = json.loads(text)
        layers, outputs = _layers(config)
        shape = _input_shape(config, layers)
        draft, first = input_record((shape[-1], *shape[:-1]), input, scale, offset)
        walk = _Walk(Layers(draft), arrays, first)
        for layer in layers:
            walk.take(layer)
        last = walk.values.get(outputs, walk.last)
        options = Options(name or source.stem, f"Keras {source.name}", zero)
        return finish(draft, last, options, example)


def _layers(config: Config) -> tuple[list[Config], str]:
    """Return the layers in order, each with the names of its inputs, and the output's name."""
    inner = config["config"]
    layers = inner["layers"] if isinstance(inner, dict) else inner
    if not isinstance(layers, list) or not 1 <= len(layers) <= MAX_NODES:
        raise InputError("the model has no list of layers")
    found: list[Config] = []
    for layer in layers:
        own = dict(layer["config"])
        own["class"] = str(layer["class_name"]).split(">")[-1]
        own["name"] = str(own.get("name", layer.get("name", own["class"])))
        own["from"] = _sources(layer, found)
        found.append(own)
    outputs = inner.get("output_layers") if isinstance(inner, dict) else None
    while outputs and isinstance(outputs[0], list):
        outputs = outputs[0]
    return found, str(outputs[0]) if outputs else str(found[-1]["name"])


def _sources(layer: Config, before: list[Config]) -> list[str]:
    nodes = layer.get("inbound_nodes")
    if nodes:
        return [str(part[0]) for part in nodes[0]]
    return [before[-1]["name"]] if before else []


def _input_shape(config: Config, layers: list[Config]) -> tuple[int, ...]:
    """Return (features,), (length, channels) or (height, width, channels)."""
    inner = config["config"]
    for place in (layers[0], inner if isinstance(inner, dict) else {}):
        for key in ("batch_input_shape", "batch_shape", "build_input_shape"):
            shape = place.get(key)
            if (
                isinstance(shape, list)
                and len(shape) > 1
                and all(isinstance(size, int) and 0 < size < MAX_VALUES for size in shape[1:])
            ):
                return tuple(shape[1:])
    raise InputError("the model does not say its input shape (build it before saving)")


class _Walk:
    def __init__(self, layers: Layers, arrays: dict[str, dict[str, Array]], first: str) -> None:
        self.layers, self.arrays = layers, arrays
        self.values: dict[str, Value] = {}
        self.last: Value = Real(first)
        self.table = {
            "Dense": self._dense, "QuantDense": self._dense,
            "Conv1D": self._conv, "QuantConv1D": self._conv,
            "Conv2D": self._conv, "QuantConv2D": self._conv,
            "DepthwiseConv2D": self._conv, "QuantDepthwiseConv2D": self._conv,
            "BatchNormalization": self._norm,
            "MaxPooling1D": self._max, "MaxPooling2D": self._max,
            "AveragePooling1D": self._average, "AveragePooling2D": self._average,
            "GlobalAveragePooling1D": self._global, "GlobalAveragePooling2D": self._global,
            "Flatten": self._flatten, "Activation": self._activation, "ReLU": self._relu,
            "LeakyReLU": self._leaky, "PReLU": self._prelu, "Add": self._add,
            "Softmax": lambda layer, given: layers.softmax(given[0], layer["name"]),
            "ZeroPadding1D": self._zeros, "ZeroPadding2D": self._zeros,
        }  # fmt: skip

    def take(self, layer: Config) -> None:
        """Compute one layer."""
        name, kind = layer["name"], layer["class"]
        if layer.get("data_format", "channels_last") != "channels_last":
            raise InputError(f"layer '{name}': only channels_last is understood")
        given = [self.values[part] for part in layer["from"] if part in self.values]
        x = given[0] if given else self.last
        if kind == "InputLayer" or kind in _SKIPPED:
            found = x
        elif kind not in self.table:
            raise InputError(f"layer '{name}' of kind '{kind}'{nearest(kind, self.table)}")
        else:
            found = self.table[kind](layer, given or [x])
        self.values[name] = self.last = found

    def _array(self, layer: Config, key: str) -> Const:
        found = self.arrays.get(layer["name"], {})
        if key not in found:
            raise InputError(f"layer '{layer['name']}' has no '{key}'; it has {sorted(found)}")
        return Const(found[key], layer["name"])

    def _kernel(self, layer: Config, key: str = "kernel") -> Array:
        kernel = self._array(layer, key).value
        quantiser = _named(layer.get("kernel_quantizer") or layer.get("depthwise_quantizer"))
        if quantiser is None:
            return kernel
        if quantiser == "magnitude_aware_sign" or quantiser == "MagnitudeAwareSign":
            axes = tuple(range(kernel.ndim - 1))
            scale = np.abs(kernel).mean(axis=axes, keepdims=True)
            return np.asarray(np.where(kernel >= 0, scale, -scale), dtype=np.float32)
        if quantiser not in _SIGNS or "eaviside" in quantiser:
            raise InputError(
                f"layer '{layer['name']}': kernel quantiser '{quantiser}' is not 1-bit"
            )
        return np.where(kernel >= 0, np.float32(1), np.float32(-1))

    def _quantised(self, layer: Config, x: Value) -> Value:
        return self._sign(layer, _named(layer.get("input_quantizer")), x)

    def _sign(self, layer: Config, quantiser: str | None, x: Value) -> Value:
        if quantiser is None:
            return x
        if quantiser not in _SIGNS:
            raise InputError(f"layer '{layer['name']}': input quantiser '{quantiser}' is not 1-bit")
        if "eaviside" in quantiser:  # 1 above zero, else 0
            zero = Const(np.array(0, np.float32))
            return self.layers.binary("gt", x, zero, layer["name"])
        return self.layers.sign(x, 0 if quantiser == "sign" else 1)

    def _done(self, layer: Config, value: Value) -> Value:
        name = layer.get("activation", "linear")
        return value if name in (None, "linear") else self._function(layer, name, value)

    def _bias(self, layer: Config) -> Const | None:
        return self._array(layer, "bias") if layer.get("use_bias", True) else None

    def _dense(self, layer: Config, given: list[Value]) -> Value:
        weight = Const(self._kernel(layer).T)
        x = self._quantised(layer, given[0])
        return self._done(layer, self.layers.linear(x, weight, self._bias(layer), layer["name"]))

    def _conv(self, layer: Config, given: list[Value]) -> Value:
        deep = "Depthwise" in layer["class"]
        kernel = self._kernel(layer, "depthwise_kernel" if deep else "kernel")
        x = self._quantised(layer, given[0])
        groups = int(layer.get("groups", 1))
        if deep:  # [height, width, channels, multiplier]
            groups = kernel.shape[2]
            weight = kernel.reshape(*kernel.shape[:2], -1)[..., None].transpose(2, 3, 0, 1)
        else:
            weight = np.moveaxis(kernel, (-1, -2), (0, 1))
        stride, before, after = self._geometry(layer, x, weight.shape[2:])
        fill = float(layer.get("pad_values", 0.0) or 0.0)
        if fill and any(before + after):
            x = self.layers.pad(x, [0, *before], [0, *after], fill, layer["name"])
            before = after = [0] * len(stride)
        found = self.layers.conv(
            x,
            Const(np.ascontiguousarray(weight)),
            self._bias(layer),
            layer["name"],
            stride=stride,
            before=before,
            after=after,
            dilation=_pair(layer.get("dilation_rate", 1), len(stride)),
            groups=groups,
        )
        return self._done(layer, found)

    def _geometry(
        self, layer: Config, x: Value, kernel: Sequence[int], key: str = "strides"
    ) -> tuple[list[int], list[int], list[int]]:
        """Return stride and padding; "same" puts the odd one at the high end."""
        stride = _pair(layer.get(key) or list(kernel), len(kernel))
        none = [0] * len(stride)
        if layer.get("padding", "valid") == "valid":
            return stride, none, none
        if layer["padding"] != "same":
            raise InputError(f"layer '{layer['name']}': padding '{layer['padding']}'")
        size = (self.layers.shape(x) or ())[1:]
        spread = _pair(layer.get("dilation_rate", 1), len(stride))
        total = [
            max((-(-n // step) - 1) * step + (k - 1) * wide + 1 - n, 0)
            for n, k, step, wide in zip(size, kernel, stride, spread, strict=True)
        ]
        return stride, [n // 2 for n in total], [n - n // 2 for n in total]

    def _norm(self, layer: Config, given: list[Value]) -> Value:
        shape = self.layers.shape(given[0]) or ()
        axis = layer.get("axis", -1)
        axis = axis[0] if isinstance(axis, list) else axis
        if axis not in (-1, len(shape)):
            raise InputError(f"layer '{layer['name']}': BatchNorm over axis {axis}")
        parts = [
            self._array(layer, key) if layer.get(option, True) else None
            for key, option in (("gamma", "scale"), ("beta", "center"))
        ]
        parts += [self._array(layer, "moving_mean"), self._array(layer, "moving_variance")]
        eps = float(layer.get("epsilon", 1e-3))
        return self.layers.batchnorm(given[0], parts, eps, layer["name"])

    def _pool(self, layer: Config, x: Value) -> tuple[list[int], list[int], list[int], list[int]]:
        axes = 1 if layer["class"].endswith("1D") else 2
        kernel = _pair(layer.get("pool_size", 2), axes)
        stride, before, after = self._geometry(layer, x, kernel)
        return kernel, stride, before, after

    def _max(self, layer: Config, given: list[Value]) -> Value:
        kernel, stride, before, after = self._pool(layer, given[0])
        if before != after:
            raise InputError(f"layer '{layer['name']}': uneven 'same' padding of a max-pool")
        return self.layers.maxpool(given[0], kernel, stride, before, layer["name"])

    def _average(self, layer: Config, given: list[Value]) -> Value:
        kernel, stride, before, after = self._pool(layer, given[0])
        if any(before + after):
            raise InputError(f"layer '{layer['name']}': padding of an average pool")
        return self.layers.average(given[0], kernel, stride, layer["name"])

    def _global(self, layer: Config, given: list[Value]) -> Value:
        return self.layers.whole_average(given[0], layer["name"], not layer.get("keepdims", False))

    def _flatten(self, layer: Config, given: list[Value]) -> Value:
        """Height, width, channels: channels run fastest."""
        rank = len(self.layers.shape(given[0]) or ())
        if rank == 1:
            return given[0]
        moved = self.layers.permute(given[0], [*range(1, rank), 0])
        size = int(np.prod(self.layers.shape(given[0]) or ()))
        return self.layers.reshape(moved, (size,), layer["name"])

    def _activation(self, layer: Config, given: list[Value]) -> Value:
        return self._function(layer, layer.get("activation"), given[0])

    def _function(self, layer: Config, named: Any, x: Value) -> Value:
        name = _named(named)
        if name in (None, "linear"):
            return x
        if name == "softmax":
            return self.layers.softmax(x, layer["name"])
        if name in _SIGNS:
            return self._sign(layer, name, x)
        if name in ("hard_tanh", "HardTanh"):
            return self.layers.function(x, "clip", layer["name"], -1.0, 1.0)
        if name in ("relu", "tanh", "sigmoid"):
            return self.layers.function(x, name, f"{layer['name']}_{name}")
        raise InputError(f"layer '{layer['name']}': activation '{name}' is not understood")

    def _relu(self, layer: Config, given: list[Value]) -> Value:
        if layer.get("threshold") or layer.get("negative_slope"):
            raise InputError(f"layer '{layer['name']}': a ReLU with threshold or slope")
        top = layer.get("max_value")
        if top is not None:
            return self.layers.function(given[0], "clip", layer["name"], 0.0, float(top))
        return self.layers.function(given[0], "relu", layer["name"])

    def _leaky(self, layer: Config, given: list[Value]) -> Value:
        slope = float(layer.get("alpha") or layer.get("negative_slope") or 0.3)
        return self.layers.function(given[0], "prelu", layer["name"], slope)

    def _prelu(self, layer: Config, given: list[Value]) -> Value:
        slope = self._array(layer, "alpha").value
        rows = slope.reshape(-1, slope.shape[-1]) if slope.ndim else slope.reshape(1, 1)
        if (rows != rows[:1]).any():
            raise InputError(f"layer '{layer['name']}': a slope per position")
        return self.layers.function(given[0], "prelu", layer["name"], rows[0])

    def _add(self, layer: Config, given: list[Value]) -> Value:
        total = given[0]
        for part in given[1:]:
            total = self.layers.binary("add", total, part, layer["name"])
        return total

    def _zeros(self, layer: Config, given: list[Value]) -> Value:
        pads = layer.get("padding", 1)
        axes = 1 if layer["class"].endswith("1D") else 2
        if isinstance(pads, int):
            pads = [[pads, pads]] * axes
        pads = [pads] if axes == 1 and isinstance(pads[0], int) else pads
        pairs = [[part, part] if isinstance(part, int) else list(part) for part in pads]
        before, after = ([int(pair[end]) for pair in pairs] for end in (0, 1))
        return self.layers.pad(given[0], [0, *before], [0, *after], 0.0, layer["name"])


def _pair(value: Any, axes: int) -> list[int]:
    found = [int(value)] * axes if isinstance(value, int) else [int(part) for part in value]
    if len(found) != axes or min(found) < 1:
        raise InputError(f"{value} stands where {axes} positive sizes are expected")
    return found


def _named(value: Any) -> str | None:
    """Return the name of a quantiser or activation: text or a serialised object."""
    if value is None:
        return None
    if isinstance(value, dict):
        value = value.get("class_name", value.get("config"))
    return str(value).split(">")[-1]
