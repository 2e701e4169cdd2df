"""A network as a torch module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

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
from mramsim.network.nodes.windows import Windows

_ROUND = {"even": torch.round, "floor": torch.floor, "ceil": torch.ceil, "zero": torch.trunc}


def to_torch(network: Network) -> nn.Module:
    """Return a module that maps raw inputs to scores as the network does.

    Levels become the odd integers they stand for, in float64 where that keeps sums exact; weights
    are buffers of -1 and +1. Integer parts are bit-equal; real products may differ in the last
    digits, as torch adds in an order of its own.

    Parameters
    ----------
    network : Network

    Returns
    -------
    torch.nn.Module
        Takes [images, *input shape] of any number type; returns float32 [images, classes].
    """
    return NetworkModule(network).eval()


class NetworkModule(nn.Module):
    """Every node of a network as one step; its arrays are buffers named ``NODE__ARRAY``."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        for node in network.nodes:
            for key, array in node.arrays().items():
                values = 2.0 * array - 1 if key == "weight" and array.dtype == np.uint8 else array
                self.register_buffer(f"{node.name}__{key}", torch.tensor(values).double())

    def forward(self, raw: Tensor) -> Tensor:
        """Return the scores."""
        values: dict[str, Tensor] = {}
        for node in self.network.nodes:
            given = [values[name] for name in node.inputs] or [raw.double()]
            values[node.name] = _STEPS[type(node)](self, node, *given)
        return values[self.network.output.name].float()

    def array(self, node: Node, key: str, axes: int = 0) -> Tensor:
        """Return a buffer, one entry per channel if `axes` of the value are given."""
        found: Tensor = getattr(self, f"{node.name}__{key}")
        return found.reshape(-1, *[1] * (axes - 2)) if axes else found


def _once(value: Tensor) -> Tensor:
    """Round to float32."""
    return value.float().double()


def _input(module: NetworkModule, node: Any, raw: Tensor) -> Tensor:
    top = (1 << node.planes) - 1
    raw = raw.reshape(-1, *node.shape)
    level = torch.floor((raw - node.low) / node.step).clamp(0, top)
    return level.mul(2).sub(top)


def _affine(module: NetworkModule, node: Any, x: Tensor) -> Tensor:
    scale, offset = (module.array(node, key, x.ndim) for key in ("scale", "offset"))
    return _once(x * scale + offset)


def _real_input(module: NetworkModule, node: Any, raw: Tensor) -> Tensor:
    return _affine(module, node, raw.reshape(-1, *node.shape))


def _quantise(module: NetworkModule, node: Any, x: Tensor) -> Tensor:
    steps = x.float() / torch.tensor(node.scale) + torch.tensor(node.zero)
    level: Tensor = _ROUND[node.rounding](steps).clamp(node.low, node.high) - node.low
    return level.double().mul(2).sub((1 << node.planes) - 1)


def _same(module: NetworkModule, node: Any, x: Tensor) -> Tensor:
    return x


def _linear(module: NetworkModule, node: Any, x: Tensor) -> Tensor:
    return functional.linear(x.flatten(1), module.array(node, "weight"))


def _padded(windows: Windows, x: Tensor, value: float) -> Tensor:
    pairs = zip(reversed(windows.before), reversed(windows.after), strict=True)
    return functional.pad(x, [size for pair in pairs for size in pair], value=value)


def _convolved(module: NetworkModule, node: Any, x: Tensor, border: float) -> Tensor:
    convolve = functional.conv1d if len(node.size) == 1 else functional.conv2d
    weight = module.array(node, "weight")
    padded = _padded(node.windows, x, border)
    found: Tensor = convolve(padded, weight, stride=node.stride, groups=node.groups)
    return found


def _conv(module: NetworkModule, node: Any, x: Tensor) -> Tensor:
    return _convolved(module, node, x, float(node.pad_value * ((1 << node.planes) - 1))).round()


def _real_linear(module: NetworkModule, node: Any, x: Tensor) -> Tensor:
    return _once(_linear(module, node, _once(x)) + module.array(node, "bias"))


def _real_conv(module: NetworkModule, node: Any, x: Tensor) -> Tensor:
    sums = _convolved(module, node, _once(x), node.pad_value)
    return _once(sums + module.array(node, "bias", sums.ndim))


def _threshold(module: NetworkModule, node: Any, x: Tensor) -> Tensor:
    level, polarity = (module.array(node, key, x.ndim) for key in ("level", "polarity"))
    return (x * polarity >= level).double() * 2 - 1


def _sign(module: NetworkModule, node: Any, x: Tensor) -> Tensor:
    if node.zero == 0:
        return torch.sign(x)
    return (x >= 0 if node.zero > 0 else x > 0).double() * 2 - 1


def _maxpool(module: NetworkModule, node: Any, x: Tensor) -> Tensor:
    """Channels that take the minimum are reversed before and after."""
    turn = 1 - 2 * module.array(node, "conjunctive", x.ndim)
    pool = functional.max_pool1d if node.axes == 1 else functional.max_pool2d
    found: Tensor = pool(x * turn, node.kernel, node.stride, node.padding or 0)
    return found * turn


def _avgpool(module: NetworkModule, node: Any, x: Tensor) -> Tensor:
    pool = functional.avg_pool1d if len(node.kernel) == 1 else functional.avg_pool2d
    return _once(pool(x, node.kernel, node.stride))


def _add(module: NetworkModule, node: Any, one: Tensor, other: Tensor) -> Tensor:
    counts = module.network.types[node.name] == "counts"
    return one + other if counts else (one.float() + other.float()).double()


def _activation(module: NetworkModule, node: Any, x: Tensor) -> Tensor:
    rows = [row.reshape(-1, *[1] * (x.ndim - 2)) for row in module.array(node, "parameters")]
    steps: dict[str, Callable[[], Tensor]] = {
        "relu": lambda: functional.relu(x),
        "prelu": lambda: torch.where(x > 0, x, x * rows[0]),
        "clip": lambda: torch.minimum(torch.maximum(x, rows[0]), rows[1]),
        "tanh": lambda: torch.tanh(x),
        "sigmoid": lambda: torch.sigmoid(x),
    }
    x = _once(x)
    return _once(steps[node.function]())


def _flatten(module: NetworkModule, node: Any, x: Tensor) -> Tensor:
    return x.permute(0, *(axis + 1 for axis in node.axes)).flatten(1)


def _pad_channels(module: NetworkModule, node: Any, x: Tensor) -> Tensor:
    return functional.pad(x, (0, 0) * (x.ndim - 2) + (node.before, node.after))


_STEPS: dict[type[Node], Callable[..., Tensor]] = {
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
