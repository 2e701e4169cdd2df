"""Which effect costs how much: every effect alone, and every effect left out, on the same chips.

All runs share the chips' draws (the effects of a run are in no random key), so differences are
taken chip by chip and their intervals are those of the differences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mramsim.effects import ordered
from mramsim.result import summarise
from mramsim.trial import Trial

Accuracy = Callable[[frozenset[str], int], float]
Progress = Callable[[int, int, str], None]


def attribute(
    accuracy: Accuracy,
    effects: frozenset[str],
    exact: float,
    every: Sequence[float],
    progress: Progress,
) -> dict[str, Any]:
    """Return the loss of accuracy by effect.

    Parameters
    ----------
    accuracy : callable
        (effects switched on, number of the chip) to the accuracy of that chip.
    effects : frozenset of str
        Effects that act.
    exact : float
        Accuracy without any effect.
    every : sequence of float
        Accuracy of each chip with all of them.
    progress : callable
        Called with (done, total, text).

    Returns
    -------
    dict
        ``none``: `exact`; ``all``: see `mramsim.result.summarise`; ``effects``: a list of
        ``effect``, ``alone`` and ``left_out``. Each of these two is the summary of its runs with,
        under ``lost`` and ``regained``, that of the differences in accuracy, chip by chip: what the
        effect alone costs, and what leaving it out gives back.
    """
    names, chips = ordered(effects), len(every)
    runs = [(name, way) for name in names for way in ("alone", "left_out")]
    rows: dict[str, dict[str, Any]] = {name: {"effect": name} for name in names}
    for done, (name, way) in enumerate(runs):
        progress(done, len(runs), f"{name} {'alone' if way == 'alone' else 'left out'}")
        chosen = frozenset({name}) if way == "alone" else effects - {name}
        found = np.array([accuracy(chosen, number) for number in range(chips)])
        if way == "alone":
            difference = {"lost": summarise((exact - found).tolist())}
        else:
            difference = {"regained": summarise((found - np.asarray(every)).tolist())}
        rows[name][way] = {**summarise(found.tolist()), **difference}
    progress(len(runs), len(runs), "done")
    return {"none": exact, "all": summarise(every), "effects": list(rows.values())}


def attribution(
    trial: Trial,
    effects: frozenset[str],
    exact: float,
    every: Sequence[float],
    batch: int,
    threads: int | None,
    progress: Progress,
) -> dict[str, Any]:
    """Return `attribute` of a trial whose chips with all `effects` reached `every`."""

    def accuracy(chosen: frozenset[str], number: int) -> float:
        return replace(trial, effects=chosen).chip(number, batch, threads).accuracy

    return attribute(accuracy, effects, exact, every, progress)
