"""What the chips of one point share, and the result of one chip: `evaluate` and sweeps use it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mramsim.chip import BATCH, Run
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.effects import NAMES, ordered
from mramsim.mapping.placement import Placement
from mramsim.network.nodes.base import Array
from mramsim.sampling import sample_chip

CALIBRATION_IMAGES = 256
CHECKED_IMAGES = 256


@dataclass(frozen=True, eq=False)
class ChipResult:
    """One chip on a test set.

    Attributes
    ----------
    number : int
        Which die of the seed.
    accuracy : float
        Share of images classified correctly.
    confusion : int64 array [classes, classes]
        Images by label (row) and predicted class (column).
    effects : frozenset of str
        Effects that acted.
    run : Run
        Scores, counted events and decision errors.
    """

    number: int
    accuracy: float
    confusion: NDArray[np.int64]
    effects: frozenset[str]
    run: Run


@dataclass(frozen=True, eq=False)
class Trial:
    """A placed network, a device and a test set: all that the chips of one point share.

    Attributes
    ----------
    placement : Placement
        Calibrated.
    device : DeviceCard
    images : integer array [images, *input shape]
    labels : integer array [images]
    conditions : Conditions
        Temperature and age.
    effects : frozenset of str
        Effects switched on; see `mramsim.effects.select`.
    seed : int
        Root of all random draws.
    """

    placement: Placement
    device: DeviceCard
    images: Array
    labels: Array
    conditions: Conditions = field(default_factory=Conditions)
    effects: frozenset[str] = frozenset(NAMES)
    seed: int = 0

    def chip(self, number: int, batch: int = BATCH, threads: int | None = None) -> ChipResult:
        """Sample one chip and run the test set on it.

        Parameters
        ----------
        number : int
            Which die of the seed.
        batch, threads : int
            Images at a time and threads; they do not change the result.

        Returns
        -------
        ChipResult
        """
        return self._run(number, self.effects, CHECKED_IMAGES, batch, threads)

    def mapped(self, batch: int = BATCH, threads: int | None = None) -> float:
        """Return the accuracy with quantisation by faultless converters as the only effect."""
        ideal = replace(self, placement=self.placement.with_ideal_converters())
        return ideal._run(0, frozenset({"adc"}), 0, batch, threads).accuracy

    def exact(self, batch: int = BATCH) -> float:
        """Return the accuracy of the exact integer network."""
        found = self.placement.network.predict(self.images, min(batch, self.placement.block()))
        return accuracy(found, self.labels)

    def _run(
        self, number: int, effects: frozenset[str], checked: int, batch: int, threads: int | None
    ) -> ChipResult:
        chip = sample_chip(
            self.placement,
            self.device,
            self.seed,
            number=number,
            only=ordered(effects),
            conditions=self.conditions,
            threads=threads,
        )
        run = chip.run(self.images, batch=batch, checked=checked, threads=threads)
        return ChipResult(
            number,
            accuracy(run.predictions, self.labels),
            confusion(run.predictions, self.labels, run.scores.shape[1]),
            chip.effects,
            run,
        )


def accuracy(predictions: NDArray[np.intp], labels: Array) -> float:
    """Return the share of predictions that equal the label."""
    return float((predictions == labels).mean())


def confusion(predictions: NDArray[np.intp], labels: Array, classes: int) -> NDArray[np.int64]:
    """Return how many images of each label (row) were given each class (column), int64."""
    size = max(classes, int(labels.max(initial=0)) + 1)
    flat = labels.astype(np.int64) * size + predictions
    return np.bincount(flat, minlength=size * size).astype(np.int64).reshape(size, size)
