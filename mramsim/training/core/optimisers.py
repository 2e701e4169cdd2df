"""Optimisers of binary networks: Adam, shift-based AdaMax, Bop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mramsim.errors import InputError
from mramsim.training.core.power import nearest_power, nearest_power_

OPTIMISERS = ("adam", "adamax", "bop")
Group = dict[str, Any]


class ShiftAdaMax(torch.optim.Optimizer):
    """AdaMax with powers of two (arXiv:1602.02830; constants of the authors' code).

    ``m = b1 m + (1 - b1) g``, ``v = AP2(max(b2 v, |g|))``,
    ``w -= AP2(lr / (1 - b1^t)) factor m / (v + 2^-27)``. Division by v is a shift. A group may have
    a ``factor`` (the inverse Glorot bound), which is used as it is.

    Parameters
    ----------
    groups : sequence of dict
        Parameter groups of torch with "lr".
    """

    def __init__(self, groups: Sequence[Group], betas: tuple[float, float] = (0.9, 0.999)) -> None:
        super().__init__(groups, {"lr": 2.0**-6, "factor": 1.0, "betas": betas})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            first, second = group["betas"]
            for value in group["params"]:
                if value.grad is None:
                    continue
                state = self.state[value]
                if not state:
                    state["step"] = torch.zeros(())
                    state["mean"] = torch.zeros_like(value)
                    state["size"] = torch.zeros_like(value)
                state["step"] += 1
                mean, size = state["mean"], state["size"]
                mean.lerp_(value.grad, 1 - first)
                torch.maximum(size.mul_(second), value.grad.abs(), out=size)
                nearest_power_(size)
                rate = group["lr"] / (1 - first ** float(state["step"]))
                rate = float(nearest_power(torch.tensor(rate, dtype=torch.float32)))
                value.addcdiv_(mean, size + 2.0**-27, value=-rate * group["factor"])


class Bop(torch.optim.Optimizer):
    """Binary optimiser (Helwegen et al., arXiv:1906.02107): no latent weights, only flips.

    ``m += gamma (g - m)``; a weight flips where ``|m| > threshold`` and m has its sign. The group's
    "lr" is gamma.

    Parameters
    ----------
    groups : sequence of dict
        Their parameters are set to their signs.
    threshold : float
    """

    def __init__(self, groups: Sequence[Group], threshold: float = 1e-8) -> None:
        super().__init__(groups, {"lr": 1e-4, "threshold": threshold})
        for group in self.param_groups:
            for value in group["params"]:
                value.data = (value.data >= 0).to(value.dtype).mul_(2).sub_(1)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Flip the weights whose averaged gradient asks for it."""
        for group in self.param_groups:
            for value in group["params"]:
                if value.grad is None:
                    continue
                state = self.state[value]
                if not state:
                    state["mean"] = torch.zeros_like(value)
                mean: Tensor = state["mean"]
                mean.lerp_(value.grad, group["lr"])
                flips = (mean * value > group["threshold"]).to(value.dtype)
                value.mul_(1 - 2 * flips)


class Together(torch.optim.Optimizer):
    """Several optimisers as one."""

    def __init__(self, parts: Sequence[torch.optim.Optimizer]) -> None:
        self.parts = list(parts)
        self.param_groups = [group for part in parts for group in part.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients."""
        for part in self.parts:
            part.zero_grad(set_to_none)

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Update by each part."""
        for part in self.parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """Return the states of the parts."""
        return {str(index): part.state_dict() for index, part in enumerate(self.parts)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the states of the parts."""
        for index, part in enumerate(self.parts):
            part.load_state_dict(state[str(index)])
        self.param_groups = [group for part in self.parts for group in part.param_groups]


def make_optimiser(
    name: str,
    weights: Sequence[tuple[Tensor, float]],
    others: Sequence[Tensor],
    lr: float,
) -> torch.optim.Optimizer:
    """Return an optimiser by name.

    Parameters
    ----------
    name : {"adam", "adamax", "bop"}
        "bop" changes the weights by Bop and the rest by Adam.
    weights : sequence of (Tensor, float)
        Latent weights, each with the factor of its updates.
    others : sequence of Tensor
        BatchNorm parameters and scales; factor 1.
    lr : float
        Learning rate of factor 1; for "bop" that of the rest, and gamma is a tenth of it.

    Raises
    ------
    InputError
        Unknown name.
    """
    rest: Group = {"params": list(others), "lr": lr}
    if name == "adam":
        groups = [{"params": [value], "lr": lr * factor} for value, factor in weights]
        return torch.optim.Adam([*groups, rest], fused=True)
    if name == "adamax":
        groups = [{"params": [value], "lr": lr, "factor": factor} for value, factor in weights]
        return ShiftAdaMax([*groups, rest])
    if name != "bop":
        raise InputError(f"optimiser = '{name}'; adam, adamax and bop are allowed")
    flips = Bop([{"params": [value for value, _ in weights], "lr": lr / 10}])
    return Together([flips, torch.optim.Adam([rest], fused=True)])
