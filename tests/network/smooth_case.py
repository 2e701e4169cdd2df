"""Small smooth networks with random parameters for tests of the adiabatic method."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from training_case import toy

from mramsim.datasets import Dataset
from mramsim.training import train
from mramsim.training.session import input_record
from mramsim.training.smooth.measure import gather_averages, values_of
from mramsim.training.smooth.model import SmoothNetwork
from mramsim.training.smooth.nets import make_plan, parse_net


def sound(length=800, count=40) -> Dataset:
    """The toy patterns as int16 sound."""
    data = toy((1, 1, length), count)

    def shifted(images):
        return ((images.astype(np.int64) - 128) * 100).astype(np.int16)

    return replace(
        data,
        x_train=shifted(data.x_train),
        x_test=shifted(data.x_test),
        low=-32768,
        levels=65536,
        planes=8,
    )


def pictures(count=60) -> Dataset:
    """The toy patterns as small pictures in colour."""
    return toy((3, 8, 8), count)


def small(net="catdog-cnn-0.25", data=None, **more):
    """A small network after adiabatic training."""
    return train("adiabatic", net, pictures() if data is None else data, **{"batch": 20, **more})


def case(net: str) -> Dataset:
    """A data set that a network takes."""
    if net.startswith("speech"):
        return sound()
    return toy() if net.startswith("mlp") else toy((3, 16, 16), 30)


def random_model(net, data, mode, function=None, planes=8, seed=1):
    """A network whose every parameter is random, with BatchNorm averages, and its input record."""
    torch.manual_seed(seed)
    record = input_record(data, planes)
    parsed = parse_net(net, data.shape)
    model = SmoothNetwork(make_plan(parsed, data, planes, mode, function, None))
    with torch.no_grad():
        for layer in model.products():
            if layer.bias is not None:
                layer.bias.normal_(0, 0.3)
            if layer.scale is not None:
                layer.scale.normal_(0, 1)  # of either sign
        for norm in model.norms():
            norm.weight.normal_()
            norm.bias.normal_(0, 0.3)
            norm.weight[0] = 0  # a constant channel
    gather_averages(model, torch.from_numpy(record.forward(data.x_train)), 15, binary=True)
    return model, record


def exact_scores(model, record, images):
    """Scores of the torch model in its exact stage."""
    values = values_of(torch.from_numpy(record.forward(images)), model.plan.coding)
    with torch.no_grad(), model.control.at("exact", 1e5, 1e5):
        return model(values).numpy()
