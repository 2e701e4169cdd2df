"""Binary convolution over one axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mramsim.network.nodes.base import Shape
from mramsim.network.nodes.conv import Conv


@dataclass(frozen=True, eq=False)
class Conv1d(Conv):
    """Convolution over (length,): ``weight [outputs, channels / groups, length]``."""

    size: Shape = (1,)
    stride: Shape = (1,)
    padding: Shape = (0,)
    kind: ClassVar[str] = "conv1d"
    axes: ClassVar[int] = 1
