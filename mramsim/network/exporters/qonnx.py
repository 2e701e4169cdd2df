"""A network as a QONNX file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mramsim.errors import InputError
from mramsim.files import check_target, write_bytes
from mramsim.network.graph import Network
from mramsim.network.nodes import (
    Activation,
    Add,
    Affine,
    AvgPool,
    Conv,
    Flatten,
    Input,
    LevelValue,
    Linear,
    MaxPool1d,
    MaxPool2d,
    Node,
    Output,
    PadChannels,
    Quantise,
    RealConv,
    RealInput,
    RealLinear,
    Sign,
    Threshold,
)
from mramsim.network.nodes.base import Array
from mramsim.network.nodes.threshold import NEVER
from mramsim.network.nodes.windows import Windows

DOMAIN = "qonnx.custom_op.general"
_ROUND = {"even": "ROUND", "floor": "FLOOR", "ceil": "CEIL", "zero": "ROUND_TO_ZERO"}
_PLAIN = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}


def to_qonnx(network: Network, path: str | os.PathLike[str], batch: int = 1) -> Path:
    """Write a network as QONNX: BipolarQuant on weights and bits, thresholds as integer offsets.

    Parameters
    ----------
    network : Network
    path : path-like
        Ends in ``.onnx``.
    batch : int
        Images that the graph takes at once; executors of QONNX want it fixed.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        Without the `import` extra; wrong ending; a folder that cannot be written.
    """
    target = Path(path)
    if target.suffix != ".onnx":
        raise InputError(f"{target}: a QONNX file ends in .onnx")
    if batch < 1:
        raise InputError(f"batch = {batch}; at least 1 is allowed")
    if batch >= 1 << 31:
        raise InputError(f"batch = {batch}; less than 2^31 is allowed")
    check_target(target)
    try:
        import onnx
    except ImportError:
        raise InputError(f"{target}: needs onnx (pip install 'mramsim[import]')") from None
    writer = _Writer(network)
    for node in network.nodes:
        writer.values[node.name] = _STEPS[type(node)](writer, node)
    make, kind = onnx.helper, onnx.TensorProto.FLOAT
    shapes = network.shapes
    ends = [
        make.make_tensor_value_info(name, kind, [batch, *shapes[node.name]])
        for name, node in (("raw", network.input), ("scores", network.output))
    ]
    writer.put("Identity", [writer.values[network.output.name]], output="scores")
    graph = make.make_graph(writer.needed(), network.name, ends[:1], ends[1:], writer.constants)
    opsets = [make.make_opsetid("", 13), make.make_opsetid(DOMAIN, 1)]
    model = make.make_model(graph, opset_imports=opsets, producer_name="mramsim", ir_version=8)
    return write_bytes(target, model.SerializeToString(deterministic=True))


class _Writer:
    """Nodes and constants of the graph; `values` maps a network's node to an edge."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.values: dict[str, str] = {}

    def put(
        self, op: str, inputs: Sequence[str], output: str = "", domain: str = "", **attributes: Any
    ) -> str:
        """Append an operation and return its edge."""
        import onnx

        edge = output or f"e{len(self.nodes)}"
        self.nodes.append(
            onnx.helper.make_node(
                op, list(inputs), [edge], name=f"{op}_{edge}", domain=domain, **attributes
            )
        )
        return edge

    def needed(self) -> list[Any]:
        """Return the operations that the scores depend on."""
        edges, kept = {"scores"}, []
        for item in reversed(self.nodes):
            if edges & set(item.output):
                edges.update(item.input)
                kept.append(item)
        self.constants = [tensor for tensor in self.constants if tensor.name in edges]
        return kept[::-1]

    def const(self, values: Any, name: str = "", kind: Any = np.float32) -> str:
        """Append a constant and return its edge."""
        from onnx import numpy_helper

        edge = name or f"c{len(self.constants)}"
        array = np.ascontiguousarray(values, dtype=kind).reshape(np.shape(values))
        self.constants.append(numpy_helper.from_array(array, edge))
        return edge

    def given(self, node: Node) -> str:
        """Return the edge of a node's first input."""
        return self.values[node.inputs[0]]

    def per_channel(self, node: Node, values: Array) -> str:
        """Append one number per channel so that it broadcasts over the node's value."""
        axes = len(self.network.shapes[node.name])
        return self.const(np.asarray(values).reshape(-1, *[1] * (axes - 1)))

    def affine(self, node: Node, x: str, scale: Array, offset: Array) -> str:
        """Append scale and offset where they do anything."""
        if (np.asarray(scale) != 1).any():
            x = self.put("Mul", [x, self.per_channel(node, scale)])
        if np.asarray(offset).any():
            x = self.put("Add", [x, self.per_channel(node, offset)])
        return x

    def bipolar(self, x: str) -> str:
        """Append a BipolarQuant of scale 1."""
        return self.put("BipolarQuant", [x, self.const(1.0)], domain=DOMAIN)

    def weight(self, node: Any) -> str:
        """Append a weight: bits under a BipolarQuant, real numbers as they are."""
        if node.weight.dtype == np.uint8:
            return self.bipolar(self.const(2.0 * node.weight - 1, f"{node.name}.weight"))
        return self.const(node.weight, f"{node.name}.weight")


