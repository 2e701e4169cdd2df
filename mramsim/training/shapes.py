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


# Widths of convolutions with P for a pool behind the one before; then fully connected layers.
_FAMILIES: dict[str, tuple[str, tuple[int, ...]]] = {
    "cnv": ("128 128 P 256 256 P 512 512 P", (1024, 1024)),
    "vgg-small": ("128 128 P 256 256 P 512 512 P", ()),
    "alexnet": ("96 P 256 P 384 384 256 P", (1024, 1024)),
}
KNOWN = "mlp-WxD (such as mlp-512x2), cnv-F (such as cnv-0.25), vgg-small-F and alexnet-F"


def parse_shape(name: str, image: Size) -> tuple[Layer, ...]:
    """Return the hidden layers of a named network.

    Parameters
    ----------
    name : str
        ``mlp-WxD``: D hidden layers of W. ``cnv-F``: the CIFAR-10 ConvNet of Courbariaux et al.
        (arXiv:1602.02830), 2x128C3-P2-2x256C3-P2-2x512C3-P2-2x1024FC, widths times F; their SVHN
        network is F = 0.5 with the fully connected layers at full width, ``cnv-svhn``.
        ``vgg-small-F``: the same without hidden fully connected layers. ``alexnet-F``: five
        convolutions of 3 x 3 with the widths of AlexNet, for pictures of 32 x 32 (the shape that
        Darabi et al. used is not known in detail). F may be left out: 1.
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
    mlp = re.fullmatch(r"mlp-(\d{1,9})x(\d{1,9})", name)
    if mlp and 0 < int(mlp[1]) <= 1 << 16 and 0 < int(mlp[2]) <= 64:
        return (Layer("linear", int(mlp[1])),) * int(mlp[2])
    side = min(image[1:])
    if name == "cnv-svhn":
        return _family("64 64 P 128 128 P 256 256 P", (1024, 1024), 1.0, side)
    for family, (convolutions, hidden) in _FAMILIES.items():
        found = re.fullmatch(family + r"(?:-(\d+(?:\.\d+)?))?", name)
        if found and 0 < float(found[1] or 1) <= 16:
            return _family(convolutions, hidden, float(found[1] or 1), side)
    raise InputError(f"network '{name}' is unknown; {KNOWN} are")


def _family(
    convolutions: str, hidden: tuple[int, ...], factor: float, side: int
) -> tuple[Layer, ...]:
    """Return layers from widths times `factor`; pools as long as the side is 2 or more."""
    layers: list[Layer] = []
    for item in convolutions.split():
        if item != "P":
            layers.append(Layer("conv", max(1, round(int(item) * factor))))
        elif side >= 2:
            layers[-1] = Layer("conv", layers[-1].width, pool=True)
            side //= 2
    return (*layers, *(Layer("linear", max(1, round(width * factor))) for width in hidden))
