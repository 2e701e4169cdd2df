"""What the array solvers refuse, each with one line that names it."""

import numpy as np
import pytest

from mramsim.arrays.wires import (
    Junctions,
    Rails,
    gated_currents,
    node_voltages,
    series_resistance,
    solve_crossbar,
    solve_junction_columns,
    solve_junction_crossbar,
    transfer_matrix,
)
from mramsim.errors import InputError

G = np.full((3, 2), 1e-4)
V = np.full((1, 3), 0.1)
ON = np.zeros((1, 3), int)
RAILS = Rails(1.0, 1.0)
CELLS = Junctions(1 / G, G * 0 + 1.0)


def changed(array, value):
    array = np.array(array, float)
    array.flat[1] = value
    return array


@pytest.mark.parametrize("bad", [changed(G, np.nan), changed(G, -1e-4), G[0], G[:, :0], "abc"])
@pytest.mark.parametrize("solve", [solve_crossbar, node_voltages])
def test_conductances(solve, bad):
    with pytest.raises(InputError, match=r"^conductance_s"):
        solve(bad, V, 1.0, 1.0)
    with pytest.raises(InputError, match=r"^conductance_s"):
        gated_currents(bad, ON, 0.1, RAILS)


@pytest.mark.parametrize("bad", [changed(G, np.inf), G * 1j, [[1, 2], [3]]])
def test_more_conductances(bad):
    with pytest.raises(InputError, match=r"^conductance_s"):
        transfer_matrix(bad, 1.0, 1.0)


@pytest.mark.parametrize("bad", [changed(V, np.nan), V[0], V[:, :2], V[:0], None])
@pytest.mark.parametrize("solve", [solve_crossbar, node_voltages])
def test_inputs(solve, bad):
    with pytest.raises(InputError, match=r"^input_v"):
        solve(G, bad, 1.0, 1.0)
    with pytest.raises(InputError, match=r"^input_v"):
        solve_junction_crossbar(CELLS, bad, 1.0, 1.0)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf, "a", None])
@pytest.mark.parametrize("which", range(4))
def test_resistances(which, bad):
    wires = [1.0] * 4
    wires[which] = bad
    names = ("row_wire_ohm", "column_wire_ohm", "driver_ohm", "sense_ohm")
    for solve, first in ((solve_crossbar, G), (node_voltages, G), (solve_junction_crossbar, CELLS)):
        with pytest.raises(InputError, match=rf"^{names[which]}"):
            solve(first, V, *wires)
    names = ("bit_wire_ohm", "source_wire_ohm", "driver_ohm", "sense_ohm")
    with pytest.raises(InputError, match=rf"^{names[which]}"):
        Rails(*wires)


@pytest.mark.parametrize("bad", [ON[0], ON[:, :2], ON + 1, ON - 2, ON + 0.5, ON == 0])
def test_selections(bad):
    with pytest.raises(InputError, match=r"^select"):
        gated_currents(G, bad, 0.1, RAILS)
    with pytest.raises(InputError, match=r"^select"):
        series_resistance(1 / G, bad, 1.0)
    with pytest.raises(InputError, match=r"^select"):
        solve_junction_columns(CELLS, bad, 0.1, RAILS)


def test_read_voltage_and_side():
    with pytest.raises(InputError, match=r"^v_read_v"):
        gated_currents(G, ON, np.nan, RAILS)
    with pytest.raises(InputError, match=r"^v_read_v"):
        solve_junction_columns(CELLS, ON, [0.1], RAILS)
    with pytest.raises(InputError, match=r"^returns"):
        Rails(1.0, 1.0, returns="left")


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("rp_ohm", {"rp_ohm": changed(1 / G, 0.0)}),
        ("tmr", {"tmr": changed(G, -1.0)}),
        ("tmr", {"tmr": np.ones((2, 2))}),
        ("series_ohm", {"series_ohm": -1.0}),
        ("series_ohm", {"series_ohm": np.ones((2, 3))}),
        ("v_half_v", {"v_half_v": 0.0}),
        ("v_half_v", {"v_half_v": np.nan}),
        ("gp_curvature_per_v2", {"gp_curvature_per_v2": -1.0}),
    ],
)
def test_junctions(name, given):
    with pytest.raises(InputError, match=rf"^{name}"):
        Junctions(**({"rp_ohm": 1 / G, "tmr": np.ones((3, 2))} | given))


def test_a_passive_array_has_one_branch():
    two = Junctions(np.full((2, 3, 2), 1e4), np.ones((2, 3, 2)))
    with pytest.raises(InputError, match="branches"):
        solve_junction_crossbar(two, V, 1.0, 1.0)


def test_values_beyond_float64_are_refused_not_guessed():
    with pytest.raises(InputError, match="float64"):
        transfer_matrix(np.full((6, 3), 1e25), 1e-25, 1e25, 1e25, 0.0)
