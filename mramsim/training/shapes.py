"""Names of network shapes and what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mramsim.errors import InputError

Size = tuple[int, int, int]


@dataclass(frozen=True)
class Layer:
    """One hidden layer.

    Attributes
    ----------
    kind : {"conv", "linear"}
        A convolution is 3 x 3 with a border of one undriven pixel.
    width : int
        Output channels.
    pool : bool
        Whether a 2 x 2 max-pool follows.
    """

    kind: str
    width: int
    pool: bool = False


def parse_shape(name: str, image: Size) -> tuple[Layer, ...]:
    """Return the hidden layers of a named network.

    Parameters
    ----------
    name : str
        ``mlp-WxD``: D hidden layers of W. ``cnv-F``: the CIFAR-10 ConvNet of Courbariaux et al.
        (arXiv:1602.02830), 2x128C3-P2-2x256C3-P2-2x512C3-P2-2x1024FC, widths times F.
    image : tuple of int
        Channels, height, width; a pool that does not fit is left out.

    Returns
    -------
    tuple of Layer

    Raises
    ------
    InputError
        For a name of another form.
    """
    mlp = re.fullmatch(r"mlp-(\d+)x(\d+)", name)
    if mlp and 0 < int(mlp[1]) <= 1 << 16 and 0 < int(mlp[2]) <= 64:
        return (Layer("linear", int(mlp[1])),) * int(mlp[2])
    cnv = re.fullmatch(r"cnv-(\d+(?:\.\d+)?)", name)
    if cnv and 0 < float(cnv[1]) <= 16:
        return _cnv(float(cnv[1]), min(image[1:]))
    raise InputError(
        f"network '{name}' is unknown; mlp-WxD (such as mlp-512x2) and cnv-F (such as cnv-0.25) are"
    )


def _cnv(factor: float, side: int) -> tuple[Layer, ...]:
    layers = []
    for width in (128, 256, 512):
        channels = max(1, round(width * factor))
        fits = side >= 2
        layers += [Layer("conv", channels), Layer("conv", channels, pool=fits)]
        side = side // 2 if fits else side
    hidden = max(1, round(1024 * factor))
    return (*layers, Layer("linear", hidden), Layer("linear", hidden))
