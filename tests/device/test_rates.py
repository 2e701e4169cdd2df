"""Write errors and retention: rates asked for are rates counted."""

import math

import numpy as np
import pytest

from mramsim.cards import load_card
from mramsim.devices import disturb, retention, spread_parts, write
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.devices.fokker_planck import write_error_rate
from mramsim.devices.stability import (
    delta_factor,
    escape_rate_per_s,
)
from mramsim.effects import select
from mramsim.errors import InputError

ALL = select()
N = 1_000_000
GAMMA = 1.76085963e11


def card_of(name: str = "stt_jung_nature_2022", **changes: object) -> DeviceCard:
    card: DeviceCard = load_card("device", name, changes)
    return card


def counted(flips: np.ndarray, rate: float) -> float:
    return float((flips.sum() - flips.size * rate) / math.sqrt(flips.size * rate * (1 - rate)))


def test_retention_rate_of_brown() -> None:
    """Delta 35 at 300 K for a year at 350 K, with Delta proportional to 1 / T."""
    card = card_of(delta=35.0, sigma_delta=0.0)
    year = Conditions(temperature_k=350.0, age_seconds=3.15e7)
    delta = 35.0 * 300.0 / 350.0
    f0 = 0.01 * GAMMA * 0.3 / (1 + 0.01**2) * math.sqrt(delta / math.pi)
    assert retention.flip_probability(card, year, ALL) == pytest.approx(0.5, abs=1e-12)
    day = Conditions(temperature_k=350.0, age_seconds=1e3)
    expected = 0.5 * (1 - math.exp(-2 * f0 * math.exp(-delta) * 1e3))
    assert 0.01 < expected < 0.49
    assert retention.flip_probability(card, day, ALL) == pytest.approx(expected, rel=1e-6)
    flips = retention.flips(card, day, (N,), np.random.default_rng(1), ALL)
    assert abs(counted(flips, expected)) < 4


def test_forty_is_ten_years_for_one_bit() -> None:
    """tau = tau_0 exp(Delta) with tau_0 = 1 ns: Delta 40 is 7.5 years."""
    card = card_of(delta=40.0, attempt_time_s=1e-9)
    rate = float(escape_rate_per_s(card, 40.0))
    assert 1.0 / rate == pytest.approx(1e-9 * math.exp(40.0), rel=1e-12)
    assert 1.0 / rate / 3.156e7 == pytest.approx(7.46, rel=0.01)


def test_retention_is_monotone_in_age_and_zero_at_age_zero() -> None:
    card = card_of(delta=30.0)
    before = np.zeros(20_000, dtype=bool)
    for age in (0.0, 1.0, 1e2, 1e4, 1e7):
        here = Conditions(age_seconds=age)
        flips = retention.flips(card, here, (20_000,), np.random.default_rng(2), ALL)
        assert not (before & ~flips).any()
        assert flips.any() == (age > 0.0)
        before = flips
    aged = Conditions(age_seconds=1e7)
    off = retention.flips(card, aged, (99,), np.random.default_rng(2), ALL - {"retention"})
    assert not off.any()


def test_temperature_effect_decides_about_the_barrier() -> None:
    hot = Conditions(temperature_k=398.0, age_seconds=1e6)
    cool = Conditions(age_seconds=1e6)
    card = card_of()
    fixed = ALL - {"temperature"}
    same = retention.flip_probability(card, hot, fixed)
    assert same == retention.flip_probability(card, cool, ALL)
    assert retention.flip_probability(card, hot, ALL) > 1e3 * same


def test_delta_follows_the_magnetisation() -> None:
    card = card_of(curie_k=1120.0, ms_exponent=0.4, anisotropy_exponent=2.18)
    ms = ((1 - 400 / 1120) / (1 - 300 / 1120)) ** 0.4
    assert delta_factor(card, 400.0) == pytest.approx(ms**2.18 * 0.75, rel=1e-12)
    assert delta_factor(card, 300.0) == 1.0
    with pytest.raises(InputError, match="curie_k"):
        delta_factor(card, 1200.0)


