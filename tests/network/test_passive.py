"""Passive arrays in chips: rows at +V, -V or 0 V, every MTJ always connected, exact wires."""

import naive_wires
import numpy as np
import pytest
from designs import small
from tiles import PASSIVE, make, quiet, random_bits, read

import mramsim as ms
from mramsim.arrays import coding, drop
from mramsim.network.graph import Network
from mramsim.network.nodes import Input, Linear, Output

JUNG = "stt_jung_nature_2022"
ROWS, COLUMNS, ARRAY = 9, 5, 12
LINES = {"row_wire_ohm": 30.0, "column_wire_ohm": 20.0, "driver_ohm": 50.0, "sense_ohm": 70.0}
STATIC = ("d2d", "stuck", "ir_drop")
DEFECTS = {"short_rate": 0.03, "open_rate": 0.03}


def wired(only=STATIC, bits=None, driven=None, **design):
    bits = random_bits(1, ROWS, COLUMNS) if bits is None else bits
    keys = {"rows": ARRAY, "rows_on": ARRAY, **LINES, **design}
    return make(bits, only, PASSIVE, driven=driven, design=keys, **DEFECTS)


def solved(made, volts):
    """Currents of one image by a dense nodal solve of the sampled cells and the two references."""
    g_ap, g_p = (1.0 / made.cells.classes[state].total_ohm for state in (0, 1))
    ends = np.tile([g_ap, g_p], (ROWS, 1))
    g = np.concatenate([1.0 / made.cells.resistance_ohm[0], ends], axis=1)
    sense = LINES["sense_ohm"] + (ARRAY - ROWS) * LINES["column_wire_ohm"]
    ohms = (LINES["row_wire_ohm"], LINES["column_wire_ohm"], LINES["driver_ohm"], sense)
    elements = naive_wires.passive(g, *ohms)
    return naive_wires.dense(elements, volts, COLUMNS + 2)[1], g_ap, g_p


@pytest.mark.parametrize("reference", ["same", "none"])
def test_counts_equal_dense_solves_of_the_sampled_cells(reference):
    driven = random_bits(3, 2, ROWS)
    made = wired(driven=driven, reference_wires=reference)
    x = random_bits(2, 4, ROWS) & np.tile(driven, (2, 1))
    found = drop.counts_of(made.record, np.asarray(x, np.uint8), 2)
    for n in range(4):
        here, v = driven[n % 2], made.mapping.v_read_v
        current, g_ap, g_p = solved(made, v * (2 * x[n] - 1) * here)
        zero, unit = current[-2:].mean(), 0.0
        if reference == "same":
            full, _, _ = solved(made, v * here)
            unit = (full[-1] - full[-2]) / here.sum()
        else:
            zero = v * ((2 * x[n] - 1) * here).sum() * (g_ap + g_p) / 2
            unit = v * (g_p - g_ap)
        expected = (current[:-2] - zero) / unit + here.sum() / 2
        np.testing.assert_allclose(found[n], expected, rtol=0, atol=1e-9)
        twins = [naive_wires.wired_count(made.record, x[n], here, c) for c in range(COLUMNS)]
        np.testing.assert_allclose(found[n], twins, rtol=0, atol=1e-9)


