"""The plain network in torch: float32, bfloat16 and 8-bit integers on the same shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import torch

from mramsim.benchmark.clock import Job, seconds

LEAST_S = 0.2  # that a peer may always take
FEWEST = 4  # images of a peer


class Peer(NamedTuple):
    """One forward pass, and for which share of the images."""

    run: Job
    share: float = 1.0


def peers(images: int, widths: Sequence[int]) -> dict[str, Peer]:
    """Return one forward pass of fully connected layers per number type.

    Processors without instructions for bfloat16 or for 8-bit integers take hundreds of times longer
    with them than with float32; these peers run on the first images alone.

    Parameters
    ----------
    images : int
    widths : sequence of int
        Inputs, then outputs of each layer.

    Returns
    -------
    dict of str to Peer
        ``float32``, ``bf16``, ``int8`` (products into int32, signs between layers).
    """
    torch.manual_seed(0)
    x = torch.randint(0, 2, (images, widths[0])).float() * 2 - 1
    weights = [torch.randint(0, 2, shape).float() * 2 - 1 for shape in pairwise(widths)]

    def forward(dtype: torch.dtype, count: int) -> Job:
        start, cells = x[:count].to(dtype), [weight.to(dtype) for weight in weights]
        product = torch._int_mm if dtype == torch.int8 else torch.matmul

        def run() -> torch.Tensor:
            value = start
            for number, weight in enumerate(cells):
                value = product(value, weight)
                if number + 1 < len(cells):
                    value = torch.sign(value).to(dtype)
            return value

        return run

    float32 = forward(torch.float32, images)
    float32()
    allowed = max(LEAST_S, seconds(float32))
    found = {"float32": Peer(float32)}
    for name, dtype in (("bf16", torch.bfloat16), ("int8", torch.int8)):
        count = fitting(partial(forward, dtype), images, allowed)
        found[name] = Peer(forward(dtype, count), count / images)
    return found


def fitting(made: Callable[[int], Job], images: int, allowed: float) -> int:
    """Return how many images a job may have: all, or at most what takes four times `allowed` s."""
    count = min(FEWEST, images)
    while count < images and seconds(made(count)) < allowed:
        count = min(4 * count, images)
    return count
