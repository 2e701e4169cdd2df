"""The s-LLGS solver against analytic solutions, Boltzmann, Fokker-Planck and a slow twin."""

import math
from itertools import pairwise

import numpy as np
import pytest
from naive_devices import llgs
from scipy.special import erfi
from scipy.stats import kstest

from mramsim.devices.fokker_planck import write_error_rate
from mramsim.devices.macrospin import (
    Macrospin,
    evolve,
    safe_step,
    switching_probability,
    thermal_start,
)
from mramsim.errors import InputError

POINTS = [(10.0, 1.5, 2.5), (10.0, 2.0, 1.2), (20.0, 1.5, 3.5), (20.0, 2.0, 1.5), (30.0, 2.0, 2.5)]
POINTS.append((60.0, 3.0, 1.2))


def tilted(theta: float) -> np.ndarray:
    return np.array([[math.sin(theta)], [0.0], [math.cos(theta)]])


def analytic(theta: float, alpha: float, time: float) -> np.ndarray:
    """Free damped precession: tan(theta) decays as exp(-tau), phi' = cos(theta)/(1 + alpha^2)."""
    tau = time * alpha / (1 + alpha**2)
    start = math.tan(theta)
    phi = (math.asinh(math.exp(tau) / start) - math.asinh(1.0 / start)) / alpha
    end = math.atan(start * math.exp(-tau))
    return np.array([math.sin(end) * math.cos(phi), math.sin(end) * math.sin(phi), math.cos(end)])


def test_second_order_convergence_to_the_analytic_solution() -> None:
    alpha, theta, time = 0.1, 1.0, 12.0
    spin = Macrospin(delta=math.inf, alpha=alpha)
    exact = analytic(theta, alpha, time)
    errors = []
    for steps in (200, 400, 800, 1600):
        end = evolve(spin, tilted(theta), time, steps, seed=0)[:, 0]
        errors.append(float(np.linalg.norm(end - exact)))
    orders = [math.log2(a / b) for a, b in pairwise(errors)]
    assert errors[-1] < 1e-4
    assert orders[-1] == pytest.approx(2.0, abs=0.1)


def test_noiseless_spin_torque_follows_the_drift() -> None:
    """The tangent form of (1 - x^2)(x - i): below critical the spin relaxes, above it switches."""
    alpha, i, theta = 0.05, 2.5, 0.2
    spin = Macrospin(delta=math.inf, alpha=alpha, overdrive=i)
    tau = 0.8
    end = evolve(spin, tilted(theta), spin.time_of_tau(tau), 8000, seed=0)
    x = math.cos(theta)
    for _ in range(20_000):
        x += tau / 20_000 * (1 - x * x) * (x - i)
    assert end[2, 0] == pytest.approx(x, abs=2e-4)


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"overdrive": 1.7},
        {"overdrive": 0.8, "polariser": (0.0, 1.0, 0.0), "field_like": 0.3},
        {"anisotropy": 0.2, "field": (0.3, 0.0, -0.1)},
        {"delta": math.inf, "overdrive": 2.0},
    ],
)
def test_kernel_equals_the_slow_twin(extra: dict) -> None:
    spin = Macrospin(**{"delta": 12.0, "alpha": 0.08, **extra})
    start = thermal_start(12.0, 70, np.random.default_rng(3))
    fast = evolve(spin, start, 4.0, 40, seed=9)
    key = [int(k) for k in np.random.SeedSequence(9).generate_state(2, dtype=np.uint32)]
    constants = {name: getattr(spin, name) for name in spin.__dataclass_fields__}
    constants["polariser"], constants["field"] = np.array(spin.polariser), np.array(spin.field)
    for index in (0, 31, 32, 69):
        slow = llgs(start[:, index], 40, 0.1, constants, key, index)
        assert fast[:, index] == pytest.approx(slow, abs=1e-9)


def test_results_do_not_depend_on_how_a_run_is_cut() -> None:
    spin = Macrospin(delta=20.0, alpha=0.1, overdrive=1.2)
    start = thermal_start(20.0, 33, np.random.default_rng(1))
    whole = evolve(spin, start, 4.0, 80, seed=5)
    half = evolve(spin, start, 2.0, 40, seed=5)
    assert np.array_equal(evolve(spin, half, 2.0, 40, seed=5, first_step=40), whole)
    assert np.array_equal(evolve(spin, start[:, :7], 4.0, 80, seed=5), whole[:, :7])


