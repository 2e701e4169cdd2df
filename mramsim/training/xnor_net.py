"""XNOR-Net, without the scales of its inputs.

Rastegari, Ordonez, Redmon, Farhadi, arXiv:1603.05279 (2016): weights are ``alpha sign(W)`` with the
mean magnitude of a filter as alpha, formed anew at each step, through which gradients flow; latent
weights are not clipped. The scale K of the inputs is left out: it would need real arithmetic in
every layer.
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

    weight_slope: str = "window"
    scale: str = "filter"
    init: Literal["unit", "glorot"] = "glorot"
    glorot: bool = False
    clip: bool = False
    loss: Literal["hinge", "ce"] = "ce"


def fit_method(job: Job, options: Options) -> Trained:
    """Train an XNOR-Net; see `mramsim.training.gradient.train_gradient`."""
    return train_gradient("xnor_net", job, options)
