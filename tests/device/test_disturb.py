"""Read disturb: rates asked for are rates counted, read by read."""

import math

import numpy as np
import pytest

from mramsim.arrays.bias import read_pulse
from mramsim.cards import load_card
from mramsim.devices import disturb
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.devices.pulse_escape import flip_probability
from mramsim.devices.stability import (
    damping_rate_per_s,
    escape_rate_per_s,
    two_state_probability,
    voltage_barrier_change,
)
from mramsim.effects import select

ALL = select()
N = 1_000_000
PULSE = disturb.ReadPulse(0.1, 0.1, 1e-8)


def card_of(name: str = "stt_jung_nature_2022", **changes: object) -> DeviceCard:
    card: DeviceCard = load_card("device", name, changes)
    return card


def counted(flips: np.ndarray, rate: float) -> float:
    return float((flips.sum() - flips.size * rate) / math.sqrt(flips.size * rate * (1 - rate)))


@pytest.mark.parametrize("order", [1, 2])
def test_disturb_by_the_read_current(order: int) -> None:
    card = card_of(delta=30.0, ic0_a=2e-5, barrier_exponent=order, attempt_time_s=1e-9)
    here = Conditions(age_reads=10_000_000)
    quiet = ALL - {"bias"}
    from_p, from_ap = disturb.flip_probabilities(card, here, PULSE, quiet)
    i_p, i_ap = 0.1 / 13e3 / 2e-5, 0.1 / 26e3 / 2e-5
    leave_ap = 1e9 * math.exp(-30.0 * (1 - i_ap) ** order)
    leave_p = 1e9 * math.exp(-30.0 * (1 + i_p) ** order)
    expected = leave_ap / (leave_ap + leave_p) * (1 - math.exp(-(leave_ap + leave_p) * 0.1))
    assert from_ap == pytest.approx(expected, rel=1e-6)
    assert from_p < 1e-2 * from_ap
    parallel = np.arange(N) % 2 == 0
    rng = np.random.default_rng(5)
    flips = disturb.flips(card, here, PULSE, parallel, rng, quiet)
    assert abs(counted(flips[~parallel], float(from_ap))) < 4
    swapped = card_of(
        delta=30.0, ic0_a=2e-5, barrier_exponent=order, attempt_time_s=1e-9,
        read_favours="antiparallel",
    )  # fmt: skip
    other_p, other_ap = disturb.flip_probabilities(swapped, here, PULSE, quiet)
    assert other_p > other_ap


def test_disturb_is_monotone_in_reads_and_zero_without() -> None:
    card = card_of(delta=25.0, ic0_a=2e-5)
    parallel = np.zeros(20_000, dtype=bool)
    before = np.zeros(20_000, dtype=bool)
    for reads in (0, 1000, 100_000, 10_000_000):
        here = Conditions(age_reads=reads)
        rng = np.random.default_rng(6)
        flips = disturb.flips(card, here, PULSE, parallel, rng, ALL)
        assert not (before & ~flips).any()
        before = flips
        assert flips.any() == (reads > 0)
    none = ALL - {"read_disturb"}
    assert disturb.flip_probabilities(card, here, PULSE, none) == (0.0, 0.0)


def test_reading_a_sot_device_does_not_use_the_write_line() -> None:
    card = card_of("sot_doevenspeck_vlsi_2020_ra5")
    assert disturb.overdrives(card, Conditions(), PULSE, ALL) == (0.0, 0.0)


def test_vcma_read_lowers_the_barrier() -> None:
    card = card_of("vcma_hyryn_github_2026", vcma_j_per_v_m=6e-14, barrier_m=1.5e-9)
    change = voltage_barrier_change(card, 0.2, 300.0)
    area = math.pi / 4 * 70e-9**2
    assert change == pytest.approx(-6e-14 * 0.2 / 1.5e-9 * area / (1.380649e-23 * 300), rel=1e-12)
    here, pulse = Conditions(age_reads=10_000), disturb.ReadPulse(0.2, 0.2, 1e-6)
    from_p, from_ap = disturb.flip_probabilities(card, here, pulse, ALL)
    rate = escape_rate_per_s(card, 45.0 + change) * (1.0 + change / 45.0)  # a weaker field
    expected = float(two_state_probability(rate, rate, 0.01))
    assert 0.0 < expected < 0.4
    assert float(from_p) == float(from_ap) == pytest.approx(expected, rel=0.1)


