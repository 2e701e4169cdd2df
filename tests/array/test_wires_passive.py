"""Passive arrays behind wires against dense nodal analysis and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_wires import dense, passive, worst_kirchhoff
from threadpoolctl import threadpool_limits

from mramsim.arrays.wires import node_voltages, solve_crossbar, transfer_matrix

WIRES = (2.0, 2.5, 100.0, 50.0)  # row, column, driver, sense
ohms = st.sampled_from([0.0, 0.3, 2.0, 150.0, 4e4])


def random_cells(rng, rows, columns, opens=0.0):
    ohm = np.where(rng.random((rows, columns)) < 0.5, 5e3, 12.5e3)
    ohm *= 1 + 0.05 * rng.normal(size=ohm.shape)
    return np.where(rng.random(ohm.shape) < opens, 0.0, 1 / ohm)


def by_name(found, volts):
    """Largest difference between node voltages and those of the element list."""
    worst = 0.0
    for letter, array in (("w", found.word_v[0]), ("b", found.bit_v[0])):
        for (i, j), value in np.ndenumerate(array):
            worst = max(worst, abs(volts[f"{letter}{i}_{j}"] - value))
    return worst


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(
    rows=st.integers(1, 8),
    columns=st.integers(1, 8),
    wires=st.tuples(ohms, ohms, ohms, ohms),
    seed=st.integers(0, 1000),
)
def test_any_shape_and_any_zeros_agree_with_a_dense_solve(rows, columns, wires, seed):
    rng = np.random.default_rng(seed)
    g = random_cells(rng, rows, columns, opens=0.2)
    v = rng.uniform(-0.2, 0.2, rows)
    volts, currents = dense(passive(g, *wires), v, columns)
    scale = (np.abs(v) @ g).max()
    np.testing.assert_allclose(solve_crossbar(g, v[None], *wires)[0], currents, 0, 1e-10 * scale)
    found = node_voltages(g, v[None], *wires)
    np.testing.assert_allclose(found.output_a[0], currents, 0, 1e-10 * scale)
    assert by_name(found, volts) < 1e-11


@pytest.mark.parametrize(("rows", "columns"), [(1, 40), (40, 1), (14, 22), (22, 14)])
def test_larger_arrays_agree_with_a_dense_solve(rows, columns):
    rng = np.random.default_rng(rows)
    g, v = random_cells(rng, rows, columns), rng.uniform(-0.2, 0.2, (3, rows))
    expected = [dense(passive(g, *WIRES), row, columns)[1] for row in v]
    np.testing.assert_allclose(solve_crossbar(g, v, *WIRES), expected, rtol=1e-10)


@pytest.mark.parametrize("wires", [WIRES, (0.1, 20.0, 1e3, 1e-3), (300.0, 400.0, 10.0, 10.0)])
def test_currents_balance_at_every_node(wires):
    rng = np.random.default_rng(5)
    g, v = random_cells(rng, 64, 48), rng.uniform(-0.2, 0.2, 64)
    found = node_voltages(g, v[None], *wires)
    row, column, driver, sense = wires
    word, bit = found.word_v[0], found.bit_v[0]
    ahead = np.diff(word, axis=1, prepend=0.0) / -row
    ahead[:, 0] = (v - word[:, 0]) / (row + driver)  # into each word node from the left
    down = np.diff(bit, axis=0, append=0.0) / -column
    down[-1] = bit[-1] / (column + sense)  # out of each bit node, downwards
    cell = g * (word - bit)
    at_word = ahead - cell
    at_word[:, :-1] -= ahead[:, 1:]
    at_bit = cell - down
    at_bit[1:] += down[:-1]
    largest = max(np.abs(ahead).max(), np.abs(down).max())
    assert max(np.abs(at_word).max(), np.abs(at_bit).max()) < 1e-10 * largest
    np.testing.assert_allclose(found.output_a[0], down[-1], rtol=1e-10)
    np.testing.assert_allclose(solve_crossbar(g, v[None], *wires)[0], down[-1], rtol=1e-10)


def test_the_element_list_itself_balances():
    rng = np.random.default_rng(6)
    g, v = random_cells(rng, 6, 5), rng.uniform(-0.2, 0.2, 6)
    elements = passive(g, *WIRES)
    assert worst_kirchhoff(elements, dense(elements, v, 5)[0]) < 1e-10


@pytest.mark.parametrize(("rows", "columns"), [(9, 5), (5, 9), (1, 3), (3, 1), (70, 60)])
def test_without_resistances_it_is_the_plain_product(rows, columns):
    rng = np.random.default_rng(1)
    g, v = random_cells(rng, rows, columns, opens=0.1), rng.normal(size=(4, rows))
    assert np.array_equal(transfer_matrix(g, 0.0, 0.0), g)
    assert np.array_equal(solve_crossbar(g, v, 0.0, 0.0), v @ g)
    found = node_voltages(g, v, 0.0, 0.0)
    assert np.array_equal(found.word_v, np.broadcast_to(v[:, :, None], found.word_v.shape))
    assert not found.bit_v.any()


def test_one_uniform_column_is_a_hyperbolic_cosine():
    """All rows at V: u_k = V - b_k obeys u_{k-1} - (2 + rG) u_k + u_{k+1} = 0, top open."""
    rows, g, ohm, v = 300, 1e-4, 3.0, 0.2
    theta = 2 * np.arcsinh(np.sqrt(ohm * g) / 2)  # cosh theta = 1 + rG / 2
    last = v * np.cosh((rows - 0.5) * theta) / np.cosh((rows + 0.5) * theta)
    found = solve_crossbar(np.full((rows, 1), g), np.full((1, rows), v), 0.0, ohm)
    assert found[0, 0] == pytest.approx((v - last) / ohm, rel=1e-12)


def test_one_uniform_row_decays_to_its_open_end():
    """Bit lines at 0 V: w_j = A cosh((N + 1/2 - j) theta), w_0 = V."""
    columns, g, ohm, v = 200, 1e-4, 3.0, 0.2
    theta = 2 * np.arcsinh(np.sqrt(ohm * g) / 2)  # cosh theta = 1 + rG / 2
    j = np.arange(1, columns + 1)
    word = v * np.cosh((columns + 0.5 - j) * theta) / np.cosh((columns + 0.5) * theta)
    found = solve_crossbar(np.full((1, columns), g), [[v]], ohm, 0.0)
    np.testing.assert_allclose(found[0], g * word, rtol=1e-12)


@pytest.mark.parametrize(("side", "drop", "within"), [(64, 0.25, 0.01), (128, 0.54, 0.01)])
def test_known_size_of_the_drop(side, drop, within):
    """13 / 26 kOhm, 2 Ohm per segment on both lines, half the inputs on."""
    rng = np.random.default_rng(0)
    g = 1 / np.where(rng.random((side, side)) < 0.5, 13e3, 26e3)
    v = 0.1 * (rng.random((50, side)) < 0.5)
    found = solve_crossbar(g, v, 2.0, 2.0)
    assert 1 - found.sum() / (v @ g).sum() == pytest.approx(drop, abs=within)


def test_open_lines_carry_nothing():
    g = random_cells(np.random.default_rng(2), 6, 5)
    g[:, 2] = 0.0
    g[4] = 0.0
    transfer = transfer_matrix(g, *WIRES)
    assert not transfer[:, 2].any()
    assert not transfer[4].any()
    assert (transfer[[0, 1, 2, 3, 5]][:, [0, 1, 3, 4]] > 0).all()


def test_bytes_do_not_depend_on_threads():
    g = random_cells(np.random.default_rng(3), 90, 80)
    with threadpool_limits(1, user_api="blas"):
        one = transfer_matrix(g, *WIRES)
    with threadpool_limits(2, user_api="blas"):
        two = transfer_matrix(g, *WIRES)
    assert one.tobytes() == two.tobytes()
