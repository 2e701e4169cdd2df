"""Write pulses of a card, simulated: STT, SOT and VCMA.

A pulse is a macrospin in reduced units while it lasts and another one while it relaxes. STT: a
current, polariser along the easy axis. SOT: a current density in the write line, polariser in the
plane, damping-like field mu_0 H_DL = hbar theta_SH J / (2 e Ms t_F), and a bias field that breaks
the symmetry. VCMA: a voltage that lowers the anisotropy by the share V / V_c, and a bias field to
precess about.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mramsim.devices.barrier import area_m2
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.devices.constants import ELEMENTARY_CHARGE_C, GYROMAGNETIC_RAD_PER_S_T, HBAR_J_S
from mramsim.devices.macrospin import Macrospin, evolve, safe_step, thermal_start
from mramsim.devices.stability import barrier_factor, delta_factor
from mramsim.devices.switching import vcma_critical_v
from mramsim.effects import select
from mramsim.errors import InputError

_SETTLE_TAU = 4.0


@dataclass(frozen=True)
class Pulse:
    """A write pulse in reduced units.

    Attributes
    ----------
    during, after : Macrospin
        While the pulse is on, and while the magnetisation settles.
    rate_per_s : float
        Gamma mu_0 H_k: the inverse of the unit of time.
    """

    during: Macrospin
    after: Macrospin
    rate_per_s: float


def pulse_of(card: DeviceCard, amplitude: float, conditions: Conditions | None = None) -> Pulse:
    """Return the macrospins of a pulse.

    Parameters
    ----------
    card : DeviceCard
    amplitude : float
        STT: current, in A. SOT: current density in the write line, in A/m^2. VCMA: voltage, in V.
    conditions : Conditions, optional
        Temperature.

    Raises
    ------
    InputError
        For a card without the values its kind needs.
    """
    here = Conditions() if conditions is None else conditions
    kelvin = here.kelvin(card, select())
    delta, alpha, hk_t = (_need(card, name) for name in ("delta", "alpha", "hk_t"))
    rest = Macrospin(delta=delta * delta_factor(card, kelvin), alpha=alpha)
    rate = GYROMAGNETIC_RAD_PER_S_T * hk_t
    if card.kind == "sot":
        moment = _need(card, "ms_a_per_m") * _need(card, "free_layer_m")
        spin = HBAR_J_S * _need(card, "spin_hall_angle") / (2.0 * ELEMENTARY_CHARGE_C)
        drive = spin * amplitude / moment / hk_t / alpha
        rest = replace(rest, field=(card.bias_field_t / hk_t, 0.0, 0.0))
        return Pulse(replace(rest, overdrive=drive, polariser=(0.0, 1.0, 0.0)), rest, rate)
    if card.kind == "vcma":
        area = area_m2(_need(card, "diameter_m"))
        critical = vcma_critical_v(
            rest.delta, kelvin, _need(card, "barrier_m"), area, _need(card, "vcma_j_per_v_m")
        )
        field = (_need(card, "bias_field_t") / hk_t, 0.0, 0.0)
        return Pulse(replace(rest, anisotropy=1.0 - amplitude / critical, field=field), rest, rate)
    critical = _need(card, "ic0_a") * barrier_factor(card, kelvin)
    return Pulse(replace(rest, overdrive=amplitude / critical), rest, rate)


def switching_curve(
    card: DeviceCard,
    amplitude: float,
    pulse_s: Sequence[float],
    trajectories: int = 20_000,
    seed: int = 0,
    conditions: Conditions | None = None,
) -> NDArray[np.float64]:
    """Return the simulated switching probability against the length of the pulse.

    Parameters
    ----------
    card : DeviceCard
    amplitude : float
        As in `pulse_of`.
    pulse_s : sequence of float
        Lengths, in s.
    trajectories : int
        Per length; all lengths share their start and their thermal field.
    seed : int
    conditions : Conditions, optional

    Returns
    -------
    float64 [lengths]
        Share of trajectories that end in the other well after settling. The standard error is
        sqrt(p (1 - p) / trajectories).
    """
    pulse = pulse_of(card, amplitude, conditions)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    start = thermal_start(pulse.during.delta, trajectories, rng)
    step = safe_step(pulse.during.alpha)
    settle = pulse.after.time_of_tau(_SETTLE_TAU)
    result = np.zeros(len(pulse_s))
    for k, seconds in enumerate(pulse_s):
        time = seconds * pulse.rate_per_s
        steps = max(1, math.ceil(time / step))
        spins = evolve(pulse.during, start, time, steps, seed) if time > 0.0 else start
        spins = evolve(pulse.after, spins, settle, math.ceil(settle / step), seed, steps)
        result[k] = np.mean(spins[2] < 0.0)
    return result


def _need(card: DeviceCard, name: str) -> float:
    value = getattr(card, name)
    if value is None or value == 0.0:
        raise InputError(f"device card '{card.name}' ({card.kind}): {name} is needed for a pulse")
    return float(value)
