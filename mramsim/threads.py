"""Work side by side in threads; what is made never depends on how many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mramsim.bounds import whole
from mramsim.errors import InputError

Item = TypeVar("Item")
Made = TypeVar("Made")


def thread_count(threads: int | None, name: str = "threads") -> int:
    """Return how many threads (or what `name` says) to use, or one for each processor.

    Raises
    ------
    InputError
        For less than 1, or no whole number.
    """
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if whole(name, threads) < 1:
        raise InputError(f"{name} = {threads}; at least 1 is allowed")
    return threads


def each(make: Callable[[Item], Made], items: Iterable[Item], threads: int) -> list[Made]:
    """Return what is made of each item, in their order."""
    given = list(items)
    if threads == 1 or len(given) < 2:
        return [make(item) for item in given]
    with ThreadPoolExecutor(min(threads, len(given))) as pool:
        return list(pool.map(make, given))
