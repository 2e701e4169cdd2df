"""Alternating runs of two programs, and the median time of each."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

Job = Callable[[], Any]
SETTLE_S = 0.03  # of calls that are not timed, before one that is
LONG_S = 1.0  # a call for which that does not matter


def seconds(job: Job) -> float:
    """Return the wall time of one call in s."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def alternate(jobs: dict[str, Job], repeats: int) -> dict[str, float]:
    """Return the median time of each job in s, each timed right after calls of its own.

    Threads of OpenMP go on spinning for some milliseconds after their product, on the cores of
    whatever comes next, and threads that wake from a pause share a core at first. So each job runs
    untimed for `SETTLE_S` first, at least once, or but once in all if it takes `LONG_S`.

    Parameters
    ----------
    jobs : dict of str to callable
    repeats : int
        Rounds; each times every job once, in order.
    """
    first = {name: seconds(job) for name, job in jobs.items()}
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            if first[name] < LONG_S:
                settle(job)
            times[name].append(seconds(job))
    return {name: median(taken) for name, taken in times.items()}


def settle(job: Job) -> None:
    """Call a job until its own threads have the cores to themselves."""
    left = SETTLE_S
    while left > 0:
        left -= seconds(job)
