"""Bop: a binary network without latent weights.

Helwegen, Widdicombe, Geiger, Liu, Cheng, Nusselder, "Latent Weights Do Not Exist", arXiv:1906.02107
(2019): weights are -1 or +1 throughout, and flip where an average of their gradients says so. All
else is trained by Adam. The ``lr`` is Adam's; the rate of the average is a tenth of it, and the
threshold 1e-8; both fall together.
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

    optimiser: Literal["adam", "adamax", "bop"] = "bop"
    glorot: bool = False
    clip: bool = False
    loss: Literal["hinge", "ce"] = "ce"


def fit_method(job: Job, options: Options) -> Trained:
    """Train by Bop; see `mramsim.training.gradient.train_gradient`."""
    return train_gradient("bop", job, options)
