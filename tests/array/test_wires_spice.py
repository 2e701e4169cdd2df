"""Arrays behind wires against ngspice operating points."""

import numpy as np
import pytest
from naive_wires import gated, passive, spice

from mramsim.arrays.wires import (
    Junctions,
    Rails,
    gated_currents,
    solve_crossbar,
    solve_junction_columns,
    solve_junction_crossbar,
)

WIRES = (2.0, 2.5, 100.0, 50.0)
V = 0.1
V_HALF, CURVE = 0.4, 0.1


def random_ohm(rng, *shape):
    ohm = np.where(rng.random(shape) < 0.5, 5e3, 12.5e3)
    return ohm * (1 + 0.05 * rng.normal(size=shape))


@pytest.mark.parametrize("side", [8, 32])
def test_passive_array(side, tmp_path):
    rng = np.random.default_rng(side)
    g, v = 1 / random_ohm(rng, side, side), rng.uniform(-0.2, 0.2, side)
    expected = spice(tmp_path, passive(g, *WIRES), v, side)
    np.testing.assert_allclose(solve_crossbar(g, v[None], *WIRES)[0], expected, rtol=1e-9)


@pytest.mark.parametrize("returns", ["opposite", "same"])
def test_gated_columns(returns, tmp_path):
    rng = np.random.default_rng(3)
    g = 1 / (random_ohm(rng, 32, 16) + 3e3)
    select = rng.integers(-1, 1, (1, 32))
    on = np.where(select[0][:, None] >= 0, g, 0.0)
    expected = spice(tmp_path, gated(on, *WIRES, returns), [V] * 16, 16)
    found = gated_currents(g, select, V, Rails(*WIRES, returns=returns))
    np.testing.assert_allclose(found[0], expected, rtol=1e-9)


def behavioural(rp, tmr, series, cell_nodes):
    """Lines for a junction whose TMR falls with its own voltage, behind its resistor."""

    def law(number, a, b):
        if (a[0], b[0]) != cell_nodes:
            return None
        i, j = map(int, a[1:].split("_"))
        v = f"V({a},m{number})"
        current = (
            f"{v}*(1+{CURVE}*{v}*{v})/({rp[i, j]:.17g}"
            f"*(1+{tmr[i, j]:.17g}/(1+{v}*{v}/{V_HALF**2:.17g})))"
        )
        return [
            f"B{number} {a} m{number} I={current}",
            f"R{number} m{number} {b} {series[i, j]:.17g}",
        ]

    return law


def junctions(rng, rows, columns):
    rp = 5e3 * (1 + 0.05 * rng.normal(size=(rows, columns)))
    tmr = np.where(rng.random((rows, columns)) < 0.5, 0.0, 1.5)
    return rp, tmr, rng.uniform(2e3, 4e3, (rows, columns))


@pytest.mark.parametrize("side", [8, 16])
def test_passive_array_of_junctions(side, tmp_path):
    rng = np.random.default_rng(side)
    parts, v = junctions(rng, side, side), rng.uniform(-0.5, 0.5, side)
    wires = (20.0, 25.0, 100.0, 50.0)
    elements = passive(np.ones((side, side)), *wires)
    expected = spice(tmp_path, elements, v, side, behavioural(*parts, ("w", "b")))
    cells = Junctions(*parts, V_HALF, CURVE)
    found = solve_junction_crossbar(cells, v[None], *wires)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    linear = solve_crossbar(1 / (parts[0] * (1 + parts[1]) + parts[2]), v[None], *wires)[0]
    assert np.abs(linear / expected - 1).max() > 1e-2  # the bias dependence is not small here


@pytest.mark.parametrize("returns", ["opposite", "same"])
def test_gated_columns_of_junctions(returns, tmp_path):
    rng = np.random.default_rng(4)
    parts, select = junctions(rng, 32, 4), rng.integers(-1, 1, (1, 32))
    wires = (20.0, 25.0, 100.0, 50.0)
    on = np.where(select[0][:, None] >= 0, np.ones((32, 4)), 0.0)
    law = behavioural(*parts, ("p", "q"))
    expected = spice(tmp_path, gated(on, *wires, returns), [0.5] * 4, 4, law)
    rails = Rails(*wires, returns=returns)
    found = solve_junction_columns(Junctions(*parts, V_HALF, CURVE), select, 0.5, rails)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
