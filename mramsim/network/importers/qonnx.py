"""QONNX and plain ONNX files."""

from __future__ import annotations

import os
import re
from pathlib import Path

from mramsim.errors import InputError
from mramsim.network import archive
from mramsim.network.graph import Network
from mramsim.network.importers.draft import input_record
from mramsim.network.importers.layers import Layers
from mramsim.network.importers.limits import reading
from mramsim.network.importers.onnx_file import OnnxGraph, OnnxNode, read_onnx
from mramsim.network.importers.onnx_ops import OnnxOps
from mramsim.network.importers.result import Options, finish
from mramsim.network.importers.symbols import Const, Opaque, Real, Value
from mramsim.network.nodes.base import Array

_LOST = (
    "no binary weights are in this file: a plain ONNX export folds them into real numbers;"
    " export QONNX (brevitas.export.export_qonnx), save a state_dict, or use from_torch"
)


def from_qonnx(
    path: str | os.PathLike[str],
    *,
    input: str = "real",
    scale: float = 1.0,
    offset: float = 0.0,
    zero: int = 1,
    name: str | None = None,
    example: Array | None = None,
) -> Network:
    """Import a QONNX file, or a plain ONNX file whose weights are still two numbers per channel.

    Parameters
    ----------
    path : path-like
    input, scale, offset, zero
        As for `mramsim.from_torch`.
    name : str, optional
        Of the network; the file's name by default.
    example : array [images, *shape], optional
        Raw inputs on which to count how often a sign meets zero.

    Returns
    -------
    Network

    Raises
    ------
    InputError
        Damaged file, an operation or a number of bits that is not understood (by name), external
        data outside the file's folder, no binary weights at all.
    """
    source = Path(path)
    with reading(source):
        graph = read_onnx(source)
        if len(graph.inputs) != 1:
            raise InputError(
                f"{len(graph.inputs)} inputs ({', '.join(graph.inputs)}); one is expected"
            )
        ((entry, shape),) = graph.inputs.items()
        known = [size for size in shape[1:] if size is not None]
        if len(known) != len(shape) - 1 or not known:
            raise InputError(f"input '{entry}' has shape {shape}; only the batch may be open")
        draft, first = input_record(tuple(known), input, scale, offset)
        walk = _Walk(graph, Layers(draft), entry, Real(first))
        last = walk.value(graph.outputs[0])
        options = Options(name or source.stem, f"ONNX {source.name}", zero)
        network = finish(draft, last, options, example)
        if not any(row["binary"] for row in network.training["import"]["layers"]):
            raise InputError(_LOST)
    return network


class _Walk:
    """Work out values from the output backwards, along edges, each node once."""

    def __init__(self, graph: OnnxGraph, layers: Layers, entry: str, first: Value) -> None:
        self.ops = OnnxOps(layers)
        self.made = {name: node for node in graph.nodes for name in node.outputs if name}
        self.known: dict[str, Value] = {
            name: Const(array, _layer(name)) for name, array in graph.constants.items()
        }
        self.known[entry] = first
        self.left = 2 * archive.MAX_BYTES

    def value(self, name: str) -> Value:
        """Return the value of an edge."""
        stack, waiting = [name], set[str]()
        while stack:
            edge = stack[-1]
            if edge in self.known:
                stack.pop()
                continue
            node = self._maker(edge)
            missing = [part for part in node.inputs if part and part not in self.known]
            if not missing:
                self._apply(node)
                stack.pop()
            elif edge in waiting:
                raise InputError(f"node '{node.name}' depends on itself")
            else:
                waiting.add(edge)
                stack.extend(missing)
        return self.known[name]

    def _maker(self, edge: str) -> OnnxNode:
        if edge not in self.made:
            raise InputError(f"nothing computes '{edge}'")
        return self.made[edge]

    def _apply(self, node: OnnxNode) -> None:
        given = [self.known[name] if name else None for name in node.inputs]
        if node.op not in self.ops.table:
            kind = f"{node.domain}.{node.op}" if node.domain else node.op
            found: Value = Opaque(f"operation '{kind}' (node '{node.name}') is not understood")
        else:
            found = self.ops.table[node.op](node, given, self._wanted(node, given))
        if isinstance(found, Const):
            self.left -= found.value.nbytes
            if self.left < 0:
                raise InputError(f"constants worked out exceed {2 * archive.MAX_BYTES} bytes")
        self.known[node.outputs[0]] = found
        for other in node.outputs[1:]:
            self.known[other] = Opaque(f"a second result of '{node.name}' is not understood")

    @staticmethod
    def _wanted(node: OnnxNode, given: list[Value | None]) -> str:
        for part in given[1:2]:
            if isinstance(part, Const) and part.label:
                return part.label
        return node.scope or node.name.strip("/").removesuffix("_output_0")


def _layer(name: str) -> str:
    """Return the module that a parameter's name belongs to, or nothing."""
    found = re.fullmatch(r"(.+)\.(weight|bias|running_mean|running_var)", name)
    return found[1] if found else ""
