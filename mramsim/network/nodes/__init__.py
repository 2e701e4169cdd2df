"""One kind of node per file; `KINDS` is what the file format can hold."""

from __future__ import annotations

from mramsim.network.nodes.base import Node
from mramsim.network.nodes.conv import Conv2d
from mramsim.network.nodes.input import Input
from mramsim.network.nodes.linear import Linear
from mramsim.network.nodes.output import Output
from mramsim.network.nodes.pool import MaxPool2d
from mramsim.network.nodes.product import Product
from mramsim.network.nodes.threshold import Threshold

KINDS: dict[str, type[Node]] = {
    node.kind: node for node in (Input, Linear, Conv2d, Threshold, MaxPool2d, Output)
}

__all__ = [
    "KINDS",
    "Conv2d",
    "Input",
    "Linear",
    "MaxPool2d",
    "Node",
    "Output",
    "Product",
    "Threshold",
]
