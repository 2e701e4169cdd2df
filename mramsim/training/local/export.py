"""Signs of integers become the exact network; a sign of 0 becomes +1."""

from __future__ import annotations

import numpy as np

from mramsim.network.graph import Network
from mramsim.network.nodes import Conv2d, Input, Linear, Node, Output, Threshold
from mramsim.training.local.layers import HiddenLayer
from mramsim.training.local.stack import Stack


def export_layers(stack: Stack, record: Input, name: str) -> Network:
    """Fold a stack of ordinary layers.

    Returns
    -------
    Network
        Nodes ``fc1``, ``fc1_sign``, ..., ``scores``, ``out``. Without zeros its classes are those
        of the stack.
    """
    nodes: list[Node] = [record]
    for number, layer in enumerate(stack.layers, start=1):
        label = f"fc{number}"
        bits = (layer.hidden >= 0).astype(np.uint8)
        nodes += [Linear(label, (nodes[-1].name,), bits), _sign(label, len(bits))]
    return Network((*nodes, *_scores(stack.layers[-1], nodes[-1])), name)


def export_committee(stack: Stack, record: Input, name: str) -> Network:
    """Fold one layer of committees.

    Returns
    -------
    Network
        Nodes ``members`` (a convolution as large as the image), ``members_sign``, ``vote`` (a
        grouped convolution with weights of +1: the sum of the members), ``vote_sign``, ``scores``,
        ``out``.
    """
    (layer,) = stack.layers
    channels, height, width = record.shape
    count, units = len(layer.hidden), layer.classifier.shape[1]
    bits = (layer.hidden >= 0).astype(np.uint8).reshape(count, channels, height, width)
    ones = np.ones((units, count // units, 1, 1), np.uint8)
    nodes: list[Node] = [
        record,
        Conv2d("members", (record.name,), bits, size=(height, width)),
        _sign("members", count),
        Conv2d("vote", ("members_sign",), ones, groups=units),
        _sign("vote", units),
    ]
    return Network((*nodes, *_scores(layer, nodes[-1])), name)


def _sign(label: str, count: int) -> Threshold:
    level, polarity = np.zeros(count, np.int32), np.ones(count, np.int8)
    return Threshold(f"{label}_sign", (label,), level, polarity)


def _scores(layer: HiddenLayer, before: Node) -> tuple[Linear, Output]:
    bits = (layer.classifier >= 0).astype(np.uint8)
    one, zero = np.ones(len(bits), np.float32), np.zeros(len(bits), np.float32)
    return Linear("scores", (before.name,), bits), Output("out", ("scores",), one, zero)
