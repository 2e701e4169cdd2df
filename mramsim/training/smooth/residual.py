"""ResNet-20 in pre-activation order, with one shortcut per block or per convolution."""

from __future__ import annotations

from mramsim.training.smooth.builder import Builder
from mramsim.training.smooth.functions import Activation

BLOCKS = 3  # of two convolutions, at each of three widths: 1 + 18 convolutions and a dense layer


def resnet20(
    build: Builder,
    widths: tuple[int, int, int],
    binary: bool,
    function: Activation | None,
    rate: float,
    double: bool,
) -> None:
    """Write down everything in front of the dense layer.

    The first convolution and the last activation (ReLU) stay real. Where the map shrinks, the
    shortcut is a 1 x 1 convolution of stride 2 on the activated value if activations are binary,
    else a 2 x 2 average with channels of zeros, which has no weights.

    Parameters
    ----------
    build : Builder
    widths : tuple of int
    binary : bool
        Of the weights.
    function : Activation or None
        None: ReLU.
    rate : float
        Of dropout, after each activation but the last.
    double : bool
        One shortcut per convolution, as in Bi-Real Net (Liu et al., ECCV 2018).
    """
    build.conv("conv1", widths[0], (3, 3), False)
    for stage, width in enumerate(widths, 1):
        for block in range(1, BLOCKS + 1):
            name = f"s{stage}b{block}"
            stride = 2 if stage > 1 and block == 1 else 1
            _block(build, name, width, stride, binary, function, rate, double)
    build.norm("last_norm")
    build.act("last_act", None)
    build.pool("mean", "avgpool", build.size[1:])


def _block(
    build: Builder,
    name: str,
    width: int,
    stride: int,
    binary: bool,
    function: Activation | None,
    rate: float,
    double: bool,
) -> None:
    """Add ``x + conv(act(norm(conv(act(norm(x))))))``, or two sums of one convolution each."""
    entry = build.last
    _half(build, f"{name}_1", width, stride, binary, function, rate)
    first = build.last
    if double:
        before = _shortcut(build, name, entry, f"{name}_1", width, stride, binary, function)
        build.go_back(first)
        entry = build.join(f"{name}_1_sum", before)
    _half(build, f"{name}_2", width, 1, binary, function, rate)
    second = build.last
    if not double:
        entry = _shortcut(build, name, entry, f"{name}_1", width, stride, binary, function)
        build.go_back(second)
    build.join(f"{name}_sum", entry)


def _half(
    build: Builder,
    name: str,
    width: int,
    stride: int,
    binary: bool,
    function: Activation | None,
    rate: float,
) -> None:
    build.norm(f"{name}_norm")
    build.act(f"{name}_act", function)
    build.dropout(f"{name}_drop", rate)
    build.conv(f"{name}_conv", width, (3, 3), binary, (stride, stride))


def _shortcut(
    build: Builder,
    name: str,
    entry: str,
    half: str,
    width: int,
    stride: int,
    binary: bool,
    function: Activation | None,
) -> str:
    """Return the name of what is added to a block."""
    if stride == 1:
        return entry
    if function is not None:
        build.go_back(f"{half}_act")
        return build.conv(f"{name}_short", width, (1, 1), binary, (stride, stride))
    build.go_back(entry)
    channels = build.size[0]
    build.pool(f"{name}_short_mean", "avgpool", (stride, stride))
    return build.pad(f"{name}_short", width - channels)
