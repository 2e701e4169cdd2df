"""A plan as a torch module."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from mramsim.training.smooth.control import Control
from mramsim.training.smooth.layers import SmoothNorm, SmoothProduct
from mramsim.training.smooth.plan import INPUT, Plan, Step


class SmoothNetwork(nn.Module):
    """The network of a plan.

    Parameters
    ----------
    plan : Plan
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan, self.control = plan, Control()
        self.layers = nn.ModuleDict()
        for step in plan.steps:
            if step.kind == "product":
                self.layers[step.name] = SmoothProduct(step, self.control)
            elif step.kind == "norm":
                self.layers[step.name] = SmoothNorm(step.width, self.control)
        self._last_use = {name: step.name for step in plan.steps for name in step.inputs}

    def products(self) -> list[SmoothProduct]:
        """Return the layers with weights, in order."""
        return [layer for layer in self.layers.values() if isinstance(layer, SmoothProduct)]

    def norms(self) -> list[SmoothNorm]:
        """Return the BatchNorms, in order."""
        return [layer for layer in self.layers.values() if isinstance(layer, SmoothNorm)]

    def fix_scales(self) -> None:
        """Exclude the scales of BatchNorms in front of smooth signs from training.

        The sign of ``scale x + bias`` needs only one of the two, and a smaller scale would undo a
        larger k.
        """
        for step in self.plan.steps:
            if step.function is not None and step.inputs[0] in self.layers:
                norm = self.layers[step.inputs[0]]
                if isinstance(norm, SmoothNorm):
                    norm.weight.requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        """Go to the stage of training, or to inference with the averages there are."""
        self.control.stage = "train" if mode else "relaxed"
        return super().train(mode)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores, float32 [images, classes].

        Parameters
        ----------
        x : float32 tensor [images, channels, height, width]
            Values of the plan's coding.
        """
        values = {INPUT: x.contiguous(memory_format=torch.channels_last)}
        for step in self.plan.steps:
            inputs = [values[name] for name in step.inputs]
            for name in step.inputs:
                if self._last_use[name] == step.name:
                    values.pop(name, None)  # frees memory
            values[step.name] = self._step(step, inputs)
        return values[self.plan.steps[-1].name].flatten(1)

    def _step(self, step: Step, inputs: list[Tensor]) -> Tensor:
        x = inputs[0]
        if step.name in self.layers:
            found: Tensor = self.layers[step.name](x)
            return found
        if step.kind == "act":
            return self._act(step, x)
        if step.kind == "dropout":
            return functional.dropout(x, step.rate, self.control.stage == "train")
        if step.kind == "add":
            return x + inputs[1]
        if step.kind == "pad":
            return functional.pad(x, (0, 0, 0, 0, 0, step.width - x.shape[1]))
        assert step.kernel is not None
        if step.kind == "maxpool":
            return functional.max_pool2d(x, step.kernel)
        if self.control.stage == "exact":
            return functional.avg_pool2d(x.double(), step.kernel).float()
        return functional.avg_pool2d(x, step.kernel)

    def _act(self, step: Step, x: Tensor) -> Tensor:
        if step.function is None:
            return x.relu()
        return step.function(x, self.control.activations)


def penalty(model: SmoothNetwork, bound: float = 0.2) -> Tensor:
    """Return the sum of ``max(|W| - bound, 0)^2`` over binary convolutions.

    It keeps weights small, so that ``tanh(k W)`` does not saturate before k is large.
    """
    total = torch.zeros(())
    for layer in model.products():
        if layer.step.binary and layer.step.kernel is not None:
            total = total + (layer.latent.abs() - bound).clamp(min=0).square().sum()
    return total
