"""What a worker does: one chip, or the exact reference of one test set.

A worker holds the inputs it was given once (`install`) and its latest calibrated placements, so
that a task is little more than a chip's number. Each worker computes with one thread.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import OrderedDict
from typing import Any

from mramsim.cost.model import cost_of
from mramsim.effects import ordered
from mramsim.mapping.placement import Placement, place
from mramsim.sweeps.inputs import Inputs
from mramsim.sweeps.recipes import Recipe, Task
from mramsim.trial import ChipResult, Trial

_KEPT_PLACEMENTS = 4


class Bench:
    """Inputs and calibrated placements of one worker.

    Parameters
    ----------
    inputs : Inputs
    """

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._placements: OrderedDict[str, Placement] = OrderedDict()
        self._lock = threading.Lock()  # a dask worker may have several threads

    def trial(self, recipe: Recipe) -> Trial:
        """Return what the chips of a recipe share."""
        test = self._inputs.tests[recipe.test]
        return Trial(
            self._placement(recipe),
            recipe.device,
            test.images,
            test.labels,
            recipe.conditions,
            frozenset(recipe.effects),
            recipe.seed,
        )

    def run(self, task: Task) -> dict[str, Any]:
        """Return the result of a task as plain values."""
        trial = self.trial(task.recipe)
        if task.chip is None:
            return {"accuracy": trial.exact(), "images": len(trial.labels)}
        return chip_record(trial, trial.chip(task.chip, threads=1))

    def _placement(self, recipe: Recipe) -> Placement:
        with self._lock:
            return self._kept(recipe)

    def _kept(self, recipe: Recipe) -> Placement:
        kept = self._placements
        if recipe.placing not in kept:
            network = self._inputs.networks[recipe.network]
            placed = place(network, recipe.mapping, None, recipe.layers, recipe.components)
            calibration = self._inputs.tests[recipe.test].calibration
            kept[recipe.placing] = placed.calibrate(calibration)
            if len(kept) > _KEPT_PLACEMENTS:
                kept.popitem(last=False)
        kept.move_to_end(recipe.placing)
        return kept[recipe.placing]


def chip_record(trial: Trial, result: ChipResult) -> dict[str, Any]:
    """Return what a sweep keeps of one chip.

    Returns
    -------
    dict
        ``accuracy``, ``images``, ``confusion`` (rows: labels), ``effects``, ``decision_errors``
        (wrong and all, by layer), and energy, latency, area and TOPS/W under the keys of
        ``mramsim run --json``.
    """
    cost = cost_of(trial.placement, trial.device, result.run.events, trial.conditions)
    return {
        "accuracy": result.accuracy,
        "images": len(trial.labels),
        "confusion": result.confusion.tolist(),
        "effects": ordered(result.effects),
        "decision_errors": {key: list(pair) for key, pair in result.run.decision_errors.items()},
        "energy_j_per_image": dict(cost.energy_j_per_image),
        "latency_s_per_image": cost.latency_s_per_image["total"],
        "area_m2": cost.area_m2["total"],
        "tops_per_watt": cost.tops_per_watt,
    }


_BENCH: Bench | None = None


def install(inputs: Inputs) -> None:
    """Give this process its inputs; numerical libraries keep to one thread."""
    global _BENCH
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    _BENCH = Bench(inputs)


def work(task: Task) -> dict[str, Any]:
    """Run a task on the installed inputs; see `timed`."""
    assert _BENCH is not None, "install was not called"
    return timed(_BENCH, task)


def timed(bench: Bench, task: Task) -> dict[str, Any]:
    """Run a task.

    Returns
    -------
    dict
        ``result``, ``seconds`` it took, ``host`` and ``pid`` of the worker.
    """
    start = time.perf_counter()
    result = bench.run(task)
    return {
        "result": result,
        "seconds": round(time.perf_counter() - start, 6),
        "host": socket.gethostname(),
        "pid": os.getpid(),
    }
