"""Adiabatic training: smooth functions that are made steeper until they are signs.

Zhao and Xiao, Sci. Rep. 11, 19797 (2021), and the first author's published code. Weights are
``s tanh(k W)`` with one trainable scale s per layer, activations a saturating function of ``k x``;
gradients are those of these functions, and nothing stands in for the slope of a sign. The network
is trained at one steepness k, then at a higher one, until weights, activations or both are binary.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mramsim.datasets import Dataset
from mramsim.errors import InputError
from mramsim.training.job import Job, Trained
from mramsim.training.shapes import Layer, Size
from mramsim.training.smooth.functions import FUNCTIONS, SIGNED, Activation
from mramsim.training.smooth.nets import Net, parse_net
from mramsim.training.smooth.run import Request, fit_float, fit_smooth
from mramsim.training.smooth.settings import OPTIMISERS, SCHEDULES, check_choice, find_setting

VALIDATION = 0.1  # share of the training images that controllers look at
PLANES = 8
_SMALL = 1 << 20  # weights


@dataclass(frozen=True)
class Options:
    """Options of the method; what is 0 or "auto" is as the authors have it for the network.

    Attributes
    ----------
    mode : {"weights", "activations", "both"}
        What becomes binary.
    schedule : {"auto", "ladder", "ramp", "target", "binarised"}
        Fixed steps of k, a steady rise (not the authors'), or one of the two controllers.
    activation : {"auto", "tanh", "rtanh", "hardtanh", "sigmoid"}
    offset : {-1, 0, 1}
        Of a named tanh or hardtanh: 1 for values of 0 and 2 (so if automatic, -1), 0 for -1 and +1.
    optimiser : {"auto", "adam", "sgd", "nesterov"}
    lr : float
        First learning rate.
    batch : int
    dropout : float
        -1 for the authors'.
    confine : float
        Strength of the penalty that keeps weights of convolutions within 0.2; the authors' is 0.2
        in some runs, 0 in others.
    augment : {"auto", "none", "flip-shift"}
    start : str
        Where weights come from: "random", "float" (the float network, trained first), or a
        checkpoint of this method or of its float network.
    """

    mode: Literal["weights", "activations", "both"] = "both"
    schedule: str = "auto"
    activation: str = "auto"
    offset: int = -1
    optimiser: str = "auto"
    lr: float = 0.0
    batch: int = 0
    dropout: float = -1.0
    confine: float = 0.0
    augment: str = "auto"
    start: str = "random"

    def __post_init__(self) -> None:
        check_choice("mode", self.mode, ("weights", "activations", "both"))
        check_choice("schedule", self.schedule, ("auto", *SCHEDULES))
        check_choice("activation", self.activation, ("auto", *FUNCTIONS))
        check_choice("optimiser", self.optimiser, ("auto", *OPTIMISERS))
        check_choice("augment", self.augment, ("auto", "none", "flip-shift"))
        if self.offset not in (-1, 0, 1):
            raise InputError(f"offset = {self.offset}; 0, 1, or -1 (automatic) are allowed")
        if self.offset != -1 and self.activation not in SIGNED:
            raise InputError(
                f"offset = {self.offset} with activation = '{self.activation}'; it is for "
                f"{' and '.join(SIGNED)}, to be named as well"
            )
        if not 0 <= self.lr < 10:
            raise InputError(f"lr = {self.lr}; above 0 and below 10 is allowed, or 0 (automatic)")
        if self.batch < 0 or self.batch == 1:
            raise InputError(f"batch = {self.batch}; at least 2 is allowed, or 0 (automatic)")
        if self.dropout != -1 and not 0 <= self.dropout < 1:
            raise InputError(f"dropout = {self.dropout}; 0 to below 1, or -1 (automatic)")
        if self.confine < 0:
            raise InputError(f"confine = {self.confine}; 0 or more is allowed")
        if self.mode == "weights" and self.activation != "auto":
            raise InputError(f"activation = '{self.activation}'; mode weights leaves it a ReLU")
        if self.mode == "activations" and self.confine:
            raise InputError(f"confine = {self.confine}; mode activations has no smooth weights")

    def function(self) -> Activation | None:
        """Return the activation that is named, or None for the network's own."""
        if self.activation == "auto":
            return None
        if self.activation not in SIGNED:
            return Activation(self.activation)
        return Activation(self.activation, 1.0 if self.offset == -1 else float(self.offset))


def parse_shape(name: str, image: Size) -> tuple[Layer, ...]:
    """Check the name of a network; its steps depend on the mode and are made later.

    Raises
    ------
    InputError
        For an unknown name.
    """
    parse_net(name, image)
    return ()


def default_epochs(name: str, image: Size, options: Options) -> int:
    """Return the number of epochs of the authors, or of the schedule that is named."""
    return _request(parse_net(name, image), options).setting.epochs(options.mode)


def fit_method(job: Job, options: Options) -> Trained:
    """Train a network adiabatically.

    Parameters
    ----------
    job : Job
        Its validation images steer the controllers; its patience is theirs, 0 for the authors'.
    options : Options

    Returns
    -------
    Trained
        With the steepness of each epoch in its notes.

    Raises
    ------
    InputError
        For patience with a fixed schedule, validation missing with a controller, sound that is to
        be mirrored, or weights to start from that do not fit.
    """
    return fit_smooth(job, _request(parse_net(job.name, job.data.shape), options), options.start)


def train_float(job: Job) -> NDArray[np.uint8]:
    """Train the float network of the same shape and return its class of each test image.

    Real weights, ReLU, the same BatchNorms and dropout; Adam or the authors' optimiser with a
    learning rate that falls to a hundredth.
    """
    return fit_float(job, parse_net(job.name, job.data.shape))


def _request(net: Net, options: Options) -> Request:
    if options.confine and net.family == "mlp":
        raise InputError(f"confine = {options.confine}; 'mlp' nets have no binary convolutions")
    return Request(
        net=net,
        mode=options.mode,
        function=options.function(),
        dropout=None if options.dropout == -1 else options.dropout,
        confine=options.confine,
        setting=find_setting(net.family, options.mode).changed(
            schedule=options.schedule,
            optimiser=options.optimiser,
            lr=options.lr,
            batch=options.batch,
            augment=options.augment,
        ),
    )


def threads(name: str, data: Dataset) -> int | None:
    """Return 1 for a small fully connected network; else None: torch's choice."""
    net = parse_net(name, data.shape)
    widths = [int(np.prod(data.shape)), *net.hidden, len(data.classes)]
    weights = sum(a * b for a, b in pairwise(widths))
    return 1 if net.family == "mlp" and weights < _SMALL else None


__all__ = ["Options", "default_epochs", "fit_method", "parse_shape", "threads", "train_float"]
