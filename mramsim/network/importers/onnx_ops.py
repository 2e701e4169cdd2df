"""ONNX and QONNX operations, on symbols."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from mramsim.errors import InputError
from mramsim.network.importers.casts import Casts
from mramsim.network.importers.layers import Layers
from mramsim.network.importers.onnx_file import OnnxNode
from mramsim.network.importers.symbols import Const, Opaque, Real, Value
from mramsim.network.importers.torch_ops import constant
from mramsim.network.nodes import Affine, Input, LevelValue, Quantise, RealInput
from mramsim.network.nodes.base import Array, Shape

Handler = Callable[[OnnxNode, list[Value | None], str], Value]
QUANT_DOMAINS = {"qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas"}
_BINARY = {
    "Add": "add", "Sub": "sub", "Mul": "mul", "Div": "div", "GreaterOrEqual": "ge", "Greater": "gt",
    "LessOrEqual": "le", "Less": "lt", "Equal": "eq", "Min": "minimum", "Max": "maximum",
}  # fmt: skip
_SAME = {"Identity", "Dropout"}
_TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool",
    10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 16: "bfloat16",
}  # fmt: skip
_WRAPPING = {"uint8", "int8", "uint16", "int16", "uint32", "uint64"}
_ROUNDINGS = {"ROUND": "even", "FLOOR": "floor", "CEIL": "ceil", "ROUND_TO_ZERO": "zero"}


class OnnxOps:
    """Handlers by type of node.

    Parameters
    ----------
    layers : Layers
    """

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self.casts = Casts(layers)
        self.table: dict[str, Handler] = {
            name.removeprefix("_op_"): getattr(self, name)
            for name in dir(self)
            if name.startswith("_op_")
        }
        for name, operator in _BINARY.items():
            self.table[name] = self._binary(operator)
        for name in _SAME:
            self.table[name] = lambda node, given, wanted: _need(given, 0)
        for name in ("Softmax", "LogSoftmax"):
            self.table[name] = lambda node, given, wanted: layers.softmax(_need(given, 0), wanted)
        for name, function in (("Relu", "relu"), ("Tanh", "tanh"), ("Sigmoid", "sigmoid")):
            self.table[name] = self._function(function)

    def _binary(self, operator: str) -> Handler:
        def handler(node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
            return self.layers.binary(operator, _need(given, 0), _need(given, 1), wanted)

        return handler

    def _function(self, function: str) -> Handler:
        def handler(node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
            return self.layers.function(_need(given, 0), function, wanted)

        return handler

    def _op_BipolarQuant(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        """``scale * (+1 if x >= 0 else -1)``."""
        _custom(node)
        sign = self.layers.sign(_need(given, 0), 1)
        if isinstance(sign, Const):  # never numpy's sign: latent 0 and -0 are +1
            latent = _known(given, 0, node)
            sign = Const(np.where(latent >= 0, np.float32(1), np.float32(-1)), sign.label)
        return self.layers.binary("mul", sign, _need(given, 1), wanted)

    def _op_Quant(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        _custom(node)
        scale, zero, bits = (_single(_known(given, index, node), node) for index in (1, 2, 3))
        x = _need(given, 0)
        if isinstance(x, Const):
            raise InputError(
                f"weights of {bits:g} bits (node '{node.name}', '{x.label}');"
                " only 1-bit weights (BipolarQuant) are mapped"
            )
        if not self._at_input(x):
            raise InputError(
                f"activations of {bits:g} bits inside the network (node '{node.name}');"
                " only 1-bit activations (BipolarQuant) and a quantised input are mapped"
            )
        if not 1 <= bits <= 8 or bits != int(bits):
            raise InputError(f"node '{node.name}': an input of {bits:g} bits; 1 to 8 are allowed")
        return self._quantised(node, self.layers.real(x, f"{wanted}_in"), scale, zero, int(bits))

    _op_IntQuant = _op_Quant

    def _quantised(self, node: OnnxNode, x: str, scale: float, zero: float, bits: int) -> Value:
        signed = bool(node.attributes.get("signed", 1))
        narrow = bool(node.attributes.get("narrow", 0))
        low = -(1 << (bits - 1)) + narrow if signed else 0
        high = (1 << (bits - 1)) - 1 if signed else (1 << bits) - 1 - narrow
        mode = str(node.attributes.get("rounding_mode", "ROUND"))
        if mode not in _ROUNDINGS:
            raise InputError(f"node '{node.name}': rounding '{mode}' is not understood")
        draft = self.layers.draft
        record = (bits, float(scale), float(zero), low, high, _ROUNDINGS[mode])
        name = draft.add(Quantise(draft.name("quantised"), (x,), *record))
        # level = (value + top) / 2 and real = scale * (level + low - zero)
        middle = scale * (((1 << bits) - 1) / 2 + low - zero)
        return Real(draft.affine("quantised_scale", draft.number(name), scale / 2, middle))

    def _at_input(self, x: Value) -> bool:
        """Return whether only scales and offsets stand between the input and a value."""
        if not isinstance(x, Real):
            return False
        node = self.layers.draft.node(x.name)
        while isinstance(node, Affine | LevelValue):
            node = self.layers.draft.node(node.inputs[0])
        return isinstance(node, Input | RealInput)

    def _op_Sign(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        return self.layers.sign(_need(given, 0))

    def _op_Where(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        return self.layers.where(*(_need(given, index) for index in range(3)))

    def _op_Not(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        return self.layers.binary("eq", _need(given, 0), constant(0), wanted)

    def _op_Cast(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        value, code = _need(given, 0), node.attributes.get("to")
        target = _TYPES.get(code, "") if isinstance(code, int) else ""
        if not target or (target in _WRAPPING and not isinstance(value, Const)):
            return Opaque(f"'{wanted}': a cast to {target or 'this type'} is not understood")
        return self.casts.cast(value, target, wanted)

    def _op_Neg(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        return self.layers.binary("mul", _need(given, 0), constant(-1), wanted)

    def _op_Constant(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        for key in ("value", "value_float", "value_int", "value_floats", "value_ints"):
            if key in node.attributes:
                return Const(np.asarray(node.attributes[key]), "")
        raise InputError(f"constant '{node.name}' is not understood")

    def _op_Gemm(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        get = node.attributes.get
        if get("transA", 0) or not isinstance(_need(given, 1), Const):
            return Opaque(f"'{wanted}': a product of two computed values is not understood")
        weight = _known(given, 1, node)
        weight = (weight if get("transB", 0) else weight.T) * np.float32(get("alpha", 1.0))
        bias = given[2] if len(given) > 2 else None
        if bias is not None:
            bias = Const(_known(given, 2, node) * np.float32(get("beta", 1.0)))
        return self.layers.linear(_need(given, 0), Const(weight), bias, wanted)

    def _op_MatMul(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        if not isinstance(_need(given, 1), Const):
            return Opaque(f"'{wanted}': a product of two computed values is not understood")
        return self.layers.linear(_need(given, 0), Const(_known(given, 1, node).T), None, wanted)

    def _op_Conv(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        weight = _known(given, 1, node)
        axes = weight.ndim - 2
        stride = list(node.attributes.get("strides", [1] * axes))
        dilation = list(node.attributes.get("dilations", [1] * axes))
        before, after = self._pads(node, _need(given, 0), weight.shape[2:], stride)
        return self.layers.conv(
            _need(given, 0),
            _need(given, 1),
            given[2] if len(given) > 2 else None,
            wanted,
            stride=stride,
            before=before,
            after=after,
            dilation=dilation,
            groups=int(node.attributes.get("group", 1)),
        )

    def _pads(
        self, node: OnnxNode, x: Value, kernel: Shape, stride: list[int]
    ) -> tuple[list[int], list[int]]:
        axes = len(kernel)
        mode = node.attributes.get("auto_pad", "NOTSET")
        if mode in ("SAME_UPPER", "SAME_LOWER"):
            size = (self.layers.shape(x) or ())[1:]
            total = [
                max((-(-n // s) - 1) * s + k - n, 0)
                for n, k, s in zip(size, kernel, stride, strict=True)
            ]
            half, rest = [n // 2 for n in total], [n - n // 2 for n in total]
            return (half, rest) if mode == "SAME_UPPER" else (rest, half)
        pads = [] if mode == "VALID" else list(node.attributes.get("pads", []))
        pads = pads or [0] * (2 * axes)
        return pads[:axes], pads[axes:]

    def _op_BatchNormalization(
        self, node: OnnxNode, given: list[Value | None], wanted: str
    ) -> Value:
        if node.attributes.get("training_mode", 0):
            return Opaque(f"'{wanted}': a BatchNorm in training mode depends on the batch")
        eps = float(node.attributes.get("epsilon", 1e-5))
        return self.layers.batchnorm(_need(given, 0), given[1:5], eps, wanted)

    def _op_MaxPool(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        kernel, stride, before, after = self._window(node, _need(given, 0))
        if before != after or max(node.attributes.get("dilations", [1])) > 1:
            return Opaque(f"'{wanted}': this max-pool is not understood")
        return self.layers.maxpool(_need(given, 0), kernel, stride, before, wanted)

    def _op_AveragePool(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        kernel, stride, before, after = self._window(node, _need(given, 0))
        if any(before + after):
            return Opaque(f"'{wanted}': an average pool with padding is not understood")
        return self.layers.average(_need(given, 0), kernel, stride, wanted)

    def _window(
        self, node: OnnxNode, x: Value
    ) -> tuple[list[int], list[int], list[int], list[int]]:
        kernel = list(node.attributes["kernel_shape"])
        stride = list(node.attributes.get("strides", [1] * len(kernel)))
        before, after = self._pads(node, x, tuple(kernel), stride)
        size = (self.layers.shape(x) or ())[1:]
        rest = [
            (n + a + b - k) % s
            for n, a, b, k, s in zip(size, before, after, kernel, stride, strict=True)
        ]
        if node.attributes.get("ceil_mode", 0) and any(rest):
            raise InputError(f"node '{node.name}': a pool with ceil_mode is not understood")
        return kernel, stride, before, after

    def _op_GlobalAveragePool(
        self, node: OnnxNode, given: list[Value | None], wanted: str
    ) -> Value:
        return self.layers.whole_average(_need(given, 0), wanted, False)

    def _op_ReduceMean(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        axes = node.attributes.get("axes")
        axes = _known(given, 1, node).ravel().astype(int) if axes is None else axes
        rank = 1 + len(self.layers.shape(_need(given, 0)) or ())
        if sorted(int(axis) % rank for axis in axes) != list(range(2, rank)):
            return Opaque(f"'{wanted}': a mean over axes {list(axes)} is not understood")
        keep = bool(node.attributes.get("keepdims", 1))
        return self.layers.whole_average(_need(given, 0), wanted, not keep)

    def _op_Clip(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        value = _need(given, 0)
        for index, key, operator in ((1, "min", "maximum"), (2, "max", "minimum")):
            bound = given[index] if len(given) > index else None
            if bound is None and key in node.attributes:
                bound = constant(node.attributes[key])
            if bound is not None:
                value = self.layers.binary(operator, value, bound, wanted)
        return value

    def _op_LeakyRelu(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        slope = float(node.attributes.get("alpha", 0.01))
        return self.layers.function(_need(given, 0), "prelu", wanted, slope)

    def _op_PRelu(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        source = self.layers.real(_need(given, 0), f"{wanted}_in")
        slope = self.layers.per_channel(_known(given, 1, node), source)
        if slope is None:
            return Opaque(f"'{wanted}': a slope per position is not understood")
        return self.layers.function(Real(source), "prelu", wanted, slope)

    def _op_Flatten(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        shape = self.layers.shape(_need(given, 0))
        if node.attributes.get("axis", 1) != 1 or shape is None:
            return Opaque(f"'{wanted}': a flatten that mixes images is not understood")
        return self.layers.reshape(_need(given, 0), (prod(shape),), wanted)

    def _op_Reshape(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        value, target = _need(given, 0), [int(n) for n in _known(given, 1, node).ravel()]
        if isinstance(value, Const):
            return Const(value.value.reshape(target), value.label)
        old = self.layers.shape(value)
        if old is None or len(target) < 2:
            return Opaque(f"'{wanted}': a reshape to {target} mixes images")
        shape = [old[i] if n == 0 else n for i, n in enumerate(target[1:])]
        if shape.count(-1) == 1 and target[0] != -1:
            rest = prod(n for n in shape if n != -1)
            shape = [prod(old) // max(rest, 1) if n == -1 else n for n in shape]
        return self.layers.reshape(value, shape, wanted)

    def _op_Transpose(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        value, order = _need(given, 0), node.attributes.get("perm")
        if isinstance(value, Const):
            return Const(value.value.transpose(order), value.label)
        if not order or order[0] != 0:
            return Opaque(f"'{wanted}': a permutation of the batch is not understood")
        return self.layers.permute(value, [axis - 1 for axis in order[1:]])

    def _op_Squeeze(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        value, axes = _need(given, 0), self._axes(node, given)
        old = self.layers.shape(value)
        if old is None or 0 in axes:
            return Opaque(f"'{wanted}': a squeeze of the batch is not understood")
        rank = 1 + len(old)
        gone = {axis % rank for axis in axes}
        return self.layers.reshape(
            value, [n for i, n in enumerate(old, 1) if i not in gone], wanted
        )

    def _op_Unsqueeze(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        value, axes = _need(given, 0), self._axes(node, given)
        if isinstance(value, Const):
            return Const(np.expand_dims(value.value, tuple(axes)), value.label)
        shape = list(self.layers.shape(value) or ())
        for axis in sorted(axis % (1 + len(shape) + len(axes)) for axis in axes):
            shape.insert(axis - 1, 1)
        return self.layers.reshape(value, shape, wanted)

    def _axes(self, node: OnnxNode, given: list[Value | None]) -> list[int]:
        found = node.attributes.get("axes")
        return [int(axis) for axis in (_known(given, 1, node).ravel() if found is None else found)]

    def _op_Pad(self, node: OnnxNode, given: list[Value | None], wanted: str) -> Value:
        pads = node.attributes.get("pads")
        pads = [int(n) for n in (_known(given, 1, node).ravel() if pads is None else pads)]
        if node.attributes.get("mode", "constant") != "constant":
            return Opaque(f"'{wanted}': only constant padding is understood")
        fill = node.attributes.get("value", 0.0)
        if len(given) > 2 and given[2] is not None:
            fill = _single(_known(given, 2, node), node)
        half = len(pads) // 2
        if pads[0] or pads[half]:
            return Opaque(f"'{wanted}': padding of the batch is not understood")
        before, after = pads[1:half], pads[half + 1 :]
        return self.layers.pad(_need(given, 0), before, after, float(fill), wanted)


def _need(given: list[Value | None], index: int) -> Value:
    value = given[index] if index < len(given) else None
    if value is None:
        raise InputError(f"an operation lacks its input {index}")
    return value


def _known(given: list[Value | None], index: int, node: OnnxNode) -> Array:
    value = _need(given, index)
    if not isinstance(value, Const):
        raise InputError(f"node '{node.name}' ({node.op}): input {index} depends on the input")
    return value.value if value.value.dtype.kind in "iub" else value.value.astype(np.float32)


def _single(values: Array, node: OnnxNode) -> float:
    if values.size == 0 or (values != values.flat[0]).any():
        raise InputError(
            f"node '{node.name}' ({node.op}): one number is expected, not one per channel"
        )
    return float(values.flat[0])


def _custom(node: OnnxNode) -> None:
    if node.domain not in QUANT_DOMAINS:
        known = ", ".join(sorted(QUANT_DOMAINS))
        raise InputError(f"node '{node.name}': {node.op} of domain '{node.domain}'; known: {known}")
