"""One axis of a plan: a list, a range, or a distribution.

Every axis turns a number from 0 to 1 into a value (`at`), for random and Sobol sampling and for
design-space search; lists and ranges also give their values in order (`values`), for grids.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainValidator, ValidationError, model_validator

from mramsim.errors import InputError, nearest
from mramsim.validation import Strict, as_json, explain

MOST_POINTS = 1_000_000
Value = bool | int | float | str | tuple[bool | int | float | str, ...]


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
        raise ValueError(f"{value!r}: a finite number is expected")
    return value


def _finite(value: float) -> bool:
    """Return whether a number has a place among floats."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _positive(value: Any) -> Any:
    if _number(value) <= 0:
        raise ValueError(f"{value!r}: a number above 0 is expected")
    return value


def _value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_scalar(item) for item in value)
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float) and _finite(value):
        return value
    raise ValueError(f"{value!r}: a number, a text, true or false, or a list of these is expected")


Number = Annotated[Any, PlainValidator(_number)]
Positive = Annotated[Any, PlainValidator(_positive)]


class ListAxis(Strict):
    """The values as they stand, in order."""

    values: tuple[Annotated[Any, PlainValidator(_value)], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        seen = set()
        for place, value in enumerate(self.values):
            key = (isinstance(value, bool), value)  # True == 1 in Python
            if key in seen:
                raise ValueError(f"values.{place} = {value!r} is there twice")
            seen.add(key)
        return self

    def at(self, share: float) -> Value:
        """Return the value at `share` of the list, each with the same weight."""
        found: Value = self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        return found


class RangeAxis(Strict):
    """Evenly spaced numbers from `start` to `stop`, both included.

    Attributes
    ----------
    start, stop : number
    count : int, optional
        How many; for grids give this or `step`.
    step : number, optional
        Distance, on a linear scale.
    scale : {"linear", "log"}
    whole : bool
        Round to whole numbers (of a grid, each once).
    """

    start: Number
    stop: Number
    count: int | None = Field(default=None, ge=1, le=MOST_POINTS)
    step: Positive = None
    scale: Literal["linear", "log"] = "linear"
    whole: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.start < self.stop:
            raise ValueError(f"start = {self.start} must be below stop = {self.stop}")
        if self.count is not None and self.step is not None:
            raise ValueError("give count or step, not both")
        if self.scale == "log" and self.start <= 0:
            raise ValueError(f"start = {self.start}: a log scale starts above 0")
        if self.scale == "log" and self.step is not None:
            raise ValueError("step is for a linear scale; give count")
        start, stop = float(self.start), float(self.stop)
        if not math.isfinite(stop / start if self.scale == "log" else stop - start):
            raise ValueError(f"start = {self.start} and stop = {self.stop} are too far apart")
        return self

    @property
    def values(self) -> tuple[Value, ...]:
        """The values of a grid, in order.

        Raises
        ------
        ValueError
            Without count or step, or for too many.
        """
        if self.step is not None:
            if (float(self.stop) - float(self.start)) / float(self.step) >= MOST_POINTS:
                raise ValueError(f"step = {self.step}: at most {MOST_POINTS} points are allowed")
            count = math.floor((self.stop - self.start) / self.step * (1 + 1e-12)) + 1
            found = [self._number(self.start + place * self.step) for place in range(count)]
        elif self.count is None:
            raise ValueError("a grid needs count or step")
        elif self.count == 1:
            found = [self._number(self.start)]
        else:
            found = [self._number(self._scaled(k / (self.count - 1))) for k in range(self.count)]
        return tuple(dict.fromkeys(found))

    def at(self, share: float) -> Value:
        """Return the value at `share` of the range."""
        if not self.whole:
            return self._number(self._scaled(share))
        low, high = self._whole_ends()
        if self.scale == "linear":
            return min(low + int(share * (high - low + 1)), high)
        return min(max(round(self._scaled(share)), low), high)

    def _scaled(self, share: float) -> float:
        if share in (0.0, 1.0):
            return float(self.stop if share else self.start)
        if self.scale == "log":
            return float(self.start * (self.stop / self.start) ** share)
        return float(self.start + (self.stop - self.start) * share)

    def _number(self, value: float) -> Value:
        if self.whole or (isinstance(self.start, int) and isinstance(self.step, int)):
            return round(value)
        return tidy(value)

    def _whole_ends(self) -> tuple[int, int]:
        return math.ceil(self.start), math.floor(self.stop)


class DistributionAxis(Strict):
    """Numbers drawn from a distribution, cut to `low` .. `high` where given.

    Attributes
    ----------
    distribution : {"normal", "lognormal"}
    mean, std : float
        Of a normal distribution.
    median, sigma : float
        Of a lognormal one; `sigma` is the standard deviation of the logarithm.
    low, high : float, optional
    """

    distribution: Literal["normal", "lognormal"]
    mean: Number = None
    std: Positive = None
    median: Positive = None
    sigma: Positive = None
    low: Number = None
    high: Number = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        needed, other = (("mean", "std"), ("median", "sigma"))[:: self._direction()]
        missing = [key for key in needed if getattr(self, key) is None]
        unused = [key for key in other if getattr(self, key) is not None]
        if missing or unused:
            raise ValueError(f"a {self.distribution} distribution takes {' and '.join(needed)}")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"low = {self.low} must be below high = {self.high}")
        if not self._share(self.low, 0.0) < self._share(self.high, 1.0):
            raise ValueError("nothing of the distribution lies between low and high")
        if not all(math.isfinite(self.at(share)) for share in (0.0, 1.0)):
            raise ValueError(f"{needed[1]} = {getattr(self, needed[1])}: too wide for numbers")
        return self

    @property
    def values(self) -> tuple[Value, ...]:
        """Refuse: a grid cannot hold a distribution."""
        raise ValueError("a distribution needs sampling.method = 'random' or 'sobol'")

    def at(self, share: float) -> float:
        """Return the quantile of `share`."""
        from scipy.special import ndtri

        low, high = self._share(self.low, 0.0), self._share(self.high, 1.0)
        tiny = 2.0**-53
        inside = min(max(low + (high - low) * share, tiny), 1.0 - tiny)
        centre, width = self._moments()
        value = centre + width * float(ndtri(inside))
        return tidy(_exp(value) if self.distribution == "lognormal" else value)

    def _direction(self) -> int:
        return 1 if self.distribution == "normal" else -1

    def _moments(self) -> tuple[float, float]:
        if self.distribution == "normal":
            return float(self.mean or 0.0), float(self.std or 1.0)
        return math.log(self.median or 1.0), float(self.sigma or 1.0)

    def _share(self, bound: float | None, default: float) -> float:
        """Return the share of the distribution below `bound`."""
        if bound is None:
            return default
        if self.distribution == "lognormal":
            if bound <= 0.0:
                return 0.0
            bound = math.log(bound)
        centre, width = self._moments()
        return 0.5 * math.erfc((centre - bound) / (width * math.sqrt(2.0)))


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


