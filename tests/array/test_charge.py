"""Charge-domain columns: counts from shared charge, noise, mismatch and error rates."""

import naive
import naive_cells
import numpy as np
import pytest
from scipy import constants, stats
from spice import transient
from test_array_noise import by_junction
from tiles import CHARGE, make, quiet, random_bits, read

from mramsim.arrays.charge import levels, noise_variance
from mramsim.kernels.converters import CODES, VOTE, Converter

DEFECTS = {"short_rate": 0.01, "open_rate": 0.01, "write_error_rate": 0.02}
ROWS = 128
MISMATCH = 0.05


def capacitors(made, sigma, seed=0):
    """The mismatch a tile draws: log-normal of mean 1."""
    s = np.sqrt(np.log1p(sigma**2))
    z = np.random.default_rng([seed, 98]).standard_normal(made.cells.bits.shape)
    return np.exp(s * z - s * s / 2)


def exact_counts(made, x, capacitor):
    """Column voltage above that of cells without a match, over the voltage of a match."""
    ap, p = (branch.total_ohm for branch in made.cells.classes[:2])
    v, rows = made.mapping.v_read_v, len(x[0])
    volts = np.array([naive_cells.charge_v(made.cells, row, capacitor, v) for row in x])
    return rows * (volts / v - p / (p + ap)) / ((ap - p) / (p + ap))


def test_static_counts_are_those_of_the_shared_charge_within_the_grid():
    only = ("d2d", "stuck", "bias", "flicker", "write_error")
    design = {"sigma_capacitor": MISMATCH}
    made = make(random_bits(1, ROWS, 30), only, CHARGE, design=design, **DEFECTS)
    x = random_bits(2, 20, ROWS)
    exact = exact_counts(made, x, capacitors(made, MISMATCH))
    error = read(made._replace(record=quiet(made.record)), x) - exact
    assert np.abs(error).max() <= ROWS * made.record.step / 2
    assert np.std(error) < 1.2 * made.record.step * np.sqrt(ROWS / 12)


def test_each_branch_has_the_resistance_of_its_own_share_of_the_voltage():
    made = make(random_bits(1, ROWS, 3), ("bias",), CHARGE, v_half_v=0.3, gp_curvature_per_v2=0.5)
    ap, p = (branch.total_ohm for branch in made.cells.classes[:2])
    wanted = np.where(made.cells.meant() == 1, p, ap)
    np.testing.assert_allclose(made.cells.resistance_ohm, wanted, rtol=1e-9)


def test_undriven_rows_add_nothing():
    driven = random_bits(3, ROWS)
    made = make(random_bits(1, ROWS, 10), ("d2d",), CHARGE, driven=[driven])
    x = random_bits(2, 5, ROWS) & driven
    whole = make(random_bits(1, ROWS, 10), ("d2d",), CHARGE)
    both = [read(whole, x | extra) for extra in (0 * driven, 1 - driven)]
    # a cell adds its share of a count over both of its inputs together
    share = capacitors(made, made.mapping.sigma_capacitor)
    share = share / share.mean(axis=0)
    expected = np.mean(both, axis=0) - (share * (1 - driven)[:, None]).sum(axis=0) / 2
    np.testing.assert_allclose(read(made, x), expected, atol=ROWS * made.record.step)


@pytest.mark.parametrize("sigma", [0.0, MISMATCH])
def test_grid_adds_less_than_a_thousandth_to_the_static_variance(sigma):
    design = {"sigma_capacitor": sigma}
    made = make(random_bits(1, ROWS, 2000), ("d2d",), CHARGE, design=design)
    x = random_bits(2, 2, ROWS)
    true, other = made.cells.resistance_ohm
    up, capacitor = other / (true + other), capacitors(made, sigma)
    share = capacitor / capacitor.mean(axis=0)
    ap, p = (branch.total_ohm for branch in made.cells.classes[:2])
    raised = x @ (share * up) + (1 - x) @ (share * (1 - up))
    exact = (raised - ROWS * p / (p + ap)) / ((ap - p) / (p + ap))
    np.testing.assert_allclose(exact[:, :1], exact_counts(made, x, capacitor)[:, :1], rtol=1e-9)
    matches = x @ made.cells.bits + (1 - x) @ (1 - made.cells.bits)
    part = np.var(read(made, x) - exact) / np.var(exact - matches)
    assert 1e-5 < part < 1e-3


