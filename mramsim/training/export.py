"""A trained torch network becomes the exact integer network."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mramsim.errors import InputError
from mramsim.network.fold import affine, fold_sign
from mramsim.network.graph import Network
from mramsim.network.nodes import (
    Affine,
    Conv,
    Conv2d,
    Input,
    LevelValue,
    Linear,
    MaxPool2d,
    Node,
    Output,
    Product,
    RealConv,
    RealLinear,
    Sign,
    Threshold,
)
from mramsim.training.modules import BinaryBlock, BinaryNetwork, RealProduct

Float32 = NDArray[np.float32]


def export(model: BinaryNetwork, record: Input, name: str) -> Network:
    """Fold every scale and BatchNorm, and binarise every weight that is to be binary.

    Parameters
    ----------
    model : BinaryNetwork
        In evaluation mode its classes are those of the result.
    record : Input
        How raw integers become levels.
    name : str

    Returns
    -------
    Network
        Nodes ``conv1``, ``conv1_sign``, ``conv1_pool``, ..., ``fc1``, ``fc1_sign``, ...,
        ``scores``, ``out``; before and behind a real layer also ``conv1_value`` and ``conv1_norm``.

    Raises
    ------
    InputError
        If a weight or a BatchNorm is not finite.
    """
    nodes: list[Node] = [record]
    size = record.shape[1:] if len(record.shape) == 3 else (1, 1)
    counts = {"conv": 0, "fc": 0}
    blocks = model.all_blocks()
    for block in blocks[:-1]:
        stem = "conv" if _is_conv(block) else "fc"
        counts[stem] += 1
        label = f"{stem}{counts[stem]}"
        nodes += _product(block, label, nodes[-1], (size[0], size[1]))
        nodes += _decision(block, label, nodes[-1])
        if block.pool is not None:
            conjunctive = block.affine()[0].numpy() < 0
            pool = MaxPool2d(f"{label}_pool", (f"{label}_sign",), (2, 2), (2, 2), conjunctive)
            nodes.append(pool)
            size = (size[0] // 2, size[1] // 2)
    nodes += _product(blocks[-1], "scores", nodes[-1], (1, 1))
    nodes.append(Output("out", ("scores",), *_affine(blocks[-1])))
    return Network(tuple(nodes), name)


def _is_conv(block: BinaryBlock) -> bool:
    return next(block.product.parameters()).ndim == 4


def _product(block: BinaryBlock, label: str, before: Node, size: tuple[int, int]) -> list[Node]:
    """Return the product of a block, with what makes numbers of levels where it is real."""
    if not all(part.isfinite().all() for part in block.product.parameters()):
        raise InputError(f"layer '{label}': training diverged (NaN in its weights)")
    planes = before.planes if isinstance(before, Input) else 1
    if isinstance(block.product, RealProduct):
        value = LevelValue(f"{label}_value", (before.name,), planes)
        weights = block.product.values.detach().numpy()
        zero = np.zeros(len(weights), np.float32)
        if weights.ndim == 2:
            return [value, RealLinear(label, (value.name,), weights, zero)]
        return [
            value,
            RealConv(label, (value.name,), weights, zero, size=size, padding=(1, 1)),
        ]
    weight = (block.product.weight().detach().numpy() > 0).astype(np.uint8)
    if weight.ndim == 2:
        return [Linear(label, (before.name,), weight, planes=planes)]
    return [
        Conv2d(label, (before.name,), weight, planes=planes, size=size, padding=(1, 1), pad_value=0)
    ]


def _decision(block: BinaryBlock, label: str, product: Node) -> list[Node]:
    """Return what decides on the sums: a threshold; for real sums the map itself and a sign."""
    if isinstance(product, Product):
        level, polarity = fold_sign(affine(*_affine(block)), product.reach, product.fan_out)
        return [Threshold(f"{label}_sign", (label,), level, polarity)]
    norm = Affine(f"{label}_norm", (label,), *_affine(block))
    return [norm, Sign(f"{label}_sign", (norm.name,))]


def _affine(block: BinaryBlock) -> tuple[Float32, Float32]:
    """Return scale and offset from accumulators to what the sign sees."""
    scale, offset = block.affine()
    return scale.expand_as(offset).numpy(), offset.numpy()


def predict_exact(
    network: Network, images: NDArray[np.uint8], batch: int = 500
) -> NDArray[np.intp]:
    """Return the classes of `Network.predict`, computed by torch.

    Sums of integers below 2^24 are exact in float32 in any order, and are rounded in case torch
    picks a convolution by transforms, so this is the same network, faster for convolutions.

    Parameters
    ----------
    network : Network
    images : uint8 array [images, ...]
        Raw; at least one.
    batch : int
        Images at a time; does not change the result.

    Returns
    -------
    intp array [images]
    """
    found = []
    with torch.no_grad():
        for start in range(0, len(images), batch):
            values: dict[str, Tensor] = {}
            for node in network.nodes:
                if not node.inputs:
                    entry = node.forward(images[start : start + batch])
                    values[node.name] = torch.from_numpy(entry)
                elif isinstance(node, Product):
                    values[node.name] = _exact_product(node, values[node.inputs[0]])
                else:
                    inputs = [values[key].numpy() for key in node.inputs]
                    values[node.name] = torch.from_numpy(
                        np.ascontiguousarray(node.forward(*inputs))
                    )
            found.append(values[network.output.name].numpy().argmax(axis=1))
    return np.concatenate(found)


def _exact_product(node: Product, levels: Tensor) -> Tensor:
    if node.reach >= 1 << 24:
        return torch.from_numpy(node.forward(levels.numpy()))
    value = levels.float() * 2 - ((1 << node.planes) - 1)
    weight = torch.from_numpy(node.weight).float() * 2 - 1
    if isinstance(node, Conv):
        border = zip(reversed(node.windows.before), reversed(node.windows.after), strict=True)
        fill = float(node.pad_value * ((1 << node.planes) - 1))
        value = functional.pad(value, [size for pair in border for size in pair], value=fill)
        convolve = functional.conv2d if node.axes == 2 else functional.conv1d
        sums = convolve(value, weight, stride=node.stride, groups=node.groups)
    else:
        sums = functional.linear(value.flatten(1), weight)
    return sums.round().to(torch.int32)
