"""1/f noise of a tunnel junction, split into a slow part per device and a fast part per read.

Hooge's form scaled by the area: S_V / V^2 = alpha_H / (A f) (Hooge, Phys. Lett. A 29, 139 (1969),
doi 10.1016/0375-9601(69)90076-0; for tunnel junctions Jiang et al., Phys. Rev. B 69, 054407 (2004),
doi 10.1103/PhysRevB.69.054407). Between two frequencies the relative variance is
(alpha_H / A) ln(f_2 / f_1). What changes more slowly than one inference is a fixed offset of the
device during it; what changes faster is new in every read.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mramsim.devices.barrier import area_m2
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.errors import InputError


def relative_variance(card: DeviceCard, low_hz: float, high_hz: float) -> float:
    """Return the variance of R / mean R between two frequencies.

    Parameters
    ----------
    card : DeviceCard
        Gives `hooge_m2` (0: no 1/f noise) and `diameter_m`.
    low_hz, high_hz : float
        In Hz; an upper frequency below the lower one gives 0.

    Raises
    ------
    InputError
        For a frequency that is not above 0.
    """
    if not (low_hz > 0.0 and high_hz > 0.0):
        raise InputError(f"1/f noise from {low_hz!r} to {high_hz!r} Hz; both must be above 0")
    if card.hooge_m2 == 0.0 or card.diameter_m is None or high_hz <= low_hz:
        return 0.0
    return card.hooge_m2 / area_m2(card.diameter_m) * math.log(high_hz / low_hz)


def slow_variance(
    card: DeviceCard, conditions: Conditions, inference_hz: float, effects: frozenset[str]
) -> float:
    """Return the relative variance of the part that is fixed during one inference.

    From the card's `flicker_low_hz`, or 1 / age where the chip is older than that implies, to
    `inference_hz` (1 / length of an inference).
    """
    if "flicker" not in effects or card.flicker_low_hz is None:
        return 0.0
    low = card.flicker_low_hz
    if conditions.age_seconds * low > 1.0:
        low = 1.0 / conditions.age_seconds
    return relative_variance(card, low, inference_hz)


def fast_variance(
    card: DeviceCard, inference_hz: float, bandwidth_hz: float, effects: frozenset[str]
) -> float:
    """Return the relative variance of the part that is new in every read.

    From `inference_hz`, but not below the card's `flicker_low_hz`, to the bandwidth of sensing.
    """
    if "flicker" not in effects or card.flicker_low_hz is None:
        return 0.0
    return relative_variance(card, max(inference_hz, card.flicker_low_hz), bandwidth_hz)


def slow_factor(
    card: DeviceCard,
    conditions: Conditions,
    shape: tuple[int, ...],
    rng: np.random.Generator,
    effects: frozenset[str],
    inference_hz: float,
) -> NDArray[np.float64]:
    """Draw the slow part of every device as a factor on its resistance.

    Parameters
    ----------
    card : DeviceCard
    conditions : Conditions
        Give the age.
    shape : tuple of int
    rng : numpy.random.Generator
        Of this chip, layer, tile and the effect ``flicker``; one normal number per device.
    effects : frozenset of str
    inference_hz : float
        1 / length of an inference, in Hz.

    Returns
    -------
    float64 [shape]
        Log-normal, hence positive; 1 where there is no 1/f noise.
    """
    sigma = math.sqrt(slow_variance(card, conditions, inference_hz, effects))
    if sigma == 0.0:
        return np.ones(shape)
    z = rng.standard_normal(shape)
    z *= sigma
    return np.exp(z, out=z)
