"""The tunnel barrier: resistance-area product, thickness, bias, spin polarisation and angle.

Simmons, J. Appl. Phys. 34, 1793 (1963), doi 10.1063/1.1702682; Brinkman, Dynes and Rowell, J. Appl.
Phys. 41, 1915 (1970), doi 10.1063/1.1659141; Julliere, Phys. Lett. A 54, 225 (1975),
doi 10.1016/0375-9601(75)90174-7; Slonczewski, Phys. Rev. B 39, 6995 (1989),
doi 10.1103/PhysRevB.39.6995.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mramsim.devices.constants import ELECTRON_MASS_KG, ELEMENTARY_CHARGE_C, HBAR_J_S

Value = TypeVar("Value", float, NDArray[np.float64])


def area_m2(diameter_m: float) -> float:
    """Return the area of a round junction, pi d^2 / 4, in m^2."""
    return math.pi * diameter_m * diameter_m / 4.0


def parallel_ohm(ra_ohm_m2: float, diameter_m: float) -> float:
    """Return R_P = RA / (pi d^2 / 4), in Ohm.

    Parameters
    ----------
    ra_ohm_m2 : float
        Resistance-area product, in Ohm m^2 (1 Ohm um^2 is 1e-12 Ohm m^2).
    diameter_m : float
        In m.
    """
    return ra_ohm_m2 / area_m2(diameter_m)


def ra_ohm_m2(parallel_ohm: float, diameter_m: float) -> float:
    """Return RA = R_P pi d^2 / 4, in Ohm m^2."""
    return parallel_ohm * area_m2(diameter_m)


def decay_per_m(height_ev: float) -> float:
    """Return 2 sqrt(2 m phi) / hbar, the decay of tunnelling with thickness, in 1/m (Simmons).

    Parameters
    ----------
    height_ev : float
        Mean barrier height phi, in eV.
    """
    momentum = math.sqrt(2.0 * ELECTRON_MASS_KG * height_ev * ELEMENTARY_CHARGE_C)
    return 2.0 * momentum / HBAR_J_S


def ra_ratio_simmons(thickness_m: float, from_m: float, height_ev: float) -> float:
    """Return RA(t) / RA(t_0) = (t / t_0) exp(2 sqrt(2 m phi) (t - t_0) / hbar) at low bias.

    Parameters
    ----------
    thickness_m, from_m : float
        Barrier thickness t and the reference t_0, in m.
    height_ev : float
        Mean barrier height, in eV.
    """
    growth = math.exp(decay_per_m(height_ev) * (thickness_m - from_m))
    return thickness_m / from_m * growth


def ra_sigma_of_thickness(sigma_m: float, thickness_m: float, height_ev: float) -> float:
    """Return the relative spread of RA that a spread of barrier thickness causes.

    First order of `ra_ratio_simmons`: (1 / t + 2 sqrt(2 m phi) / hbar) sigma_t. It is the
    `sigma_ra` of a card whose barrier thickness is what varies.

    Parameters
    ----------
    sigma_m, thickness_m : float
        Spread and mean of the thickness, in m.
    height_ev : float
        In eV.
    """
    return (1.0 / thickness_m + decay_per_m(height_ev)) * sigma_m


def brinkman_ratio(
    v_v: Value, thickness_m: float, height_ev: float, asymmetry_ev: float = 0.0
) -> Value:
    """Return G(V) / G(0) of Brinkman, Dynes and Rowell, equation 15.

    1 - A_0 dphi / (16 phi^1.5) eV + 9/128 A_0^2 / phi (eV)^2 with A_0 = 4 sqrt(2 m) t / (3 hbar),
    valid for eV well below phi.

    Parameters
    ----------
    v_v : float or float64 array
        Junction voltage, in V.
    thickness_m : float
        Barrier thickness t, in m.
    height_ev, asymmetry_ev : float
        Mean height phi and difference dphi of the two sides, in eV.
    """
    linear = asymmetry_ev / (16.0 * math.pow(height_ev, 1.5)) * _a0_per_sqrt_ev(thickness_m)
    return 1.0 - linear * v_v + brinkman_curvature_per_v2(thickness_m, height_ev) * v_v * v_v


def brinkman_curvature_per_v2(thickness_m: float, height_ev: float) -> float:
    """Return 9/128 A_0^2 / phi, the `gp_curvature_per_v2` of a barrier, in 1/V^2."""
    a0 = _a0_per_sqrt_ev(thickness_m)
    return 9.0 / 128.0 * a0 * a0 / height_ev


def _a0_per_sqrt_ev(thickness_m: float) -> float:
    root = math.sqrt(2.0 * ELECTRON_MASS_KG * ELEMENTARY_CHARGE_C)
    return 4.0 * root * thickness_m / (3.0 * HBAR_J_S)


def tmr_of_polarisations(first: float, second: float) -> float:
    """Return Julliere's TMR = 2 P_1 P_2 / (1 - P_1 P_2), a fraction."""
    product = first * second
    return 2.0 * product / (1.0 - product)


def polarisation_of_tmr(tmr: float) -> float:
    """Return the polarisation P of two equal electrodes: P^2 = TMR / (2 + TMR)."""
    return math.sqrt(tmr / (2.0 + tmr))


def resistance_at_angle(rp_ohm: Value, tmr: Value, cosine: Value) -> Value:
    """Return the resistance at an angle between the layers: conductance is linear in its cosine.

    G = (G_P + G_AP) / 2 + (G_P - G_AP) / 2 cos(theta) (Slonczewski 1989), that is
    R = R_P (1 + k) / (1 + k cos(theta)) with k = TMR / (TMR + 2).

    Parameters
    ----------
    rp_ohm, tmr : float or float64 array
    cosine : float or float64 array
        +1 parallel, -1 antiparallel.
    """
    k = tmr / (tmr + 2.0)
    return rp_ohm * (1.0 + k) / (1.0 + k * cosine)
