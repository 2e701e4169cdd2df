"""Energy barrier, attempt rate and thermally activated escape.

Brown, Phys. Rev. 130, 1677 (1963), doi 10.1103/PhysRev.130.1677: for a uniaxial macrospin with
barrier Delta = E / k_B T the escape rate of one well is f_0 exp(-Delta) with
f_0 = alpha gamma mu_0 H_k / (1 + alpha^2) sqrt(Delta / pi). A current I = i Ic0 changes the barrier
to Delta (1 - i)^2 and the prefactor by (1 - i^2)(1 - i) (Li and Zhang, Phys. Rev. B 69, 134416
(2004), doi 10.1103/PhysRevB.69.134416; Taniguchi and Imamura, Phys. Rev. B 83, 054432 (2011),
doi 10.1103/PhysRevB.83.054432).
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mramsim.devices.barrier import area_m2
from mramsim.devices.card import DeviceCard
from mramsim.devices.constants import BOLTZMANN_J_PER_K, GYROMAGNETIC_RAD_PER_S_T
from mramsim.errors import InputError

Array = NDArray[np.float64]
Value = TypeVar("Value", float, NDArray[np.float64])


def barrier_factor(card: DeviceCard, temperature_k: float) -> float:
    """Return E(T) / E(T_0), the change of the energy barrier in joule.

    (Ms(T) / Ms(T_0))^n with Ms(T) = Ms(0) (1 - T / T_C)^p; 1 where the card gives no T_C.

    Raises
    ------
    InputError
        At or above the Curie temperature.
    """
    if card.curie_k is None:
        return 1.0
    if temperature_k >= card.curie_k:
        raise InputError(
            f"temperature_k = {temperature_k:g}: less than curie_k = {card.curie_k:g} is needed"
        )
    here = 1.0 - temperature_k / card.curie_k
    there = 1.0 - card.t0_k / card.curie_k
    return math.pow(here / there, card.ms_exponent * card.anisotropy_exponent)


def delta_factor(card: DeviceCard, temperature_k: float) -> float:
    """Return Delta(T) / Delta(T_0) = E(T) / E(T_0) T_0 / T."""
    return barrier_factor(card, temperature_k) * card.t0_k / temperature_k


def damping_rate_per_s(card: DeviceCard) -> float:
    """Return alpha gamma mu_0 H_k / (1 + alpha^2): one unit of reduced time tau is its inverse.

    Raises
    ------
    InputError
        Where the card lacks `alpha` or `hk_t`.
    """
    if card.alpha is None or card.hk_t is None:
        raise InputError(f"device card '{card.name}': alpha and hk_t are needed for its dynamics")
    return card.alpha * GYROMAGNETIC_RAD_PER_S_T * card.hk_t / (1.0 + card.alpha**2)


def attempt_rate_per_s(card: DeviceCard, delta: ArrayLike) -> Array:
    """Return f_0: 1 / `attempt_time_s`, or Brown's prefactor where the card gives none."""
    values = np.asarray(delta, dtype=np.float64)
    if card.attempt_time_s is not None:
        return np.full(values.shape, 1.0 / card.attempt_time_s)
    rate: Array = damping_rate_per_s(card) * np.sqrt(values / math.pi)
    return rate


def escape_rate_per_s(card: DeviceCard, delta: ArrayLike, overdrive: ArrayLike = 0.0) -> Array:
    """Return the rate at which a state is left, in 1/s.

    Parameters
    ----------
    card : DeviceCard
        Gives the attempt rate and the exponent of the barrier.
    delta : float or array
        Barrier over k_B T without current.
    overdrive : float or array
        i = I / Ic0; positive drives towards the other state. The law holds while the barrier is
        above k_B T, so i is limited to where Delta (1 - i)^n = 1.

    Returns
    -------
    float64 array
        Broadcast of `delta` and `overdrive`.
    """
    barrier = np.asarray(delta, dtype=np.float64)
    order = float(card.barrier_exponent)
    limit = 1.0 - np.power(np.maximum(barrier, 1.0), -1.0 / order)
    i = np.minimum(np.asarray(overdrive, dtype=np.float64), limit)
    rate = attempt_rate_per_s(card, barrier) * np.exp(-barrier * np.power(1.0 - i, order))
    if card.attempt_time_s is None and card.barrier_exponent == 2:
        rate = rate * np.maximum(1.0 - i * i, 0.0) * (1.0 - i)
    return np.asarray(rate)


def two_state_probability(leave: ArrayLike, back: ArrayLike, seconds: float) -> Array:
    """Return the probability of the other state after a time, of a two-state Markov process.

    leave / (leave + back) (1 - exp(-(leave + back) t)): monotone in t, and tends to thermal
    equilibrium rather than to certain flipping.

    Parameters
    ----------
    leave, back : float or array
        Rates out of the first and out of the other state, in 1/s.
    seconds : float
        In s.
    """
    out, home = np.broadcast_arrays(
        np.asarray(leave, dtype=np.float64), np.asarray(back, dtype=np.float64)
    )
    total = out + home
    share = np.divide(out, total, out=np.zeros(total.shape), where=total > 0.0)
    return np.asarray(-share * np.expm1(-total * seconds))


def voltage_barrier_change(card: DeviceCard, v_v: float, temperature_k: float) -> float:
    """Return the change of Delta by voltage, -xi V A / (t_ox k_B T) (VCMA).

    Parameters
    ----------
    card : DeviceCard
        Gives xi (`vcma_j_per_v_m`), `barrier_m` and `diameter_m`; 0 without xi.
    v_v : float
        Junction voltage, in V; positive lowers the barrier.
    temperature_k : float
        In K.

    Raises
    ------
    InputError
        Where xi is given without `barrier_m` or `diameter_m`.
    """
    if card.vcma_j_per_v_m == 0.0:
        return 0.0
    if card.barrier_m is None or card.diameter_m is None:
        raise InputError(
            f"device card '{card.name}': vcma_j_per_v_m needs barrier_m and diameter_m"
        )
    energy_j = card.vcma_j_per_v_m * v_v / card.barrier_m * area_m2(card.diameter_m)
    return -energy_j / (BOLTZMANN_J_PER_K * temperature_k)
