"""Switching: Fokker-Planck, escape rates and closed forms against one another."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from mramsim.devices import fokker_planck as fp
from mramsim.devices import switching
from mramsim.devices.escape import brown_rate, escape_rate
from mramsim.devices.summary import wer_report
from mramsim.errors import InputError


@pytest.mark.parametrize(
    ("span", "overdrive", "expected"),
    [
        (4, 1.5, 5.21e-3),
        (4, 2.0, 1.527e-2),
        (4, 3.0, 3.043e-2),
        (8, 1.5, 1.230e-6),
        (8, 2.0, 4.837e-6),
        (8, 3.0, 1.036e-5),
    ],
)
def test_write_error_rate_at_delta_60(span: float, overdrive: float, expected: float) -> None:
    got = fp.write_error_rate(overdrive, span / (overdrive - 1.0), 60.0)
    assert got == pytest.approx(expected, rel=0.02)
    more = fp.write_error_rate(overdrive, span / (overdrive - 1.0), 60.0, modes=200)
    assert got == pytest.approx(more, rel=1e-4)


@pytest.mark.parametrize("span", [4.0, 8.0])
def test_butler_is_close_at_three_times_critical(span: float) -> None:
    exact = fp.write_error_rate(3.0, span / 2.0, 60.0)
    assert switching.butler_write_error_rate(3.0, span / 2.0, 60.0) == pytest.approx(
        exact, rel=0.08
    )


@pytest.mark.parametrize(
    ("delta", "ratio"), [(10.0, 0.889), (20.0, 0.948), (30.0, 0.966), (40.0, 0.974)]
)
def test_escape_rate_over_browns_formula(delta: float, ratio: float) -> None:
    assert escape_rate(delta) / brown_rate(delta) == pytest.approx(ratio, abs=0.003)


def test_browns_formula_becomes_exact_with_current_too() -> None:
    gaps = [1.0 - escape_rate(d, 0.3) / brown_rate(d, 0.3) for d in (50.0, 100.0, 200.0, 400.0)]
    assert all(b < 0.55 * a for a, b in pairwise(gaps))
    assert gaps[-1] < 0.01


@pytest.mark.parametrize(
    ("delta", "drive"),
    [(10.0, 0.0), (15.0, 0.0), (20.0, 0.0), (24.0, 0.0), (20.0, 0.2), (24.0, 0.2)],
)
def test_legendre_eigenvalue_agrees_with_the_integral(delta: float, drive: float) -> None:
    value = fp.relaxation_rate(delta, drive)
    assert value > 1e-10
    assert value == pytest.approx(escape_rate(delta, drive) + escape_rate(delta, -drive), rel=1e-3)


def test_fokker_planck_against_a_finite_volume_solution() -> None:
    """An independent discretisation of the same equation, in x, with a field."""
    delta, drive, tau, cells = 8.0, 1.2, 1.5, 1600
    face = np.linspace(-1.0, 1.0, cells + 1)
    x, width = (face[1:] + face[:-1]) / 2, 2.0 / cells
    weight = 1.0 - face[1:-1] ** 2

    def slope(_: float, rho: np.ndarray) -> np.ndarray:
        middle, jump = (rho[1:] + rho[:-1]) / 2, (rho[1:] - rho[:-1]) / width
        flux = weight * ((face[1:-1] - drive) * middle - jump / (2.0 * delta))
        return -np.diff(flux, prepend=0.0, append=0.0) / width

    rho = np.where(x > 0.0, np.exp(delta * (x * x - 1.0)), 0.0)
    rho /= rho.sum() * width
    end = solve_ivp(slope, (0.0, tau), rho, method="LSODA", lband=1, uband=1, rtol=1e-9, atol=1e-11)
    expected = end.y[x > 0.0, -1].sum() * width
    assert fp.write_error_rate(1.5, tau, delta, field=0.3) == pytest.approx(expected, rel=2e-4)


def test_density_is_conserved_and_starts_in_the_well() -> None:
    matrix = fp.generator(40, 30.0, 1.7)
    assert not matrix[0].any()
    assert fp.equilibrium_in_well(80, 30.0)[0] == pytest.approx(0.5, rel=1e-12)
    assert fp.write_error_rate(2.0, 0.0, 60.0) == pytest.approx(1.0, abs=1e-9)
    assert fp.write_error_rate(3.0, 26.0, 60.0) == 0.0


def test_generator_matches_quadrature() -> None:
    delta, drive, modes = 7.0, 0.6, 9
    x, w = np.polynomial.legendre.leggauss(60)
    p = np.polynomial.legendre.legvander(x, modes)
    slope = np.stack(
        [np.polynomial.legendre.Legendre.basis(k).deriv()(x) for k in range(modes + 1)]
    )
    for n in range(modes + 1):
        for k in range(modes + 1):
            flux = (1 - x * x) * ((x - drive) * p[:, k] - slope[k] / (2 * delta))
            expected = (2 * n + 1) / 2 * np.sum(w * slope[n] * flux)
            assert fp.generator(modes, delta, drive)[n, k] == pytest.approx(expected, abs=1e-11)


def test_critical_current_of_the_fact_sheet() -> None:
    assert switching.critical_current_a(60.0, 300.0, 0.01, 0.6) == pytest.approx(25e-6, rel=0.01)


def test_sun_time_follows_from_the_noiseless_equation() -> None:
    """From theta_0 to 90 degrees without noise, at a large current."""
    theta0, i = 1.0 / math.sqrt(2.0 * 60.0), 50.0
    end = solve_ivp(
        lambda _, y: (i - math.cos(y[0])) * math.sin(y[0]),
        (0.0, 1.0),
        [theta0],
        events=lambda _, y: y[0] - math.pi / 2,
        rtol=1e-10,
    )
    assert switching.sun_tau(i, 60.0) == pytest.approx(end.t_events[0][0], rel=0.2)
    assert switching.sun_tau(3.0, 60.0) * 2.0 == pytest.approx(math.log(math.pi / (2 * theta0)))


def test_vcma_and_sot_closed_forms() -> None:
    assert switching.precession_half_period_s(0.04) == pytest.approx(0.446e-9, rel=0.01)
    k, t, area = 1.380649e-23, 300.0, 2e-15
    volt = switching.vcma_critical_v(60.0, t, 1.5e-9, area, 60e-15)
    assert 60e-15 * volt / 1.5e-9 * area == pytest.approx(60.0 * k * t, rel=1e-12)
    zero = switching.sot_critical_density_a_per_m2(1e6, 1e-9, 0.3, 0.0, 0.3)
    assert zero == pytest.approx(
        2 * 1.602176634e-19 / 1.054571817e-34 * 1e-3 / 0.3 * 0.15, rel=1e-9
    )
    less = switching.sot_critical_density_a_per_m2(1e6, 1e-9, 0.3, 0.1, 0.3)
    assert (zero - less) / zero == pytest.approx(0.1 / math.sqrt(2.0) / 0.15, rel=1e-9)


def test_report_of_the_command_line() -> None:
    report = wer_report(3.0, 2.0, 60.0)
    assert report["wer_fokker_planck"] == pytest.approx(3.043e-2, rel=0.02)
    assert report["wer_butler"] == pytest.approx(3.26e-2, rel=0.01)
    below = wer_report(0.5, 10.0)
    assert below["delta"] == 60.0
    assert below["wer_butler"] is None
    assert below["escape_per_tau"] is not None


@pytest.mark.parametrize(
    "values", [(2.0, -1.0, 60.0), (2.0, 1.0, 0.0), (2.0, 1.0, 1e4), (math.nan, 1.0, 60.0)]
)
def test_bad_pulses_are_refused(values: tuple[float, float, float]) -> None:
    with pytest.raises(InputError):
        wer_report(*values)
