"""When a point has enough chips: intervals, and rules that look at chips 0 .. k in order.

A rule decides at fixed numbers of chips only (`least`, then every `block` more, at most `most`),
and only from chips 0 .. k - 1, so the decision does not depend on which chip was finished first.
Chips beyond the decision are dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import Field, model_validator

from mramsim.intervals import clopper_pearson, half_width
from mramsim.validation import Strict

LEAST = 8


class YieldSpec(Strict):
    """Share of chips at or above an accuracy.

    Attributes
    ----------
    accuracy : float
        What a chip must reach to count.
    half_width : float, optional
        Stop when the Clopper-Pearson interval of the share is at most twice as wide.
    share : float, optional
        Stop when that interval lies wholly above or wholly below this share.
    """

    accuracy: float = Field(ge=0.0, le=1.0)
    half_width: float | None = Field(default=None, gt=0.0, lt=0.5)
    share: float | None = Field(default=None, gt=0.0, lt=1.0)


class ChipsSpec(Strict):
    """How many chips a point gets.

    Attributes
    ----------
    count : int, optional
        A fixed number.
    least, most, block : int
        With a rule: decisions at `least`, `least + block`, ... and `most` chips.
    half_width : float, optional
        Rule: stop when half the Student interval of the mean accuracy is at most this.
    confidence : float
        Of every interval.
    yields : YieldSpec, optional
        ``chips.yield`` in the plan.
    """

    count: int | None = Field(default=None, ge=1, le=10_000_000)
    least: int = Field(default=LEAST, ge=LEAST)
    most: int | None = Field(default=None, ge=LEAST, le=10_000_000)
    block: int = Field(default=LEAST, ge=1)
    half_width: float | None = Field(default=None, gt=0.0, lt=0.5)
    confidence: float = Field(default=0.95, gt=0.0, lt=1.0)
    yields: YieldSpec | None = Field(default=None, alias="yield")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.count is not None:
            given = {"least", "most", "block", "half_width"} & self.model_fields_set
            if given:
                raise ValueError(f"count is a fixed number; {min(given)} belongs to a stop rule")
            if self.yields and (self.yields.half_width or self.yields.share):
                raise ValueError("count is a fixed number; yield.half_width and yield.share stop")
            return self
        if self.most is None:
            raise ValueError("give count, or most with a stop rule")
        if self.most < self.least:
            raise ValueError(f"most = {self.most} is below least = {self.least}")
        stops = self.yields and (self.yields.half_width or self.yields.share)
        if self.half_width is None and not stops:
            raise ValueError("most needs a rule: half_width, yield.half_width or yield.share")
        return self

    def content(self) -> dict[str, Any]:
        """Return the plan's values, defaults included where they matter."""
        rule = {"least", "most", "block", "half_width"} if self.count is not None else set()
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=rule)

    def decisions(self) -> Sequence[int]:
        """Return the numbers of chips at which the rule decides; the last one always stops."""
        if self.count is not None:
            return (self.count,)
        assert self.most is not None
        return (*range(self.least, self.most, self.block), self.most)

    def why(self, accuracies: Sequence[float]) -> str | None:
        """Return why to stop after these chips, or None to go on.

        Parameters
        ----------
        accuracies : sequence of float
            Of chips 0 .. k - 1, k one of `decisions`.

        Returns
        -------
        str or None
            ``"count"``, ``"rule"`` or ``"most"``.
        """
        if self.count is not None:
            return "count"
        if self._satisfied(accuracies):
            return "rule"
        return "most" if len(accuracies) == self.most else None

    def _satisfied(self, accuracies: Sequence[float]) -> bool:
        if self.half_width is not None:
            half = half_width(accuracies, self.confidence)
            if half is None or half > self.half_width:
                return False
        if self.yields is None:
            return True
        good = sum(value >= self.yields.accuracy for value in accuracies)
        low, high = clopper_pearson(good, len(accuracies), self.confidence)
        if self.yields.half_width is not None and high - low > 2.0 * self.yields.half_width:
            return False
        return self.yields.share is None or not low <= self.yields.share <= high


class Decider:
    """Follows one point: which chips it needs, and whether it is done.

    Parameters
    ----------
    spec : ChipsSpec
    """

    def __init__(self, spec: ChipsSpec) -> None:
        self._spec = spec
        self._steps = spec.decisions()
        self._step = 0
        self._found: dict[int, float] = {}
        self._run = 0  # chips 0 .. _run - 1 are there
        self.why: str | None = None

    @property
    def needed(self) -> int:
        """Chips up to the decision that is due, or the final number."""
        return self._steps[self._step]

    @property
    def further(self) -> int:
        """Chips up to the decision after that."""
        return self._steps[min(self._step + 1, len(self._steps) - 1)]

    def add(self, chip: int, accuracy: float) -> None:
        """Take the result of a chip into account."""
        self._found[chip] = accuracy
        while self._run in self._found:
            self._run += 1
        while self.why is None and self._run >= self.needed:
            self.why = self._spec.why(self.accuracies(self.needed))
            if self.why is None:
                self._step += 1

    def accuracies(self, count: int | None = None) -> list[float]:
        """Return the accuracies of the first chips without a gap, at most `count`."""
        stop = self._run if count is None else min(count, self._run)
        return [self._found[chip] for chip in range(stop)]


def stop_columns(spec: ChipsSpec, accuracies: Sequence[float]) -> Mapping[str, float | int | None]:
    """Return yield and its interval, where the plan has a target."""
    if spec.yields is None:
        return {}
    good = sum(value >= spec.yields.accuracy for value in accuracies)
    low, high = clopper_pearson(good, len(accuracies), spec.confidence)
    return {"yield": good / len(accuracies), "yield_low": low, "yield_high": high}