def test_reads_add_up_as_a_chain_of_two_states():
    """Against the matrix of one read, multiplied out."""
    for out, home in ((1e-3, 2e-4), (0.0, 0.3), (0.4, 0.1), (0.0, 0.0), (1e-9, 0.0)):
        one = np.array([[1.0 - out, out], [home, 1.0 - home]])
        for reads in (1, 2, 7, 1000):
            expected = np.linalg.matrix_power(one, reads)[0, 1]
            found = disturb.after_reads(np.array(out), np.array(home), float(reads))
            assert float(found) == pytest.approx(expected, rel=1e-9, abs=1e-15)
    # where a read turns either state round, it does not go to and fro
    assert float(disturb.after_reads(np.array(0.9), np.array(0.9), 2.0)) == pytest.approx(0.5)


def test_probability_of_one_read_is_that_of_the_pulse():
    card = card_of(delta=25.0, ic0_a=1.4e-5)
    once = disturb.flip_probabilities(card, Conditions(age_reads=1), PULSE, ALL)
    drives = disturb.overdrives(card, Conditions(), PULSE, ALL)
    tau = 1e-8 * damping_rate_per_s(card)
    assert drives[0] > drives[1] > 0.2
    expected = flip_probability(25.0, tau, drives[1])
    assert float(once[1]) == pytest.approx(expected, rel=1e-9, abs=0.0)
    assert once[0] == 0.0  # the current holds it


def test_reads_both_ways_flip_both_states_half_as_often():
    card, here = card_of(delta=25.0, ic0_a=1.4e-5), Conditions(age_reads=1)
    turned = card_of(delta=25.0, ic0_a=1.4e-5, read_favours="antiparallel")
    both = disturb.flip_probabilities(
        card, here, disturb.ReadPulse(0.1, 0.1, 1e-8, both_ways=True), ALL
    )
    one, other = (disturb.flip_probabilities(c, here, PULSE, ALL) for c in (card, turned))
    assert both[0] > both[1] > 0.0  # a parallel junction carries more
    for state in (0, 1):
        assert float(both[state]) == pytest.approx(
            float(one[state] + other[state]) / 2.0, rel=1e-6, abs=0.0
        )


def test_barriers_between_the_computed_ones():
    card, here = card_of(delta=40.0, ic0_a=1.2e-5, sigma_delta=0.1), Conditions(age_reads=100)
    delta = np.linspace(28.0, 52.0, 7)
    found = disturb.flip_probabilities(card, here, PULSE, ALL, delta)[1]
    alone = [
        float(disturb.flip_probabilities(card, here, PULSE, ALL, np.array(value))[1])
        for value in delta
    ]
    np.testing.assert_allclose(found, alone, rtol=0.02)
    drive = disturb.overdrives(card, here, PULSE, ALL)[1] * 40.0 / 28.0  # Ic0 goes with the barrier
    once = flip_probability(28.0, 1e-8 * damping_rate_per_s(card), drive)
    assert found[0] == pytest.approx(1.0 - (1.0 - once) ** 100, rel=0.02)
    part = disturb.flip_probabilities(card, here, PULSE, ALL, delta[2:4])[1]
    np.testing.assert_array_equal(part, found[2:4])  # whatever else is on the chip


def test_which_way_the_designs_read():
    device, here = card_of(), Conditions()
    ways = {
        name: read_pulse(device, load_card("mapping", name), here, ALL).both_ways
        for name in ("pcsa_hirtzlin_nanoarch_2019", "passive_goodwill_pra_2022")
    }
    assert list(ways.values()) == [False, True]


@pytest.mark.parametrize("effects", [ALL, ALL - {"bias"}])
def test_branches_of_a_divider_share_the_voltage_and_the_current(effects):
    device, here = card_of(v_half_v=0.3, gp_curvature_per_v2=0.4), Conditions()
    mapping = load_card("mapping", "charge_valavi_jssc_2019")
    pulse = read_pulse(device, mapping, here, effects)
    assert pulse.both_ways
    assert pulse.parallel_v + pulse.antiparallel_v == pytest.approx(mapping.v_read_v, rel=1e-12)
    ohms = []
    for volts, tmr in ((pulse.parallel_v, 0.0), (pulse.antiparallel_v, device.tmr)):
        low, high = 0.0, volts  # the junction's share, by bisection
        for _ in range(60):
            middle = (low + high) / 2.0
            bent = middle if "bias" in effects else 0.0
            ohm = device.rp_ohm / (1.0 + 0.4 * bent**2) * (1.0 + tmr / (1.0 + (bent / 0.3) ** 2))
            low, high = (
                (middle, high)
                if middle < volts * ohm / (ohm + device.series_ohm)
                else (low, middle)
            )
        ohms.append(ohm + device.series_ohm)
    assert pulse.parallel_v / ohms[0] == pytest.approx(pulse.antiparallel_v / ohms[1], rel=1e-9)
