"""One pulse of the Fokker-Planck equation: long ones, short ones, counted ones, tiny ones."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from mramsim.devices import pulse_escape
from mramsim.devices.escape import escape_rate
from mramsim.devices.fokker_planck import write_error_rate
from mramsim.devices.macrospin import Macrospin, evolve, safe_step, thermal_start
from mramsim.devices.pulse_escape import bernoulli, flip_probability, positive_exponential


@pytest.mark.parametrize(("delta", "drive"), [(20.0, 0.0), (20.0, 0.3), (40.0, 0.5), (60.0, 0.6)])
def test_long_pulses_flip_at_the_escape_rate(delta, drive):
    first, second = (flip_probability(delta, tau, drive) for tau in (30.0, 60.0))
    rate = math.log((1.0 - first) / (1.0 - second)) / 30.0
    assert rate == pytest.approx(escape_rate(delta, drive), rel=0.01)
    third = flip_probability(delta, 600.0, drive)
    assert third == pytest.approx(1.0 - (1.0 - second) * math.exp(-540.0 * rate), rel=0.02)


@pytest.mark.parametrize(
    ("delta", "drive", "tau"), [(60.0, 0.65, 10.6), (60.0, 0.9, 5.0), (60.0, 1.5, 3.0), (30, 2, 2)]
)
def test_pulses_against_legendre_modes(delta, drive, tau):
    """What is beyond x = 0 at the end of the pulse, where that is far from rounding."""
    found = flip_probability(delta, tau, drive)
    assert found == pytest.approx(1.0 - write_error_rate(drive, tau, delta), rel=0.02)


@pytest.mark.parametrize(("drive", "stiffness"), [(0.9, 1.0), (0.0, 0.1)])
def test_pulses_of_a_macrospin_are_counted(drive, stiffness):
    """The stochastic LLG equation: a pulse, then time to relax."""
    delta, tau, alpha, count = 12.0, 3.0, 0.1, 100_000
    start = thermal_start(delta, count, np.random.default_rng(1))
    step, unit = safe_step(alpha), (1.0 + alpha**2) / alpha
    pulsed, free = (
        Macrospin(delta=delta, alpha=alpha, overdrive=i, anisotropy=k)
        for i, k in ((drive, stiffness), (0.0, 1.0))
    )
    time, rest = tau * unit, 3.0 * unit
    end = evolve(pulsed, start, time, math.ceil(time / step), 2)
    end = evolve(free, end, rest, math.ceil(rest / step), 3)
    expected = flip_probability(delta, tau, drive, stiffness)
    assert 0.01 < expected < 0.5
    error = math.sqrt(expected * (1.0 - expected) / count)
    assert abs(np.mean(end[2] < 0.0) - expected) < 4.0 * error + 0.01 * expected


def least_action(drive: float, tau: float) -> float:
    """Exponent per Delta of the likeliest way out during a pulse (Freidlin and Wentzell).

    Hamilton's equations of the Fokker-Planck equation for small noise: with the momentum Delta q,
    ``E = (1 - x^2) ((x - i) q + q^2 / 2)`` is constant and ``dx/dtau = (1 - x^2)(x - i + q)``. The
    start x0 has the weight ``exp(Delta (x0^2 - 1))`` and the end x1 the chance ``exp(-Delta x1^2)``
    to relax to the other side, so that ``q = -2 x`` at both and ``x (1 - x^2)`` is the same.
    """

    def speed(x, energy):
        return math.sqrt((x - drive) ** 2 + 2.0 * energy / (1.0 - x * x))

    def ends(x0):
        level = x0 * (1.0 - x0 * x0)
        return brentq(lambda x: x * (1.0 - x * x) - level, 0.0, 3**-0.5), 2.0 * drive * level

    def time(x0):
        x1, energy = ends(x0)
        return quad(lambda x: 1.0 / ((1.0 - x * x) * speed(x, energy)), x1, x0)[0]

    x0 = brentq(lambda x: time(x) - tau, 3**-0.5 + 1e-6, 1.0 - 1e-6)
    x1, energy = ends(x0)
    way = quad(lambda x: x - drive + speed(x, energy), x1, x0, limit=200)[0]
    return 1.0 - x0 * x0 + way + x1 * x1 - energy * tau


@pytest.mark.parametrize(("drive", "tau"), [(0.65, 1.06), (0.94, 1.06), (0.65, 4.0), (0.3, 2.0)])
def test_short_pulses_follow_the_least_action(drive, tau):
    """Down to probabilities of 1e-30, far below what rounding leaves of a sum."""
    low, high = (flip_probability(delta, tau, drive) for delta in (80.0, 120.0))
    assert 0.0 < high < low < 1e-3
    slope = (math.log(low) - math.log(high)) / 40.0
    assert slope == pytest.approx(least_action(drive, tau), rel=0.03, abs=0.005)
    assert slope > (1.0 - drive) ** 2 + 0.02  # what the escape rate has


@pytest.mark.parametrize(("delta", "drive"), [(60.0, 0.94), (130.0, 0.94)])
def test_grid_is_fine_enough(delta, drive):
    """Extrapolated from two grids, against two that are twice as fine."""
    coarse, fine = (
        pulse_escape._on_grid(angle, delta, 1.06, drive, 1.0) for angle in (2e-3, 1.5e-3)
    )
    expected = fine * (fine / coarse) ** (1.0 / ((4.0 / 3.0) ** 2 - 1.0))
    assert flip_probability(delta, 1.06, drive) == pytest.approx(expected, rel=0.05, abs=0.0)


def test_nothing_and_holding_add_nothing():
    assert flip_probability(40.0, 0.0, 0.9) == 0.0
    assert flip_probability(40.0, 5.0, -0.5) == 0.0
    values = [flip_probability(40.0, tau, 0.8) for tau in (0.01, 0.1, 1.0, 10.0, 100.0, 1e6)]
    assert values == sorted(values)
    assert values[0] > 0.0
    assert values[-1] == 1.0
    assert flip_probability(1e6, 5.0, 0.9) == flip_probability(400.0, 5.0, 0.9)


def test_exponential_of_jumps_against_scipy():
    from scipy.linalg import expm

    rng = np.random.default_rng(4)
    down, up = rng.random(6) * 9.0, rng.random(6) * 9.0
    matrix = np.diag(down, 1) + np.diag(up, -1)
    matrix -= np.diag(matrix.sum(axis=1))
    found = positive_exponential(down, up, 3.7)
    np.testing.assert_allclose(found, expm(3.7 * matrix), rtol=1e-11)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)
    assert bernoulli(np.array([0.0, 1e-9, 1.0])).tolist() == pytest.approx(
        [1.0, 1.0, 1.0 / (math.e - 1.0)], rel=1e-8
    )
