"""The float network of the same shape: what the binary one is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mramsim.datasets import Dataset
from mramsim.training.job import Progress
from mramsim.training.loop import Decay, Recipe, classify, fit
from mramsim.training.modules import fans
from mramsim.training.shapes import Layer, Size


class FloatNetwork(nn.Sequential):
    """Real weights, BatchNorm and ReLU in the shape of a binary network."""

    def __init__(self, image: Size, layers: Sequence[Layer], classes: int) -> None:
        steps: list[nn.Module] = []
        widths = fans(image, layers)
        flat = False
        for layer, fan_in in zip(layers, widths, strict=False):
            if layer.kind == "conv":
                steps.append(nn.Conv2d(fan_in, layer.width, 3, padding=1, bias=False))
            else:
                if not flat:
                    steps.append(nn.Flatten())
                    flat = True
                steps.append(nn.Linear(fan_in, layer.width, bias=False))
            if layer.pool:
                steps.append(nn.MaxPool2d(2))
            norm = nn.BatchNorm2d if layer.kind == "conv" else nn.BatchNorm1d
            steps += [norm(layer.width), nn.ReLU()]
        if not flat:
            steps.append(nn.Flatten())
        super().__init__(*steps, nn.Linear(widths[-1], classes))


def train_float(
    data: Dataset,
    layers: Sequence[Layer],
    *,
    epochs: int,
    batch: int,
    seed: int,
    progress: Progress,
    checkpoint: Path | None,
) -> NDArray[np.uint8]:
    """Train the float network (Adam, cross-entropy) and return its class of each test image.

    Parameters
    ----------
    data : Dataset
    layers : sequence of Layer
    epochs, batch, seed : int
    progress : callable
    checkpoint : pathlib.Path or None

    Returns
    -------
    uint8 array [test images]
    """
    torch.default_generator.manual_seed(seed)
    model = FloatNetwork(data.shape, layers, len(data.classes))
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    recipe = Recipe(
        epochs=epochs,
        batch=batch,
        loss=nn.functional.cross_entropy,
        schedule=Decay(epochs, 1e-2),
        prepare=lambda images: (images.float() - data.low) * (2.0 / data.levels) - 1.0,  # -1 to +1
        label="float network",
        identity={
            "float": True,
            "data": data.digest,
            "epochs": epochs,
            "batch": batch,
            "seed": seed,
            "layers": [[layer.kind, layer.width, layer.pool] for layer in layers],
        },
    )
    labels = torch.from_numpy(data.y_train.astype(np.int64))
    fit(model, optimiser, torch.tensor(data.x_train), labels, recipe, progress, checkpoint)
    return classify(model, torch.tensor(data.x_test), recipe.prepare).astype(np.uint8)
