"""Points by optuna's NSGA-II (Deb et al., IEEE Trans. Evol. Comput. 6(2), 182 (2002)).

The optimiser holds no state of its own between runs: with the same seed and the same answers it
asks for the same points, so a search goes on by asking again and answering from the store.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from mramsim.errors import InputError
from mramsim.explore.front import HIGH
from mramsim.explore.plan import SearchPlan
from mramsim.sweeps.axes import Axis, ListAxis, Value


class Proposer:
    """Asks for generations of points.

    Parameters
    ----------
    plan : SearchPlan

    Raises
    ------
    InputError
        Without optuna, or where axes that move together have different lengths.
    """

    def __init__(self, plan: SearchPlan) -> None:
        optuna = _optuna()
        spec = plan.search
        self._groups = _groups(plan)
        self._fail = optuna.trial.TrialState.FAIL
        self._study = optuna.create_study(
            directions=["maximize" if name in HIGH else "minimize" for name in spec.objectives],
            sampler=optuna.samplers.NSGAIISampler(seed=spec.seed, population_size=spec.population),
        )

    def ask(self, count: int) -> list[tuple[Any, dict[str, Value]]]:
        """Return so many new points, each with the handle that `tell` takes."""
        found = []
        for _ in range(count):
            trial = self._study.ask()
            values: dict[str, Value] = {}
            for name, axes in self._groups.items():
                values.update(_suggest(trial, name, axes))
            found.append((trial, values))
        return found

    def tell(self, trial: Any, values: Sequence[float] | None) -> None:
        """Give the objectives of a point; None where the design was refused."""
        if values is None:
            self._study.tell(trial, state=self._fail)
        else:
            self._study.tell(trial, list(values))


def _optuna() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import optuna
    except ImportError:
        raise InputError(
            "a search needs optuna, which is not installed: pip install mramsim[search]"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _groups(plan: SearchPlan) -> dict[str, dict[str, Axis]]:
    """Return the axes that share one parameter, by its name."""
    axes, found = plan.sweep.axes, {}
    together = {key: group for group in plan.sweep.sampling.together for key in group}
    for key in axes:
        group = together.get(key, (key,))
        found["+".join(group)] = {name: axes[name] for name in group}
    for name, members in found.items():
        sizes = {
            len(axis.values) if isinstance(axis, ListAxis) else None for axis in members.values()
        }
        if len(sizes) > 1:
            raise InputError(
                f"sampling.together: {name}: axes that move together are lists of the same length"
            )
    return found


def _suggest(trial: Any, name: str, axes: Mapping[str, Axis]) -> dict[str, Value]:
    first = next(iter(axes.values()))
    if not isinstance(first, ListAxis):
        share = trial.suggest_float(name, 0.0, 1.0)
        return {key: axis.at(share) for key, axis in axes.items()}
    numbers = all(
        isinstance(value, int | float) and not isinstance(value, bool)
        for axis in axes.values()
        if isinstance(axis, ListAxis)
        for value in axis.values
    )
    last = len(first.values) - 1
    place = (
        trial.suggest_int(name, 0, last)
        if numbers
        else trial.suggest_categorical(name, list(range(last + 1)))
    )
    return {key: axis.values[place] for key, axis in axes.items() if isinstance(axis, ListAxis)}
