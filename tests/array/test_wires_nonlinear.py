"""Bias-dependent junctions behind wires: Newton's method against slower ways there."""

import numpy as np
import pytest
from scipy.optimize import brentq

from mramsim.arrays.wires import (
    Junctions,
    Rails,
    gated_currents,
    gated_voltages,
    node_voltages,
    solve_crossbar,
    solve_junction_columns,
    solve_junction_crossbar,
)
from mramsim.kernels.junctions import fill_linearised

V_HALF, CURVE = 0.3, 0.2
WIRES = (20.0, 25.0, 100.0, 50.0)


def resistance_at(v, rp, tmr):
    return rp / (1 + CURVE * v**2) * (1 + tmr / (1 + (v / V_HALF) ** 2))


def share(v_cell, rp, tmr, series):
    """Resistance of junction and series path together at a voltage across both, by bisection."""

    def excess(v):
        ohm = resistance_at(v, rp, tmr)
        return v * (ohm + series) - v_cell * ohm

    low, high = sorted((0.0, v_cell))
    v = brentq(excess, low, high, xtol=1e-18, rtol=1e-15) if v_cell else 0.0
    return resistance_at(v, rp, tmr) + series


secant = np.vectorize(share)


def sample(rng, *shape, series=3e3):
    rp = 5e3 * (1 + 0.05 * rng.normal(size=shape))
    tmr = np.where(rng.random(shape) < 0.5, 0.0, 1.5)
    return rp, tmr, np.full(shape, series), V_HALF, CURVE


def test_passive_newton_finds_the_point_where_cells_and_wires_agree():
    rng = np.random.default_rng(0)
    parts = sample(rng, 7, 6)
    v = rng.uniform(-0.4, 0.4, (2, 7))
    found = solve_junction_crossbar(Junctions(*parts), v, *WIRES)
    for image in range(2):
        g = 1 / secant(0.0, *parts[:3])
        for _ in range(40):  # conductance of the last voltages, solved as linear
            nodes = node_voltages(g, v[image : image + 1], *WIRES)
            g = 1 / secant(nodes.word_v[0] - nodes.bit_v[0], *parts[:3])
        np.testing.assert_allclose(found[image], nodes.output_a[0], rtol=1e-12)


@pytest.mark.parametrize("returns", ["opposite", "same"])
def test_gated_newton_finds_the_point_where_cells_and_wires_agree(returns):
    rng = np.random.default_rng(1)
    parts = sample(rng, 2, 16, 3)
    select, v = rng.integers(-1, 2, (2, 16)), 0.4
    rails = Rails(*WIRES, returns=returns)
    found = solve_junction_columns(Junctions(*parts), select, v, rails)
    for image in range(2):
        g = 1 / secant(0.0, *parts[:3])
        chosen = select[image : image + 1]
        for _ in range(40):
            p, q = gated_voltages(g, chosen, v, rails)
            g = 1 / secant(np.broadcast_to(p - q, g.shape), *parts[:3])
        np.testing.assert_allclose(found[image], gated_currents(g, chosen, v, rails)[0], rtol=1e-12)


def test_without_wires_each_cell_divides_the_voltage_by_itself():
    rng = np.random.default_rng(2)
    parts = sample(rng, 9, 4)
    v = rng.uniform(-0.4, 0.4, 9)
    alone = v[:, None] / secant(np.broadcast_to(v[:, None], (9, 4)), *parts[:3])
    found = solve_junction_crossbar(Junctions(*parts), v[None], 0.0, 0.0)
    np.testing.assert_allclose(found[0], alone.sum(axis=0), rtol=1e-12)
    on = np.zeros((1, 9), int)
    columns = solve_junction_columns(Junctions(*parts), on, 0.3, Rails(0.0, 0.0))
    alone = 0.3 / secant(np.full((9, 4), 0.3), *parts[:3])
    np.testing.assert_allclose(columns[0], alone.sum(axis=0), rtol=1e-12)


@pytest.mark.parametrize("returns", ["opposite", "same"])
def test_without_bias_dependence_it_is_the_linear_solution(returns):
    rng = np.random.default_rng(3)
    rp, tmr, series, _, _ = sample(rng, 12, 5)
    junctions = Junctions(rp, tmr, series)
    g = 1 / (rp * (1 + tmr) + series)
    v, on = rng.uniform(-0.4, 0.4, (3, 12)), rng.integers(-1, 1, (3, 12))
    found = solve_junction_crossbar(junctions, v, *WIRES)
    np.testing.assert_allclose(found, solve_crossbar(g, v, *WIRES), rtol=1e-12)
    rails = Rails(*WIRES, returns=returns)
    found = solve_junction_columns(junctions, on, 0.4, rails)
    np.testing.assert_allclose(found, gated_currents(g, on, 0.4, rails), rtol=1e-12)


def test_the_iteration_settles_far_beyond_the_half_voltage_and_behind_long_wires():
    rng = np.random.default_rng(4)
    tmr = np.where(rng.random((8, 8)) < 0.5, 0.0, 10.0)
    junctions = Junctions(np.full((8, 8), 5e3), tmr, 0.0, 0.05)
    found = solve_junction_crossbar(junctions, np.full((1, 8), 1.0), 1e5, 1e5)
    low = solve_crossbar(1 / (5e3 * (1 + tmr)), np.full((1, 8), 1.0), 1e5, 1e5)
    high = solve_crossbar(np.full((8, 8), 1 / 5e3), np.full((1, 8), 1.0), 1e5, 1e5)
    assert low.sum() < found.sum() < high.sum()  # Rayleigh: one source, conductances in between


def test_a_batch_of_images_is_each_image_alone():
    rng = np.random.default_rng(5)
    junctions, v = Junctions(*sample(rng, 10, 4)), rng.uniform(-0.4, 0.4, (4, 10))
    v[1] *= 1e-3
    v[2] = 0.0
    together = solve_junction_crossbar(junctions, v, *WIRES)
    alone = np.vstack([solve_junction_crossbar(junctions, row[None], *WIRES) for row in v])
    np.testing.assert_allclose(together, alone, rtol=1e-12)
    assert not together[2].any()


def test_newton_uses_the_slope_of_the_current():
    """Central difference of the cell current against the slope that the linearisation gives."""
    rng = np.random.default_rng(6)
    rp, tmr, series, _, _ = sample(rng, 40)
    v, step = np.linspace(-0.9, 0.9, 40), 1e-5
    current, slope, ahead, behind, unused = np.empty((5, 40))
    for volts, result in ((v, current), (v + step, ahead), (v - step, behind)):
        into = slope if volts is v else unused
        fill_linearised(volts, rp, tmr, series, CURVE, 1 / V_HALF, result, into)
    np.testing.assert_allclose(current, v / secant(v, rp, tmr, series), rtol=1e-12)
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), rtol=1e-7)