def test_without_references_a_chip_reads_what_solve_crossbar_gives():
    made = wired(reference_wires="none")
    x = random_bits(2, 6, ROWS)
    v = made.mapping.v_read_v
    g_ap, g_p = (1.0 / made.cells.classes[state].total_ohm for state in (0, 1))
    ends = np.tile([g_ap, g_p], (ROWS, 1))
    g = np.concatenate([1.0 / made.cells.resistance_ohm[0], ends], axis=1)
    ohms = dict(LINES, sense_ohm=LINES["sense_ohm"] + (ARRAY - ROWS) * LINES["column_wire_ohm"])
    current = ms.solve_crossbar(g, v * (2 * x - 1), **ohms)[:, :-2]
    zero = v * (2 * x - 1).sum(axis=1)[:, None] * (g_ap + g_p) / 2
    expected = (current - zero) / (v * (g_p - g_ap)) + ROWS / 2
    found = read(made._replace(record=quiet(made.record)), x)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_a_column_without_wires_is_the_signed_sum_of_its_cells():
    made = wired(only=("d2d", "stuck"))
    x = random_bits(4, 7, ROWS)
    g_ap, g_p = (1.0 / made.cells.classes[state].total_ohm for state in (0, 1))
    signed = (2 * x - 1) @ (1.0 / made.cells.resistance_ohm[0] - (g_ap + g_p) / 2)
    expected = signed / (g_p - g_ap) + ROWS / 2
    found = read(made._replace(record=quiet(made.record)), x)
    np.testing.assert_allclose(found, expected, rtol=0, atol=ROWS * made.record.step)


def test_thin_wires_are_close_to_none():
    x = random_bits(2, 5, ROWS)
    none = dict.fromkeys(LINES, 0.0)
    thin = dict.fromkeys(LINES, 1e-6)
    plain, fine = (wired(**lines) for lines in (none, thin))
    assert plain.record.wires.size == 0 < fine.record.wires.size
    counts = [read(made._replace(record=quiet(made.record)), x) for made in (plain, fine)]
    np.testing.assert_allclose(*counts, rtol=0, atol=ROWS * plain.record.step)


def test_noise_is_that_of_all_cells_whatever_the_input():
    bits = np.zeros((ROWS, 3000), np.uint8)
    bits[:, 1000:2000] = 1
    bits[:3, 2000:] = 1
    made = make(bits, ("thermal_shot",), PASSIVE, design={"bandwidth_hz": 1e11})
    assert made.record.variance_match == made.record.variance_other == 0.0
    fixed = made.record.variance_fixed
    ap, p = fixed[0] / ROWS, fixed[1000] / ROWS
    assert p > ap > 0.0
    assert fixed[2500] == pytest.approx(3 * p + 6 * ap)
    for x in (np.zeros((8, ROWS), int), np.ones((8, ROWS), int)):
        error = read(made, x) - read(made._replace(record=quiet(made.record)), x)
        for part in (slice(0, 1000), slice(1000, 2000), slice(2000, 3000)):
            expected = fixed[part][0]
            assert error[:, part].var() == pytest.approx(expected, rel=4 * np.sqrt(2 / 8000))


def test_row_groups_leave_the_other_rows_at_ground():
    """Half the rows of an array at a time: the currents of both halves add up to the whole."""
    network = Network(
        (
            Input("x", (), (10,)),
            Linear("fc", ("x",), random_bits(0, 4, 10).astype(np.uint8)),
            Output("out", ("fc",), np.ones(4), np.zeros(4)),
        )
    )
    x = random_bits(5, 20, 10)
    scores = []
    for rows_on in (10, 5):
        design = {**small(PASSIVE, 10, 4), **LINES, "rows_on": rows_on, "reference_wires": "none"}
        chip = ms.place(network, PASSIVE, design).sample(JUNG, only=["d2d", "ir_drop"])
        assert len(chip.records["fc"]) == 10 // rows_on
        scores.append(chip.run(x).scores)
    np.testing.assert_allclose(*scores, rtol=0, atol=1e-4)
    assert np.abs(scores[0] - network.scores(x)).max() > 0.01


def test_every_cell_draws_current():
    card = ms.load_card("mapping", PASSIVE)
    assert coding.conducting(card, 1, 20, 300, 4000) == (301, 4020)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cascode_gain": 10.0},
        {"input_compensation": True},
        {"wire_bias": "newton"},
        {"source_wire_ohm": 1.0},
        {"input_coding": "gated"},
    ],
)
def test_keys_of_transistors_are_refused(wrong):
    with pytest.raises(ms.InputError, match=next(iter(wrong))):
        ms.load_card("mapping", PASSIVE, wrong)
