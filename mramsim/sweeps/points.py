"""The points of a plan: grid, zip, random or Sobol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from mramsim.errors import InputError
from mramsim.sweeps.axes import MOST_POINTS, Axis, Value
from mramsim.sweeps.plan import Plan, SamplingSpec

_BITS = 30  # of scipy's Sobol numbers


def plan_points(plan: Plan) -> list[dict[str, Value]]:
    """Return the values of every axis at every point, in order.

    A grid varies its last axis fastest. A plan without axes has one point.

    Raises
    ------
    InputError
        Axes that cannot be combined in this way.
    """
    try:
        found = _points(plan)
        for number in plan.attribution.points if plan.attribution else ():
            if number >= len(found):
                raise InputError(f"attribution.points: {number}; points are 0 to {len(found) - 1}")
    except InputError as error:
        raise InputError(f"{plan.name}: {error}") from None
    return found


def _points(plan: Plan) -> list[dict[str, Value]]:
    if plan.sampling.method == "grid":
        return list(_grid(plan.axes, plan.sampling))
    if plan.sampling.method == "zip":
        return list(_zipped(plan.axes, tuple(plan.axes), "sampling.method = 'zip'"))
    shares = unit_points(len(plan.axes), plan.sampling)
    return [
        {key: axis.at(float(u)) for (key, axis), u in zip(plan.axes.items(), row, strict=True)}
        for row in shares
    ]


def unit_points(dimensions: int, sampling: SamplingSpec) -> NDArray[np.float64]:
    """Return points of the unit cube, float64 [points, dimensions], for ``random`` or ``sobol``.

    Sobol points are those of scipy without scrambling, shifted digitally (exclusive or) by one
    random number per dimension, so they are the same for any version.
    """
    count = sampling.points or 1
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(sampling.seed)))
    if dimensions == 0 or sampling.method == "random":
        return generator.random((count, dimensions))
    from scipy.stats import qmc

    power = max(0, (count - 1).bit_length())
    points = qmc.Sobol(dimensions, scramble=False, bits=_BITS).random_base2(power)[:count]
    numbers = np.round(points * (1 << _BITS)).astype(np.int64)
    shift = generator.integers(0, 1 << _BITS, dimensions)
    return np.asarray((numbers ^ shift) / (1 << _BITS), dtype=np.float64)


def _grid(axes: Mapping[str, Axis], sampling: SamplingSpec) -> Iterator[dict[str, Value]]:
    grouped = {key: group for group in sampling.together for key in group}
    groups = list(dict.fromkeys(grouped.get(key, (key,)) for key in axes))
    parts = [_zipped(axes, group, "sampling.together") for group in groups]
    total = prod(len(part) for part in parts)
    if total > MOST_POINTS:
        sizes = " x ".join(str(len(part)) for part in parts)
        raise InputError(f"axes: {sizes} = {total} points; at most {MOST_POINTS} are allowed")
    for chosen in product(*parts):
        merged = {key: value for part in chosen for key, value in part.items()}
        yield {key: merged[key] for key in axes}


def _zipped(axes: Mapping[str, Axis], group: Sequence[str], why: str) -> list[dict[str, Value]]:
    values = {key: _values(key, axes[key]) for key in group}
    if len({len(found) for found in values.values()}) > 1:
        sizes = ", ".join(f"axes.{key}: {len(found)}" for key, found in values.items())
        raise InputError(f"{why} needs axes of the same length ({sizes})")
    if not values:
        return [{}]
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def _values(key: str, axis: Axis) -> tuple[Value, ...]:
    try:
        return axis.values
    except ValueError as error:
        raise InputError(f"axes.{key}: {error}") from None
