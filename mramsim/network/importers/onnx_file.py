"""An ONNX file as plain nodes and numpy arrays; nothing outside its folder is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from mramsim.errors import InputError
from mramsim.network import archive
from mramsim.network.graph import MAX_VALUES
from mramsim.network.importers.limits import MAX_NODES, check_file
from mramsim.network.importers.wire import check_structure
from mramsim.network.nodes.base import Array

_SCOPES = "pkg.torch.onnx.name_scopes"
_TYPES = {"float32", "float16", "float64", "int64", "int32", "int8", "uint8", "bool"}


@dataclass(frozen=True)
class OnnxNode:
    """One operation.

    Attributes
    ----------
    op, domain, name : str
    inputs, outputs : tuple of str
    attributes : dict
        Numbers, text, lists, arrays.
    scope : str
        The module it came from, where torch's exporter says so.
    """

    op: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    scope: str = ""


@dataclass(frozen=True)
class OnnxGraph:
    """What a reader needs of a file.

    Attributes
    ----------
    nodes : list of OnnxNode
    constants : dict of str to array
    inputs : dict of str to tuple of (int or None)
        Real inputs (no initialisers) and their shapes, batch first.
    outputs : list of str
    """

    nodes: list[OnnxNode]
    constants: dict[str, Array]
    inputs: dict[str, tuple[int | None, ...]]
    outputs: list[str]


def read_onnx(path: Path) -> OnnxGraph:
    """Read a file.

    Raises
    ------
    InputError
        Without the `import` extra, for a foreign or oversized file, for tensors that are not in the
        file or its folder.
    """
    check_file(path)
    try:
        import onnx
    except ImportError:
        raise InputError(f"{path}: needs onnx (pip install 'mramsim[import]')") from None
    content = path.read_bytes()
    check_structure(content)
    model = onnx.load_model_from_string(content)
    del content
    graph = model.graph
    if not graph.node or not graph.output:
        raise InputError(f"{path}: not an ONNX model (no nodes)")
    if len(graph.node) > MAX_NODES or len(graph.initializer) > MAX_NODES:
        raise InputError(f"{path}: more than {MAX_NODES} nodes or initialisers")
    if graph.sparse_initializer or model.functions:
        raise InputError(f"{path}: sparse initialisers and local functions are not understood")
    budget = _Budget(path)
    constants = {tensor.name: budget.array(tensor) for tensor in graph.initializer}
    inputs = {
        value.name: tuple(dim.dim_value or None for dim in value.type.tensor_type.shape.dim)
        for value in graph.input
        if value.name not in constants
    }
    nodes = [_node(item, budget) for item in graph.node]
    return OnnxGraph(nodes, constants, inputs, [value.name for value in graph.output])


def _node(item: Any, budget: _Budget) -> OnnxNode:
    import onnx

    attributes = {}
    for part in item.attribute:
        if part.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS):
            raise InputError(f"node '{item.name or item.op_type}': branches are not understood")
        value = onnx.helper.get_attribute_value(part)
        if isinstance(value, onnx.TensorProto):
            value = budget.array(value)
        attributes[part.name] = value.decode() if isinstance(value, bytes) else value
    name = item.name or (item.output[0] if item.output else item.op_type)
    ends = tuple(item.input), tuple(item.output)
    return OnnxNode(item.op_type, item.domain, name, *ends, attributes, _scope(item))


def _scope(item: Any) -> str:
    """Return the innermost module of a list such as ``['', 'block', 'block.conv', 'conv2d']``."""
    text = next((entry.value for entry in item.metadata_props if entry.key == _SCOPES), "")
    names = re.findall(r"'([^']*)'", text[:4096])
    return names[-2] if len(names) > 1 else ""


class _Budget:
    """Reads tensors while their sum stays below the limit."""

    def __init__(self, path: Path) -> None:
        self.path, self.left = path, archive.MAX_BYTES

    def array(self, tensor: Any) -> Array:
        """Return a tensor as an array."""
        import onnx
        from onnx import numpy_helper

        dims = tuple(tensor.dims)
        kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
        if str(kind) not in _TYPES:
            raise InputError(f"tensor '{tensor.name}' has type {kind}, which is not understood")
        if min(dims, default=0) < 0 or prod(dims) > MAX_VALUES:
            raise InputError(f"tensor '{tensor.name}' has shape {dims}")
        self.left -= prod(dims) * max(kind.itemsize, 4)
        if self.left < 0:
            raise InputError(f"its tensors exceed {archive.MAX_BYTES} bytes")
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            return self._outside(tensor, dims, kind)
        return np.array(numpy_helper.to_array(tensor)).reshape(dims)

    def _outside(self, tensor: Any, dims: tuple[int, ...], kind: np.dtype[Any]) -> Array:
        """Read a tensor from a side file in the model's folder."""
        fields = {entry.key: entry.value for entry in tensor.external_data}
        folder = self.path.resolve().parent
        target = (folder / fields.get("location", "")).resolve()
        if target.parent != folder:
            raise InputError(
                f"tensor '{tensor.name}' lies in '{fields.get('location')}',"
                " outside the model's folder; that is not read"
            )
        size = check_file(target)
        start, count = int(fields.get("offset", 0)), prod(dims) * kind.itemsize
        if start < 0 or start + count > size or int(fields.get("length", count)) != count:
            raise InputError(f"tensor '{tensor.name}': '{target.name}' is too short")
        with target.open("rb") as stream:
            stream.seek(start)
            data = stream.read(count)
        return np.frombuffer(data, dtype=kind).reshape(dims).copy()