def _input(w: _Writer, node: Any) -> str:
    """One plane: raw against a threshold; more: a Quant that gives ``low + step * level``."""
    if node.planes == 1:
        return w.bipolar(w.put("Sub", ["raw", w.const(float(node.low + node.step))]))
    inputs = [
        "raw",
        w.const(float(node.step)),
        w.const(-node.low / node.step),
        w.const(float(node.planes)),
    ]
    rounded = w.put("Quant", inputs, domain=DOMAIN, signed=0, narrow=0, rounding_mode="FLOOR")
    top = (1 << node.planes) - 1
    scale, offset = 2.0 / node.step, -2.0 * node.low / node.step - top
    return w.affine(node, rounded, np.array(scale), np.array(offset))


def _real_input(w: _Writer, node: Any) -> str:
    return w.affine(node, "raw", node.scale, node.offset)


def _quantise(w: _Writer, node: Any) -> str:
    """Of ``scale * (q - zero)`` make the odd integer of the level."""
    signed, narrow = node.low < 0, (node.high - node.low) == (1 << node.planes) - 2
    inputs = [w.given(node), *map(w.const, (node.scale, node.zero, float(node.planes)))]
    mode: dict[str, Any] = {
        "signed": int(signed), "narrow": int(narrow), "rounding_mode": _ROUND[node.rounding]
    }  # fmt: skip
    rounded = w.put("Quant", inputs, domain=DOMAIN, **mode)
    offset = 2.0 * (node.zero - node.low) - ((1 << node.planes) - 1)
    return w.affine(node, rounded, np.array(2.0 / node.scale), np.array(offset))


def _same(w: _Writer, node: Any) -> str:
    return w.given(node)


def _product_input(w: _Writer, node: Any) -> str:
    vector = len(w.network.shapes[node.inputs[0]]) == 1
    return w.given(node) if vector else w.put("Flatten", [w.given(node)], axis=1)


def _linear(w: _Writer, node: Any) -> str:
    return w.put("Gemm", [_product_input(w, node), w.weight(node)], transB=1)


def _real_linear(w: _Writer, node: Any) -> str:
    inputs = [_product_input(w, node), w.weight(node), w.const(node.bias)]
    return w.put("Gemm", inputs, transB=1)


def _pads(before: Sequence[int], after: Sequence[int], lead: int) -> list[int]:
    return [0] * lead + list(before) + [0] * lead + list(after)


def _convolved(w: _Writer, node: Any, border: float, bias: list[str]) -> str:
    x, windows = w.given(node), node.windows
    attributes: dict[str, Any] = {
        "kernel_shape": list(windows.kernel),
        "strides": list(windows.stride),
        "group": node.groups,
        "dilations": [1] * len(windows.kernel),
        "pads": _pads(windows.before, windows.after, 0),
    }
    if border and windows.pads:
        pads = w.const(_pads(windows.before, windows.after, 2), kind=np.int64)
        x = w.put("Pad", [x, pads, w.const(border)], mode="constant")
        attributes["pads"] = [0] * (2 * len(windows.kernel))
    return w.put("Conv", [x, w.weight(node), *bias], **attributes)


