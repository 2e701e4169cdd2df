"""Test cases of badcrossbar (Joksas and Mehonic, SoftwareX 12, 100617 (2020), MIT licence).

Its authors solved small crossbars with the circuit simulator Qucs; the resistances, voltages and
currents of those cases are the expected values. The package itself is compared where installed.
"""

import warnings

import numpy as np
import pytest

from mramsim.arrays.wires import node_voltages, solve_crossbar

INF = np.inf
# cell resistances in Ohm, inputs in V, segment in Ohm (rows and columns), outputs in A
QUCS = {
    "2x3_a": (
        [[10, 20, 30], [40, 50, 60]],
        [3, 5],
        0.1,
        [0.4109446865, 0.2427676365, 0.1782942773],
    ),
    "2x3_b": ([[10, 20, 30], [40, 50, 60]], [3, 5], 0.0, [0.425, 0.25, 0.183333333333333]),
    "2x3_c": ([[45, INF, INF], [150, INF, 20]], [14, 6], 1.5, [0.3160015477, 0, 0.228795581]),
    "2x3_d": (
        [[INF, INF, INF], [30, 45.5, INF]],
        [10, 7],
        0.5,
        [0.2234425948, 0.1465591213, 0],
    ),
    "2x1_a": ([[60], [10]], [3, 0.1], 1.0, [0.0519205298]),
    "2x1_b": ([[100], [500]], [0, 0], 1.0, [0]),
    "2x1_c": ([[1], [INF]], [50, 5], 0.0, [50]),
}
CELLS = {  # the same cases: current of every cell in A
    "2x3_a": [
        [0.2877316742, 0.1442221472, 0.09620240051],
        [0.1232130123, 0.09854548924, 0.08209187684],
    ],
    "2x3_c": [[0.2817916183, 0, 0], [0.03420992942, 0, 0.228795581]],
    "2x3_d": [[0, 0, 0], [0.2234425948, 0.1465591213, 0]],
    "2x1_a": [[0.04754966887], [0.004370860927]],
}


@pytest.mark.parametrize("name", QUCS)
def test_published_outputs(name):
    ohm, v, wire, expected = QUCS[name]
    found = solve_crossbar(1 / np.array(ohm, float), [v], wire, wire)
    np.testing.assert_allclose(found[0], expected, rtol=2e-9)


@pytest.mark.parametrize("name", CELLS)
def test_published_cell_currents(name):
    ohm, v, wire, _ = QUCS[name]
    g = 1 / np.array(ohm, float)
    nodes = node_voltages(g, [v], wire, wire)
    np.testing.assert_allclose(g * (nodes.word_v - nodes.bit_v)[0], CELLS[name], rtol=2e-9)


@pytest.fixture(scope="module")
def badcrossbar():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting needs cairo and warns without
        return pytest.importorskip("badcrossbar", reason="badcrossbar is not installed")


def compare(badcrossbar, ohm, v, row, column):
    """Compare outputs and node voltages; `v` is [rows, images] as in badcrossbar."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = badcrossbar.compute(v, ohm, None, row, column)
    ours = node_voltages(1 / ohm, v.T, row, column)
    np.testing.assert_allclose(
        solve_crossbar(1 / ohm, v.T, row, column), theirs.currents.output, 1e-9
    )
    images = theirs.voltages.word_line.reshape(*ohm.shape, -1)
    np.testing.assert_allclose(np.moveaxis(ours.word_v, 0, 2), images, rtol=1e-9)
    images = theirs.voltages.bit_line.reshape(*ohm.shape, -1)
    np.testing.assert_allclose(np.moveaxis(ours.bit_v, 0, 2), images, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("name", ["2x3_a", "2x1_a"])
def test_the_package_itself_on_its_cases(badcrossbar, name):
    ohm, v, wire, _ = QUCS[name]
    compare(badcrossbar, np.array(ohm, float), np.array(v, float)[:, None], wire, wire)


@pytest.mark.parametrize(("row", "column"), [(1.0, 2.0), (0.5, 0.5), (0.0, 3.0), (3.0, 0.0)])
def test_the_package_itself_on_a_5x4_array(badcrossbar, row, column):
    """The cells and inputs of its 5x4 schematics: 10, 20, ... Ohm and 0, 1, ... V."""
    ohm = 10.0 * np.arange(1, 21).reshape(5, 4)
    v = np.arange(5.0)[:, None] * [1.0, -2.0]
    compare(badcrossbar, ohm, v, row, column)


def test_the_package_itself_on_a_random_array(badcrossbar):
    rng = np.random.default_rng(0)
    ohm = np.where(rng.random((20, 14)) < 0.5, 5e3, 12.5e3) * rng.uniform(0.9, 1.1, (20, 14))
    compare(badcrossbar, ohm, rng.uniform(-0.2, 0.2, (20, 3)), 2.0, 3.0)
