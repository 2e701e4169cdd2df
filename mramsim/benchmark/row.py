"""One row of the table: what was computed, how fast, beside which peers."""

from __future__ import annotations

from typing import Any

from mramsim.benchmark.clock import Job, alternate
from mramsim.chip import Chip


def measure(
    name: str, macs: int, ours: Job, others: dict[str, Job], repeats: int, **facts: Any
) -> dict[str, Any]:
    """Time a program beside its peers.

    Parameters
    ----------
    name : str
    macs : int
        Multiply-accumulates of one call.
    ours : callable
    others : dict of str to callable
        Peers; ``float32`` among them.
    repeats : int
    **facts
        Anything else to print: card, bandwidth, bytes, draws.

    Returns
    -------
    dict
        ``macs_per_s``, ``float32_macs_per_s``, ``ratio`` and the like for other peers.
    """
    taken = alternate({"ours": ours, **others}, repeats)
    rates = {f"{peer}_macs_per_s": macs / taken[peer] for peer in others}
    return {
        "name": name,
        "operations": macs,
        "seconds": taken["ours"],
        "macs_per_s": macs / taken["ours"],
        **rates,
        "ratio": taken["float32"] / taken["ours"],
        **facts,
    }


def conditions(chip: Chip, device: str, mapping: str, images: int) -> dict[str, Any]:
    """Return under what a chip is timed: cards, images, bandwidth in Hz, effects."""
    return {
        "device": device,
        "mapping": mapping,
        "images": images,
        "bandwidth_hz": chip.placement.card.bandwidth_hz,
        "effects": sorted(chip.effects),
    }
