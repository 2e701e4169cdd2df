"""Train small 1-bit networks with Brevitas on scikit-learn's digits and export them as QONNX.

Run in an environment with brevitas, qonnx, onnxscript, onnxoptimizer and scikit-learn:
``python tests/data/qonnx/make.py``. Writes ``*.onnx`` and ``expected.npz`` beside itself: images,
and for each network the logits that its Brevitas model gives.
"""

from pathlib import Path

import numpy as np
import torch
from brevitas import nn as qnn
from brevitas.core.restrict_val import RestrictValueType
from brevitas.export import export_qonnx
from brevitas.quant import (
    Int8ActPerTensorFloat,
    SignedBinaryActPerTensorConst,
    SignedBinaryWeightPerTensorConst,
)
from sklearn.datasets import load_digits
from torch import nn

HERE = Path(__file__).resolve().parent


def sign():
    return qnn.QuantIdentity(act_quant=SignedBinaryActPerTensorConst, return_quant_tensor=False)


class PerChannel(SignedBinaryWeightPerTensorConst):
    """One scale per output channel, from the weights."""

    scaling_per_output_channel = True
    scaling_impl_type = "parameter_from_stats"
    scaling_stats_op = "ave"
    restrict_scaling_type = RestrictValueType.FP


def linear(rows, columns, quant=SignedBinaryWeightPerTensorConst, **options):
    return qnn.QuantLinear(rows, columns, bias=False, weight_quant=quant, **options)


class Shift(nn.Module):
    """Scale and shift the input inside the graph: pixels 0 to 16 become -1 to 1."""

    def forward(self, x):
        return 2.0 * (x / 16.0) - 1.0


def mlp():
    return nn.Sequential(
        Shift(),
        sign(),
        linear(64, 48, weight_scaling_init=1.0),
        nn.BatchNorm1d(48),
        sign(),
        linear(48, 32),
        nn.BatchNorm1d(32),
        sign(),
        linear(32, 10, PerChannel),
        nn.BatchNorm1d(10),
    )


def conv():
    def product(channels, width, quant=SignedBinaryWeightPerTensorConst):
        return qnn.QuantConv2d(channels, width, 3, padding=1, bias=False, weight_quant=quant)

    return nn.Sequential(
        qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat, return_quant_tensor=False),
        product(1, 8),
        nn.BatchNorm2d(8),
        sign(),
        product(8, 12, PerChannel),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(12),
        sign(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        linear(48, 10),
        nn.BatchNorm1d(10),  # without it integer scores tie, and rounding decides the class
    )


def train(model, x, y, epochs=30):
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(epochs):
        for part in torch.randperm(len(x)).split(100):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(x[part]), y[part]).backward()
            optimiser.step()
    return model.eval()


def main():
    torch.manual_seed(0)
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32)
    labels = torch.tensor(digits.target)
    kept = {"images": images[1437:].numpy().astype(np.uint8)}
    for name, model, x in (
        ("mlp", mlp(), images.flatten(1)),
        ("conv", conv(), images[:, None]),
    ):
        train(model, x[:1437], labels[:1437])
        with torch.no_grad():
            logits = model(x[1437:])
        print(name, float((logits.argmax(1) == labels[1437:]).float().mean()))
        kept[name] = logits.numpy()
        export_qonnx(model, args=x[:1], export_path=str(HERE / f"{name}_dynamo.onnx"))
        export_qonnx(model, args=x[:1], export_path=str(HERE / f"{name}_legacy.onnx"), dynamo=False)
        (HERE / f"{name}_dynamo.onnx.data").unlink(
            missing_ok=True
        )  # the export cleans up into one file
    plain = nn.Sequential(nn.Linear(64, 8), Sign(), nn.Linear(8, 10)).eval()
    plain[2].weight.data = torch.where(plain[2].weight.data >= 0, 1.0, -1.0)
    torch.onnx.export(plain, (images[:1].flatten(1),), str(HERE / "plain.onnx"), dynamo=False)
    with torch.no_grad():
        kept["plain"] = plain(images[1437:].flatten(1)).numpy()
    np.savez_compressed(HERE / "expected.npz", **kept)


class Sign(nn.Module):
    def forward(self, x):
        return torch.where(x >= 0, 1.0, -1.0)


if __name__ == "__main__":
    main()
