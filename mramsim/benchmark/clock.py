"""Alternating runs of two programs, and the median time of each."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

Job = Callable[[], Any]


def seconds(job: Job) -> float:
    """Return the wall time of one call in s."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def alternate(jobs: dict[str, Job], repeats: int) -> dict[str, float]:
    """Return the median time of each job in s, after one call of each to warm up.

    Parameters
    ----------
    jobs : dict of str to callable
    repeats : int
        Rounds; each runs every job once, in order.
    """
    for job in jobs.values():
        job()
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            times[name].append(seconds(job))
    return {name: median(taken) for name, taken in times.items()}
