"""What all smooth layers of a network share: how steep they are, and what they are doing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

LIMIT = 1000.0  # from this steepness on a smooth function is the sign itself
SIGN = 1e5  # a steepness beyond the limit

Stage = Literal["train", "validate", "collect", "relaxed", "exact"]


@dataclass
class Control:
    """State of a network.

    Attributes
    ----------
    weights, activations : float
        Steepness k_w of weights and k_a of activations.
    stage : {"train", "validate", "collect", "relaxed", "exact"}
        Training; measuring with the statistics of the batch and no dropout; the same while
        BatchNorm gathers averages; inference with those averages at any steepness; or inference
        beyond the limit, where each product with real numbers is formed in float64 and rounded
        once, as the nodes of a network do.
    """

    weights: float = 1.0
    activations: float = 1.0
    stage: Stage = "train"

    @contextmanager
    def at(
        self, stage: Stage, weights: float | None = None, activations: float | None = None
    ) -> Iterator[None]:
        """Change the stage, and the steepness where given, for a while."""
        before = (self.weights, self.activations, self.stage)
        self.stage = stage
        self.weights = self.weights if weights is None else weights
        self.activations = self.activations if activations is None else activations
        try:
            yield
        finally:
            self.weights, self.activations, self.stage = before
