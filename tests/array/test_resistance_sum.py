"""Series columns with time-to-digital converters: counts, delays, noise and error rates."""

import naive_cells
import numpy as np
import pytest
from scipy import constants, stats
from spice import transient
from test_array_noise import branch_noise
from tiles import RSUM, make, quiet, random_bits, read

from mramsim.arrays.resistance_sum import delay_s, noise_variances
from mramsim.arrays.wires import series_resistance
from mramsim.kernels.converters import CODES, Converter

DEFECTS = {"short_rate": 0.01, "open_rate": 0.01, "write_error_rate": 0.02}
ROWS = 64


def exact_counts(cells, x, driven):
    """Counts of the series resistance: below a column of antiparallel branches, over R_AP - R_P."""
    ap, p = (branch.total_ohm for branch in cells.classes[:2])
    ohm = np.array([naive_cells.column_ohm(cells, row, driven) for row in x])
    return (np.sum(driven) * ap - ohm) / (ap - p)


@pytest.mark.parametrize("masked", [False, True])
def test_static_counts_are_those_of_the_series_resistance_within_the_grid(masked):
    driven = random_bits(3, ROWS) if masked else np.ones(ROWS, int)
    only = ("d2d", "stuck", "bias", "flicker", "write_error")
    made = make(random_bits(1, ROWS, 30), only, RSUM, driven=[driven], **DEFECTS)
    x = random_bits(2, 20, ROWS) & driven
    step = made.record.step
    error = read(made._replace(record=quiet(made.record)), x) - exact_counts(made.cells, x, driven)
    assert np.abs(error).max() <= driven.sum() * step / 2
    assert np.std(error) < 1.2 * step * np.sqrt(driven.sum() / 12)


def test_series_columns_of_the_wires_package_add_to_the_same_counts():
    made = make(random_bits(1, ROWS, 10), ("d2d",), RSUM)
    x = random_bits(2, 5, ROWS)
    ohm = series_resistance(made.cells.resistance_ohm, np.where(x, 0, 1), 0.0)
    ap, p = (branch.total_ohm for branch in made.cells.classes[:2])
    expected = (ROWS * ap - ohm) / (ap - p)
    np.testing.assert_allclose(read(made, x), expected, rtol=0, atol=ROWS * made.record.step / 2)


def test_grid_adds_less_than_a_thousandth_to_the_static_variance():
    made = make(random_bits(1, ROWS, 3000), ("d2d",), RSUM)
    x = random_bits(2, 3, ROWS)
    ap, p = (branch.total_ohm for branch in made.cells.classes[:2])
    ohm = x @ made.cells.resistance_ohm[0] + (1 - x) @ made.cells.resistance_ohm[1]
    exact = (ROWS * ap - ohm) / (ap - p)
    matches = x @ made.cells.bits + (1 - x) @ (1 - made.cells.bits)
    share = np.var(read(made, x) - exact) / np.var(exact - matches)
    assert 1e-5 < share < 1e-3


def test_delay_of_a_column_equals_a_spice_transient(tmp_path):
    made = make(random_bits(1, 16, 3), ("d2d",), RSUM)
    x, mapping = random_bits(2, 16), made.mapping
    lines, measures = [f"V in 0 {mapping.vdd_v}"], {}
    for column in range(3):
        nodes = ["in", *(f"n{column}_{row}" for row in range(1, 16)), f"out{column}"]
        for row in range(16):
            ohm = made.cells.resistance_ohm[0 if x[row] else 1, row, column]
            lines.append(f"R{column}_{row} {nodes[row]} {nodes[row + 1]} {ohm:.17g}")
        lines.append(f"C{column} out{column} 0 {mapping.bitline_f:.17g} ic=0")
        level = mapping.trip_fraction * mapping.vdd_v
        measures[f"t{column}"] = f"when v(out{column})={level:.17g} rise=1"
    found = np.array(list(transient(tmp_path, lines, measures, 2e-8, 1e-11).values()))
    expected = delay_s(naive_cells.column_ohm(made.cells, x, np.ones(16)), mapping)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    counts = read(made, x[None])[0]
    ap, p = (branch.total_ohm for branch in made.cells.classes[:2])
    count_s = (ap - p) * mapping.bitline_f * -np.log(1 - mapping.trip_fraction)
    seen = (delay_s(np.array([16 * ap]), mapping) - found) / count_s
    np.testing.assert_allclose(seen, counts, atol=0.05)


