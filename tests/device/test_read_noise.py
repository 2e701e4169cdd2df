"""1/f and telegraph noise against integrals and counts."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from mramsim.cards import load_card
from mramsim.devices import flicker, rtn
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.effects import select
from mramsim.errors import InputError

ALL = select()
YOUNG = Conditions()
AREA = math.pi / 4 * 50e-9**2


def card_of(**changes: object) -> DeviceCard:
    card: DeviceCard = load_card("device", "stt_jung_nature_2022", changes)
    return card


def test_integral_of_one_over_f() -> None:
    card = card_of(hooge_m2=3e-21)
    got = flicker.relative_variance(card, 1.0, 1e8)
    # in ln f the integrand alpha / (A f) df becomes constant
    expected = quad(lambda u: 3e-21 / (AREA * math.exp(u)) * math.exp(u), 0.0, math.log(1e8))[0]
    assert got == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("hooge", "percent"), [(1e-22, 0.10), (1e-20, 0.97)])
def test_range_of_the_fact_sheet(hooge: float, percent: float) -> None:
    card = card_of(hooge_m2=hooge)
    sigma = math.sqrt(flicker.relative_variance(card, 1.0, 1e8))
    assert 100 * sigma == pytest.approx(percent, rel=0.04)


def test_slow_and_fast_part_add_up() -> None:
    card = card_of()
    whole = flicker.relative_variance(card, 1.0, 5e7)
    slow = flicker.slow_variance(card, YOUNG, 2e5, ALL)
    fast = flicker.fast_variance(card, 2e5, 5e7, ALL)
    assert slow + fast == pytest.approx(whole, rel=1e-12)
    assert flicker.slow_variance(card, YOUNG, 0.5, ALL) == 0.0
    assert flicker.fast_variance(card, 0.5, 5e7, ALL) == pytest.approx(whole, rel=1e-12)
    off = ALL - {"flicker"}
    assert (
        flicker.slow_variance(card, YOUNG, 2e5, off) + flicker.fast_variance(card, 2e5, 5e7, off)
        == 0
    )


def test_a_chip_has_drifted_since_it_was_programmed() -> None:
    card = card_of(hooge_m2=1e-21, flicker_low_hz=1.0)
    old = flicker.slow_variance(card, Conditions(age_seconds=1e6), 2e5, ALL)
    assert old == pytest.approx(flicker.relative_variance(card, 1e-6, 2e5), rel=1e-12)
    soon = flicker.slow_variance(card, Conditions(age_seconds=0.1), 2e5, ALL)
    assert soon == flicker.slow_variance(card, YOUNG, 2e5, ALL) < old


def test_slow_factor_has_its_variance() -> None:
    card = card_of(hooge_m2=1e-20)
    factor = flicker.slow_factor(card, YOUNG, (1_000_000,), np.random.default_rng(1), ALL, 1e5)
    variance = flicker.slow_variance(card, YOUNG, 1e5, ALL)
    assert abs(factor.mean() - 1.0) < 4 * math.sqrt(variance / 1e6)
    assert abs(factor.var() / variance - 1.0) < 4 * math.sqrt(2e-6)
    off = flicker.slow_factor(card, YOUNG, (5,), np.random.default_rng(1), frozenset(), 1e5)
    assert off.tolist() == [1.0] * 5


def test_bad_frequencies_are_refused() -> None:
    with pytest.raises(InputError, match="Hz"):
        flicker.relative_variance(card_of(), 0.0, 1e6)


def test_cards_need_what_the_law_needs() -> None:
    with pytest.raises(InputError, match="flicker_low_hz"):
        load_card("device", "ideal", {"hooge_m2": 1e-21})


def test_telegraph_noise_is_rare_and_two_valued() -> None:
    card = card_of(rtn_probability=0.02, rtn_amplitude=0.01)
    has = rtn.fluctuators(card, (1_000_000,), np.random.default_rng(2), ALL)
    assert abs(has.sum() - 20_000) < 4 * math.sqrt(20_000 * 0.98)
    variance = rtn.relative_variance(card, has)
    levels = np.array([-0.005, 0.005])
    assert variance[has][0] == pytest.approx(levels.var(), rel=1e-12)
    assert not variance[~has].any()
    more = rtn.fluctuators(
        card_of(rtn_probability=0.05), (1_000_000,), np.random.default_rng(2), ALL
    )
    assert np.all(more[has])
    assert not rtn.fluctuators(card, (99,), np.random.default_rng(2), ALL - {"rtn"}).any()
