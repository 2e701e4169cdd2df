"""Programming: errors of a pulse, write-verify, energy and latency per bit.

An STT pulse follows the Fokker-Planck equation at i = I / Ic0(T) and
tau = t alpha gamma mu_0 H_k / (1 + alpha^2). SOT and VCMA devices use the measured error rate of
their card; their critical currents, voltages and pulse lengths are in `mramsim.devices.switching`.
With n attempts and an error rate w per pulse the residual error is w^n and the mean number of
pulses 1 + w + ... + w^(n-1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.devices.fokker_planck import FLOOR, MAX_DELTA, write_error_rate
from mramsim.devices.spread import log_sigma
from mramsim.devices.stability import barrier_factor, damping_rate_per_s, delta_factor
from mramsim.errors import InputError

Array = NDArray[np.float64]

_GRID = 17
_REACH = 6.0
_DEVICES = 24
_ROUNDING = 1e-9  # of interpolated rates, relative


@dataclass(frozen=True)
class WritePlan:
    """Programming of one bit, averaged over the devices of an array.

    Attributes
    ----------
    pulse_error_rate : float
        Probability that the first pulse leaves the wrong state.
    residual_error_rate : float
        Probability of the wrong state after all attempts.
    mean_pulses : float
        Mean number of pulses per bit.
    energy_j : float
        Mean energy per programmed bit, verifying reads included, in J.
    latency_s : float
        Mean time per programmed bit, verifying reads included, in s.
    """

    pulse_error_rate: float
    residual_error_rate: float
    mean_pulses: float
    energy_j: float
    latency_s: float


def pulse_error_rate(card: DeviceCard, conditions: Conditions, effects: frozenset[str]) -> float:
    """Return the error rate of one pulse on a mean device.

    `write_error_rate` of the card if it gives one; else the Fokker-Planck equation for an STT
    device with `delta`, `ic0_a`, `alpha`, `hk_t`, `i_write_a` and `t_write_s`; else 0.

    Parameters
    ----------
    card : DeviceCard
    conditions : Conditions
        Temperature of programming.
    effects : frozenset of str
        ``"temperature"`` decides whether it acts.
    """
    return float(_rates(card, conditions, effects, np.ones(1))[0])


def device_error_rates(
    card: DeviceCard, conditions: Conditions, effects: frozenset[str], delta: Array
) -> Array:
    """Return the error rate of one pulse for devices of different barrier.

    Ic0 of a device is proportional to its barrier. The Fokker-Planck equation is solved on a grid
    of 17 barriers within 6 sigma of the card's, the same for all arrays, and the logarithm of the
    rate interpolated monotonically.

    Parameters
    ----------
    card, conditions, effects
        As in `pulse_error_rate`.
    delta : float64 array
        At the card's `t0_k`.
    """
    grid, known = _known_rates(card, conditions, effects)
    if card.delta is None or len(grid) == 1:
        return np.full(delta.shape, known[0])
    from scipy.interpolate import PchipInterpolator

    ratio = np.clip(delta / card.delta, grid[0], grid[-1])
    rates: Array = np.exp(PchipInterpolator(np.log(grid), np.log(known))(np.log(ratio)))
    return rates


def _known_rates(
    card: DeviceCard, conditions: Conditions, effects: frozenset[str]
) -> tuple[Array, Array]:
    """Return barriers over the card's, and the error rate of one pulse at each.

    One where all devices have the same rate.
    """
    sigma = log_sigma(card.sigma_delta)
    if card.delta is None or card.write_error_rate is not None or sigma == 0.0:
        return np.ones(1), _rates(card, conditions, effects, np.ones(1))
    grid = np.exp(np.linspace(-_REACH * sigma, _REACH * sigma, _GRID))
    return grid, np.maximum(_rates(card, conditions, effects, grid), FLOOR)


def _rates(
    card: DeviceCard, conditions: Conditions, effects: frozenset[str], ratio: Array
) -> Array:
    """Return the pulse error rates of devices whose barrier is `ratio` times the card's."""
    if card.write_error_rate is not None:
        return np.full(ratio.shape, card.write_error_rate)
    if card.kind != "stt" or card.delta is None or card.ic0_a is None:
        return np.zeros(ratio.shape)
    if card.i_write_a is None or card.t_write_s is None or None in (card.alpha, card.hk_t):
        return np.zeros(ratio.shape)
    kelvin = conditions.kelvin(card, effects)
    drive = card.i_write_a / (card.ic0_a * barrier_factor(card, kelvin))
    tau = card.t_write_s * damping_rate_per_s(card)
    delta = card.delta * delta_factor(card, kelvin)
    if delta * ratio.max() > MAX_DELTA:
        raise InputError(_too_cold(card, kelvin, MAX_DELTA / (card.delta * float(ratio.max()))))
    return np.array([write_error_rate(drive / float(r), tau, delta * float(r)) for r in ratio])


