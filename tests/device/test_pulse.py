"""Simulated write pulses of the three kinds against thresholds and Fokker-Planck."""

import math

import numpy as np
import pytest

from mramsim.cards import load_card
from mramsim.devices import switching
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.devices.fokker_planck import write_error_rate
from mramsim.devices.pulse import pulse_of, switching_curve
from mramsim.errors import InputError

GAMMA = 1.76085963e11


def card_of(name: str, **changes: object) -> DeviceCard:
    card: DeviceCard = load_card("device", name, changes)
    return card


def sot(**changes: object) -> DeviceCard:
    values = {"ms_a_per_m": 1e6, "free_layer_m": 1e-9, "bias_field_t": 0.03, "hk_t": 0.3}
    return card_of("sot_doevenspeck_vlsi_2020_ra5", **{**values, **changes})


def test_stt_pulse_follows_fokker_planck() -> None:
    card = card_of("stt_jung_nature_2022", alpha=0.1)
    tau = np.array([1.5, 3.0])
    seconds = tau * (1 + 0.1**2) / (0.1 * GAMMA * 0.3)
    got = switching_curve(card, 2.0 * 4.9e-5, list(seconds), trajectories=20_000, seed=3)
    for share, one in zip(got, tau, strict=True):
        expected = 1.0 - write_error_rate(2.0, float(one), 60.0)
        assert abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / 20_000) + 2e-3


def test_sot_threshold_of_lee() -> None:
    """A cold spin: no switching 15 % below the critical density, full switching 15 % above."""
    card = sot(delta=1e7, attempt_time_s=1e-9)
    critical = switching.sot_critical_density_a_per_m2(1e6, 1e-9, 0.3, 0.03, 0.3)
    below = switching_curve(card, 0.85 * critical, [3e-9], trajectories=64)
    above = switching_curve(card, 1.15 * critical, [3e-9], trajectories=64)
    assert (below[0], above[0]) == (0.0, 1.0)


def test_sot_needs_the_bias_field_to_choose() -> None:
    """Well above critical the spin forgets; with a field and near critical the sign decides."""
    critical = switching.sot_critical_density_a_per_m2(1e6, 1e-9, 0.3, 0.06, 0.3)
    free = switching_curve(sot(bias_field_t=0.0), 2.0 * critical, [2e-9], trajectories=2000)
    assert 0.4 < free[0] < 0.6
    card = sot(bias_field_t=0.06)
    right_way = switching_curve(card, 0.84 * critical, [2e-9], trajectories=1000)
    wrong_way = switching_curve(card, -0.84 * critical, [2e-9], trajectories=1000)
    assert right_way[0] > 0.9
    assert wrong_way[0] < 0.02


def test_vcma_switches_at_half_a_precession() -> None:
    values = {"vcma_j_per_v_m": 1e-13, "barrier_m": 1.5e-9, "bias_field_t": 0.04, "hk_t": 0.2}
    card = card_of("vcma_hyryn_github_2026", **values)
    area = math.pi / 4 * 70e-9**2
    volt = switching.vcma_critical_v(45.0, 300.0, 1.5e-9, area, 1e-13)
    half = switching.precession_half_period_s(0.04)
    got = switching_curve(card, volt, [0.0, half, 2.0 * half], trajectories=4000)
    assert got[0] == 0.0
    assert got[1] > 0.9
    assert got[2] < 0.2


def test_temperature_enters_barrier_and_drive() -> None:
    card = card_of("stt_jung_nature_2022", curie_k=1120.0)
    hot = pulse_of(card, 4.9e-5, Conditions(temperature_k=400.0))
    assert hot.during.overdrive == pytest.approx(((1 - 300 / 1120) / (1 - 400 / 1120)) ** 2)
    assert hot.during.delta == pytest.approx(60.0 * 0.75 / hot.during.overdrive)


def test_missing_values_are_named() -> None:
    with pytest.raises(InputError, match="ms_a_per_m"):
        pulse_of(card_of("sot_doevenspeck_vlsi_2020_ra5"), 1e12)
    with pytest.raises(InputError, match="delta"):
        pulse_of(card_of("ideal"), 1e-4)
