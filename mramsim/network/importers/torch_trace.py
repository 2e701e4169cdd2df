"""The inner graph of a torch module, with writes in place made ordinary operations."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn

from mramsim.errors import InputError


def own_copy(module: nn.Module) -> nn.Module:
    """Return a copy in evaluation mode, on the CPU, in float32.

    Raises
    ------
    InputError
        For what is no module or cannot be copied.
    """
    if not isinstance(module, nn.Module):
        kind = type(module).__name__
        raise InputError(f"module is of type {kind}; a torch module is needed")
    try:
        return copy.deepcopy(module).eval().cpu().float()
    except Exception as error:  # the module's own code runs here and may raise anything
        raise InputError(f"the module cannot be copied ({_line(error)})") from None


def trace(module: nn.Module, example: Tensor) -> tuple[fx.GraphModule, list[Any]]:
    """Return the graph of what a module computes.

    A write through a view or a slice changes every other view of the same values. Where the graph
    has writes in place it is traced again with each of them as an operation that returns all the
    values, the written ones among them.

    Parameters
    ----------
    module : torch.nn.Module
    example : float tensor [images, *shape]

    Returns
    -------
    graph : torch.fx.GraphModule
        Its first argument is the example.
    constants : list of tensors
        Its other arguments.

    Raises
    ------
    InputError
        For a module that raises, or writes that cannot be followed.
    """
    graph = _traced(lambda x: module(x), [example], "the module cannot be traced")
    if not any(_writes(node) for node in graph.graph.nodes):
        return graph, []
    constants = _lift(graph)
    given = [example, *constants]
    trouble = "the module's writes in place cannot be followed"
    return _traced(torch.func.functionalize(graph), given, trouble), constants


def operation(node: fx.Node) -> str:
    """Return an operation's name without its variant."""
    schema = getattr(node.target, "_schema", None)
    return schema.name.split("::")[-1] if schema is not None else str(node.target)


def number_type(node: Any) -> str:
    """Return the type that a traced value had, or nothing."""
    value = node.meta.get("val") if isinstance(node, fx.Node) else None
    return str(value.dtype).removeprefix("torch.") if isinstance(value, Tensor) else ""


def writes_input(node: fx.Node) -> bool:
    """Return whether a node only hands a changed input back to the caller."""
    target = node.args[0] if node.args else None
    return _writes(node) and isinstance(target, fx.Node) and target.op == "placeholder"


def random(node: fx.Node) -> bool:
    """Return whether an operation draws random numbers."""
    tags = getattr(node.target, "tags", ())
    return torch.Tag.nondeterministic_seeded in tags


def _writes(node: fx.Node) -> bool:
    schema = getattr(node.target, "_schema", None)
    return bool(schema is not None and schema.is_mutable)


def _lift(graph: fx.GraphModule) -> list[Any]:
    """Make each parameter and constant of a graph an argument, and return them in order.

    Torch follows writes into arguments only.
    """
    made: dict[str, fx.Node] = {}
    last = next(node for node in graph.graph.nodes if node.op == "placeholder")
    for node in [node for node in graph.graph.nodes if node.op == "get_attr"]:
        target = str(node.target)
        if target not in made:
            with graph.graph.inserting_after(last):
                last = made[target] = graph.graph.placeholder(f"constant_{len(made)}")
        node.replace_all_uses_with(made[target])
        graph.graph.erase_node(node)
    graph.recompile()
    return [getattr(graph, target) for target in made]


def _traced(function: Callable[..., Any], given: list[Any], trouble: str) -> fx.GraphModule:
    from torch.fx.experimental.proxy_tensor import make_fx

    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make_fx(function)(*(part.detach().clone() for part in given))
    except Exception as error:  # the module's own code runs here and may raise anything
        raise InputError(f"{trouble} ({_line(error)})") from None


def _line(error: Exception) -> str:
    text = str(error).split("\n")[0][:200]
    return f"{type(error).__name__}: {text}"
