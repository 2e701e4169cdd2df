"""A network as a list of steps: what torch runs while training and what is exported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mramsim.training.shapes import Size
from mramsim.training.smooth.functions import Activation, Alphabet

Kind = Literal["product", "maxpool", "avgpool", "norm", "act", "dropout", "add", "pad"]
INPUT = "input"
Window = tuple[int, int]


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes
    ----------
    name : str
    kind : str
        ``product`` (dense where `kernel` is None, else a convolution with a border of zeros of
        half the kernel), ``maxpool``, ``avgpool``, ``norm`` (BatchNorm), ``act``, ``dropout``,
        ``add``, ``pad`` (channels of zeros behind).
    inputs : tuple of str
    fan_in, width : int
        Input features or channels, and outputs, of products; channels of the others.
    kernel, stride : tuple of int
        Height and width.
    binary : bool
        Of products: weights ``tanh(k W)`` with one scale, else real.
    bias : bool
    function : Activation or None
        Of ``act``; None is a ReLU.
    rate : float
        Of dropout.
    alphabet : Alphabet or None
        Values that a product reads once everything is binary; None for real values.
    unit : float
        Factor of a product's sums: brings integers of the input to order 1.
    """

    name: str
    kind: Kind
    inputs: tuple[str, ...]
    fan_in: int = 0
    width: int = 0
    kernel: Window | None = None
    stride: Window = (1, 1)
    binary: bool = False
    bias: bool = False
    function: Activation | None = None
    rate: float = 0.0
    alphabet: Alphabet | None = None
    unit: float = 1.0


@dataclass(frozen=True)
class Plan:
    """A network of one mode.

    Attributes
    ----------
    name : str
    image : tuple of int
        Channels, height, width of the input.
    coding : Alphabet
        Values of the input.
    steps : tuple of Step
        The last gives the scores.
    """

    name: str
    image: Size
    coding: Alphabet
    steps: tuple[Step, ...]

    def largest(self) -> int:
        """Return a bound of the numbers that one image takes between two layers."""
        channels, height, width = self.image
        return height * width * max(channels, *(step.width for step in self.steps))
