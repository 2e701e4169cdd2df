"""``ir_drop`` in tiles: counts behind wires against dense solves of the sampled resistances."""

import naive_wires
import numpy as np
import pytest
from tiles import CSUM, GATED, PCSA, make, random_bits, read

import mramsim as ms
from mramsim.arrays import drop
from mramsim.arrays.wires import Rails
from mramsim.sampling import not_modelled

ROWS, COLUMNS = 37, 6
WIRED = {"column_wire_ohm": 20.0, "source_wire_ohm": 7.0, "driver_ohm": 30.0, "sense_ohm": 50.0}
PLAIN = {"cascode_gain": 1.0, "rows": 64, "rows_on": 64}
STATIC = ("d2d", "stuck", "ir_drop")
DEFECTS = {"short_rate": 0.02, "open_rate": 0.03}


def wired(only=STATIC, driven=None, device=DEFECTS, mapping=CSUM, **design):
    bits = random_bits(1, ROWS, COLUMNS)
    design = {**PLAIN, **WIRED, **design}
    return make(bits, only, mapping, driven=driven, design=design, **device)


@pytest.mark.parametrize("mapping", [CSUM, GATED])
@pytest.mark.parametrize("returns", ["opposite", "same"])
@pytest.mark.parametrize("reference", ["same", "none"])
@pytest.mark.parametrize("compensated", [False, True])
def test_counts_equal_the_loops_of_every_column(mapping, returns, reference, compensated):
    driven = random_bits(3, 2, ROWS)
    made = wired(
        mapping=mapping,
        driven=driven,
        line_return=returns,
        reference_wires=reference,
        input_compensation=compensated,
    )
    x = random_bits(2, 4, ROWS) & np.tile(driven, (2, 1))
    found = drop.counts_of(made.record, np.asarray(x, np.uint8), 2)
    for n, column in np.ndindex(found.shape):
        twin = naive_wires.wired_count(made.record, x[n], driven[n % 2], column)
        assert found[n, column] == pytest.approx(twin, rel=1e-9, abs=1e-9)


def test_record_holds_the_sampled_cells_and_the_lines_of_the_card():
    made = wired(line_return="opposite", cascode_gain=4.0)
    wires = made.record.wires
    np.testing.assert_array_equal(wires.siemens[:, :, :-2], 1.0 / made.cells.resistance_ohm)
    beyond = (64 - ROWS) * 7.0  # the source line runs on below the last row in use
    np.testing.assert_allclose(wires.rails_ohm, np.array([20.0, 7.0, 30.0, 50.0 + beyond]) / 4.0)
    assert drop.rails(
        ms.load_card("mapping", CSUM, {"column_wire_ohm": 3.0, "cascode_gain": 100.0})
    ).ohms[:2] == (
        0.03,
        0.03,
    )


@pytest.mark.parametrize("returns", ["opposite", "same"])
def test_rows_that_never_conduct_are_wires(returns):
    """Rows 5 to 9 of a tile of 12, alone: the same currents as the whole tile with others off."""
    card = ms.load_card(
        "mapping", CSUM, {**PLAIN, **WIRED, "rows": 12, "rows_on": 12, "line_return": returns}
    )
    g = 1.0 / np.random.default_rng(0).uniform(1e3, 1e4, (1, 12, 3))
    on = np.full((1, 12), -1)
    on[0, 5:9] = [0, -1, 0, 0]
    from mramsim.arrays.wires import gated_currents

    whole = gated_currents(g, on, 0.1, drop.rails(card))
    part = gated_currents(g[:, 5:9], on[:, 5:9], 0.1, drop.rails(card, 5, 9))
    np.testing.assert_allclose(part, whole, rtol=1e-12)
    assert drop.rails(card, 5, 9) != drop.rails(card)


def test_thin_wires_lead_to_the_counts_without_wires():
    lines = dict.fromkeys(WIRED, 1e-07)
    x = random_bits(2, 10, ROWS)
    for reference in ("same", "none"):
        thin = wired(**lines, reference_wires=reference)
        plain = wired(("d2d", "stuck"))
        assert plain.record.wires.siemens.size == 0
        assert thin.record.wires.siemens.size > 0
        wrong = np.abs(read(thin, x) - read(plain, x)).max()
        assert 0.0 < wrong <= ROWS * plain.record.step / 2 + 1e-4


def test_references_behind_the_same_wires_keep_zero_and_full_scale():
    """Nominal cells: a column without matches reads 0, one of matches reads all rows."""
    bits = np.stack([np.zeros(ROWS), np.ones(ROWS)], axis=1)
    made = make(bits, ("ir_drop",), design={**PLAIN, **WIRED})
    found = drop.counts_of(made.record, np.asarray(np.ones((1, ROWS), int), np.uint8), 1)
    np.testing.assert_allclose(found, [[0.0, ROWS]], atol=1e-9)
    lost = make(bits, ("ir_drop",), design={**PLAIN, **WIRED, "reference_wires": "none"})
    found = drop.counts_of(lost.record, np.asarray(np.ones((1, ROWS), int), np.uint8), 1)
    assert found[0, 0] < -1.0
    assert found[0, 1] < ROWS - 1.0