def test_voltage_of_a_column_equals_a_spice_transient(tmp_path):
    """Six dividers charge six capacitors; after 1 ns they are cut off and the column is joined."""
    design = {"sigma_capacitor": MISMATCH, "rows": 6, "rows_on": 6}
    made = make(random_bits(1, 6, 1), ("d2d",), CHARGE, design=design)
    x, mapping = random_bits(2, 6), made.mapping
    sizes = capacitors(made, MISMATCH)[:, 0] * mapping.capacitor_f
    lines = [f"V top 0 {mapping.v_read_v}", ".model cut sw vt=0.5 ron=1 roff=1e15"]
    lines += ["Vc on 0 pulse(1 0 1e-9 1e-12 1e-12 1)", "Vj join 0 pulse(0 1 1.1e-9 1e-12 1e-12 1)"]
    for row in range(6):
        true, other = made.cells.resistance_ohm[:, row, 0]
        top, bottom = (true, other) if x[row] else (other, true)
        lines += [
            f"Rt{row} top m{row} {top:.17g}",
            f"Rb{row} m{row} 0 {bottom:.17g}",
            f"Sc{row} m{row} c{row} on 0 cut",
            f"C{row} c{row} 0 {sizes[row]:.17g} ic=0",
            f"Sj{row} c{row} column join 0 cut",
        ]
    found = transient(tmp_path, lines, {"v": "find v(column) at=1.5e-9"}, 1.6e-9, 1e-12)["v"]
    low, unit, _ = levels(made.cells.classes)
    count = 6 * (found / mapping.v_read_v - low) / unit
    assert read(made, x[None])[0, 0] == pytest.approx(count, abs=0.05)


def test_johnson_noise_of_a_cell_is_kt_over_c():
    made = make(random_bits(1, ROWS, 2), ("thermal_shot",), CHARGE, design={"v_read_v": 1e-9})
    _, unit, _ = levels(made.cells.classes)
    found = noise_variance(made.die, made.mapping, made.cells.classes) * (1e-9 * unit) ** 2
    limit = constants.k * made.die.card.t0_k / made.mapping.capacitor_f
    assert found == pytest.approx(limit, rel=1e-9)


@pytest.mark.parametrize("effect", ["rtn", "flicker"])
def test_noise_of_the_junctions(effect):
    values = {"rtn_amplitude": 0.3, "rtn_probability": 0.4, "hooge_m2": 1e-18}
    made = make(random_bits(1, ROWS, 20), (effect,), CHARGE, **values)
    card, mapping = made.die.card, made.mapping
    ap, p = made.cells.classes[:2]
    slopes = np.array(
        [
            by_junction(lambda ohm: ohm / (ohm + p.total_ohm), ap),
            by_junction(lambda ohm: ap.total_ohm / (ohm + ap.total_ohm), p),
        ]
    )
    _, unit, _ = levels(made.cells.classes)
    area = np.pi * card.diameter_m**2 / 4
    flicker = card.hooge_m2 / area * np.log(mapping.bandwidth_hz / made.die.inference_hz)
    share = 0.15**2 * (made.cells.rtn_variance > 0) if effect == "rtn" else flicker
    variance = (slopes[made.cells.state] / unit) ** 2 * share
    expected = variance.sum(axis=(0, 1)) * np.ones(20)
    x = random_bits(2, ROWS)
    found = [naive.analog_column(made.record, list(x), 0, column)[1] ** 2 for column in range(20)]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("mode", ["code", "vote"])
def test_error_rate_is_that_of_its_margin(mode):
    """Comparator noise of 1.2 counts, 8 margins."""
    ap, p = 2.6e4, 1.3e4
    count_v = 0.45 * (ap - p) / (ap + p) / ROWS
    design = {"sigma_sa_noise_v": 1.2 * count_v, "rows": ROWS, "rows_on": ROWS}
    device = {"v_half_v": None}
    bits = np.repeat(random_bits(1, ROWS, 1), 8, axis=1)
    x, reads = random_bits(2, ROWS), 40_000
    count = x @ bits[:, 0] + (1 - x) @ (1 - bits[:, 0])
    margins = np.array([-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5])
    # a vote for count > count + margin: level = 2 (count + margin + 1/2) - rows
    signed = (2 * (count + margins + 0.5) - ROWS).astype(np.int32)
    made = make(bits, ("sa_noise",), CHARGE, design=design, levels=signed, **device)
    converter = Converter(VOTE, 0.0, 1.0, 1) if mode == "vote" else Converter(CODES, 0.0, 1.0, 129)
    found = read(made, np.tile(x, (reads, 1)), converter)
    if mode == "vote":
        above = (found * 2 - ROWS > 0).sum(axis=0)
    else:
        above = (found > count + margins).sum(axis=0)
    chance = stats.norm.sf(margins / 1.2)
    z = (above - reads * chance) / np.sqrt(reads * chance * (1 - chance))
    assert (np.abs(z) < 4).all()