def test_devices_of_low_barrier_flip_first() -> None:
    card = card_of(delta=35.0, sigma_delta=0.1)
    delta = spread_parts.sample_delta(card, (N,), np.random.default_rng(3), ALL)
    assert delta is not None
    assert delta.mean() == pytest.approx(35.0, rel=1e-3)
    assert delta.std() == pytest.approx(3.5, rel=0.01)
    here = Conditions(age_seconds=10.0)
    rates = retention.flip_probability(card, here, ALL, delta)
    flips = retention.flips(card, here, (N,), np.random.default_rng(4), ALL, delta)
    error = math.sqrt(float((rates * (1 - rates)).sum()))
    assert abs(flips.sum() - rates.sum()) < 4 * error
    assert delta[flips].mean() < 32.0
    assert spread_parts.sample_delta(card, (3,), np.random.default_rng(3), frozenset()) is None


def test_escape_rate_stays_finite_beyond_the_barrier() -> None:
    card = card_of()
    rates = escape_rate_per_s(card, 60.0, np.array([0.0, 0.5, 0.8, 1.0, 3.0]))
    assert np.all(np.diff(rates[:4]) > 0.0)
    assert rates[4] == rates[3]
    assert np.isfinite(rates).all()


def test_pulse_error_rate_is_fokker_planck_of_the_card() -> None:
    card = card_of(t_write_s=1e-8, i_write_a=7.35e-5, sigma_delta=0.0)
    rate = 0.01 * GAMMA * 0.3 / (1 + 0.01**2)
    expected = write_error_rate(1.5, 1e-8 * rate, 60.0)
    assert write.pulse_error_rate(card, Conditions(), ALL) == pytest.approx(expected, rel=1e-6)
    assert 0.01 < expected < 0.9
    flips = write.flips(card, Conditions(), (N,), np.random.default_rng(7), ALL)
    assert abs(counted(flips, expected)) < 4
    none = write.flips(card, Conditions(), (9,), np.random.default_rng(7), ALL - {"write_error"})
    assert not none.any()


def test_heat_helps_writing() -> None:
    card = card_of(t_write_s=1e-8, i_write_a=7.35e-5)
    hot, cold = (Conditions(temperature_k=t) for t in (400.0, 250.0))
    assert write.pulse_error_rate(card, hot, ALL) < write.pulse_error_rate(card, cold, ALL)


def test_cold_beyond_the_law_of_writing_names_the_temperature() -> None:
    card = card_of(t_write_s=1e-8, i_write_a=7.35e-5, sigma_delta=0.0)
    least = card.delta * card.t0_k / 400.0
    for kelvin in (25.0, least - 0.02):
        with pytest.raises(InputError, match=rf"temperature_k = .*; at least {least:.1f} K"):
            write.pulse_error_rate(card, Conditions(temperature_k=kelvin), ALL)
    assert write.pulse_error_rate(card, Conditions(temperature_k=least + 0.02), ALL) >= 0.0
    with pytest.raises(InputError, match="delta = 500"):
        write.pulse_error_rate(card.model_copy(update={"delta": 500.0}), Conditions(), ALL)


def test_weak_devices_are_written_better() -> None:
    card = card_of(t_write_s=1e-8, i_write_a=7.35e-5)
    delta = np.array([50.0, 53.0, 60.0, 67.0])
    got = write.device_error_rates(card, Conditions(), ALL, delta)
    tau = 1e-8 * 0.01 * GAMMA * 0.3 / (1 + 0.01**2)
    for value, barrier in zip(got, delta, strict=True):
        exact = write_error_rate(1.5 * 60.0 / barrier, tau, float(barrier))
        assert value == pytest.approx(exact, rel=2e-3)
    flips = write.flips(card, Conditions(), (4,), np.random.default_rng(8), ALL, delta)
    assert flips.shape == (4,)


