"""What an array reads without noise, against currents and voltages of the sampled resistances."""

import naive_cells
import numpy as np
import pytest
from tiles import CSUM, PCSA, make, quiet, random_bits, read

STATIC = ("d2d", "stuck", "bias", "flicker", "write_error")
DEFECTS = {"short_rate": 0.02, "open_rate": 0.03, "write_error_rate": 0.01}
SA_OFFSET = 11  # number of the effect
ROWS, COLUMNS = 120, 40


@pytest.mark.parametrize("masked", [False, True])
def test_static_counts_are_those_of_the_currents_within_the_grid(masked):
    driven = random_bits(3, ROWS) if masked else np.ones(ROWS, int)
    made = make(random_bits(1, ROWS, COLUMNS), STATIC, driven=[driven], **DEFECTS)
    x = random_bits(2, 30, ROWS) & driven
    found = read(made, x)
    exact = np.array(
        [naive_cells.column_count(made.cells, row, driven, made.mapping.v_read_v) for row in x]
    )
    rows_on = driven.sum()
    assert made.record.odd_row.size > 50
    assert np.abs(found - exact).max() <= rows_on * made.record.step / 2
    assert np.std(found - exact) < 1.2 * made.record.step * np.sqrt(rows_on / 12)


@pytest.mark.parametrize("only", [("d2d",), ("flicker",), ("d2d", "flicker")])
@pytest.mark.parametrize("device", ["stt_jung_nature_2022", "stt_hirtzlin_nanoarch_2019"])
def test_grid_adds_less_than_a_thousandth_to_the_static_variance(device, only):
    flicker = {"hooge_m2": 1e-20, "flicker_low_hz": 1.0, "diameter_m": 5e-8}
    made = make(random_bits(1, 64, 4000), only, name=device, **flicker)
    made = made._replace(record=quiet(made.record))
    assert made.record.odd_row.size < 0.05 * made.cells.bits.size
    x = random_bits(2, 4, 64)
    g_ap, g_p = (1.0 / made.cells.classes[state].total_ohm for state in (0, 1))
    siemens = 1.0 / made.cells.resistance_ohm
    exact = (x @ siemens[0] + (1 - x) @ siemens[1] - 64 * g_ap) / (g_p - g_ap)
    slow = naive_cells.column_count(made.cells, x[0], np.ones(64), 0.1)
    np.testing.assert_allclose(exact[0], slow, rtol=1e-9)
    weight = made.cells.bits
    matches = x @ weight + (1 - x) @ (1 - weight)
    share = np.var(read(made, x) - exact) / np.var(exact - matches)
    assert 1e-5 < share < 1e-3


def test_sense_amplifiers_decide_as_the_branches_discharge():
    made = make(
        random_bits(1, 64, 30),
        ("d2d", "stuck", "sa_offset", "bias", "write_error"),
        PCSA,
        **DEFECTS,
    )
    offset = (
        np.random.default_rng([0, SA_OFFSET]).standard_normal(30) * made.mapping.sigma_sa_offset_v
    )
    x = random_bits(2, 20, 64)
    inputs = [naive_cells.latch_input_v(made.cells, row, made.mapping) for row in x]
    ones = np.array([(one + offset >= 0).sum(axis=0) for one in inputs])
    exact = np.array([row @ made.cells.bits + (1 - row) @ (1 - made.cells.bits) for row in x])
    np.testing.assert_array_equal(read(made, x), ones)
    assert (ones != exact).any()


@pytest.mark.parametrize("mapping", [CSUM, PCSA])
def test_shorts_and_opens_are_as_frequent_as_asked(mapping):
    made = make(np.ones((200, 300)), ("stuck",), mapping, short_rate=0.03, open_rate=0.01)
    branches = made.cells.state.size
    for state, rate in ((2, 0.03), (3, 0.01)):
        count = (made.cells.state == state).sum()
        assert abs(count - rate * branches) < 4 * np.sqrt(branches * rate * (1 - rate))
    bad = (made.cells.state >= 2).any(axis=0)
    if mapping == CSUM:
        odd = np.zeros((200, 300), bool)
        odd[made.record.odd_row, made.record.odd_column] = True
        np.testing.assert_array_equal(odd, bad)


def test_both_states_of_a_device_deviate_together():
    """R_P and R_AP share diameter and RA, so an MTJ's deviation keeps its sign in either state."""
    ones = make(np.ones((100, 100)), ("d2d",), sigma_series_ohm=0.0)
    zeros = make(np.zeros((100, 100)), ("d2d",), sigma_series_ohm=0.0)
    parallel, antiparallel = ones.cells.resistance_ohm[0], zeros.cells.resistance_ohm[0]
    card = ones.die.card
    s = 2 * np.sqrt(np.log1p(card.sigma_diameter**2))
    tmr = np.sqrt(np.log1p((card.sigma_tmr / card.tmr) ** 2)) * card.tmr / (1 + card.tmr)
    expected = s / np.hypot(s, tmr)  # of logarithms, to first order in the spread of TMR
    junctions = [np.log(r.ravel() - card.series_ohm) for r in (parallel, antiparallel)]
    found = np.corrcoef(*junctions)[0, 1]
    error = (1 - expected**2) / np.sqrt(parallel.size)
    assert abs(found - expected) < 4 * error + 1e-3
    steps = [np.zeros((100, 100)), np.zeros((100, 100))]
    for made, kept in zip((ones, zeros), steps, strict=True):
        kept[:] = made.record.deviation
    stored = np.corrcoef(steps[0].ravel(), -steps[1].ravel())[0, 1]
    assert stored < -0.5
