"""Resistance against voltage and temperature, in closed form."""

import math

import numpy as np
import pytest

from mramsim.cards import load_card
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.devices.resistance import cell_states, mtj_resistance, nominal, tmr_at_temperature
from mramsim.effects import select
from mramsim.errors import InputError
from mramsim.kernels.divider import fill_junctions, junction_ohm

ALL = select()
NONE = frozenset[str]()


def jung(**changes: object) -> DeviceCard:
    card: DeviceCard = load_card("device", "stt_jung_nature_2022", changes)
    return card


def test_all_off_gives_the_card_bit_for_bit() -> None:
    cell = nominal(jung(), 0.4, Conditions(temperature_k=380.0), NONE)
    assert (cell.rp_ohm, cell.rap_ohm, cell.series_ohm) == (1.0e4, 1.0e4 * (1.0 + 1.3), 3.0e3)


def test_bias_off_equals_half_voltage_absent_and_t0_equals_temperature_off() -> None:
    content = jung()
    flat = content.model_copy(update={"v_half_v": None})
    for temperature in (None, 260.0, 400.0):
        here = Conditions(temperature_k=temperature)
        assert nominal(content, 0.3, here, ALL - {"bias"}) == nominal(flat, 0.3, here, ALL)
    at_t0 = nominal(content, 0.3, Conditions(temperature_k=300.0), ALL)
    assert at_t0 == nominal(content, 0.3, Conditions(), ALL - {"temperature"})


def test_tmr_halves_at_the_half_voltage_of_the_junction() -> None:
    card = jung(series_ohm=0.0)
    cell = nominal(card, 0.65, Conditions(), ALL)
    assert cell.rap_ohm / cell.rp_ohm - 1.0 == pytest.approx(0.65, rel=1e-12)


def test_divider_is_self_consistent_in_both_states() -> None:
    card = jung(gp_curvature_per_v2=0.16)
    cell = nominal(card, 0.6, Conditions(), ALL)
    v_p = 0.6 * cell.rp_ohm / (cell.rp_ohm + 3e3)
    v_ap = 0.6 * cell.rap_ohm / (cell.rap_ohm + 3e3)
    rp = 1e4 / (1.0 + 0.16 * v_p**2)
    rap = 1e4 / (1.0 + 0.16 * v_ap**2) * (1.0 + 1.3 / (1.0 + (v_ap / 0.65) ** 2))
    assert cell.rp_ohm == pytest.approx(rp, rel=1e-9)
    assert cell.rap_ohm == pytest.approx(rap, rel=1e-9)


def test_tmr_of_the_umn_polarisation_law() -> None:
    """P = 0.69 (1 - 2e-5 T^1.5): TMR 124 % at 300 K and 110 % at 358 K (fact sheet B1)."""
    p300, p358 = (0.69 * (1.0 - 2e-5 * t**1.5) for t in (300.0, 358.0))
    tmr300 = 2.0 * p300**2 / (1.0 - p300**2)
    tmr358 = tmr_at_temperature(tmr300, 300.0, 358.0, 2e-5)
    assert tmr300 == pytest.approx(1.24, abs=0.005)
    assert tmr358 == pytest.approx(2.0 * p358**2 / (1.0 - p358**2), rel=1e-12)
    assert tmr358 == pytest.approx(1.10, abs=0.005)


def test_rp_follows_its_linear_coefficient() -> None:
    card = jung(rp_slope_per_k=-1e-4, v_half_v=10.0)
    cell = nominal(card, 0.0, Conditions(temperature_k=350.0), ALL)
    assert cell.rp_ohm == pytest.approx(1e4 * (1.0 - 1e-4 * 50.0), rel=1e-12)


def test_arrays_are_the_scalars_element_by_element() -> None:
    card = jung(gp_curvature_per_v2=0.1)
    rp0, tmr0, series = np.array([8e3, 1e4]), np.array([1.2, 1.4]), np.array([2e3, 4e3])
    here = Conditions(temperature_k=330.0)
    rp, rap = cell_states(card, rp0, tmr0, series, 0.4, here, ALL)
    for k in range(2):
        one = cell_states(card, float(rp0[k]), float(tmr0[k]), float(series[k]), 0.4, here, ALL)
        assert (rp[k], rap[k]) == one


def test_neighbours_step_together_and_arrive_alone() -> None:
    rng = np.random.default_rng(3)
    for count in (1, 255, 256, 700):
        rp = 1e4 * 10.0 ** rng.uniform(-3, 3, count)
        tmr = rng.uniform(0.0, 5.0, count) * (rng.random(count) > 0.2)
        series = 1e3 * 10.0 ** rng.uniform(-6, 3, count)
        for voltage in (0.0, 0.1, -2.0):
            got = np.empty(count)
            fill_junctions(voltage, rp, tmr, series, 0.3, 2.0, got)
            each = zip(rp, tmr, series, strict=True)
            expected = [junction_ohm(voltage, *one, 0.3, 2.0) for one in each]
            np.testing.assert_array_equal(got, expected)


def test_known_junction_voltage() -> None:
    rp, rap = mtj_resistance(jung(), 1e4, 1.3, 0.13, Conditions(), ALL)
    assert (rp, rap) == (1e4, 1e4 * (1.0 + 1.3 / (1.0 + 0.2 * 0.2)))


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"temperature_k": 0.0}, "temperature_k"),
        ({"temperature_k": math.nan}, "temperature_k"),
        ({"temperature_k": "300"}, "temperature_k = '300'; a number"),
        ({"temperature_k": 1e4}, "0.001 to 2000 K"),
        ({"age_reads": True}, "age.reads = True; a number"),
        ({"age_seconds": -1.0}, "age.seconds"),
        ({"age_seconds": math.inf}, "age.seconds"),
        ({"age_reads": -3}, "age.reads"),
        ({"age_reads": 1.5}, "age.reads"),
    ],
)
def test_conditions_refuse(values: dict[str, float], names: str) -> None:
    with pytest.raises(InputError, match=names):
        Conditions(**values)  # type: ignore[arg-type]


def test_temperature_beyond_the_law_is_refused() -> None:
    with pytest.raises(InputError, match="no polarisation"):
        nominal(jung(), 0.1, Conditions(temperature_k=1400.0), ALL)


@pytest.mark.parametrize("key", ["age_seconds", "age_reads"])
def test_ages_have_a_bound(key):
    assert getattr(Conditions(**{key: 10**18}), key) == 10**18
    with pytest.raises(InputError, match=r"; 0 to 1e\+18"):
        Conditions(**{key: 2 * 10**18})