def test_write_verify_loop_of_imec() -> None:
    """Success 0.74 per attempt and five attempts: a residual near 1e-3, counted pulse by pulse."""
    card = card_of("sot_doevenspeck_vlsi_2020_ra5", verify_energy_j=2e-13, t_verify_s=1e-9)
    plan = write.plan(card, Conditions(), ALL)
    assert plan.residual_error_rate == pytest.approx(0.26**5, rel=1e-12)
    tries = np.random.default_rng(9).random((N, 5)) < 0.74
    pulses = np.where(tries.any(axis=1), tries.argmax(axis=1) + 1, 5)
    assert abs((pulses.mean() - plan.mean_pulses) / (pulses.std() / 1e3)) < 4
    assert plan.energy_j == pytest.approx(plan.mean_pulses * (1.16e-3**2 * 776 * 7.5e-10 + 2e-13))
    assert plan.latency_s == pytest.approx(plan.mean_pulses * 1.75e-9)
    flips = write.flips(card, Conditions(), (N,), np.random.default_rng(10), ALL)
    assert abs(counted(flips, 0.26**5)) < 4


def test_plan_averages_over_devices_as_counted() -> None:
    card = card_of(t_write_s=1e-8, i_write_a=7.35e-5, write_attempts=3)
    plan = write.plan(card, Conditions(), ALL)
    delta = spread_parts.sample_delta(card, (N,), np.random.default_rng(11), ALL)
    flips = write.flips(card, Conditions(), (N,), np.random.default_rng(12), ALL, delta)
    assert abs(counted(flips, plan.residual_error_rate)) < 4
    mean = write.plan(card, Conditions(), ALL - {"d2d"})
    single = write.pulse_error_rate(card, Conditions(), ALL)
    assert mean.residual_error_rate == pytest.approx(single**3, rel=1e-12)
    assert plan.residual_error_rate > 1.2 * mean.residual_error_rate
    assert write.plan(card, Conditions(), ALL - {"write_error"}).mean_pulses == 1.0


@pytest.mark.parametrize(
    "changes",
    [
        {"t_write_s": 1e-8, "i_write_a": 7.35e-5, "write_attempts": 3},
        {"write_error_rate": 0.3, "write_attempts": 2},
        {"write_error_rate": 1.0},
        {"t_write_s": 1e-8, "i_write_a": 7.35e-5, "sigma_delta": 0.0},
        {},
    ],
)
@pytest.mark.parametrize("spread", [True, False])
def test_flips_are_those_of_every_number_compared(changes: dict[str, float], spread: bool) -> None:
    card, count = card_of(**changes), 20_000
    effects = ALL if spread else ALL - {"d2d"}
    delta = spread_parts.sample_delta(card, (count,), np.random.default_rng(13), effects)
    seen = np.random.default_rng(14).random(count) < 0.7
    rate = write.pulse_error_rate(card, Conditions(), effects)
    if delta is not None:
        rate = write.device_error_rates(card, Conditions(), effects, delta)
    u = np.random.default_rng(15).random(count)
    for known, attempts in ((None, card.write_attempts), (seen, None)):
        pulses = np.where(seen, card.write_attempts, 1) if attempts is None else attempts
        rng = np.random.default_rng(15)
        got = write.flips(card, Conditions(), (count,), rng, effects, delta, known)
        np.testing.assert_array_equal(got, u < rate**pulses)


def test_a_card_without_switching_data_never_errs() -> None:
    ideal = card_of("ideal")
    aged = Conditions(age_seconds=1e9, age_reads=10**12)
    assert retention.flip_probability(ideal, aged, ALL) == 0.0
    pulse = disturb.ReadPulse(0.1, 0.1, 1e-8)
    assert disturb.flip_probabilities(ideal, aged, pulse, ALL) == (0.0, 0.0)
    plan = write.plan(ideal, Conditions(), ALL)
    assert (plan.residual_error_rate, plan.energy_j, plan.mean_pulses) == (0.0, 0.0, 1.0)
