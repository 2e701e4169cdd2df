"""Random telegraph noise: a few devices jump between two resistances.

A device has a fluctuator with a given probability; its two levels, R (1 - a / 2) and R (1 + a / 2),
are equally likely at each read, so the relative variance of a read is (a / 2)^2 (Machlup, J. Appl.
Phys. 25, 341 (1954), doi 10.1063/1.1721637).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mramsim.devices.card import DeviceCard


def fluctuators(
    card: DeviceCard, shape: tuple[int, ...], rng: np.random.Generator, effects: frozenset[str]
) -> NDArray[np.bool_]:
    """Draw which devices have a two-level fluctuator.

    Parameters
    ----------
    card : DeviceCard
    shape : tuple of int
    rng : numpy.random.Generator
        Of this chip, layer, tile and the effect ``rtn``; one uniform number per device, so a
        higher probability only adds fluctuators.
    effects : frozenset of str
        Without ``"rtn"`` there are none.

    Returns
    -------
    bool [shape]
    """
    if "rtn" not in effects or card.rtn_amplitude == 0.0 or card.rtn_probability == 0.0:
        return np.zeros(shape, dtype=np.bool_)
    return rng.random(shape) < card.rtn_probability


def relative_variance(card: DeviceCard, fluctuating: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the relative variance of one read of each device: (a / 2)^2 where it fluctuates."""
    return np.where(fluctuating, 0.25 * card.rtn_amplitude**2, 0.0)
