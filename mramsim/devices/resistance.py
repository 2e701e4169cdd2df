"""Resistance of an MTJ against voltage and temperature.

TMR against voltage: TMR(V) = TMR(0) / (1 + (V / V_h)^2). TMR against temperature: the polarisation
P(T) = P(0) (1 - b T^1.5) in Julliere's TMR = 2 P^2 / (1 - P^2) (Julliere, Phys. Lett. A 54, 225
(1975), doi 10.1016/0375-9601(75)90174-7; Shang et al., Phys. Rev. B 58, R2917 (1998),
doi 10.1103/PhysRevB.58.R2917).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.errors import InputError

Value = TypeVar("Value", float, NDArray[np.float64])


@dataclass(frozen=True)
class Nominal:
    """The mean cell of a card.

    Attributes
    ----------
    rp_ohm, rap_ohm : float
        MTJ alone in either state, in Ohm.
    series_ohm : float
        Access transistor and contacts, in Ohm.
    """

    rp_ohm: float
    rap_ohm: float
    series_ohm: float


def nominal(
    card: DeviceCard, v_read_v: float, conditions: Conditions, effects: frozenset[str]
) -> Nominal:
    """Return the mean cell at a read voltage.

    Parameters
    ----------
    card : DeviceCard
    v_read_v : float
        Voltage across the whole cell (MTJ and series path), in V.
    conditions : Conditions
    effects : frozenset of str
        ``"bias"`` and ``"temperature"`` decide whether they act.

    Returns
    -------
    Nominal
        With both effects off: the card's values at 0 V and `t0_k`, bit for bit.
    """
    rp, rap = cell_states(
        card, card.rp_ohm, card.tmr, card.series_ohm, v_read_v, conditions, effects
    )
    return Nominal(float(rp), float(rap), card.series_ohm)


def mtj_resistance(
    card: DeviceCard,
    rp0_ohm: Value,
    tmr0: Value,
    v_mtj_v: Value,
    conditions: Conditions,
    effects: frozenset[str],
) -> tuple[Value, Value]:
    """Return R_P and R_AP of MTJs with a known voltage across the MTJ itself.

    Parameters
    ----------
    card : DeviceCard
        Gives V_h and the temperature coefficients.
    rp0_ohm, tmr0 : float or float64 array of any shape
        Zero-bias values at `t0_k` (Ohm, fraction).
    v_mtj_v : float or float64 array
        Voltage across each MTJ, in V; only its magnitude matters.
    conditions : Conditions
    effects : frozenset of str

    Returns
    -------
    rp_ohm, rap_ohm : float or float64 array
        In Ohm.
    """
    temperature = conditions.kelvin(card, effects)
    rp = rp0_ohm * rp_temperature_factor(card, temperature)
    tmr = tmr_at_temperature(tmr0, card.t0_k, temperature, card.polarisation_slope_per_k15)
    if "bias" in effects:
        rp = rp / (1.0 + card.gp_curvature_per_v2 * v_mtj_v * v_mtj_v)
        tmr = tmr_at_bias(tmr, v_mtj_v, card.v_half_v)
    return rp, rp * (1.0 + tmr)


def cell_states(
    card: DeviceCard,
    rp0_ohm: Value,
    tmr0: Value,
    series_ohm: Value,
    v_cell_v: float,
    conditions: Conditions,
    effects: frozenset[str],
) -> tuple[Value, Value]:
    """Return R_P and R_AP of the MTJs of cells with a known voltage across the whole cell.

    Each state has its own share of the voltage, V_mtj = V R / (R + R_s), found by Newton's method
    (`mramsim.kernels.divider`).

    Parameters
    ----------
    card : DeviceCard
    rp0_ohm, tmr0, series_ohm : float or float64 array of any shape
        Zero-bias values at `t0_k`.
    v_cell_v : float
        Voltage across MTJ and series path, in V.
    conditions : Conditions
    effects : frozenset of str

    Returns
    -------
    rp_ohm, rap_ohm : float or float64 array
        MTJ alone, in Ohm.
    """
    zero = 0.0 * rp0_ohm
    rp, rap = mtj_resistance(card, rp0_ohm, tmr0, zero, conditions, effects)
    if "bias" not in effects or (card.v_half_v is None and card.gp_curvature_per_v2 == 0.0):
        return rp, rap
    tmr = rap / rp - 1.0
    none = 0.0 * tmr
    if card.gp_curvature_per_v2 > 0.0:
        return (
            _divided(card, rp, none, series_ohm, v_cell_v),
            _divided(card, rp, tmr, series_ohm, v_cell_v),
        )
    return rp, _divided(card, rp, tmr, series_ohm, v_cell_v)


def _divided(card: DeviceCard, rp: Value, tmr: Value, series_ohm: Value, v_cell_v: float) -> Value:
    """Return the resistance of junctions that share `v_cell_v` with their series path."""
    from mramsim.kernels.divider import fill_junctions

    parts = [np.asarray(part, dtype=np.float64) for part in (rp, tmr, series_ohm)]
    shape = np.broadcast_shapes(*(part.shape for part in parts))
    rps, tmrs, seriess = (np.ascontiguousarray(np.broadcast_to(p, shape)).ravel() for p in parts)
    result = np.empty(rps.size)
    inverse_half = 0.0 if card.v_half_v is None else 1.0 / card.v_half_v
    curvature = card.gp_curvature_per_v2
    fill_junctions(v_cell_v, rps, tmrs, seriess, curvature, inverse_half, result)
    found: Any = result.reshape(shape) if shape else float(result[0])
    return cast("Value", found)


def tmr_at_bias(tmr0: Value, v_mtj_v: Value, v_half_v: float | None) -> Value:
    """Return TMR(V) = TMR(0) / (1 + (V / V_h)^2); V_h None means no dependence."""
    if v_half_v is None:
        return tmr0
    ratio = v_mtj_v / v_half_v
    return tmr0 / (1.0 + ratio * ratio)


def tmr_at_temperature(
    tmr0: Value, t0_k: float, temperature_k: float, slope_per_k15: float
) -> Value:
    """Return the TMR at another temperature by Julliere's formula.

    With q = (P(T) / P(T_0))^2 and P(T_0)^2 = TMR_0 / (2 + TMR_0), Julliere's
    2 P^2 / (1 - P^2) becomes 2 q TMR_0 / (2 + TMR_0 (1 - q)), which is TMR_0 exactly at T_0.

    Parameters
    ----------
    tmr0 : float or float64 array
        At `t0_k`.
    t0_k, temperature_k : float
        In K.
    slope_per_k15 : float
        b in P(T) = P(0) (1 - b T^1.5), in K^-1.5.

    Raises
    ------
    InputError
        Where the law gives no polarisation any more.
    """
    here = 1.0 - slope_per_k15 * math.pow(temperature_k, 1.5)
    there = 1.0 - slope_per_k15 * math.pow(t0_k, 1.5)
    if here <= 0.0 or there <= 0.0:
        raise InputError(
            f"temperature_k = {temperature_k:g}: polarisation_slope_per_k15 = {slope_per_k15:g} "
            f"leaves no polarisation; lower values are needed"
        )
    q = (here / there) * (here / there)
    return 2.0 * q * tmr0 / (2.0 + tmr0 * (1.0 - q))


def rp_temperature_factor(card: DeviceCard, temperature_k: float) -> float:
    """Return R_P(T) / R_P(T_0) = 1 + a (T - T_0).

    Raises
    ------
    InputError
        Where the linear law is no longer positive.
    """
    factor = 1.0 + card.rp_slope_per_k * (temperature_k - card.t0_k)
    if factor <= 0.0:
        raise InputError(
            f"temperature_k = {temperature_k:g}: rp_slope_per_k = {card.rp_slope_per_k:g} makes "
            f"R_P negative; a temperature nearer to {card.t0_k:g} K is needed"
        )
    return factor
