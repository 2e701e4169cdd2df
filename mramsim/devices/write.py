"""Programming: errors of a pulse, write-verify, energy and latency per bit.

An STT pulse follows the Fokker-Planck equation at i = I / Ic0(T) and
tau = t alpha gamma mu_0 H_k / (1 + alpha^2). SOT and VCMA devices use the measured error rate of
their card; their critical currents, voltages and pulse lengths are in `mramsim.devices.switching`.
With n attempts and an error rate w per pulse the residual error is w^n and the mean number of
pulses (1 - w^n) / (1 - w).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.devices.fokker_planck import write_error_rate
from mramsim.devices.stability import barrier_factor, damping_rate_per_s, delta_factor

Array = NDArray[np.float64]

_GRID = 33
_FLOOR = 1e-18


@dataclass(frozen=True)
class WritePlan:
    """Programming of one bit of a mean device.

    Attributes
    ----------
    pulse_error_rate : float
        Probability that one pulse leaves the wrong state.
    residual_error_rate : float
        The same after all attempts.
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

    Ic0 of a device is proportional to its barrier. The Fokker-Planck equation is solved on 33
    barriers and its logarithm interpolated.

    Parameters
    ----------
    card, conditions, effects
        As in `pulse_error_rate`.
    delta : float64 array
        At the card's `t0_k`.
    """
    if card.delta is None or card.write_error_rate is not None or delta.size == 0:
        return np.full(delta.shape, pulse_error_rate(card, conditions, effects))
    ratio = delta / card.delta
    low, high = float(ratio.min()), float(ratio.max())
    if low == high:
        return np.full(delta.shape, _rates(card, conditions, effects, np.array([low]))[0])
    grid = np.linspace(low, high, _GRID)
    known = np.log(np.maximum(_rates(card, conditions, effects, grid), _FLOOR))
    rates: Array = np.exp(np.interp(ratio, grid, known))
    return rates


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
    return np.array([write_error_rate(drive / float(r), tau, delta * float(r)) for r in ratio])


def plan(card: DeviceCard, conditions: Conditions, effects: frozenset[str]) -> WritePlan:
    """Return residual error, retries, energy and latency of programming one bit.

    Parameters
    ----------
    card : DeviceCard
    conditions : Conditions
    effects : frozenset of str
        Without ``"write_error"`` one pulse is always enough.
    """
    error = pulse_error_rate(card, conditions, effects) if "write_error" in effects else 0.0
    attempts = card.write_attempts
    residual = error**attempts
    pulses = float(attempts) if error == 1.0 else (1.0 - residual) / (1.0 - error)
    verified = attempts > 1
    energy_j = pulses * (pulse_energy_j(card) + (card.verify_energy_j if verified else 0.0))
    latency_s = pulses * ((card.t_write_s or 0.0) + (card.t_verify_s if verified else 0.0))
    return WritePlan(error, residual, pulses, energy_j, latency_s)


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
) -> NDArray[np.bool_]:
    """Draw which bits are wrong after programming; one uniform number per cell is always drawn.

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

    Returns
    -------
    bool [shape]
        A lower error rate only removes errors.
    """
    u = rng.random(shape)
    if "write_error" not in effects:
        return np.zeros(shape, dtype=np.bool_)
    if delta is None:
        return u < pulse_error_rate(card, conditions, effects) ** card.write_attempts
    return u < device_error_rates(card, conditions, effects, delta) ** card.write_attempts