def _too_cold(card: DeviceCard, kelvin: float, most: float) -> str:
    """Return what to say where the barrier has grown by more than `most`."""
    law = f"its errors of writing follow a law up to a barrier of {MAX_DELTA:g} k_B T"
    if most < 1.0:
        return f"device card '{card.name}': delta = {card.delta:g} and its spread: {law}"
    low, high = kelvin, card.t0_k
    while high - low > 0.01:
        middle = (low + high) / 2.0
        low, high = (middle, high) if delta_factor(card, middle) > most else (low, middle)
    return f"temperature_k = {kelvin:g}; at least {high:.1f} K is allowed for '{card.name}': {law}"


def plan(card: DeviceCard, conditions: Conditions, effects: frozenset[str]) -> WritePlan:
    """Return residual error, retries, energy and latency of programming one bit.

    With a spread of the barrier the averages are over devices (Gauss-Hermite quadrature): a few
    hard devices decide the residual error.

    Parameters
    ----------
    card : DeviceCard
    conditions : Conditions
    effects : frozenset of str
        Without ``"write_error"`` one pulse is always enough; without ``"d2d"`` all devices are the
        mean one.
    """
    error, share = _population(card, conditions, effects)
    attempts = card.write_attempts
    pulses = float(share @ sum(error**k for k in range(attempts)))
    verified = attempts > 1
    return WritePlan(
        pulse_error_rate=float(share @ error),
        residual_error_rate=float(share @ error**attempts),
        mean_pulses=pulses,
        energy_j=pulses * (pulse_energy_j(card) + (card.verify_energy_j if verified else 0.0)),
        latency_s=pulses * ((card.t_write_s or 0.0) + (card.t_verify_s if verified else 0.0)),
    )


def _population(
    card: DeviceCard, conditions: Conditions, effects: frozenset[str]
) -> tuple[Array, Array]:
    """Return pulse error rates of representative devices and the share of each."""
    if "write_error" not in effects:
        return np.zeros(1), np.ones(1)
    sigma = log_sigma(card.sigma_delta)
    if card.delta is None or sigma == 0.0 or "d2d" not in effects:
        return np.array([pulse_error_rate(card, conditions, effects)]), np.ones(1)
    z, share = np.polynomial.hermite_e.hermegauss(_DEVICES)
    delta = card.delta * np.exp(sigma * z - 0.5 * sigma * sigma)
    return device_error_rates(card, conditions, effects, delta), share / share.sum()


def pulse_energy_j(card: DeviceCard) -> float:
    """Return I^2 R t of one write pulse, in J; 0 where the card gives no pulse.

    R is `write_ohm`, or the mean of both states plus the series path.
    """
    if card.i_write_a is None or card.t_write_s is None:
        return 0.0
    mean_ohm = card.rp_ohm * (1.0 + card.tmr / 2.0) + card.series_ohm
    ohm = mean_ohm if card.write_ohm is None else card.write_ohm
    return card.i_write_a**2 * ohm * card.t_write_s


def flips(
    card: DeviceCard,
    conditions: Conditions,
    shape: tuple[int, ...],
    rng: np.random.Generator,
    effects: frozenset[str],
    delta: Array | None = None,
    seen: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Draw which bits are wrong after programming, by one uniform number per cell.

    Verification repeats the pulse of a wrong bit that it sees, up to `write_attempts` pulses.
    Rates are looked up only for cells whose number lies below the highest that any device has.

    Parameters
    ----------
    card : DeviceCard
    conditions : Conditions
    shape : tuple of int
    rng : numpy.random.Generator
        Of this chip, layer, tile and the effect ``write_error``.
    effects : frozenset of str
        Without ``"write_error"`` every bit is right.
    delta : float64 [shape], optional
        Barrier of each device at `t0_k`.
    seen : bool [shape], optional
        Devices whose wrong state the verifying read tells from the right one; by default all.

    Returns
    -------
    bool [shape]
        A lower error rate only removes errors.
    """
    wrong = np.zeros(shape, dtype=np.bool_)
    if "write_error" not in effects:
        return wrong
    u = rng.random(shape)
    one = pulse_error_rate(card, conditions, effects)
    highest = one if delta is None else float(_known_rates(card, conditions, effects)[1].max())
    at = np.nonzero(u < highest * (1.0 + _ROUNDING))
    rate = one if delta is None else device_error_rates(card, conditions, effects, delta[at])
    pulses = card.write_attempts if seen is None else np.where(seen[at], card.write_attempts, 1)
    wrong[at] = u[at] < rate**pulses
    return wrong
