"""Shorted and open MTJs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mramsim.devices.card import DeviceCard

FINE, SHORT, OPEN = 0, 1, 2


def draw(
    card: DeviceCard, shape: tuple[int, ...], rng: np.random.Generator, effects: frozenset[str]
) -> NDArray[np.int8]:
    """Draw which MTJs are defective.

    One uniform number u per device: short for ``u < short_rate``, open for ``u >= 1 - open_rate``.
    Raising a rate therefore only adds defects of its own kind.

    Parameters
    ----------
    card : DeviceCard
    shape : tuple of int
    rng : numpy.random.Generator
        Of this chip, layer, tile and the effect ``stuck``.
    effects : frozenset of str
        Without ``"stuck"`` every device is fine.

    Returns
    -------
    int8 [shape]
        0 fine, 1 short, 2 open.
    """
    state = np.zeros(shape, dtype=np.int8)
    if "stuck" in effects and (card.open_rate > 0.0 or card.short_rate > 0.0):
        u = rng.random(shape)
        state[u >= 1.0 - card.open_rate] = OPEN
        state[u < card.short_rate] = SHORT
    return state


def resistance(
    card: DeviceCard, state: NDArray[np.int8], r_ohm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return `r_ohm` with the card's resistances of shorted and open MTJs put in.

    Parameters
    ----------
    card : DeviceCard
    state : int8 [shape]
        From `draw`.
    r_ohm : float64 [shape]
        MTJs alone, in Ohm.
    """
    if not state.any():
        return r_ohm
    changed = np.where(state == SHORT, card.short_ohm, r_ohm)
    return np.where(state == OPEN, card.open_ohm, changed)
