"""Patches of a map, one after the other."""

from __future__ import annotations

from typing import Any

from mramsim.kernels.jit import kernel


@kernel
def fill_patches(maps: Any, place: Any, member: Any, patches: Any) -> Any:
    """Fill `patches` [N, P, F] with ``maps[n, place[p] + member[f]]``.

    Parameters
    ----------
    maps : array [N, S]
    place : uint64 [P]
        Where each patch starts.
    member : uint64 [F]
        Where its members lie from there on.
    patches : array [N, P, F]
    """
    for n in range(patches.shape[0]):
        own = maps[n]
        for p in range(patches.shape[1]):
            target, start = patches[n, p], place[p]
            for f in range(patches.shape[2]):
                target[f] = own[start + member[f]]
