"""Thermal and shot noise against closed forms."""

import math

import numpy as np
import pytest

from mramsim.devices.noise import thermal_shot_a2_per_hz, x_coth_x

K, E = 1.380649e-23, 1.602176634e-19


def test_johnson_at_zero_current() -> None:
    assert thermal_shot_a2_per_hz(0.0, 1e4, 0.0, 300.0, 1.0) == pytest.approx(
        4 * K * 300.0 / 1e4, rel=1e-12
    )


def test_full_shot_noise_at_high_voltage() -> None:
    assert thermal_shot_a2_per_hz(1e-4, 1e4, 0.0, 300.0, 1.0) == pytest.approx(
        2 * E * 1e-4, rel=1e-12
    )


@pytest.mark.parametrize("volt", [1e-9, 3e-3, 0.05, 0.1])
def test_coth_form_between(volt: float) -> None:
    i = volt / 13e3
    x = E * volt / (2 * K * 300.0)
    expected = 2 * E * i * math.cosh(x) / math.sinh(x)
    assert thermal_shot_a2_per_hz(i, 13e3, 0.0, 300.0, 1.0) == pytest.approx(expected, rel=1e-9)


def test_published_ratios_of_the_fact_sheet() -> None:
    """0.1 V and 100 MHz: 0.21 % of the current at 13 kOhm, 0.29 % at 26 kOhm, 4.5 % at 6 MOhm."""
    for ohm, ratio in ((13e3, 0.0021), (26e3, 0.0029), (6e6, 0.045)):
        i = 0.1 / ohm
        sigma = math.sqrt(float(thermal_shot_a2_per_hz(i, ohm, 0.0, 300.0, 1.0)) * 1e8)
        assert sigma / i == pytest.approx(ratio, rel=0.03)


def test_series_resistor_and_junction_combine_like_noise_sources() -> None:
    i, rj, rs, t = 5e-6, 1e4, 3e3, 330.0
    x = E * i * rj / (2 * K * t)
    junction = 2 * E * i / math.tanh(x)
    expected = junction * (rj / (rj + rs)) ** 2 + 4 * K * t / rs * (rs / (rj + rs)) ** 2
    assert thermal_shot_a2_per_hz(i, rj, rs, t, 1.0) == pytest.approx(expected, rel=1e-9)
    # two resistors without current are one resistor
    assert thermal_shot_a2_per_hz(0.0, rj, rs, t, 1.0) == pytest.approx(4 * K * t / (rj + rs))


def test_fano_factor_keeps_johnson_noise_and_zero_is_noiseless() -> None:
    assert thermal_shot_a2_per_hz(0.0, 1e4, 0.0, 300.0, 0.5) == pytest.approx(
        4 * K * 300.0 / 1e4, rel=1e-12
    )
    i = np.array([[1e-6], [2e-6]])
    off = thermal_shot_a2_per_hz(i, 1e4, np.array([0.0, 1e3, 2e3]), 300.0, 0.0)
    assert off.shape == (2, 3)
    assert not off.any()


def test_sign_and_shape_do_not_matter() -> None:
    i = np.array([-2e-6, 2e-6])
    got = thermal_shot_a2_per_hz(i, 1e4, 1e3, 300.0, 1.0)
    assert got[0] == got[1]


def test_x_coth_x_is_smooth_across_the_switch() -> None:
    x = np.array([0.0, 5e-5, 0.99999e-4, 1.00001e-4, 1.0, 50.0])
    expected = [1.0] + [v / math.tanh(v) for v in x[1:]]
    assert x_coth_x(x) == pytest.approx(expected, rel=1e-12)
