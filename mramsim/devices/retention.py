"""Bits that flip while the chip lies unused.

Each cell is a symmetric two-state process with the escape rate Gamma of its barrier at the chip's
temperature, so a bit is wrong after a time t with the probability (1 - exp(-2 Gamma t)) / 2. One
uniform number per cell is compared with it: the same cell stays wrong at every later age.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.devices.stability import delta_factor, escape_rate_per_s, two_state_probability

Array = NDArray[np.float64]


def flip_probability(
    card: DeviceCard,
    conditions: Conditions,
    effects: frozenset[str],
    delta: Array | None = None,
) -> Array:
    """Return the probability that a bit is wrong after `age_seconds`.

    Parameters
    ----------
    card : DeviceCard
        Without `delta` bits never flip.
    conditions : Conditions
        Age and temperature.
    effects : frozenset of str
        ``"retention"`` decides whether bits flip, ``"temperature"`` whether T acts.
    delta : float64 array, optional
        Barrier of each device at the card's `t0_k`, from `spread_parts.sample_delta`; by default
        all have the card's.

    Returns
    -------
    float64 [] or as `delta`
    """
    shape = () if delta is None else delta.shape
    if "retention" not in effects or card.delta is None or conditions.age_seconds == 0.0:
        return np.zeros(shape)
    barrier = np.full((), card.delta) if delta is None else delta
    rate = escape_rate_per_s(card, barrier * delta_factor(card, conditions.kelvin(card, effects)))
    return two_state_probability(rate, rate, conditions.age_seconds)


def flips(
    card: DeviceCard,
    conditions: Conditions,
    shape: tuple[int, ...],
    rng: np.random.Generator,
    effects: frozenset[str],
    delta: Array | None = None,
) -> NDArray[np.bool_]:
    """Draw which bits have flipped, by one uniform number per cell.

    Parameters
    ----------
    card, conditions, effects, delta
        As in `flip_probability`; `delta` has the shape of the cells.
    shape : tuple of int
    rng : numpy.random.Generator
        Of this chip, layer, tile and the effect ``retention``.

    Returns
    -------
    bool [shape]
        Monotone in the age: a bit that is wrong stays wrong at a higher age.
    """
    chance = flip_probability(card, conditions, effects, delta)
    return rng.random(shape) < chance if chance.any() else np.zeros(shape, dtype=np.bool_)
