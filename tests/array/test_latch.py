"""The sense amplifier as a latch: error rate against margin, decision time, no decision in time."""

import naive_cells
import numpy as np
import pytest
from scipy import stats
from spice import transient
from tiles import DIGITAL, PCSA, make, random_bits, read

from mramsim.arrays.latch import decision_time_s, undecided_v
from mramsim.arrays.pcsa import probability_of_one

SWEEP = [(0, 1.3), (0, 0.8), (0, 0.4), (0, 0.1), (1, 0.1), (1, 0.4), (1, 0.8), (1, 1.3)]


@pytest.mark.parametrize("mapping", [PCSA, DIGITAL])
def test_error_rate_is_that_of_its_margin_at_8_margins(mapping):
    """The margin by the TMR, its sign by the weight; noise of 60 mV."""
    reads, margins = 40_000, []
    for seed, (bit, tmr) in enumerate(SWEEP):
        design = {"sigma_sa_noise_v": 0.06}
        made = make([[bit]], ("sa_noise",), mapping, design=design, seed=seed, tmr=tmr)
        signal = naive_cells.latch_input_v(made.cells, [1], made.mapping)[0, 0]
        margins.append(signal / 0.06)
        one = stats.norm.cdf(margins[-1])
        ones = read(made, np.ones((reads, 1), int)).sum()
        assert abs(ones - reads * one) / np.sqrt(reads * one * (1 - one)) < 4
    assert np.all(np.diff(margins) > 0)
    assert margins[0] < -1.5
    assert margins[-1] > 1.5


@pytest.mark.parametrize("tmr", [1.3, 0.3, 0.02, 0.0005])
def test_decision_time_equals_a_spice_transient_of_the_branches(tmr, tmp_path):
    """Two nodes discharge through their branches; at the strobe transconductances take over."""
    design = {"sa_tau_s": 1.5e-11, "sa_s": 5e-10}
    made = make([[1]], (), PCSA, design=design, tmr=tmr)
    mapping = made.mapping
    conductance = mapping.bitline_f / mapping.sa_tau_s / 2
    one, two = made.cells.resistance_ohm[:, 0, 0]
    after = f"(time > {mapping.t_read_s:.17g})"
    lines = ["Bd d 0 V=abs(v(a)-v(b))"]
    for node, other, ohm in (("a", "b", one), ("b", "a", two)):
        push = f"{conductance:.17g}*(v({node})-v({other}))"
        lines += [
            f"C{node} {node} 0 {mapping.bitline_f:.17g} ic={mapping.vdd_v}",
            f"B{node} {node} 0 I={after} ? -{push} : v({node})/{ohm:.17g}",
        ]
    measures = {"t": f"when v(d)={mapping.vdd_v / 2:.17g} rise=1"}
    found = transient(tmp_path, lines, measures, mapping.t_read_s + 3e-10, 2e-13)["t"]
    signal = naive_cells.latch_input_v(made.cells, [1], mapping)[0, 0]
    expected = float(decision_time_s(signal, mapping))
    assert expected > mapping.t_read_s
    assert found == pytest.approx(expected, rel=0.02)
    regeneration = found - mapping.t_read_s
    assert regeneration == pytest.approx(expected - mapping.t_read_s, rel=0.02)


def test_decision_time_grows_by_tau_for_every_e_of_the_input():
    mapping = make([[1]], (), PCSA, design={"sa_tau_s": 2e-11, "sa_s": 5e-10}).mapping
    times = decision_time_s(np.exp(-np.arange(4.0)) * 0.1, mapping)
    np.testing.assert_allclose(np.diff(times), 2e-11, rtol=1e-9)
    assert decision_time_s(0.0, mapping) == np.inf
    assert decision_time_s(5.0, mapping) == mapping.t_read_s


def test_an_input_below_the_window_is_read_as_either_bit():
    design = {"sa_tau_s": 1e-10, "sa_s": 5e-10, "sigma_sa_noise_v": 0.0}
    made = make([[1, 0]], ("sa_noise",), PCSA, design=design, tmr=0.0005)
    mapping = made.mapping
    window = undecided_v(mapping)
    assert decision_time_s(window, mapping) == pytest.approx(mapping.t_read_s + mapping.sa_s)
    signal = naive_cells.latch_input_v(made.cells, [1], mapping)[0]
    assert (np.abs(signal) > 0).all()
    assert (np.abs(signal) < window).all()
    ones = read(made, np.ones((20_000, 1), int)).sum(axis=0)
    assert (np.abs(ones - 10_000) < 4 * np.sqrt(5_000)).all()
    quick = make([[1, 0]], ("sa_noise",), PCSA, design={**design, "sa_tau_s": 1e-12}, tmr=0.0005)
    np.testing.assert_array_equal(read(quick, np.ones((50, 1), int)).sum(axis=0), [50, 0])


@pytest.mark.parametrize("window", [0.0, 0.02, 0.3])
def test_probability_with_noise_and_window_equals_drawing(window):
    rng = np.random.default_rng(3)
    signal = np.array([-0.2, -0.03, 0.0, 0.01, 0.1])
    reads = 200_000
    noisy = signal[:, None] + 0.05 * rng.standard_normal((5, reads))
    decided = np.abs(noisy) > window
    ones = np.where(decided, noisy > 0, rng.random((5, reads)) < 0.5).mean(axis=1)
    found = probability_of_one(signal, np.full(5, 0.05), window)
    error = np.sqrt(np.maximum(found * (1 - found), 1e-9) / reads)
    assert (np.abs(ones - found) < 4 * error).all()


def test_offsets_belong_to_columns_or_to_cells():
    """Near memory every cell has an amplifier of its own; a pre-charge one serves a column."""
    shape = {"only": ("sa_offset",), "design": {"sigma_sa_offset_v": 0.3}}
    bits = random_bits(1, 60, 40)
    wrong = {}
    for mapping in (PCSA, DIGITAL):
        made = make(bits, shape["only"], mapping, design=shape["design"])
        bad = np.zeros(bits.shape)
        bad[made.record.odd_row, made.record.odd_column] = made.record.wrong_on
        wrong[mapping] = bad[bits == 1].mean(), (bits == 1) * bad
    z = np.random.default_rng([0, 11])
    column, cell = z.standard_normal(40), np.random.default_rng([0, 11]).standard_normal((60, 40))
    for mapping, offset in ((PCSA, column[None]), (DIGITAL, cell)):
        made = make(bits, (), mapping)
        signal = naive_cells.latch_input_v(made.cells, np.ones(60, int), made.mapping)
        expected = (signal + 0.3 * offset < 0) & (bits == 1)
        np.testing.assert_array_equal(wrong[mapping][1] == 1, expected)
        assert 0.05 < wrong[mapping][0] < 0.5
