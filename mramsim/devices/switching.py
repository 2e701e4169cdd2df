"""Closed forms of spin-torque switching.

Sun, Phys. Rev. B 62, 570 (2000), doi 10.1103/PhysRevB.62.570; Butler et al., IEEE Trans. Magn. 48,
4684 (2012), doi 10.1109/TMAG.2012.2209122; Lee, Lee, Min and Lee, Appl. Phys. Lett. 102, 112410
(2013), doi 10.1063/1.4798288.
"""

from __future__ import annotations

import math

from mramsim.devices.constants import (
    BOLTZMANN_J_PER_K,
    ELEMENTARY_CHARGE_C,
    GYROMAGNETIC_RAD_PER_S_T,
    HBAR_J_S,
)
from mramsim.errors import InputError


def critical_current_a(
    delta: float, temperature_k: float, alpha: float, spin_efficiency: float
) -> float:
    """Return Ic0 = 4 e alpha k_B T Delta / (hbar eta) of a perpendicular macrospin, in A.

    Parameters
    ----------
    delta : float
        Barrier over k_B T at `temperature_k`.
    temperature_k : float
        In K.
    alpha : float
        Gilbert damping.
    spin_efficiency : float
        eta.
    """
    energy_j = BOLTZMANN_J_PER_K * temperature_k * delta
    return 4.0 * ELEMENTARY_CHARGE_C * alpha * energy_j / (HBAR_J_S * spin_efficiency)


def sot_critical_density_a_per_m2(
    ms_a_per_m: float, free_layer_m: float, hk_t: float, bias_field_t: float, spin_hall_angle: float
) -> float:
    """Return the critical current density of a spin-orbit-torque write line, in A/m^2.

    2 e / hbar Ms t_F / theta_SH (mu_0 H_k / 2 - mu_0 H_x / sqrt 2) (Lee et al. 2013, equation 4).

    Parameters
    ----------
    ms_a_per_m, free_layer_m : float
        Saturation magnetisation and thickness of the free layer.
    hk_t, bias_field_t : float
        mu_0 H_k and the in-plane bias field mu_0 H_x, in T.
    spin_hall_angle : float
    """
    moment = ms_a_per_m * free_layer_m / spin_hall_angle
    field_t = hk_t / 2.0 - bias_field_t / math.sqrt(2.0)
    return 2.0 * ELEMENTARY_CHARGE_C / HBAR_J_S * moment * field_t


def precession_half_period_s(bias_field_t: float) -> float:
    """Return pi / (gamma mu_0 H_x): the pulse of precessional (VCMA) switching, in s."""
    return math.pi / (GYROMAGNETIC_RAD_PER_S_T * bias_field_t)


def vcma_critical_v(
    delta: float, temperature_k: float, barrier_m: float, area_m2: float, vcma_j_per_v_m: float
) -> float:
    """Return the voltage at which VCMA removes the barrier: Delta k_B T t_ox / (xi A), in V.

    Parameters
    ----------
    delta : float
        Barrier over k_B T at `temperature_k`.
    temperature_k, barrier_m, area_m2 : float
        Temperature, thickness of the tunnel barrier and area of the junction.
    vcma_j_per_v_m : float
        xi, in J/(V m).
    """
    energy_j = delta * BOLTZMANN_J_PER_K * temperature_k
    return energy_j * barrier_m / (vcma_j_per_v_m * area_m2)


def sun_tau(overdrive: float, delta: float) -> float:
    """Return Sun's mean switching time in units of tau: ln(pi / (2 theta_0)) / (i - 1).

    theta_0 = 1 / sqrt(2 Delta) is the thermal angle of the start.

    Raises
    ------
    InputError
        For a current at or below the critical one.
    """
    if overdrive <= 1.0:
        raise InputError(f"overdrive = {overdrive!r}; more than 1 is needed to switch in time")
    return math.log(math.pi / 2.0 * math.sqrt(2.0 * delta)) / (overdrive - 1.0)


def butler_write_error_rate(overdrive: float, tau: float, delta: float) -> float:
    """Return Butler's closed form of the write error rate, for currents above critical.

    1 - exp(-(pi^2 / 4) Delta (i - 1) / (i exp(2 (i - 1) tau) - 1)).

    Parameters
    ----------
    overdrive : float
        i = I / Ic0, more than 1.
    tau : float
        Reduced length of the pulse.
    delta : float
        Barrier over k_B T.

    Raises
    ------
    InputError
        For a current at or below the critical one, where the form does not hold.
    """
    if overdrive <= 1.0:
        raise InputError(f"overdrive = {overdrive!r}; Butler's form needs more than 1")
    growth = 2.0 * (overdrive - 1.0) * tau
    if growth > 600.0:
        return 0.0
    exponent = math.pi**2 / 4.0 * delta * (overdrive - 1.0) / (overdrive * math.exp(growth) - 1.0)
    return -math.expm1(-exponent)
