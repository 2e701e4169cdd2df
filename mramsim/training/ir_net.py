"""IR-Net: information retention.

Qin, Gong, Liu, Shen, Wei, Yu, Song, arXiv:1909.10788 (2020): the sign of weights that are centred
and divided by their deviation, filter by filter, a power of two as scale of each, and a slope that
grows from nearly straight to nearly the sign, for weights and activations alike. The authors'
networks have shortcuts; here the method is applied to any shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mramsim.training.core.options import GradientOptions
from mramsim.training.gradient import train_gradient
from mramsim.training.job import Job, Trained


@dataclass(frozen=True)
class Options(GradientOptions):
    """Options of the method; see `GradientOptions`."""

    slope: str = "irnet"
    weight_slope: str = "irnet"
    scale: str = "power"
    standardise: bool = True
    init: Literal["unit", "glorot"] = "glorot"
    glorot: bool = False
    clip: bool = False
    loss: Literal["hinge", "ce"] = "ce"


def fit_method(job: Job, options: Options) -> Trained:
    """Train an IR-Net; see `mramsim.training.gradient.train_gradient`."""
    return train_gradient("ir_net", job, options)
