"""Sampled devices against the moments that the latent variables imply."""

import math

import numpy as np
import pytest

from mramsim.cards import load_card
from mramsim.devices import spread, stuck
from mramsim.devices.card import DeviceCard
from mramsim.effects import select
from mramsim.errors import InputError

ALL = select()
N = 1_000_000


def card_of(**changes: object) -> DeviceCard:
    card: DeviceCard = load_card("device", "stt_jung_nature_2022", changes)
    return card


def z_of_mean(x: np.ndarray, mean: float) -> float:
    return float((x.mean() - mean) / (x.std() / math.sqrt(x.size)))


def z_of_std(x: np.ndarray, std: float) -> float:
    centred = (x - x.mean()) ** 2
    return float((centred.mean() - std**2) / (centred.std() / math.sqrt(x.size)))


def test_lognormal_moments() -> None:
    card = card_of(sigma_ra=0.1, sigma_tmr=0.2)
    got = spread.sample(card, (N,), np.random.default_rng(1), ALL)
    # relative variance of RA / d^2 with log-normal parts, multiplied out by hand
    d2 = (1.0 + 0.029**2) ** 4
    sigma_r = math.sqrt((1.0 + 0.1**2) * d2 - 1.0)
    assert abs(z_of_mean(got.rp_ohm, 1e4)) < 4
    assert abs(z_of_std(got.rp_ohm, 1e4 * sigma_r)) < 4
    assert abs(z_of_mean(got.tmr, 1.3)) < 4
    assert abs(z_of_std(got.tmr, 0.2)) < 4
    assert abs(z_of_mean(got.series_ohm, 3e3)) < 4
    assert abs(z_of_std(got.series_ohm, 1.5e3)) < 4
    assert got.series_ohm.min() > 0.0


def test_normal_kit_is_normal() -> None:
    card = card_of(spread="normal", sigma_ra=0.04)
    got = spread.sample(card, (N,), np.random.default_rng(2), ALL)
    z = (got.rp_ohm - got.rp_ohm.mean()) / got.rp_ohm.std()
    assert abs(z_of_std(got.rp_ohm, 1e4 * math.hypot(0.04, 0.058))) < 4
    assert abs((z**3).mean()) < 4 * math.sqrt(15.0 / N)
    assert abs((z**4).mean() - 3.0) < 4 * math.sqrt(96.0 / N)
    assert abs(z_of_mean(got.tmr, 1.3)) < 4
    assert got.rp_ohm.min() > 0.0


def test_normal_kit_loses_its_signal_with_its_tmr() -> None:
    """However large the spread of the TMR: its mean is the card's, and 0 where that is 0."""
    for tmr in (0.02, 0.0):
        card = card_of(spread="normal", tmr=tmr, sigma_tmr=0.15)
        got = spread.sample(card, (N,), np.random.default_rng(2), ALL)
        assert abs(got.tmr.mean() - tmr) < 4 * 0.15 / math.sqrt(N)
        assert (got.tmr.std() > 0.1) == (tmr > 0.0)
    wide = spread.sample(
        card_of(spread="normal", sigma_tmr=2.0), (999,), np.random.default_rng(2), ALL
    )
    assert wide.tmr.min() == -0.9


def test_spread_off_equals_all_sigmas_zero() -> None:
    zero = card_of(sigma_diameter=0.0, sigma_tmr=0.0, sigma_series_ohm=0.0)
    off = spread.sample(card_of(), (40, 30), np.random.default_rng(3), ALL - {"d2d"})
    none = spread.sample(zero, (40, 30), np.random.default_rng(4), ALL)
    for a, b in zip(vars(off).values(), vars(none).values(), strict=True):
        assert np.array_equal(a, b)
    assert set(off.rp_ohm.ravel()) == {1e4}
    assert set(off.tmr.ravel()) == {1.3}
    assert set(off.series_ohm.ravel()) == {3e3}


def test_draws_do_not_depend_on_the_card() -> None:
    small = spread.sample(card_of(sigma_tmr=0.0), (500,), np.random.default_rng(5), ALL)
    rng = np.random.default_rng(5)
    large = spread.sample(card_of(sigma_tmr=0.3), (500,), rng, ALL)
    assert np.array_equal(small.rp_ohm, large.rp_ohm)
    assert np.array_equal(small.series_ohm, large.series_ohm)
    other = np.random.default_rng(5)
    spread.sample(card_of(), (500,), other, frozenset())
    assert rng.random() == other.random()


@pytest.mark.parametrize("key", ["tmr", "series_ohm"])
def test_a_mean_of_zero_stays_zero(key: str) -> None:
    got = spread.sample(card_of(**{key: 0.0}), (100,), np.random.default_rng(6), ALL)
    assert set(getattr(got, key)) == {0.0}


def test_shorts_and_opens_come_at_their_rates_and_only_grow() -> None:
    card = card_of(short_rate=0.003, open_rate=0.001)
    state = stuck.draw(card, (N,), np.random.default_rng(7), ALL)
    for value, rate in ((stuck.SHORT, 0.003), (stuck.OPEN, 0.001)):
        count = int((state == value).sum())
        assert abs(count - N * rate) < 4 * math.sqrt(N * rate * (1 - rate))
    more = stuck.draw(
        card_of(short_rate=0.006, open_rate=0.001), (N,), np.random.default_rng(7), ALL
    )
    assert np.array_equal(more == stuck.OPEN, state == stuck.OPEN)
    assert np.all(more[state == stuck.SHORT] == stuck.SHORT)
    off = stuck.draw(card, (100,), np.random.default_rng(7), ALL - {"stuck"})
    assert off.dtype == np.int8
    assert not off.any()


def test_stuck_resistance_replaces_the_device() -> None:
    card = card_of(short_ohm=50.0, open_ohm=1e9)
    state = np.array([0, 1, 2], dtype=np.int8)
    got = stuck.resistance(card, state, np.array([1e4, 1e4, 1e4]))
    assert got.tolist() == [1e4, 50.0, 1e9]


def test_all_defective_is_possible_and_more_is_not() -> None:
    state = stuck.draw(card_of(short_rate=1.0), (50,), np.random.default_rng(8), ALL)
    assert set(state.tolist()) == {stuck.SHORT}
    state = stuck.draw(card_of(open_rate=1.0), (50,), np.random.default_rng(8), ALL)
    assert set(state.tolist()) == {stuck.OPEN}
    with pytest.raises(InputError, match="at most 1"):
        card_of(short_rate=0.6, open_rate=0.5)
