"""The plan of a search: that of a sweep, and what to optimise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from mramsim.errors import InputError
from mramsim.files import read_toml
from mramsim.sweeps.plan import Plan, check_plan
from mramsim.validation import Strict, as_json, explain

Objective = Literal["accuracy", "energy", "latency", "area"]


class SearchSpec(Strict):
    """What to look for, and how long.

    Attributes
    ----------
    objectives : tuple of str
        ``accuracy`` is to be high; ``energy``, ``latency`` and ``area`` low.
    trials : int
        Points to run.
    population : int
        Points of one generation; they are run together.
    seed : int
        Of the optimiser.
    """

    objectives: tuple[Objective, ...] = ("accuracy", "energy")
    trials: int = Field(default=100, ge=1, le=100_000)
    population: int = Field(default=20, ge=2, le=10_000)
    seed: int = Field(default=0, ge=0, lt=2**32)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.objectives) < 2 or len(set(self.objectives)) < len(self.objectives):
            raise ValueError(
                f"objectives = {list(self.objectives)}: two or more different ones are needed"
            )
        return self


@dataclass(frozen=True)
class SearchPlan:
    """A checked plan.

    Attributes
    ----------
    sweep : Plan
        Run, axes and chips; ``sampling.together`` names axes that move together.
    search : SearchSpec
    """

    sweep: Plan
    search: SearchSpec

    def content(self) -> dict[str, Any]:
        """Return the plan as plain values, defaults included."""
        found = self.sweep.content()
        return {**found, "search": self.search.model_dump(mode="json")}


def load_search(plan: str | Path | Mapping[str, Any]) -> SearchPlan:
    """Read and check a plan.

    Parameters
    ----------
    plan : path or mapping
        A sweep's plan with one more table, ``[search]``.

    Returns
    -------
    SearchPlan

    Raises
    ------
    InputError
        One line with the path of each wrong key.
    """
    if isinstance(plan, Mapping):
        content, folder, name = dict(plan), Path.cwd(), "plan"
    else:
        path = Path(plan)
        content, folder, name = read_toml(path), path.absolute().parent, path.name
    own = content.pop("search", {})
    checked = check_plan(content, folder, name)
    if checked.sampling.method != "grid":
        raise InputError(
            f"{name}: sampling.method = '{checked.sampling.method}': a search draws its own points"
        )
    if not checked.axes:
        raise InputError(f"{name}: axes: at least one is needed")
    try:
        spec = SearchSpec.model_validate_json(as_json(own, "search"))
    except ValidationError as error:
        raise InputError(f"{name}: {explain(error, SearchSpec, 'search.')}") from None
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    return SearchPlan(checked, spec)
