"""What trainings by local errors accept."""

from __future__ import annotations

from collections.abc import Sequence

from mramsim.errors import InputError
from mramsim.network.nodes import Input
from mramsim.training.shapes import Layer


def check_rule(zeros: str, robustness: float, reinforcement: float, clip: int, batch: int) -> None:
    """Raise InputError for an option out of range; see the methods' ``Options``."""
    if zeros not in ("strict", "paper"):
        raise InputError(f"zeros = '{zeros}'; strict and paper are allowed")
    if not 0 <= robustness <= 1:
        raise InputError(f"robustness = {robustness}; 0 to 1 is allowed")
    if not 0 <= reinforcement <= 1:
        raise InputError(f"reinforcement = {reinforcement}; 0 to 1 is allowed")
    if clip < 0 or clip >= 1 << 30:
        raise InputError(f"clip = {clip}; 0 (none) to 2^30 - 1 is allowed")
    if clip and zeros == "strict" and clip % 2 == 0:
        raise InputError(f"clip = {clip}; an odd bound is needed where zeros are strict")
    if batch < 1:
        raise InputError(f"batch = {batch}; at least 1 is allowed")


def linear_widths(method: str, record: Input, layers: Sequence[Layer]) -> list[int]:
    """Return the widths of fully connected layers.

    Raises
    ------
    InputError
        For convolutions or an input of several bit planes.
    """
    if record.planes != 1:
        raise InputError(f"planes = {record.planes}; {method} takes 1")
    if any(layer.kind != "linear" for layer in layers):
        raise InputError(f"{method} trains fully connected networks: mlp-WxD")
    return [layer.width for layer in layers]