def test_junctions_that_follow_their_own_voltage():
    """Newton's solution against repeated dense solves with resistances at the last voltages."""
    device = {"v_half_v": 0.2, "gp_curvature_per_v2": 0.5}
    design = {"wire_bias": "newton", "v_read_v": 0.3}
    made = wired((*STATIC, "bias"), device={**DEFECTS, **device}, **design)
    x = random_bits(2, 3, ROWS)
    found = drop.counts_of(made.record, np.asarray(x, np.uint8), 1)
    wires = made.record.wires
    ends = [float(ohm) for ohm in wires.rails_ohm]
    for n, row in enumerate(x):
        pick = (slice(None), 1 - row, np.arange(ROWS))
        rp, tmr, series = (part for part in wires.junction_ohm[pick])
        currents = np.array(
            [settled(rp[:, j], tmr[:, j], series[:, j], ends, device) for j in range(COLUMNS + 2)]
        )
        low, high = currents[-2:]
        counts = ROWS * (currents[:-2] - low) / (high - low)
        np.testing.assert_allclose(found[n], counts, rtol=1e-8, atol=1e-8)
    fixed = wired((*STATIC, "bias"), device={**DEFECTS, **device}, v_read_v=0.3)
    assert np.abs(drop.counts_of(fixed.record, np.asarray(x, np.uint8), 1) - found).max() > 0.01


def settled(rp, tmr, series, ends, device):
    """Current of a column whose cells take the resistance that belongs to their voltage."""
    bit, source, driver, sense = ends
    rows = len(rp)
    shared = naive_wires.shared_path(rows, bit, source, driver, sense, True)
    volts = np.full(rows, 0.3)
    for _ in range(400):
        ratio = volts / device["v_half_v"]
        junction = rp / (1 + device["gp_curvature_per_v2"] * volts**2) * (1 + tmr / (1 + ratio**2))
        g = 1.0 / (junction + series)
        cells = np.linalg.solve(np.eye(rows) + np.diag(g) @ shared, g * 0.3)
        volts = cells * junction
    return cells.sum()


def test_without_bias_newton_is_the_linear_solution():
    x = random_bits(2, 3, ROWS)
    one = wired((*STATIC, "bias"), device={"v_half_v": 1e9}, wire_bias="newton")
    other = wired(STATIC, device={})
    np.testing.assert_allclose(
        drop.counts_of(one.record, np.asarray(x, np.uint8), 1),
        drop.counts_of(other.record, np.asarray(x, np.uint8), 1),
        rtol=1e-9,
    )


@pytest.mark.parametrize("returns", ["opposite", "same"])
def test_a_cell_read_alone_has_its_wires_in_series(returns):
    design = {"column_wire_ohm": 400.0, "sense_ohm": 500.0, "line_return": returns, "rows": 64}
    design["sigma_sa_noise_v"] = 0.05
    bits = random_bits(1, 40, 8)
    made = make(bits, ("d2d", "ir_drop", "sa_noise"), PCSA, design=design)
    off = make(bits, ("d2d", "sa_noise"), PCSA, design=design)
    lines = Rails(400.0, 400.0, 0.0, 500.0, returns)
    volts = []
    for row in range(40):
        g = np.where(np.arange(64) == row, 1.0, 0.0)
        ohm = naive_wires.shared_path(64, *lines.ohms, returns == "opposite")[row, row]
        assert naive_wires.column_current(g, 1.0, *lines.ohms, returns == "opposite") == (
            pytest.approx(1.0 / (1.0 + ohm))
        )
        true, complement = made.cells.resistance_ohm[:, row] + ohm
        rc = made.mapping.bitline_f / made.mapping.t_read_s
        volts.append(0.9 * (np.exp(-1 / complement / rc) - np.exp(-1 / true / rc)))
    dense = np.zeros((2, 40, 8))
    for one, record in zip(dense, (made.record, off.record), strict=True):
        one[record.odd_row, record.odd_column] = record.wrong_on
    assert dense[0].max() > dense[1].max()
    sigma = made.mapping.sigma_sa_noise_v
    from scipy.special import ndtr

    margin = np.where(bits == 1, volts, -np.array(volts)) / sigma
    seen = np.abs(margin) < 7.9
    assert seen.sum() > 20
    np.testing.assert_allclose(dense[0][seen], 1.0 - ndtr(margin[seen]), rtol=1e-6)


def test_a_card_without_wires_says_so():
    card = ms.load_card("mapping", CSUM)
    assert "ir_drop" not in not_modelled(card)
    assert "ir_drop" in not_modelled(card.model_copy(update={"column_wire_ohm": None}))


def test_wires_of_series_columns_shift_the_count_unless_the_reference_has_them():
    name, bits = "rsum_jung_nature_2022", random_bits(1, 20, 5)
    design = {"column_wire_ohm": 30.0, "driver_ohm": 500.0, "sense_ohm": 700.0}
    x = random_bits(2, 6, 20)
    plain = make(bits, ("d2d",), name, design=design)
    lost = make(bits, ("d2d", "ir_drop"), name, design=design)
    unit = plain.cells.classes[0].total_ohm - plain.cells.classes[1].total_ohm
    shift = (plain.mapping.rows * 30.0 + 500.0 + 700.0) / unit
    np.testing.assert_allclose(read(plain, x) - read(lost, x), shift, rtol=1e-9)
    same = make(bits, ("d2d", "ir_drop"), name, design={**design, "reference_wires": "same"})
    np.testing.assert_array_equal(read(plain, x), read(same, x))