def _conv(w: _Writer, node: Any) -> str:
    return _convolved(w, node, float(node.pad_value * ((1 << node.planes) - 1)), [])


def _real_conv(w: _Writer, node: Any) -> str:
    return _convolved(w, node, node.pad_value, [w.const(node.bias)])


def _threshold(w: _Writer, node: Any) -> str:
    return _decided(w, node, w.given(node))


def _decided(w: _Writer, node: Any, counts: str) -> str:
    level = node.level.astype(np.float64)
    return w.bipolar(w.affine(node, counts, node.polarity, -level))


def _sign(w: _Writer, node: Any) -> str:
    if node.zero == 0:
        return w.put("Sign", [w.given(node)])
    if node.zero > 0:
        return w.bipolar(w.given(node))
    return w.put("Neg", [w.bipolar(w.put("Neg", [w.given(node)]))])


def _pool_attributes(windows: Windows) -> dict[str, Any]:
    return {
        "kernel_shape": list(windows.kernel),
        "strides": list(windows.stride),
        "pads": _pads(windows.before, windows.after, 0),
    }


def _maxpool(w: _Writer, node: Any) -> str:
    """Back before the threshold it was moved behind; else channels that take the minimum turn."""
    before = node.padding or (0,) * node.axes
    windows = Windows((1,) * node.axes, node.kernel, node.stride, before, before)
    attributes = _pool_attributes(windows)
    source = w.network.node(node.inputs[0])
    if isinstance(source, Threshold) and _moved(source, node):
        return _decided(w, source, w.put("MaxPool", [w.given(source)], **attributes))
    turn, none = 1.0 - 2.0 * node.conjunctive, np.zeros(1)
    x = w.affine(node, w.given(node), turn, none)
    return w.affine(node, w.put("MaxPool", [x], **attributes), turn, none)


def _moved(source: Threshold, pool: Any) -> bool:
    """Return whether a pool of bits is that of the counts before the threshold."""
    constant = np.abs(source.level.astype(np.int64)) >= NEVER
    return bool((constant | (pool.conjunctive == (source.polarity < 0))).all())


def _avgpool(w: _Writer, node: Any) -> str:
    none = (0,) * len(node.kernel)
    windows = Windows(none, node.kernel, node.stride, none, none)
    return w.put("AveragePool", [w.given(node)], **_pool_attributes(windows))


def _add(w: _Writer, node: Any) -> str:
    return w.put("Add", [w.values[name] for name in node.inputs])


def _affine(w: _Writer, node: Any) -> str:
    return w.affine(node, w.given(node), node.scale, node.offset)


def _activation(w: _Writer, node: Any) -> str:
    x = w.given(node)
    if node.function in _PLAIN:
        return w.put(_PLAIN[node.function], [x])
    rows = [w.per_channel(node, row) for row in node.parameters]
    if node.function == "prelu":
        return w.put("PRelu", [x, rows[0]])
    return w.put("Min", [w.put("Max", [x, rows[0]]), rows[1]])


def _flatten(w: _Writer, node: Any) -> str:
    x = w.given(node)
    if node.axes != tuple(range(len(node.axes))):
        x = w.put("Transpose", [x], perm=[0, *(axis + 1 for axis in node.axes)])
    return w.put("Flatten", [x], axis=1)


def _pad_channels(w: _Writer, node: Any) -> str:
    rest = [0] * (len(w.network.shapes[node.name]) - 1)
    pads = w.const(_pads([node.before, *rest], [node.after, *rest], 1), kind=np.int64)
    return w.put("Pad", [w.given(node), pads, w.const(0.0)], mode="constant")


_STEPS: dict[type[Node], Callable[[_Writer, Any], str]] = {
    Input: _input,
    RealInput: _real_input,
    Quantise: _quantise,
    LevelValue: _same,
    Linear: _linear,
    RealLinear: _real_linear,
    RealConv: _real_conv,
    Threshold: _threshold,
    Sign: _sign,
    MaxPool1d: _maxpool,
    MaxPool2d: _maxpool,
    AvgPool: _avgpool,
    Add: _add,
    Affine: _affine,
    Output: _affine,
    Activation: _activation,
    Flatten: _flatten,
    PadChannels: _pad_channels,
    **dict.fromkeys(Conv.__subclasses__(), _conv),
}
