"""Cells of one MTJ whose rows the input gates: what conducts, what is counted, what it costs."""

from itertools import product

import numpy as np
import pytest
from designs import small
from tiles import CSUM, GATED, VOTE, make, quiet, random_bits, read

import mramsim as ms
from mramsim.arrays import coding
from mramsim.cost.estimate import estimate
from mramsim.network.graph import Network
from mramsim.network.nodes import Input, Linear, Output

JUNG = "stt_jung_nature_2022"
ONE_MTJ = {"cell": "1t1mtj", "input_coding": "gated"}


def line(weights, planes=1):
    """One layer: its accumulators are the scores."""
    columns, rows = weights.shape
    return Network(
        (
            Input("x", (), (rows,), planes=planes),
            Linear("fc", ("x",), weights, planes=planes),
            Output("out", ("fc",), np.ones(columns), np.zeros(columns)),
        )
    )


def test_the_digital_correction_holds_for_every_input_and_weight():
    for x in product((0, 1), repeat=4):
        for w in product((0, 1), repeat=4):
            sums = sum((2 * a - 1) * (2 * b - 1) for a, b in zip(x, w, strict=True))
            q = sum(a and b for a, b in zip(x, w, strict=True))
            assert sums == 4 * q - 2 * sum(x) - 2 * sum(w) + 4


@pytest.mark.parametrize("planes", [1, 3])
@pytest.mark.parametrize("mapping", [GATED, VOTE])
def test_without_effects_the_sums_are_exact(mapping, planes):
    network = line(random_bits(0, 7, 45).astype(np.uint8), planes)
    x = np.random.default_rng(1).integers(0, 1 << planes, (50, 45))
    placed = ms.place(network, mapping, {**small(mapping, 16, 3, rows_on=5), **ONE_MTJ})
    for only in (["none"], ["adc"]):
        chip = placed.with_ideal_converters().sample(JUNG, only=only)
        np.testing.assert_array_equal(chip.run(x).scores, network.scores(x))


def test_without_tmr_the_number_of_rows_that_are_on_is_left():
    """No cell tells its state; what is counted digitally stays: n - 2 k - 2 W."""
    weights = random_bits(0, 6, 30).astype(np.uint8)
    network = line(weights)
    x = random_bits(1, 20, 30)
    placed = ms.place(network, GATED, small(GATED, 32, 6))
    found = placed.sample(JUNG, overrides={"tmr": 0.0}, only=["none"]).run(x).scores
    expected = 30 - 2 * x.sum(axis=1)[:, None] - 2 * weights.sum(axis=1).astype(int)
    np.testing.assert_array_equal(found, expected)


def test_a_column_is_the_sum_of_the_cells_whose_rows_are_on():
    bits, x = random_bits(0, 40, 5), random_bits(1, 9, 40)
    made = make(bits, ("d2d", "stuck"), GATED, short_rate=0.02, open_rate=0.02)
    made = made._replace(record=quiet(made.record))
    assert made.cells.resistance_ohm.shape == (1, 40, 5)
    counts = (read(made, x) * 2.0 + naive_zero(made, x)) / 4.0
    g_ap, g_p = (1.0 / made.cells.classes[state].total_ohm for state in (0, 1))
    for n, column in np.ndindex(counts.shape):
        on = x[n] == 1
        conductance = (1.0 / made.cells.resistance_ohm[0, on, column]).sum()
        exact = (conductance - on.sum() * g_ap) / (g_p - g_ap)
        assert abs(counts[n, column] - exact) <= (on.sum() + 1) * made.record.step / 2


def naive_zero(made, x):
    """What `read` has taken off: it takes accumulators for ``2 count - rows``."""
    rows, stored = len(made.cells.bits), made.cells.bits.sum(axis=0).astype(float)
    return 2.0 * x.sum(axis=1)[:, None] + 2.0 * stored - rows - rows


def test_noise_is_that_of_the_cells_that_conduct():
    """Twice the rows on, twice the variance; none on, that of the comparator alone."""
    bits = np.ones((64, 400), np.uint8)
    made = make(bits, ("thermal_shot",), GATED, design={"bandwidth_hz": 1e10})
    spread = []
    for on in (0, 16, 64):
        x = np.zeros((20, 64), int)
        x[:, :on] = 1
        spread.append(read(made, x).std() * 2.0 / 4.0)
    assert spread[0] == 0.0
    assert (spread[2] / spread[1]) ** 2 == pytest.approx(4.0, rel=0.1)
    assert spread[1] ** 2 == pytest.approx(16 * made.record.variance_match, rel=0.1)


def test_events_and_cost_of_one_mtj_per_cell():
    """Row drives follow the ones; half the MTJs, half of them conducting at even odds."""
    network = line(random_bits(0, 8, 64).astype(np.uint8))
    x = random_bits(3, 5, 64)
    size = small(CSUM, 64, 8)
    pair, single = ms.place(network, CSUM, size), ms.place(network, CSUM, {**size, **ONE_MTJ})
    events = single.sample(JUNG, only=["none"]).run(x).events
    assert events.layers["fc"].total("row_drives") == x.sum()
    assert coding.conducting(single.card, 1, 20, 300, 4000) == (1, 20)
    assert coding.conducting(pair.card, 1, 20, 300, 4000) == (4001, 320)
    one, two = (estimate(placed, device=JUNG, baselines=()) for placed in (single, pair))
    areas = [found["area_m2"]["by_component"] for found in (one, two)]
    for name in ("cells",):
        assert areas[0][name] == pytest.approx(areas[1][name] / 2)
    joules = [found["energy_j_per_image"]["by_component"] for found in (one, two)]
    assert joules[0]["word_lines"] == pytest.approx(joules[1]["word_lines"] / 2, rel=1e-5)
    assert 0.4 < joules[0]["array_read"] / joules[1]["array_read"] < 0.7
    mtjs = [found["programming"]["mtjs"] for found in (one, two)]
    assert mtjs == [8 * 64, 2 * 8 * 64]
    assert joules[0]["adders"] > joules[1]["adders"]  # rows are counted and taken off


def test_cells_and_codings_that_do_not_go_together_are_refused():
    network = line(random_bits(0, 2, 4).astype(np.uint8))
    for wrong in ({"cell": "1t1mtj"}, {"input_coding": "gated"}):
        with pytest.raises(ms.InputError, match="input_coding"):
            ms.place(network, CSUM, wrong)
    with pytest.raises(ms.InputError, match="cell = '1t1mtj'"):
        ms.place(network, "pcsa_hirtzlin_nanoarch_2019", ONE_MTJ)
