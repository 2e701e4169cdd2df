"""One kind of node per file; `KINDS` is what the file format can hold."""

from __future__ import annotations

from mramsim.network.nodes.activation import Activation
from mramsim.network.nodes.add import Add
from mramsim.network.nodes.affine import Affine
from mramsim.network.nodes.average import AvgPool
from mramsim.network.nodes.base import Node
from mramsim.network.nodes.conv import Conv, Conv2d
from mramsim.network.nodes.conv1d import Conv1d
from mramsim.network.nodes.flatten import Flatten
from mramsim.network.nodes.input import Input
from mramsim.network.nodes.level_value import LevelValue
from mramsim.network.nodes.linear import Linear
from mramsim.network.nodes.output import Output
from mramsim.network.nodes.pad_channels import PadChannels
from mramsim.network.nodes.pool import MaxPool1d, MaxPool2d
from mramsim.network.nodes.product import Product
from mramsim.network.nodes.quantise import Quantise
from mramsim.network.nodes.real_input import RealInput
from mramsim.network.nodes.real_product import RealConv, RealLinear
from mramsim.network.nodes.sign import Sign
from mramsim.network.nodes.threshold import Threshold

KINDS: dict[str, type[Node]] = {
    node.kind: node
    for node in (
        Input,
        RealInput,
        Linear,
        Conv1d,
        Conv2d,
        Threshold,
        Sign,
        Quantise,
        LevelValue,
        MaxPool1d,
        MaxPool2d,
        AvgPool,
        Add,
        Affine,
        Activation,
        Flatten,
        PadChannels,
        RealLinear,
        RealConv,
        Output,
    )
}

__all__ = [
    "KINDS",
    "Activation",
    "Add",
    "Affine",
    "AvgPool",
    "Conv",
    "Conv1d",
    "Conv2d",
    "Flatten",
    "Input",
    "LevelValue",
    "Linear",
    "MaxPool1d",
    "MaxPool2d",
    "Node",
    "Output",
    "PadChannels",
    "Product",
    "Quantise",
    "RealConv",
    "RealInput",
    "RealLinear",
    "Sign",
    "Threshold",
]
