"""Further parts of the spread: wafer, die, neighbourhood, and the energy barrier.

Each is a factor on RA (or the barrier) of mean 1, log-normal, drawn from its own key: the wafer's
from the seed alone, the die's from the chip, the spatial part from the tile.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mramsim.devices.card import DeviceCard
from mramsim.devices.spread import log_sigma, lognormal

Array = NDArray[np.float64]


def shared_factor(
    card: DeviceCard, wafer: np.random.Generator, die: np.random.Generator, effects: frozenset[str]
) -> float:
    """Draw the factor on RA that all devices of a chip share.

    Parameters
    ----------
    card : DeviceCard
        Gives `sigma_ra_wafer` and `sigma_ra_die`.
    wafer, die : numpy.random.Generator
        Of the wafer and of this chip; one normal number is drawn from each.
    effects : frozenset of str
        Without ``"d2d"`` the factor is 1.
    """
    parts = ((wafer, card.sigma_ra_wafer), (die, card.sigma_ra_die))
    factor = 1.0
    for rng, sigma in parts:
        s = log_sigma(sigma)
        z = float(rng.standard_normal())
        if "d2d" in effects:
            factor *= math.exp(s * z - 0.5 * s * s)
    return factor


def spatial_factor(
    card: DeviceCard, rows: int, columns: int, rng: np.random.Generator, effects: frozenset[str]
) -> Array:
    """Draw the factor on RA that neighbours of a tile share.

    A stationary field with the correlation exp(-|dr| / L) exp(-|dc| / L), built exactly by a
    first-order recursion along the columns and then along the rows.

    Parameters
    ----------
    card : DeviceCard
        Gives `sigma_ra_spatial` and `spatial_length_cells` (L).
    rows, columns : int
    rng : numpy.random.Generator
        Of this chip, layer, tile.
    effects : frozenset of str
        Without ``"d2d"`` the factor is 1.

    Returns
    -------
    float64 [rows, columns]
    """
    if "d2d" not in effects or card.sigma_ra_spatial == 0.0 or card.spatial_length_cells is None:
        return np.ones((rows, columns))
    from scipy.signal import lfilter

    keep = math.exp(-1.0 / card.spatial_length_cells)
    fresh = math.sqrt(1.0 - keep * keep)
    field = rng.standard_normal((rows, columns))
    for axis in (0, 1):
        head = [slice(None), slice(None)]
        head[axis] = slice(0, 1)
        field[tuple(head)] /= fresh  # start in the stationary state
        field = lfilter([fresh], [1.0, -keep], field, axis=axis)
    return lognormal(field, 1.0, card.sigma_ra_spatial)


def sample_delta(
    card: DeviceCard, shape: tuple[int, ...], rng: np.random.Generator, effects: frozenset[str]
) -> Array | None:
    """Draw the energy barrier of every device, over k_B T_0.

    Parameters
    ----------
    card : DeviceCard
        Gives `delta` and `sigma_delta`.
    shape : tuple of int
    rng : numpy.random.Generator
        Of the effect ``d2d``, after `spread.sample` has drawn from it.
    effects : frozenset of str
        Without ``"d2d"`` all barriers are the mean one.

    Returns
    -------
    float64 [shape] or None
        None where all devices have the card's barrier (or none).
    """
    if card.delta is None or card.sigma_delta == 0.0 or "d2d" not in effects:
        return None
    z = rng.standard_normal(shape)
    return lognormal(z, card.delta, card.sigma_delta * card.delta)