def test_offset_of_a_comparator_stretches_every_resistance_of_its_column():
    """The node passes f V + v_os later: t = -R C ln(1 - f - v_os / V), to first order in v_os."""
    made = make(random_bits(1, ROWS, 200), ("sa_offset",), RSUM)
    mapping = made.mapping
    volts = np.random.default_rng([0, 11]).standard_normal(200) * mapping.sigma_sa_offset_v
    x = random_bits(2, 6, ROWS)
    ohm = np.array([naive_cells.column_ohm(made.cells, row, np.ones(ROWS)) for row in x])
    left = 1 - mapping.trip_fraction
    seen = ohm * np.log(left - volts / mapping.vdd_v) / np.log(left)
    ap, p = (branch.total_ohm for branch in made.cells.classes[:2])
    expected = (ROWS * ap - seen) / (ap - p)
    error = np.abs(read(made, x) - expected)
    matches = x @ made.cells.bits + (1 - x) @ (1 - made.cells.bits)
    assert error.max() < 5e-3
    assert np.abs(expected - matches).max() > 0.3


def test_johnson_noise_of_a_slow_column_is_kt_over_c():
    """f near 1: the node settles, its noise kT/C, which moves the trip by dv / (V (1 - f))."""
    design = {"trip_fraction": 0.999, "vdd_v": 1e-6}
    made = make(random_bits(1, ROWS, 2), ("thermal_shot",), RSUM, design=design)
    mapping, classes = made.mapping, made.cells.classes
    variances = noise_variances(made.die, mapping, classes, ROWS)
    column = ROWS * (classes[0].total_ohm + classes[1].total_ohm) / 2
    node = np.sqrt(constants.k * made.die.card.t0_k / mapping.bitline_f)
    delay = column * mapping.bitline_f * node / (mapping.vdd_v * 1e-3)
    unit = classes[0].total_ohm - classes[1].total_ohm
    expected = delay / (mapping.bitline_f * -np.log(1e-3)) / unit
    found = np.sqrt(ROWS / 2 * (variances[0] + variances[1]))
    assert found == pytest.approx(expected, rel=1e-4)


def test_thermal_noise_of_the_trip_equals_an_integral_over_the_charging():
    made = make(random_bits(1, ROWS, 2), ("thermal_shot",), RSUM)
    mapping, classes = made.mapping, made.cells.classes
    column = ROWS * (classes[0].total_ohm + classes[1].total_ohm) / 2
    tau = column * mapping.bitline_f
    end = -np.log(1 - mapping.trip_fraction) * tau
    t = np.linspace(0, end, 20_001)
    for state in (0, 1):
        branch = classes[state]
        volts = mapping.vdd_v * branch.total_ohm / column
        voltage = branch_noise(branch, volts, made.die.card.t0_k) * branch.total_ohm**2
        weight = np.exp(-2 * (end - t) / tau)
        node = np.trapezoid(voltage / column**2 * weight, t) / (2 * mapping.bitline_f**2)
        slope = mapping.vdd_v * (1 - mapping.trip_fraction) / tau  # V/s at the trip
        unit_s = (classes[0].total_ohm - classes[1].total_ohm) * end / column
        found = noise_variances(made.die, mapping, classes, ROWS)[state]
        assert found == pytest.approx(node / slope**2 / unit_s**2, rel=1e-4)


def test_error_rate_of_codes_is_that_of_their_margin():
    """One value, noise of 1.2 counts by the comparator: P(code >= k) at 8 levels k."""
    ap, p = 2.6e4, 1.3e4
    left = 0.89
    column = ROWS * (ap + p) / 2
    noise_v = 1.2 * (ap - p) / column * left * -np.log(left)  # at 1 V
    design = {"sigma_sa_noise_v": noise_v, "bitline_f": 1e-13}
    made = make(random_bits(1, ROWS, 1), ("sa_noise",), RSUM, design=design)
    assert made.record.variance_column == pytest.approx(1.44, rel=0.02)
    x = random_bits(2, ROWS)
    count = x @ made.cells.bits[:, 0] + (1 - x) @ (1 - made.cells.bits[:, 0])
    reads = 40_000
    codes = read(made, np.tile(x, (reads, 1)), Converter(CODES, 0.0, 1.0, 65))[:, 0]
    sigma = np.sqrt(made.record.variance_column)
    for level in count + np.array([-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5]):
        chance = stats.norm.sf((level - count) / sigma)
        z = ((codes > level).sum() - reads * chance) / np.sqrt(reads * chance * (1 - chance))
        assert abs(z) < 4
