"""Write down a plan step by step; shapes and alphabets are followed."""

from __future__ import annotations

from dataclasses import replace

from mramsim.errors import InputError
from mramsim.training.shapes import Size
from mramsim.training.smooth.functions import Activation, Alphabet
from mramsim.training.smooth.plan import INPUT, Kind, Plan, Step, Window

_SAME = ("dropout", "maxpool")  # steps that leave an alphabet as it is


class Builder:
    """A plan in the making; each call adds a step after the one before.

    Parameters
    ----------
    name : str
    image : tuple of int
        Channels, height, width.
    coding : Alphabet
        Of the input.
    unit : float
        Factor of the sums of products that read the input.
    """

    def __init__(self, name: str, image: Size, coding: Alphabet, unit: float) -> None:
        self.name, self.image, self.coding, self.unit = name, image, coding, unit
        self.steps: list[Step] = []
        self.sizes: dict[str, Size] = {INPUT: image}
        self.alphabets: dict[str, Alphabet | None] = {INPUT: coding}
        self.last = INPUT

    @property
    def size(self) -> Size:
        """Channels, height and width of the last value."""
        return self.sizes[self.last]

    def conv(
        self, name: str, width: int, kernel: Window, binary: bool, stride: Window = (1, 1)
    ) -> str:
        """Add a convolution without bias."""
        channels, height, span = self.size
        out = (width, -(-height // stride[0]), -(-span // stride[1]))
        step = Step(name, "product", (), channels, width, kernel, stride, binary, unit=self._unit())
        return self._add(step, out)

    def dense(self, name: str, width: int, binary: bool) -> str:
        """Add a fully connected layer with bias."""
        channels, height, span = self.size
        step = Step(
            name,
            "product",
            (),
            channels * height * span,
            width,
            binary=binary,
            bias=True,
            unit=self._unit(),
        )
        return self._add(step, (width, 1, 1))

    def pool(self, name: str, kind: Kind, kernel: Window) -> str:
        """Add a pool whose stride is its kernel."""
        channels, height, span = self.size
        out = (channels, height // kernel[0], span // kernel[1])
        if min(out) < 1:
            raise InputError(f"network '{self.name}': pool {kernel} does not fit {(height, span)}")
        return self._add(Step(name, kind, (), 0, channels, kernel, kernel), out)

    def norm(self, name: str) -> str:
        """Add a BatchNorm."""
        return self._add(Step(name, "norm", (), 0, self.size[0]), self.size)

    def act(self, name: str, function: Activation | None) -> str:
        """Add an activation; None is a ReLU."""
        return self._add(Step(name, "act", (), 0, self.size[0], function=function), self.size)

    def dropout(self, name: str, rate: float) -> None:
        """Add dropout."""
        if rate:
            self._add(Step(name, "dropout", (), 0, self.size[0], rate=rate), self.size)

    def pad(self, name: str, channels: int) -> str:
        """Add channels of zeros behind the others."""
        before, height, span = self.size
        step = Step(name, "pad", (), before, before + channels)
        return self._add(step, (before + channels, height, span))

    def join(self, name: str, other: str) -> str:
        """Add another value."""
        step = Step(name, "add", (other, self.last), 0, self.size[0])
        return self._add(step, self.size)

    def go_back(self, name: str) -> None:
        """Let the next step follow the one called `name`."""
        self.last = name

    def plan(self) -> Plan:
        """Return what was written down."""
        return Plan(self.name, self.image, self.coding, tuple(self.steps))

    def _unit(self) -> float:
        return self.unit if self.last == INPUT else 1.0

    def _add(self, step: Step, size: Size) -> str:
        alphabet = self.alphabets[self.last]
        found = replace(step, inputs=step.inputs or (self.last,), alphabet=alphabet)
        if step.kind not in _SAME:
            final = step.function.alphabet if step.function else None
            alphabet = final if step.kind == "act" else None
        self.steps.append(found)
        self.sizes[step.name], self.alphabets[step.name] = size, alphabet
        self.last = step.name
        return step.name
