"""A list of layers, as a TOML file or a guess gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from mramsim.errors import InputError, nearest
from mramsim.network.importers.limits import MAX_NODES

KINDS = {
    "linear": {"binary", "alpha"},
    "conv": {"binary", "alpha", "stride", "padding", "groups", "pad_value"},
    "batchnorm": {"eps"},
    "threshold": set[str](),
    "sign": {"zero"},
    "heaviside": set[str](),
    "maxpool": {"kernel", "stride", "padding"},
    "avgpool": {"kernel", "stride"},
    "global_average": set[str](),
    "flatten": {"order"},
    "relu": set[str](),
    "prelu": set[str](),
    "hardtanh": set[str](),
    "tanh": set[str](),
    "scale": set[str](),
    "add": set[str](),
}


@dataclass(frozen=True)
class Listing:
    """Input shape and layers.

    Attributes
    ----------
    shape : tuple of int
    layers : list of dict
        ``kind``, ``name`` (prefix of its arrays), ``from`` (names of other layers), and options.
    guessed : bool
        Made from names of arrays alone: an array that no layer reads is then refused.
    """

    shape: tuple[int, ...]
    layers: list[dict[str, Any]]
    guessed: bool = False

    @classmethod
    def parse(cls, content: dict[str, Any], where: str) -> Self:
        """Check the content of a TOML file."""
        unknown = set(content) - {"input", "layer"}
        if unknown:
            key = sorted(unknown)[0]
            raise InputError(f"{where}: key '{key}' is unknown{nearest(key, ['input', 'layer'])}")
        shape, layers = content.get("input"), content.get("layer")
        if not isinstance(shape, list) or not all(map(is_whole, shape)):
            raise InputError(f"{where}: input = [channels, height, width] is expected")
        if not isinstance(layers, list) or not 1 <= len(layers) <= MAX_NODES:
            raise InputError(f"{where}: [[layer]] tables are expected, at most {MAX_NODES}")
        for index, layer in enumerate(layers, 1):
            kind = layer.get("kind") if isinstance(layer, dict) else None
            if kind not in KINDS:
                raise InputError(
                    f"{where}: layer {index}: kind '{kind}' is unknown{nearest(str(kind), KINDS)}"
                )
            allowed = KINDS[kind] | {"kind", "name", "from"}
            for key in layer:
                if key not in allowed:
                    raise InputError(
                        f"{where}: layer {index} ({kind}): key '{key}'{nearest(key, allowed)}"
                    )
        return cls(tuple(shape), layers)


def is_whole(value: Any) -> bool:
    """Return whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)
