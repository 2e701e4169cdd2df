"""Gated columns and series columns behind wires against dense solves, balances and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_wires import dense, gated

from mramsim.arrays.wires import Rails, gated_currents, gated_voltages, series_resistance

WIRES = (2.0, 2.5, 100.0, 50.0)  # bit line, source line, driver, sense
SIDES = ("opposite", "same")
V = 0.1
ohms = st.sampled_from([0.0, 0.3, 2.0, 150.0, 4e4])


def random_cells(rng, branches, rows, columns):
    ohm = np.where(rng.random((branches, rows, columns)) < 0.5, 5e3, 12.5e3)
    return 1 / (ohm * (1 + 0.05 * rng.normal(size=ohm.shape)) + 3e3)


def conducting(g, select):
    """What the rows of one image conduct, [rows, columns]."""
    return np.array(
        [np.zeros(g.shape[2]) if b < 0 else g[b, k] for k, b in enumerate(select)]
    ).reshape(g.shape[1:])


def both(g, select, wires, returns):
    """Voltages (bit, source) and currents of one image by the dense solve."""
    rows, columns = g.shape[1:]
    elements = gated(conducting(g, select), *wires, returns)
    volts, currents = dense(elements, [V] * columns, columns)
    nodes = [
        [[volts[f"{rail}{k}_{j}"] for j in range(columns)] for k in range(rows)] for rail in "pq"
    ]
    return np.array(nodes), currents


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(
    rows=st.integers(1, 12),
    columns=st.integers(1, 5),
    branches=st.integers(1, 2),
    wires=st.tuples(ohms, ohms, ohms, ohms),
    returns=st.sampled_from(SIDES),
    seed=st.integers(0, 1000),
)
def test_any_shape_and_any_zeros_agree_with_a_dense_solve(
    rows, columns, branches, wires, returns, seed
):
    rng = np.random.default_rng(seed)
    g = random_cells(rng, branches, rows, columns)
    select = rng.integers(-1, branches, (2, rows))
    found = gated_currents(g, select, V, Rails(*wires, returns=returns))
    bit, source = gated_voltages(g, select, V, Rails(*wires, returns=returns))
    for image, chosen in enumerate(select):
        nodes, currents = both(g, chosen, wires, returns)
        np.testing.assert_allclose(found[image], currents, rtol=1e-10, atol=1e-20)
        if (chosen >= 0).any():
            np.testing.assert_allclose([bit[image], source[image]], nodes, 0, 1e-11)


@pytest.mark.parametrize("returns", SIDES)
@pytest.mark.parametrize("rows", [64, 256])
def test_long_columns_agree_with_a_dense_solve(rows, returns):
    rng = np.random.default_rng(rows)
    g, select = random_cells(rng, 2, rows, 2), rng.integers(-1, 2, (1, rows))
    nodes, currents = both(g, select[0], WIRES, returns)
    rails = Rails(*WIRES, returns=returns)
    np.testing.assert_allclose(gated_currents(g, select, V, rails)[0], currents, rtol=1e-10)
    bit, source = gated_voltages(g, select, V, rails)
    np.testing.assert_allclose([bit[0], source[0]], nodes, rtol=1e-10)


@pytest.mark.parametrize("wires", [WIRES, (0.1, 30.0, 1e3, 1e-3), (300.0, 400.0, 10.0, 10.0)])
@pytest.mark.parametrize("returns", SIDES)
def test_currents_balance_at_every_node(returns, wires):
    rng = np.random.default_rng(7)
    g, select = random_cells(rng, 1, 256, 8), rng.integers(-1, 1, (3, 256))
    rails = Rails(*wires, returns=returns)
    bit_ohm, source_ohm, driver, sense = wires
    currents = gated_currents(g, select, V, rails)
    for image, (p, q) in enumerate(zip(*gated_voltages(g, select, V, rails), strict=True)):
        cell = conducting(g, select[image]) * (p - q)
        down = -np.diff(p, axis=0, prepend=0.0) / bit_ohm  # into each bit node from above
        down[0] = (V - p[0]) / (bit_ohm + driver)
        at_bit = down - cell
        at_bit[:-1] -= down[1:]
        between = -np.diff(q, axis=0) / source_ohm  # from each source node to the next
        out = (q[-1] if returns == "opposite" else q[0]) / (source_ohm + sense)
        at_source = cell.copy()
        at_source[1:] += between
        at_source[:-1] -= between
        at_source[-1 if returns == "opposite" else 0] -= out
        largest = np.abs(down).max()
        assert max(np.abs(at_bit).max(), np.abs(at_source).max()) < 1e-10 * largest
        np.testing.assert_allclose([down[0], out], [currents[image]] * 2, rtol=1e-10)


@pytest.mark.parametrize("returns", SIDES)
def test_without_resistances_it_is_the_plain_sum(returns):
    rng = np.random.default_rng(8)
    g, select = random_cells(rng, 2, 50, 7), rng.integers(-1, 2, (5, 50))
    found = gated_currents(g, select, V, Rails(0.0, 0.0, returns=returns))
    for image, chosen in enumerate(select):
        plain = np.zeros(7)
        for row in conducting(g, chosen)[::-1]:
            plain = plain + row
        assert np.array_equal(found[image], plain * V)


def test_sides_agree_where_the_source_line_has_no_resistance():
    rng = np.random.default_rng(9)
    g, select = random_cells(rng, 1, 100, 5), rng.integers(-1, 1, (4, 100))
    rails = [Rails(2.0, 0.0, 100.0, 0.0, side) for side in SIDES]
    found = [gated_currents(g, select, V, each) for each in rails]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-13)


def test_one_uniform_column_is_a_hyperbolic_cosine():
    """Same side: u_{k-1} - (2 + (r_b + r_s) G) u_k + u_{k+1} = 0, far end open, u_0 = V."""
    rows, g, ohm = 300, 1e-4, 4.5
    theta = 2 * np.arcsinh(np.sqrt(ohm * g) / 2)
    first = V * np.cosh((rows - 0.5) * theta) / np.cosh((rows + 0.5) * theta)
    on = np.zeros((1, rows), int)
    found = gated_currents(np.full((rows, 1), g), on, V, Rails(2.0, 2.5, returns="same"))
    assert found[0, 0] == pytest.approx((V - first) / ohm, rel=1e-11)


def test_known_size_of_the_drop():
    """13 / 26 kOhm, 2 Ohm on both lines, 128 rows, half of them on, opposite ends: 39 %."""
    rng = np.random.default_rng(0)
    g = 1 / np.where(rng.random((1, 128, 64)) < 0.5, 13e3, 26e3)
    select = -(rng.random((40, 128)) < 0.5).astype(int)
    found = gated_currents(g, select, V, Rails(2.0, 2.0))
    ideal = gated_currents(g, select, V, Rails(0.0, 0.0))
    assert 1 - found.sum() / ideal.sum() == pytest.approx(0.39, abs=0.01)


@pytest.mark.parametrize("returns", SIDES)
def test_bytes_depend_neither_on_the_batch_nor_on_other_columns(returns):
    rng = np.random.default_rng(10)
    g, select = random_cells(rng, 2, 33, 13), rng.integers(-1, 2, (6, 33))
    rails = Rails(*WIRES, returns=returns)
    together = gated_currents(g, select, V, rails)
    alone = np.vstack([gated_currents(g, row[None], V, rails) for row in select])
    apart = np.hstack([gated_currents(g[:, :, j : j + 1], select, V, rails) for j in range(13)])
    assert together.tobytes() == alone.tobytes() == apart.tobytes()


def test_a_column_without_conducting_cells_carries_nothing():
    g = random_cells(np.random.default_rng(11), 1, 9, 3)
    select = np.full((1, 9), -1)
    assert not gated_currents(g, select, V, Rails(*WIRES)).any()
    bit, source = gated_voltages(g, select, V, Rails(*WIRES))
    assert np.array_equal(bit, np.full((1, 9, 3), V))
    assert not source.any()


def test_series_columns_add_up():
    rng = np.random.default_rng(12)
    ohm, select = rng.uniform(1e4, 3e4, (2, 64, 5)), rng.integers(-1, 2, (7, 64))
    found = series_resistance(ohm, select, 3.0, 100.0, 50.0)
    for image, column in np.ndindex(found.shape):
        chosen = [ohm[b, k, column] for k, b in enumerate(select[image]) if b >= 0]
        assert found[image, column] == pytest.approx(sum(chosen) + 64 * 3.0 + 150.0, rel=1e-13)


def test_series_column_by_hand():
    ohm = [[[10e3], [20e3]], [[30e3], [40e3]]]
    found = series_resistance(ohm, [[0, 1], [1, 0], [-1, 0]], 5.0, 7.0)
    assert found[:, 0].tolist() == [50017.0, 50017.0, 20017.0]


@pytest.mark.parametrize("returns", SIDES)
@pytest.mark.parametrize("segment", [0.0, 1.0, 1e4, 1e9])
def test_long_ladders_neither_overflow_nor_lose_digits(segment, returns):
    """Currents alone, whose states grow along the column, against those of the node voltages."""
    rng = np.random.default_rng(9)
    g, select = rng.uniform(1e-4, 1e-2, (2, 900, 3)), rng.integers(-1, 2, (3, 900))
    rails = Rails(segment, 0.7 * segment, 100.0, 50.0, returns)
    found = gated_currents(g, select, V, rails)
    bit, _ = gated_voltages(g, select, V, rails)
    first = [(chosen >= 0).argmax() for chosen in select]
    above = 100.0 + segment * (1.0 + np.array(first))[:, None]
    expected = (V - bit[np.arange(3), first]) / above
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, expected, rtol=1e-9)
