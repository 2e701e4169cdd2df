"""BNN with straight-through estimator.

Courbariaux, Hubara, Soudry, El-Yaniv, Bengio, "Binarized Neural Networks", arXiv:1602.02830 (2016):
binary weights in every layer, latent weights clipped to [-1, 1], updates scaled by the inverse
Glorot bound, BatchNorm before each sign, squared hinge loss, Adam with exponential decay. The
paper's second set of runs is ``norm="shift", optimiser="adamax", stochastic=True``.
"""

from __future__ import annotations

from dataclasses import dataclass

from mramsim.training.core.options import GradientOptions
from mramsim.training.gradient import train_gradient
from mramsim.training.job import Job, Trained


@dataclass(frozen=True)
class Options(GradientOptions):
    """Options of the method; those of `GradientOptions` with its defaults.

    The first learning rate, 1e-2, is above the 3e-3 of the paper, whose runs are 1000 epochs long.
    """


def fit_method(job: Job, options: Options) -> Trained:
    """Train a BNN; see `mramsim.training.gradient.train_gradient`."""
    return train_gradient("bnn", job, options)
