"""CODATA constants in SI units."""

from __future__ import annotations

from scipy import constants

ELEMENTARY_CHARGE_C: float = constants.e
BOLTZMANN_J_PER_K: float = constants.k
HBAR_J_S: float = constants.hbar
MU0_T_M_PER_A: float = constants.mu_0
ELECTRON_MASS_KG: float = constants.m_e
GYROMAGNETIC_RAD_PER_S_T: float = abs(constants.physical_constants["electron gyromag. ratio"][0])
