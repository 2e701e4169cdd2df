"""Any torch module, by what it computes: its inner graph is traced, constants are worked out."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn

from mramsim.errors import InputError
from mramsim.network.graph import Network
from mramsim.network.importers.draft import input_record
from mramsim.network.importers.layers import Layers
from mramsim.network.importers.result import Options, finish
from mramsim.network.importers.symbols import Const, Opaque, Real, Value
from mramsim.network.importers.torch_check import Case, compare
from mramsim.network.importers.torch_example import feed, images
from mramsim.network.importers.torch_ops import SAME, TorchOps, numbers
from mramsim.network.importers.torch_trace import (
    number_type,
    operation,
    own_copy,
    random,
    trace,
    writes_input,
)

_BATCH = 3  # unlike any likely size, so that a reshape shows which axis holds the images
_VIEWS = {"view", "reshape", "_unsafe_view", "unsqueeze", "squeeze", "flatten"}


def from_torch(
    module: nn.Module,
    example_input: Tensor,
    *,
    input: str = "real",
    scale: float = 1.0,
    offset: float = 0.0,
    zero: int = 1,
    name: str = "imported",
) -> Network:
    """Import a torch module.

    The module is copied, put in evaluation mode and traced with one batch. Weights may be binarised
    in any way that does not depend on the input (latent weights and a sign or straight-through
    function, weights of -1 and +1, scales per layer or channel, parametrisations); signs may be
    written in any of the usual ways. What cannot be mapped to arrays stays real and digital, and
    ``network.training["import"]`` names it with the reason.

    Parameters
    ----------
    module : torch.nn.Module
    example_input : float tensor [images, *shape]
        What the module is fed; at least one image. The network is compared with the module on
        the first 256.
    input : {"real", "signs", "bits", "uint8"}
        Raw values that the network will be given: real numbers, -1 and +1, 0 and 1, 0 to 255.
        Arrays can read the last three.
    scale, offset : float
        The module is fed ``scale * raw + offset``.
    zero : {1, -1, 0}
        What a sign that gives 0 for zero (``torch.sign``) becomes where zero can occur; 0
        keeps it, and what reads it runs digitally.
    name : str

    Returns
    -------
    Network

    Raises
    ------
    InputError
        For an operation that is not understood, by name; for an example that is no ``scale * raw +
        offset``; and where the network and the module differ on the example.
    """
    if zero not in (1, -1, 0):
        raise InputError(f"zero = {zero}; 1, -1 or 0 is allowed")
    example = images(example_input)
    fed = feed(input, scale, offset)
    draft, entry = input_record(tuple(example.shape[1:]), input, fed.scale, fed.offset)
    raw = fed.raw(example)
    own = own_copy(module)
    graph, constants = trace(own, example[:1].repeat(_BATCH, *[1] * (example.ndim - 1)))
    last = _Walk(graph, own, Layers(draft), entry).run(constants)
    case = Case(module, example, raw, isinstance(last, Opaque) and last.end is not None)
    found = finish(draft, last, Options(name, "torch module", zero), raw)
    notes = found.training["import"]["notes"]
    kept = finish(draft, last, Options(zero=0)) if notes and zero else found
    notes += compare(kept, case)
    return found


class _Walk:
    """Visit the graph once, in order."""

    def __init__(self, graph: fx.GraphModule, module: nn.Module, layers: Layers, entry: str):
        self.graph, self.layers, self.entry = graph, layers, entry
        self.ops = TorchOps(layers)
        named = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        self.labels = {id(value): name for name, value in named.items()}
        self.by_data = {value.data_ptr(): name for name, value in named.items() if value.numel()}
        self.known: dict[fx.Node, Value] = {}
        self.tensors: dict[fx.Node, Any] = {}
        self.back: dict[Any, tuple[Any, tuple[int, ...]]] = {}  # what a view is of, and its shape

    def run(self, constants: Sequence[Tensor]) -> Value:
        waiting = list(constants)
        for node in self.graph.graph.nodes:
            if node.op == "placeholder" and not self.known:
                self.known[node] = Real(self.entry)
            elif node.op == "placeholder":
                self.tensors[node] = waiting.pop(0)
            elif node.op == "get_attr":
                self.tensors[node] = getattr(self.graph, str(node.target))
            elif node.op == "call_function":
                self._call(node)
            elif node.op == "output":
                return self._result(node.args[0])
        raise InputError("the module returns nothing")

    def _result(self, value: Any) -> Value:
        if isinstance(value, tuple | list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, fx.Node) or value not in self.known:
            raise InputError(
                "the module must return one tensor of scores that depends on its input"
            )
        return self.known[value]

    def _call(self, node: fx.Node) -> None:
        sources = node.all_input_nodes
        if node.target is operator.getitem:
            self._item(node)
        elif writes_input(node):
            self.known[node] = Opaque("the module writes into its input")  # nothing reads this
        elif random(node) and "dropout" not in operation(node):
            self.known[node] = Opaque(f"operation '{operation(node)}' draws random numbers")
        elif not any(source in self.known for source in sources):
            self.tensors[node] = self._compute(node)
        else:
            self.known[node] = self._apply(node)

    def _item(self, node: fx.Node) -> None:
        source, index = node.args[0], node.args[1]
        assert isinstance(source, fx.Node)
        if source in self.tensors:
            self.tensors[node] = self.tensors[source][index]
        elif index == 0:
            self.known[node] = self.known[source]
        else:
            self.known[node] = Opaque("a second result of an operation is not understood")

    def _compute(self, node: fx.Node) -> Any:
        """Work out an operation on constants; its label is that of its first parameter."""
        args, kwargs = fx.map_arg((node.args, node.kwargs), lambda part: self.tensors[part])
        with torch.no_grad():
            result = _callable(node)(*args, **kwargs)
        for source in node.all_input_nodes:
            label = self._label(self.tensors[source])
            if label and isinstance(result, Tensor):
                self.labels[id(result)] = label
                break
        return result

    def _label(self, tensor: Any) -> str:
        if not isinstance(tensor, Tensor):
            return ""
        found = self.labels.get(id(tensor))
        return found or self.by_data.get(tensor.data_ptr(), "") if tensor.numel() else ""

    def _value(self, node: fx.Node) -> Any:
        if node in self.known:
            return self.known[node]
        tensor = self.tensors[node]
        if not isinstance(tensor, Tensor):
            return tensor
        return Const(numbers(tensor), _layer(self._label(tensor)))

    def _apply(self, node: fx.Node) -> Value:
        name = operation(node)
        args, kwargs = fx.map_arg((node.args, node.kwargs), self._value)
        wanted = self._wanted(args, name)
        self.ops.rank = len(_shape(node.args[0])) if node.args else 0
        if name in _VIEWS:
            found = self._view(node, args[0], wanted)
        elif name in _WRITES and _shape(node.args[1]) != _shape(node):
            found = Opaque(f"'{wanted}': an assignment to part of the values is not understood")
        elif name not in self.ops.table:
            found = Opaque(f"operation '{name}' (near '{wanted}') is not understood")
        elif name == "bitwise_not" and number_type(node) != "bool":
            found = Opaque(f"'{wanted}': bitwise_not of whole numbers is not understood")
        else:
            found = self._handled(name, wanted, args, kwargs)
        source = node.args[int(name in _WRITES)] if node.args else None
        return self._typed(node, source, name, found)

    def _typed(self, node: fx.Node, source: Any, name: str, found: Value) -> Value:
        pair = (number_type(source), number_type(node))
        moved = name in _MOVES
        return self.ops.casts.typed(found, pair, node.name, moved) if pair[1] else found

    def _handled(self, name: str, wanted: str, args: Any, kwargs: Any) -> Value:
        named = {key: part for key, part in kwargs.items() if key not in _IGNORED}
        try:
            return self.ops.table[name](wanted, *args, **named)
        except TypeError as error:
            raise InputError(f"operation '{name}' (near '{wanted}'): {error}") from None

    def _wanted(self, args: Any, name: str) -> str:
        for part in args:
            if isinstance(part, Const) and part.label:
                return part.label
        self.layers.count += 1
        return f"{name.strip('_')}_{self.layers.count}"

    def _view(self, node: fx.Node, x: Any, wanted: str) -> Value:
        shape, given = _shape(node), node.args[0]
        value, old = self.back.get(given, (x, _shape(given)))
        self.back[node] = (value, old)
        if shape == old and isinstance(value, Value):
            return value  # there and back, as after a write through a view
        if not shape or shape[0] != _BATCH or not isinstance(x, Value):
            return Opaque(f"'{wanted}': a reshape to {shape} mixes images")
        return self.layers.reshape(x, shape[1:], wanted)


_MOVES = _VIEWS | SAME | {"permute", "transpose", "slice", "max_pool2d", "constant_pad_nd"}
_WRITES = {"copy", "slice_scatter", "select_scatter"}
_IGNORED = {
    "dtype", "layout", "device", "pin_memory", "memory_format", "non_blocking", "copy", "out",
}  # fmt: skip


def _callable(node: fx.Node) -> Callable[..., Any]:
    assert callable(node.target)
    return node.target


def _shape(node: Any) -> tuple[int, ...]:
    """Return the shape that the traced batch had at a node."""
    value = node.meta.get("val") if isinstance(node, fx.Node) else None
    return tuple(value.shape) if isinstance(value, Tensor) else ()


def _layer(label: str) -> str:
    """Return the module of a parameter's name."""
    head, _, last = label.rpartition(".")
    if last in ("weight", "bias", "running_mean", "running_var", "original") and head:
        return head.replace(".parametrizations.weight", "")
    return label
