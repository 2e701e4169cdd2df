"""Nodes with a geometry: over one axis for sound, over two for pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mramsim.network.nodes import (
    Add,
    AvgPool,
    Conv1d,
    Conv2d,
    Linear,
    MaxPool1d,
    MaxPool2d,
    Node,
    PadChannels,
    RealConv,
    RealLinear,
)
from mramsim.network.nodes.base import Array, Shape
from mramsim.training.smooth.functions import Alphabet
from mramsim.training.smooth.plan import INPUT, Plan, Step, Window


@dataclass(frozen=True)
class Geometry:
    """Shapes of a plan's values.

    Attributes
    ----------
    shapes : dict of str to tuple
        Channels, height and width of each value.
    axes : int
        1 where everything has a height of 1 and something is convolved; else 2.
    """

    shapes: dict[str, tuple[int, int, int]]
    axes: int

    @classmethod
    def of(cls, plan: Plan) -> Geometry:
        """Return the geometry of a plan."""
        shapes = {INPUT: plan.image}
        for step in plan.steps:
            channels, height, width = shapes[step.inputs[0]]
            if step.kind == "product":
                size = (-(-height // step.stride[0]), -(-width // step.stride[1]))
                shapes[step.name] = (step.width, *(size if step.kernel else (1, 1)))
            elif step.kernel is not None:
                shapes[step.name] = (channels, height // step.kernel[0], width // step.kernel[1])
            else:
                shapes[step.name] = (step.width, height, width)
        convolved = any(step.kind == "product" and step.kernel for step in plan.steps)
        return cls(shapes, 1 if plan.image[1] == 1 and convolved else 2)

    def image(self, name: str) -> Shape:
        """Return the shape of a value as nodes have it."""
        shape = self.shapes[name]
        return shape if self.axes == 2 else (shape[0], shape[2])

    def product(
        self, step: Step, source: str, weight: NDArray[np.uint8], alphabet: Alphabet
    ) -> Node:
        """Return a product for arrays."""
        if step.kernel is None:
            return Linear(step.name, (source,), weight, planes=alphabet.planes)
        kind = Conv2d if self.axes == 2 else Conv1d
        before, after = self._border(step.kernel)
        return kind(
            step.name,
            (source,),
            self._kernel(weight),
            planes=alphabet.planes,
            size=self.image(step.inputs[0])[1:],
            stride=self._pair(step.stride),
            padding=before,
            pad_value=0 if alphabet.offset == 0 else -1,
            padding_end=after if after != before else None,
        )

    def real_product(self, step: Step, source: str, weight: Array) -> Node:
        """Return a digital product, without bias."""
        none = np.zeros(step.width, np.float32)
        if step.kernel is None:
            return RealLinear(step.name, (source,), weight, none)
        before, after = self._border(step.kernel)
        return RealConv(
            step.name,
            (source,),
            self._kernel(weight),
            none,
            size=self.image(step.inputs[0])[1:],
            stride=self._pair(step.stride),
            padding=before,
            padding_end=after if after != before else None,
        )

    def maxpool(
        self, name: str, source: str, kernel: Window, conjunctive: NDArray[np.bool_]
    ) -> Node:
        """Return a max-pool whose stride is its kernel."""
        kind = MaxPool2d if self.axes == 2 else MaxPool1d
        size = self._pair(kernel)
        return kind(name, (source,), size, size, conjunctive)

    def plain(self, step: Step, inputs: tuple[str, ...]) -> Node:
        """Return the node of a step without parameters."""
        if step.kind == "add":
            return Add(step.name, inputs)
        if step.kind == "pad":
            extra = step.width - self.shapes[step.inputs[0]][0]
            return PadChannels(step.name, inputs, 0, extra)
        assert step.kernel is not None
        size = self._pair(step.kernel)
        return AvgPool(step.name, inputs, size, size)

    def channels(self, name: str) -> int:
        """Return the channels of a value."""
        return self.shapes[name][0]

    def _border(self, kernel: Window) -> tuple[Shape, Shape]:
        """Return the zeros in front of and behind each axis: half the kernel."""
        before = self._pair(((kernel[0] - 1) // 2, (kernel[1] - 1) // 2))
        return before, self._pair((kernel[0] // 2, kernel[1] // 2))

    def _pair(self, window: Window) -> Shape:
        return window if self.axes == 2 else window[1:]

    def _kernel(self, weight: Array) -> Array:
        return weight if self.axes == 2 else weight[:, :, 0]
