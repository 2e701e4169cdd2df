"""The networks of Zhao and Xiao, Sci. Rep. 11, 19797 (2021), in each mode.

Shapes, and what stays real in which mode, follow the first author's published code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mramsim.datasets import Dataset
from mramsim.errors import InputError
from mramsim.training.shapes import Size
from mramsim.training.smooth.builder import Builder
from mramsim.training.smooth.functions import Activation, Alphabet
from mramsim.training.smooth.plan import Plan
from mramsim.training.smooth.residual import resnet20

Mode = Literal["float", "weights", "activations", "both"]
SOUND = 16  # range of sound over its standard deviation


@dataclass(frozen=True)
class Net:
    """A named shape.

    Attributes
    ----------
    name : str
    family : {"mlp", "catdog-cnn", "speech-cnn", "vgg-small", "resnet20", "resnet20-bireal"}
        What the training settings depend on.
    factor : float
        Of the widths of convolutions.
    hidden : tuple of int
        Widths of hidden layers of an ``mlp``.
    """

    name: str
    family: str
    factor: float = 1.0
    hidden: tuple[int, ...] = ()

    def width(self, full: int) -> int:
        """Return a width times the factor, at least 1."""
        return max(1, round(full * self.factor))


def parse_net(name: str, image: Size) -> Net:
    """Return the network called `name`.

    Parameters
    ----------
    name : str
        ``mlp-WxD``, ``catdog-cnn``, ``speech-cnn``, ``vgg-small``, ``resnet20`` or
        ``resnet20-bireal``; those with convolutions may end in a factor of their widths:
        ``vgg-small-0.25``.
    image : tuple of int
        Channels, height, width.

    Raises
    ------
    InputError
        For another name.
    """
    mlp = re.fullmatch(r"mlp-(\d{1,9})x(\d{1,9})", name)
    if mlp and 0 < int(mlp[1]) <= 1 << 16 and 0 < int(mlp[2]) <= 64:
        return Net(name, "mlp", hidden=(int(mlp[1]),) * int(mlp[2]))
    for family in sorted(_FAMILIES, key=len, reverse=True):
        match = re.fullmatch(family + r"(?:-(\d+(?:\.\d+)?))?", name)
        if match and 0 < float(match[1] or 1) <= 16:
            return Net(name, family, float(match[1] or 1))
    known = ", ".join(family for family in _FAMILIES if family != "mlp")
    raise InputError(
        f"network '{name}' is unknown to adiabatic; mlp-WxD (such as mlp-128x1) and {known}"
        " (each with a factor of its width, such as vgg-small-0.25) are known"
    )


def make_plan(
    net: Net,
    data: Dataset,
    planes: int,
    mode: Mode,
    function: Activation | None,
    dropout: float | None,
) -> Plan:
    """Return the steps of a network for one mode.

    Parameters
    ----------
    net : Net
    data : Dataset
        Gives the shape of the input and the number of classes.
    planes : int
        Of the input.
    mode : {"float", "weights", "activations", "both"}
    function : Activation or None
        None for that of the authors.
    dropout : float or None
        None for that of the authors.
    """
    most = (1 << planes) - 1
    unit = SOUND / (most + 1) if data.low < 0 else 1 / most
    coding = Alphabet(1.0, 0.0, planes)  # -1 to +1, or deviations
    if net.family == "mlp" and data.low == 0:
        coding = Alphabet(0.5, most / 2, planes)  # 0 to 1
    build = Builder(net.name, data.shape, coding, unit)
    choice = function or _FUNCTION.get(net.family, Activation("tanh", 1.0))
    rate = _dropout(net.family, mode) if dropout is None else dropout
    _FAMILIES[net.family](build, net, mode, choice, rate)
    binary = mode == "weights" and net.family in ("catdog-cnn", "speech-cnn")
    build.dense("scores", len(data.classes), binary or (net.family == "mlp" and _weights(mode)))
    return build.plan()


def _weights(mode: Mode) -> bool:
    return mode in ("weights", "both")


def _smooth(mode: Mode, function: Activation) -> Activation | None:
    return function if mode in ("activations", "both") else None


def _mlp(build: Builder, net: Net, mode: Mode, function: Activation, rate: float) -> None:
    for number, width in enumerate(net.hidden, 1):
        build.dense(f"fc{number}", width, _weights(mode))
        build.act(f"fc{number}_act", _smooth(mode, function))
        build.dropout(f"fc{number}_drop", rate)


def _catdog(build: Builder, net: Net, mode: Mode, function: Activation, rate: float) -> None:
    last = Activation("rtanh") if mode == "activations" else None
    _three(build, net, mode, (function, function, last), [((3, 3), (2, 2))] * 3, rate)


def _speech(build: Builder, net: Net, mode: Mode, function: Activation, rate: float) -> None:
    last = function if mode == "activations" else None
    windows = [((1, 30), (1, pool)) for pool in (10, 8, 5)]
    _three(build, net, mode, (function, function, last), windows, rate)
    build.pool("mean", "avgpool", build.size[1:])


def _three(
    build: Builder,
    net: Net,
    mode: Mode,
    functions: tuple[Activation | None, ...],
    windows: list[tuple[tuple[int, int], tuple[int, int]]],
    rate: float,
) -> None:
    """Add three convolutions; in mode both the first stays real, and so does the last act."""
    for number, (kernel, pool) in enumerate(windows, 1):
        binary = mode == "weights" or (mode == "both" and number > 1)
        build.conv(f"conv{number}", net.width(8 << number), kernel, binary)
        build.pool(f"conv{number}_pool", "maxpool", pool)
        build.norm(f"conv{number}_norm")
        function = functions[number - 1]
        build.act(f"conv{number}_act", None if function is None else _smooth(mode, function))
        build.dropout(f"conv{number}_drop", rate)


def _vgg(build: Builder, net: Net, mode: Mode, function: Activation, rate: float) -> None:
    for number, full in enumerate((128, 128, 256, 256, 512, 512), 1):
        build.conv(f"conv{number}", net.width(full), (3, 3), number > 1 and _weights(mode))
        if number % 2 == 0:
            build.pool(f"conv{number}_pool", "maxpool", (2, 2))
        build.norm(f"conv{number}_norm")
        build.act(f"conv{number}_act", None if number == 6 else _smooth(mode, function))
        build.dropout(f"conv{number}_drop", rate)


def _resnet(build: Builder, net: Net, mode: Mode, function: Activation, rate: float) -> None:
    widths = (net.width(16), net.width(32), net.width(64))
    double = net.family == "resnet20-bireal"
    resnet20(build, widths, _weights(mode), _smooth(mode, function), rate, double)


_FAMILIES: dict[str, Callable[[Builder, Net, Mode, Activation, float], None]] = {
    "mlp": _mlp,
    "catdog-cnn": _catdog,
    "speech-cnn": _speech,
    "vgg-small": _vgg,
    "resnet20": _resnet,
    "resnet20-bireal": _resnet,
}
_FUNCTION = {"mlp": Activation("rtanh"), "resnet20-bireal": Activation("hardtanh", 1.0)}


def _dropout(family: str, mode: Mode) -> float:
    """Return the dropout of the authors."""
    if family in ("mlp", "speech-cnn", "vgg-small"):
        return 0.2
    residual = family.startswith("resnet20") and mode in ("activations", "both")
    return 0.1 if residual else 0.0
