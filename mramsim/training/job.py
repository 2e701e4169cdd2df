"""What a session hands to a method, and what the method hands back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mramsim.datasets import Dataset
from mramsim.network.graph import Network
from mramsim.network.nodes import Input
from mramsim.training.shapes import Layer

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, eq=False)
class Held:
    """Images that are looked at after each epoch, and never learned from.

    Attributes
    ----------
    name : {"validation", "test"}
        Validation images were held out of the training set and may choose the epoch that is kept;
        test images are only logged.
    images : uint8 array [images, channels, height, width]
    labels : uint8 array [images]
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Job:
    """One network to train.

    Attributes
    ----------
    data : Dataset
        Without the images held out for validation.
    held : Held
    record : Input
        How pixels become levels.
    layers : tuple of Layer
    name : str
        Of the shape.
    epochs, seed : int
    patience : int
        Epochs without a better validation accuracy after which training stops; 0: never, and the
        last epoch is kept.
    progress : callable
        Called with (done, total, text).
    checkpoint : pathlib.Path or None
        File.
    """

    data: Dataset
    held: Held
    record: Input
    layers: tuple[Layer, ...]
    name: str
    epochs: int
    seed: int
    patience: int
    progress: Progress
    checkpoint: Path | None

    def identity(self, method: str, options: dict[str, Any]) -> dict[str, Any]:
        """Return what must be equal for a checkpoint to be continued."""
        return {
            "method": method,
            "net": self.name,
            "data": self.data.digest,
            "input": self.record.settings(),
            "epochs": self.epochs,
            "seed": self.seed,
            "patience": self.patience,
            "options": options,
        }


@dataclass(frozen=True)
class Trained:
    """What a method hands back.

    Attributes
    ----------
    network : Network
        Folded.
    relaxed_test : float
        Test accuracy of the network as trained.
    history : list of dict
        An entry per epoch: "loss" where there is one, "train" (accuracy while learning), and the
        accuracy of the held images under their name.
    notes : dict
        Further entries of the training record; JSON-able.
    """

    network: Network
    relaxed_test: float
    history: list[dict[str, float]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)


def describe(entry: dict[str, float]) -> str:
    """Return an entry of a history as text."""
    return ", ".join(
        f"{key} {value:.4f}" if key == "loss" else f"{key} {100 * value:.2f} %"
        for key, value in entry.items()
    )


def best_epoch(history: list[dict[str, float]]) -> int:
    """Return the index of the first epoch with the best validation accuracy."""
    return int(np.argmax([entry["validation"] for entry in history]))


def exhausted(history: list[dict[str, float]], patience: int) -> bool:
    """Return whether `patience` epochs have gone by since the best one."""
    return patience > 0 and bool(history) and len(history) - 1 - best_epoch(history) >= patience
