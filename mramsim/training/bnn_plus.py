"""BNN+: regularised training with a smooth slope.

Darabi, Belbahri, Courbariaux, Partovi Nia, "Regularized Binary Network Training", arXiv:1812.11800
(2018 to 2020): SignSwish as the surrogate of every sign, a trained scale per layer or filter, and a
regulariser that pulls latent weights to plus and minus that scale in place of clipping. Adam,
cross-entropy. The paper's strengths, 1e-5 to 1e-7, belong to sums over all weights; learning rates
are not known and were tuned here.
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

    slope: str = "signswish"
    weight_slope: str = "signswish"
    scale: str = "learned"
    regulariser: str = "r1"
    strength: float = 1e-6
    init: Literal["unit", "glorot"] = "glorot"
    glorot: bool = False
    clip: bool = False
    loss: Literal["hinge", "ce"] = "ce"


def fit_method(job: Job, options: Options) -> Trained:
    """Train a BNN+; see `mramsim.training.gradient.train_gradient`."""
    return train_gradient("bnn_plus", job, options)
