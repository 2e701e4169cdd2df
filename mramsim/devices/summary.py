"""What the command line says about a device: derived numbers and write error rates."""

from __future__ import annotations

from typing import Any

from mramsim.devices import published, write
from mramsim.devices.barrier import ra_ohm_m2
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.devices.escape import brown_rate, escape_rate
from mramsim.devices.fokker_planck import write_error_rate
from mramsim.devices.stability import delta_factor, escape_rate_per_s
from mramsim.devices.statistics import as_json, cell_statistics
from mramsim.devices.switching import butler_write_error_rate, sun_tau
from mramsim.effects import select

DEFAULT_DELTA = 60.0


def wer_report(
    overdrive: float, tau: float, delta: float | None = None, card: DeviceCard | None = None
) -> dict[str, float | None]:
    """Return write error rates of a pulse in reduced units.

    Parameters
    ----------
    overdrive : float
        I / Ic0.
    tau : float
        t alpha gamma mu_0 H_k / (1 + alpha^2).
    delta : float, optional
        Barrier over k_B T; by default the card's, else 60.
    card : DeviceCard, optional

    Returns
    -------
    dict
        ``overdrive``, ``tau``, ``delta``, ``wer_fokker_planck``, ``wer_butler`` and ``tau_sun``
        (both None at or below the critical current), ``escape_per_tau`` and ``brown_per_tau``
        (None at or above it).

    Raises
    ------
    InputError
        For values outside their range.
    """
    if delta is None:
        delta = DEFAULT_DELTA if card is None or card.delta is None else card.delta
    above = overdrive > 1.0
    barrier = -1.0 < overdrive < 1.0
    return {
        "overdrive": overdrive,
        "tau": tau,
        "delta": delta,
        "wer_fokker_planck": write_error_rate(overdrive, tau, delta),
        "wer_butler": butler_write_error_rate(overdrive, tau, delta) if above else None,
        "tau_sun": sun_tau(overdrive, delta) if above else None,
        "escape_per_tau": escape_rate(delta, overdrive) if barrier else None,
        "brown_per_tau": brown_rate(delta, overdrive) if barrier else None,
    }


def summary(card: DeviceCard, conditions: Conditions | None = None) -> dict[str, Any]:
    """Return what a card implies, ready for JSON.

    Parameters
    ----------
    card : DeviceCard
    conditions : Conditions, optional
        Temperature of stability and programming; the statistics are at zero bias and `t0_k`.

    Returns
    -------
    dict
        ``name``, ``title``, ``kind``, ``assumed``, ``citations``, ``cell`` (means, sigmas,
        correlation, read margin, overlap), ``ra_ohm_m2``, ``stability``, ``write``, ``published``.
    """
    here = Conditions() if conditions is None else conditions
    return {
        "name": card.name,
        "title": card.title,
        "kind": card.kind,
        "assumed": card.assumed(),
        "citations": card.citations(),
        "cell": as_json(cell_statistics(card)),
        "ra_ohm_m2": None if card.diameter_m is None else ra_ohm_m2(card.rp_ohm, card.diameter_m),
        "stability": _stability(card, here),
        "write": _write(card, here),
        "published": published.rows(card),
    }


def _stability(card: DeviceCard, conditions: Conditions) -> dict[str, float] | None:
    if card.delta is None:
        return None
    kelvin = conditions.kelvin(card, select())
    delta = card.delta * delta_factor(card, kelvin)
    rate = float(escape_rate_per_s(card, delta))
    return {"temperature_k": kelvin, "delta": delta, "escape_rate_per_s": rate}


def _write(card: DeviceCard, conditions: Conditions) -> dict[str, float] | None:
    if card.write_error_rate is None and card.i_write_a is None:
        return None
    plan = write.plan(card, conditions, select())
    return {key: float(value) for key, value in vars(plan).items()}
