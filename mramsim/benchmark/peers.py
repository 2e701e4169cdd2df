"""The plain network in torch: float32, bfloat16 and 8-bit integers on the same shapes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch

from mramsim.benchmark.clock import Job


def peers(images: int, widths: Sequence[int]) -> dict[str, Job]:
    """Return one forward pass of fully connected layers per number type.

    Parameters
    ----------
    images : int
    widths : sequence of int
        Inputs, then outputs of each layer.

    Returns
    -------
    dict of str to callable
        ``float32``, ``bf16``, ``int8`` (products into int32, signs between layers).
    """
    torch.manual_seed(0)
    x = torch.randint(0, 2, (images, widths[0])).float() * 2 - 1
    shapes = pairwise(widths)
    weights = [torch.randint(0, 2, shape).float() * 2 - 1 for shape in shapes]

    def forward(dtype: torch.dtype) -> Job:
        start, cells = x.to(dtype), [weight.to(dtype) for weight in weights]

        def run() -> torch.Tensor:
            value = start
            for number, weight in enumerate(cells):
                value = value @ weight
                if number + 1 < len(cells):
                    value = torch.sign(value)
            return value

        return run

    start, cells = x.to(torch.int8), [weight.to(torch.int8) for weight in weights]

    def integers() -> torch.Tensor:
        value = start
        for number, weight in enumerate(cells):
            value = torch._int_mm(value, weight)
            if number + 1 < len(cells):
                value = torch.sign(value).to(torch.int8)
        return value

    found = {"float32": forward(torch.float32), "bf16": forward(torch.bfloat16)}
    return {**found, "int8": integers}
