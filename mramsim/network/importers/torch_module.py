"""Any torch module, by what it computes: its inner graph is traced, constants are worked out."""

from __future__ import annotations

import copy
import operator
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn

from mramsim.errors import InputError
from mramsim.network.graph import Network
from mramsim.network.importers.draft import input_record
from mramsim.network.importers.layers import Layers
from mramsim.network.importers.result import Options, finish
from mramsim.network.importers.symbols import Const, Opaque, Real, Value
from mramsim.network.importers.torch_ops import TorchOps, numbers

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
        What the module is fed; at least one image.
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
        For an operation that is not understood, by name.
    """
    if not isinstance(example_input, Tensor):
        kind = type(example_input).__name__
        raise InputError(f"example_input is of type {kind}; a torch tensor is needed")
    example = example_input.detach().float()
    if example.ndim < 2 or len(example) < 1:
        raise InputError(f"example_input has shape {tuple(example.shape)}; [images, ...] is needed")
    own = copy.deepcopy(module).eval().cpu().float()
    graph = _trace(own, example[:1].repeat(_BATCH, *[1] * (example.ndim - 1)))
    draft, entry = input_record(tuple(example.shape[1:]), input, scale, offset)
    walk = _Walk(graph, own, Layers(draft), entry)
    last = walk.run()
    raw = (example.numpy() - offset) / scale
    raw = np.rint(raw).astype(np.int64) if input != "real" else raw
    return finish(draft, last, Options(name, "torch module", zero), raw)


def _trace(module: nn.Module, example: Tensor) -> fx.GraphModule:
    from torch.fx.experimental.proxy_tensor import make_fx

    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make_fx(lambda x: module(x))(example)
    except Exception as error:  # the module's own code runs here and may raise anything
        text = str(error).split("\n")[0][:200]
        raise InputError(f"the module cannot be traced ({type(error).__name__}: {text})") from None


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
        self.roots: dict[fx.Node, fx.Node] = {}

    def run(self) -> Value:
        for node in self.graph.graph.nodes:
            if node.op == "placeholder":
                self.known[node] = Real(self.entry)
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
        return Const(numbers(tensor.detach().cpu().numpy()), _layer(self._label(tensor)))

    def _apply(self, node: fx.Node) -> Value:
        full = getattr(node.target, "_schema", None)
        raw = full.name.split("::")[-1] if full is not None else str(node.target)
        name = raw.rstrip("_") if not raw.startswith("__") else raw
        args, kwargs = fx.map_arg((node.args, node.kwargs), self._value)
        wanted = self._wanted(args, name)
        self.ops.rank = len(_shape(node.args[0])) if node.args else 0
        if name in _VIEWS:
            found = self._view(node, args[0], wanted)
        elif name not in self.ops.table:
            found = Opaque(f"operation '{name}' (near '{wanted}') is not understood")
        else:
            found = self._handled(name, wanted, args, kwargs)
        if name in ("detach", "alias") and isinstance(node.args[0], fx.Node):
            self.roots[node] = self.roots.get(node.args[0], node.args[0])
        if raw.endswith("_") and not raw.startswith("__"):
            self._written(node.args[0], found)
        elif isinstance(node.kwargs.get("out"), fx.Node):
            self._written(node.kwargs["out"], found)
        return found

    def _handled(self, name: str, wanted: str, args: Any, kwargs: Any) -> Value:
        named = {key: part for key, part in kwargs.items() if key not in _IGNORED}
        try:
            return self.ops.table[name](wanted, *args, **named)
        except TypeError as error:
            raise InputError(f"operation '{name}' (near '{wanted}'): {error}") from None

    def _written(self, target: Any, found: Value) -> None:
        """Let an operation in place change what its first argument holds."""
        if isinstance(target, fx.Node):
            root = self.roots.get(target, target)
            for node in [root, *(key for key, base in self.roots.items() if base is root)]:
                self.known[node] = found

    def _wanted(self, args: Any, name: str) -> str:
        for part in args:
            if isinstance(part, Const) and part.label:
                return part.label
        self.layers.count += 1
        return f"{name.strip('_')}_{self.layers.count}"

    def _view(self, node: fx.Node, x: Any, wanted: str) -> Value:
        shape = _shape(node)
        if not shape or shape[0] != _BATCH or not isinstance(x, Value):
            return Opaque(f"'{wanted}': a reshape to {shape} mixes images")
        return self.layers.reshape(x, shape[1:], wanted)


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
