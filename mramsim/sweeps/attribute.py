"""Error attribution inside a sweep: chips with one effect alone, and with one left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mramsim.attribution import attribute
from mramsim.effects import ordered
from mramsim.sampling import active_effects
from mramsim.sweeps.axes import Value, axis_text
from mramsim.sweeps.plan import Plan
from mramsim.sweeps.recipes import Recipe, Task
from mramsim.sweeps.store import Store


def attribution_tasks(plan: Plan, recipes: Mapping[int, Recipe]) -> Iterator[Task]:
    """Yield the chips that the attribution of a plan needs beyond those of its points.

    Parameters
    ----------
    plan : Plan
    recipes : mapping of int to Recipe
        By number of the point; points that are not there are left to other shards.
    """
    spec = plan.attribution
    for number in spec.points if spec else ():
        if number in recipes:
            recipe = recipes[number]
            acting = _acting(recipe)
            for name in ordered(acting):
                for chosen in (frozenset({name}), acting - {name}):
                    for chip in range(spec.chips if spec else 0):
                        yield Task(_with(recipe, chosen), chip)


def attributions(
    plan: Plan, recipes: Mapping[int, Recipe], points: Sequence[Mapping[str, Value]], store: Store
) -> list[dict[str, Any]]:
    """Return the loss by effect of every point that was asked for.

    Returns
    -------
    list of dict
        ``point``, ``values`` of its axes, and what `mramsim.attribution.attribute` returns.
    """
    spec = plan.attribution
    found = []
    for number in spec.points if spec else ():
        if number in recipes and spec is not None:
            recipe = recipes[number]
            parts = attribute(
                lambda chosen, chip, recipe=recipe: store.accuracy(  # type: ignore[misc]
                    Task(_with(recipe, chosen), chip).id
                ),
                _acting(recipe),
                store.accuracy(Task(recipe).id),
                [store.accuracy(recipe.chip_ids.id(chip)) for chip in range(spec.chips)],
                lambda done, total, text: None,
            )
            values = {key: axis_text(value) for key, value in points[number].items()}
            found.append({"point": number, "values": values, **parts})
    return found


def _acting(recipe: Recipe) -> frozenset[str]:
    return active_effects(recipe.mapping, frozenset(recipe.effects))


def _with(recipe: Recipe, chosen: frozenset[str]) -> Recipe:
    return replace(recipe, effects=tuple(ordered(chosen)))
