"""Real functions of one value: ReLU, PReLU, clip, tanh, sigmoid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mramsim.errors import nearest
from mramsim.network.nodes.base import NUMBERS, Array, Node, Shape, by_channel, once

Float32 = NDArray[np.float32]


def _prelu(x: Float32, slope: Float32) -> Float32:
    return np.where(x > 0, x, x * slope)


def _clip(x: Float32, low: Float32, high: Float32) -> Float32:
    return np.minimum(np.maximum(x, low), high)


def _tanh(x: Float32) -> Float32:
    return once(np.tanh(x.astype(np.float64)))


def _sigmoid(x: Float32) -> Float32:
    with np.errstate(over="ignore"):
        return once(1.0 / (1.0 + np.exp(-x.astype(np.float64))))


def _relu(x: Float32) -> Float32:
    return np.maximum(x, np.float32(0.0))


FUNCTIONS: dict[str, tuple[int, Callable[..., Float32]]] = {
    "relu": (0, _relu),
    "prelu": (1, _prelu),
    "clip": (2, _clip),
    "tanh": (0, _tanh),
    "sigmoid": (0, _sigmoid),
}


@dataclass(frozen=True, eq=False)
class Activation(Node):
    """A function of each value, in float32.

    ``relu``, ``prelu`` (parameter: slope below 0), ``clip`` (low, high; a hardtanh is -1, 1),
    ``tanh`` and ``sigmoid`` (computed in float64, rounded once).

    Attributes
    ----------
    function : str
    parameters : float32 array [parameters, channels or 1]
    """

    function: str
    parameters: NDArray[np.float32]
    kind: ClassVar[str] = "activation"
    takes: ClassVar[tuple[str, ...]] = NUMBERS
    gives: ClassVar[str] = "reals"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.function not in FUNCTIONS:
            raise self.fail(
                f"function '{self.function}' is unknown{nearest(self.function, FUNCTIONS)}"
            )
        object.__setattr__(self, "parameters", self.finite("parameters", self.parameters))
        wanted = FUNCTIONS[self.function][0]
        if self.parameters.ndim != 2 or len(self.parameters) != wanted:
            raise self.fail(
                f"parameters have shape {self.parameters.shape}; ({wanted}, channels) is expected"
            )

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the shape it is given."""
        if len(self.parameters) and self.parameters.shape[1] not in (1, shapes[0][0]):
            raise self.fail(
                f"{self.parameters.shape[1]} channels, '{self.inputs[0]}' gives {shapes[0][0]}"
            )
        return shapes[0]

    def forward(self, *values: Array) -> Float32:
        """Return float32 of the shape given."""
        x = once(np.asarray(values[0]))
        parameters = [by_channel(row, x.ndim) for row in self.parameters]
        return FUNCTIONS[self.function][1](x, *parameters)

    def operations(self, *shapes: Shape) -> dict[str, int]:
        """Return what one value needs, times values."""
        size = int(np.prod(shapes[0]))
        if self.function in ("tanh", "sigmoid"):
            return {"function": size}
        return {
            "compare": size * max(1, len(self.parameters)),
            "mul_f32": size * (self.function == "prelu"),
        }

    def settings(self) -> dict[str, Any]:
        """Return the function's name."""
        return {"function": self.function}

    def arrays(self) -> dict[str, Array]:
        """Return the parameters."""
        return {"parameters": self.parameters}

    @classmethod
    def build(
        cls, name: str, inputs: tuple[str, ...], settings: dict[str, Any], arrays: dict[str, Array]
    ) -> Self:
        """Make the node from its record."""
        return cls(name, inputs, str(settings["function"]), arrays["parameters"])
