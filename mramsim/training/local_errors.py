"""Local binary error signals.

Colombo, Pittorino, Roveri, "Training Multi-Layer Binary Neural Networks With Random Local Binary
Error Signals", arXiv:2412.00119, Mach. Learn.: Sci. Technol. 6, 035015 (2025). Each hidden layer
has integer weights, of which only the signs are used, and a fixed random binary classifier of its
activations. A layer learns from the errors of its own classifier, so nothing flows backwards
between layers, and no real number is needed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from mramsim.errors import InputError
from mramsim.training.job import Job, Trained
from mramsim.training.local.checks import check_rule, linear_widths
from mramsim.training.local.export import export_layers
from mramsim.training.local.layers import Rule
from mramsim.training.local.run import train_stack

EPOCHS = 50
PLANES = 1
GROUPS = {35: 35, 75: 75, 135: 45, 255: 85, 525: 105, 1035: 115, 2025: 45, 4095: 65}
SMALLEST, LARGEST = 15, 135  # useful groups, by the paper's sweep of group sizes


@dataclass(frozen=True)
class Options:
    """Options of the method; the defaults are the paper's.

    Attributes
    ----------
    zeros : {"strict", "paper"}
        "strict": integers start odd and change by 2, so that no weight is ever 0, and the sign of
        a sum of 0 is +1. "paper": as in the authors' code, integers and sums of 0 have the sign 0;
        the folded network takes +1 for them, and ``relaxed_test`` is the accuracy with zeros.
    group : int
        Neurons of which one is changed per weak sample, a divisor of the width. 0: the paper's
        size for its widths, else the largest divisor up to 135.
    robustness : float
        A sample is learned from unless it is right by a margin of this share of the width.
    reinforcement : float
        Probability p_r of moving an integer away from 0, before it is scaled with accuracy and
        fan-in.
    clip : int
        Largest magnitude of the integers; 0 for none, odd where zeros are strict.
    batch : int
    """

    zeros: Literal["strict", "paper"] = "strict"
    group: int = 0
    robustness: float = 0.25
    reinforcement: float = 0.5
    clip: int = 0
    batch: int = 100

    def __post_init__(self) -> None:
        check_rule(self.zeros, self.robustness, self.reinforcement, self.clip, self.batch)
        if self.group < 0:
            raise InputError(f"group = {self.group}; 0 (automatic) or more is allowed")


def fit_method(job: Job, options: Options) -> Trained:
    """Train a network by local errors.

    Parameters
    ----------
    job : Job
        Fully connected layers; an input of one bit plane.
    options : Options

    Returns
    -------
    Trained

    Raises
    ------
    InputError
        For convolutions, several bit planes, or a group that does not divide a width.
    """
    widths = linear_widths("local_errors", job.record, job.layers)
    width = widths[0]
    rule = Rule(
        classes=len(job.data.classes),
        group=group_size(width, options.group),
        members=1,
        margin=int(width * options.robustness),
        clip=options.clip,
        tie=int(options.zeros == "strict"),
        seed=job.seed,
    )
    identity = job.identity("local_errors", asdict(options))
    stack, test, history = train_stack(
        job, widths, rule, options.batch, options.reinforcement, identity
    )
    zeros = sum(layer.zeros() for layer in stack.layers)
    return Trained(
        export_layers(stack, job.record, job.name), test, history, {"zero_weights": zeros}
    )


def group_size(width: int, group: int = 0) -> int:
    """Return the group size for a width.

    Parameters
    ----------
    width : int
    group : int
        What the user wants; 0 for a choice by width.

    Returns
    -------
    int
        A divisor of `width`.

    Raises
    ------
    InputError
        If the wanted size is no divisor, or a wide layer has no useful one.
    """
    if group:
        if width % group:
            raise InputError(f"group = {group}; a divisor of the width {width} is allowed")
        return group
    if width in GROUPS:
        return GROUPS[width]
    best = max(size for size in range(1, min(width, LARGEST) + 1) if width % size == 0)
    if best < min(width, SMALLEST):
        raise InputError(
            f"width {width} has no divisor from {SMALLEST} to {LARGEST} to make groups of;"
            " take another width or name a group"
        )
    return best
