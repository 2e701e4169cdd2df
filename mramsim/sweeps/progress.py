"""Progress of a sweep in words: tasks done, rate, time left, current interval."""

from __future__ import annotations

import time
from collections.abc import Callable

from mramsim.intervals import half_width
from mramsim.sweeps.schedule import State

Progress = Callable[[int, int, str], None]


class Pace:
    """Turns the state of a sweep into calls of a progress function, not more often than needed.

    Parameters
    ----------
    tell : callable
        Called with (done, total, text).
    every_s : float
        Least time between two calls, in s; the last state is always told.
    confidence : float
        Of the interval.
    """

    def __init__(self, tell: Progress, every_s: float, confidence: float) -> None:
        self._tell = tell
        self._every_s = every_s
        self._confidence = confidence
        self._start = time.monotonic()
        self._last = -float("inf")

    def __call__(self, state: State, last: bool = False) -> None:
        """Tell, unless it was told a moment ago."""
        now = time.monotonic()
        if now - self._last < self._every_s and not last:
            return
        self._last = now
        done, total = state.count()
        parts = []
        if state.done:
            rate = state.done / max(now - self._start, 1e-9)
            parts.append(f"{rate:.3g} tasks/s")
            if not last and total > done:
                parts.append(f"{duration((total - done) / rate)} left")
        if state.found and not state.done:
            parts.append(f"{state.found} found")
        if state.latest is not None:
            point = state.latest
            values = point.decider.accuracies()
            if values:
                half = half_width(values, self._confidence)
                spread = "" if half is None else f" ± {100 * half:.2f}"
                mean = 100 * sum(values) / len(values)
                parts.append(
                    f"point {point.number}: {mean:.2f}{spread} % after {len(values)} chips"
                )
        self._tell(done, total, ", ".join(parts))


def duration(seconds: float) -> str:
    """Return a time as people say it: ``40 s``, ``3 min``, ``2.5 h``."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