Axis = ListAxis | RangeAxis | DistributionAxis


def tidy(value: float) -> float:
    """Return a float rounded to 12 significant digits: 0.3, not 0.30000000000000004."""
    return float(f"{value:.12g}")


def axis_text(value: Value) -> Any:
    """Return the value of an axis for a table: lists of names joined, an empty one ``none``."""
    if isinstance(value, tuple):
        return "+".join(str(item) for item in value) or "none"
    return value


def read_axis(path: str, content: Any) -> Axis:
    """Make an axis from what stands in a plan.

    Parameters
    ----------
    path : str
        Of the axis in the plan, for messages.
    content : list or mapping
        ``[...]``, ``{values = [...]}``, ``{start, stop, count | step, scale, whole}`` or
        ``{distribution, ...}``.

    Returns
    -------
    Axis

    Raises
    ------
    InputError
    """
    if isinstance(content, list | tuple):
        content = {"values": list(content)}
    if not isinstance(content, Mapping):
        raise InputError(
            f"{path} = {content!r}: a list, {{start, stop, count}} or {{distribution, ...}} is "
            "expected"
        )
    model = _model(content)
    if model is None:
        known = {*ListAxis.model_fields, *RangeAxis.model_fields, "distribution"}
        wrong = next(iter(content), "")
        raise InputError(f"key '{path}.{wrong}' is unknown{nearest(str(wrong), known)}")
    try:
        return model.model_validate_json(as_json(content, path))
    except ValidationError as error:
        raise InputError(explain(error, model, f"{path}.")) from None


def is_axis(content: Mapping[str, Any]) -> bool:
    """Return whether a table of a plan describes an axis (else it holds more axes)."""
    keys = {*ListAxis.model_fields, *RangeAxis.model_fields, *DistributionAxis.model_fields}
    return not content or any(
        key in keys and not isinstance(value, Mapping) for key, value in content.items()
    )


def _model(content: Mapping[str, Any]) -> type[Axis] | None:
    if "distribution" in content:
        return DistributionAxis
    if "values" in content:
        return ListAxis
    if {"start", "stop"} & set(content):
        return RangeAxis
    return None