def test_thermal_start_is_boltzmann_in_the_well() -> None:
    z = thermal_start(25.0, 20_000, np.random.default_rng(2))
    assert np.linalg.norm(z, axis=0) == pytest.approx(1.0, abs=1e-12)
    cdf = kstest(z[2], lambda v: erfi(5.0 * v) / erfi(5.0))
    assert cdf.pvalue > 0.001


@pytest.mark.parametrize("overdrive", [0.0, 0.3])
def test_equilibrium_is_boltzmann(overdrive: float) -> None:
    """Density exp(Delta (z^2 - 2 i z)): the current acts like a field along the axis."""
    delta = 3.0
    spin = Macrospin(delta=delta, alpha=0.5, overdrive=overdrive)
    rng = np.random.default_rng(4)
    z = rng.uniform(-1.0, 1.0, 20_000)
    phi = rng.uniform(0.0, 2.0 * math.pi, z.size)
    radius = np.sqrt(1.0 - z * z)
    start = np.stack([radius * np.cos(phi), radius * np.sin(phi), z])
    end = evolve(spin, start, spin.time_of_tau(40.0), 2000, seed=11)
    root = math.sqrt(delta)

    def cdf(v: np.ndarray) -> np.ndarray:
        low, high = erfi(root * (-1 - overdrive)), erfi(root * (1 - overdrive))
        return (erfi(root * (v - overdrive)) - low) / (high - low)

    assert kstest(end[2], cdf).pvalue > 0.001
    angle = np.arctan2(end[1], end[0]) / (2 * math.pi) + 0.5
    assert kstest(angle, "uniform").pvalue > 0.001


@pytest.mark.parametrize("cut", [1.0, 0.5])
def test_switching_probability_against_fokker_planck(cut: float) -> None:
    for number, (delta, overdrive, tau) in enumerate(POINTS):
        spin = Macrospin(delta=delta, alpha=0.2, overdrive=overdrive)
        step = cut * safe_step(spin.alpha)
        share, _ = switching_probability(spin, tau, 20_000, seed=100 + number, step=step)
        expected = 1.0 - write_error_rate(overdrive, tau, delta)
        assert 0.01 < expected < 0.99
        error = math.sqrt(expected * (1.0 - expected) / 20_000)
        assert abs(share - expected) / error < 4.0, (delta, overdrive, tau, share, expected)


@pytest.mark.slow
@pytest.mark.parametrize("cut", [1.0, 0.5])
def test_switching_probability_at_low_damping(cut: float) -> None:
    for number, (delta, overdrive, tau) in enumerate(POINTS):
        spin = Macrospin(delta=delta, alpha=0.01, overdrive=overdrive)
        step = cut * safe_step(spin.alpha)
        share, _ = switching_probability(spin, tau, 20_000, seed=200 + number, step=step)
        expected = 1.0 - write_error_rate(overdrive, tau, delta)
        error = math.sqrt(expected * (1.0 - expected) / 20_000)
        assert abs(share - expected) / error < 4.0, (delta, overdrive, tau, share, expected)


def test_safe_step_bounds_the_anti_damping() -> None:
    """Just below the critical current a noiseless spin decays slowly; the step must not hide it."""
    spin = Macrospin(delta=math.inf, alpha=0.01, overdrive=1.0 - 1e-3)
    start = tilted(0.01)
    step = safe_step(0.01)
    time = 1000.0
    end = evolve(spin, start, time, math.ceil(time / step), seed=0)
    growth = math.log(math.hypot(end[0, 0], end[1, 0]) / 0.01) / (0.01 * time)
    assert abs(growth + 1e-3) < 1.3e-3
    assert abs(growth + 1e-3) > 0.7e-3
    assert safe_step(1.0) == 0.1


@pytest.mark.parametrize(
    "values",
    [
        {"delta": 10.0, "alpha": 0.0},
        {"delta": 0.0, "alpha": 0.1},
        {"delta": 10.0, "alpha": 0.1, "polariser": (0.0, 0.0, 0.0)},
    ],
)
def test_impossible_macrospins_are_refused(values: dict) -> None:
    with pytest.raises(InputError):
        Macrospin(**values)


def test_bad_runs_are_refused() -> None:
    spin = Macrospin(delta=10.0, alpha=0.1)
    with pytest.raises(InputError, match="shape"):
        evolve(spin, np.zeros((2, 4)), 1.0, 10, seed=0)
    with pytest.raises(InputError, match="steps"):
        evolve(spin, tilted(0.1), 1.0, 0, seed=0)
