"""One row of the table: what was computed, how fast, beside which peers."""

from __future__ import annotations

from typing import Any

from mramsim.benchmark.clock import Job, alternate
from mramsim.benchmark.peers import Peer
from mramsim.chip import Chip


def measure(
    name: str, macs: int, ours: Job, others: dict[str, Peer], repeats: int, **facts: Any
) -> dict[str, Any]:
    """Time a program beside its peers.

    Parameters
    ----------
    name : str
    macs : int
        Multiply-accumulates of one call.
    ours : callable
    others : dict of str to Peer
        ``float32`` among them, for all of the images.
    repeats : int
    **facts
        Anything else to print: card, bandwidth, bytes, draws.

    Returns
    -------
    dict
        ``macs_per_s``, ``float32_macs_per_s``, ``ratio``, and the rates of other peers; of those
        that had part of the images ``bf16_share`` and the like.
    """
    taken = alternate({"ours": ours, **{name: peer.run for name, peer in others.items()}}, repeats)
    rates = {f"{name}_macs_per_s": macs * peer.share / taken[name] for name, peer in others.items()}
    shares = {f"{name}_share": peer.share for name, peer in others.items() if peer.share < 1}
    return {
        "name": name,
        "operations": macs,
        "seconds": taken["ours"],
        "macs_per_s": macs / taken["ours"],
        **rates,
        **shares,
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
