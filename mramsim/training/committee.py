"""Committee machine trained by the clipped-perceptron rule with reinforcement.

Baldassi, "Generalization learning in a perceptron with binary synapses", J. Stat. Phys. 136, 902
(2009), and Baldassi, Ingrosso, Lucibello, Saglietti, Zecchina, Phys. Rev. Lett. 115, 128101 (2015),
in the form that Colombo, Pittorino, Roveri compare with (arXiv:2412.00119): one hidden layer, a
fixed majority of neighbours, and a fixed random classifier of the majorities.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from mramsim.errors import InputError
from mramsim.training.job import Job, Trained
from mramsim.training.local.checks import check_rule, linear_widths
from mramsim.training.local.export import export_committee
from mramsim.training.local.layers import Rule
from mramsim.training.local.run import train_stack

EPOCHS = 50
PLANES = 1


@dataclass(frozen=True)
class Options:
    """Options of the method; see `mramsim.training.local_errors.Options` for the shared ones.

    Attributes
    ----------
    zeros : {"strict", "paper"}
    members : int
        Neurons that vote on one activation; a divisor of the width.
    robustness : float
        A sample is learned from unless it is right by a margin of this share of the votes.
    reinforcement : float
    clip : int
    batch : int
    """

    zeros: Literal["strict", "paper"] = "strict"
    members: int = 11
    robustness: float = 0.25
    reinforcement: float = 0.5
    clip: int = 0
    batch: int = 100

    def __post_init__(self) -> None:
        check_rule(self.zeros, self.robustness, self.reinforcement, self.clip, self.batch)
        if self.members < 2:
            raise InputError(f"members = {self.members}; at least 2 is allowed")


def fit_method(job: Job, options: Options) -> Trained:
    """Train a committee machine.

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
        For another shape, several bit planes, or members that do not divide the width.
    """
    widths = linear_widths("committee", job.record, job.layers)
    if len(widths) != 1:
        raise InputError(f"network '{job.name}': committee takes one hidden layer, mlp-Wx1")
    if widths[0] % options.members:
        raise InputError(
            f"members = {options.members}; a divisor of the width {widths[0]} is allowed"
        )
    rule = Rule(
        classes=len(job.data.classes),
        group=options.members,
        members=options.members,
        margin=int(widths[0] // options.members * options.robustness),
        clip=options.clip,
        tie=int(options.zeros == "strict"),
        seed=job.seed,
    )
    identity = job.identity("committee", asdict(options))
    stack, test, history = train_stack(
        job, widths, rule, options.batch, options.reinforcement, identity
    )
    zeros = stack.layers[0].zeros()
    return Trained(
        export_committee(stack, job.record, job.name), test, history, {"zero_weights": zeros}
    )
