"""The tunnel barrier against closed forms and numbers of the fact sheet."""

import math

import numpy as np
import pytest

from mramsim.devices import barrier


@pytest.mark.parametrize(
    ("nm", "kilo_ohm"), [(35, 10.4), (40, 8.0), (50, 5.1), (60, 3.5), (80, 2.0)]
)
def test_resistance_of_ra_10(nm: float, kilo_ohm: float) -> None:
    got = barrier.parallel_ohm(10e-12, nm * 1e-9)
    assert got / 1e3 == pytest.approx(kilo_ohm, abs=0.051)
    assert barrier.ra_ohm_m2(got, nm * 1e-9) == pytest.approx(10e-12, rel=1e-12)


def test_decay_length_of_a_0p4_ev_barrier() -> None:
    """1.025 per Angstrom and root eV, twice over: Simmons' constant."""
    assert barrier.decay_per_m(1.0) == pytest.approx(1.025e10, rel=1e-3)
    ratio = barrier.ra_ratio_simmons(1.1e-9, 1.0e-9, 0.4)
    assert ratio == pytest.approx(1.1 * math.exp(1.025e10 * math.sqrt(0.4) * 1e-10), rel=1e-3)


def test_sigma_of_ra_is_the_slope_of_its_logarithm() -> None:
    h = 1e-15
    up = barrier.ra_ratio_simmons(1e-9 + h, 1e-9, 0.4)
    down = barrier.ra_ratio_simmons(1e-9 - h, 1e-9, 0.4)
    slope = (math.log(up) - math.log(down)) / (2 * h)
    assert barrier.ra_sigma_of_thickness(2e-12, 1e-9, 0.4) == pytest.approx(slope * 2e-12, rel=1e-5)


def test_brinkman_curvature_and_asymmetry() -> None:
    hbar, m, e = 1.054571817e-34, 9.1093837e-31, 1.602176634e-19
    a0 = 4 * math.sqrt(2 * m) * 1e-9 / (3 * hbar)  # per sqrt(J)
    v = 0.2
    expected = 1 + 9 / 128 * a0**2 / (2.0 * e) * (e * v) ** 2
    assert barrier.brinkman_ratio(v, 1e-9, 2.0) == pytest.approx(expected, rel=1e-8)
    left = barrier.brinkman_ratio(-v, 1e-9, 2.0, 0.5)
    right = barrier.brinkman_ratio(v, 1e-9, 2.0, 0.5)
    odd = a0 * (0.5 * e) / (16 * (2.0 * e) ** 1.5) * (e * v)
    assert (left - right) / 2 == pytest.approx(odd, rel=1e-8)
    assert (left + right) / 2 == pytest.approx(expected, rel=1e-8)


def test_julliere_of_p_075_is_257_percent() -> None:
    assert barrier.tmr_of_polarisations(0.75, 0.75) == pytest.approx(2.57, abs=0.002)
    assert barrier.polarisation_of_tmr(barrier.tmr_of_polarisations(0.6, 0.6)) == pytest.approx(0.6)


def test_conductance_is_linear_in_the_cosine() -> None:
    cosine = np.array([1.0, 0.3, 0.0, -0.7, -1.0])
    g_p, g_ap = 1 / 5e3, 1 / (5e3 * 2.2)
    expected = (g_p + g_ap) / 2 + (g_p - g_ap) / 2 * cosine
    got = barrier.resistance_at_angle(5e3, 1.2, cosine)
    assert 1.0 / got == pytest.approx(expected, rel=1e-12)
