"""The Gaussian of the kernels: accuracy of its parts, distribution, tails, the slow twin."""

import naive
import numpy as np
import pytest
from scipy import stats

from mramsim.kernels.gauss import log, normal, sin_pi

COUNT = 1_000_000


@pytest.fixture(scope="module")
def sample():
    """A million normal numbers of the twin, which the kernel equals bit for bit."""
    return naive.normal((np.arange(COUNT), 3, 1 << 24, 9), (77, 88))


def test_kernel_equals_the_twin():
    words = np.random.default_rng(1).integers(0, 1 << 32, (2000, 6), dtype=np.uint64)
    found = [normal(*row) for row in words.astype(np.uint32)]
    expected = [float(naive.normal(tuple(map(int, row[:4])), row[4:])) for row in words]
    assert found == expected


def test_log_equals_the_twin_and_numpy_within_two_ulp():
    rng = np.random.default_rng(2)
    near_one = 1.0 - rng.random(2000) * 2.0 ** -rng.integers(1, 53, 2000)
    u = np.concatenate([rng.random(4000), 2.0 ** -rng.uniform(0, 54, 4000), near_one])
    u = np.concatenate([u, [2.0**-54, 2.0**-53, 0.5, np.sqrt(0.5), 1.0 - 2.0**-53, 1.0]])
    found = np.array([log(value) for value in u])
    np.testing.assert_array_equal(found, naive.log(u))
    expected = np.log(u)
    assert (np.abs(found - expected) <= 2 * np.spacing(np.abs(expected))).all()


def test_sin_pi_equals_the_twin_and_numpy():
    b = np.concatenate([np.linspace(-0.5, 0.5, 4001), 2.0 ** -np.arange(2.0, 60.0)])
    found = np.array([sin_pi(value) for value in b])
    np.testing.assert_array_equal(found, naive.sin_pi(b))
    assert np.abs(found - np.sin(np.pi * b)).max() < 4e-16


def test_moments(sample):
    root = np.sqrt(COUNT)
    assert abs(sample.mean()) * root < 4
    assert abs((sample**2).mean() - 1.0) * root / np.sqrt(2.0) < 4
    assert abs((sample**3).mean()) * root / np.sqrt(15.0) < 4
    assert abs((sample**4).mean() - 3.0) * root / np.sqrt(96.0) < 4


def test_distribution(sample):
    assert stats.kstest(sample, "norm").pvalue > 1e-3


@pytest.mark.parametrize("border", [1.0, 2.0, 3.0, 4.0, 4.5])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_tails(sample, border, side):
    expected = stats.norm.sf(border) * COUNT
    found = int((side * sample > border).sum())
    assert abs(found - expected) < 4 * np.sqrt(expected) + 1


def test_tail_beyond_five_sigma():
    many = naive.normal((np.arange(4 * COUNT), 1, 2, 3), (4, 5))
    expected = 2 * stats.norm.sf(5.0) * many.size
    assert stats.poisson.cdf((np.abs(many) > 5.0).sum(), expected) > 1e-4
    assert stats.poisson.sf((np.abs(many) > 5.0).sum() - 1, expected) > 1e-4


def test_sine_and_radius_are_independent(sample):
    """Radius is Rayleigh and the sign is fair at every radius."""
    w0, w1, w2, w3 = naive.philox([np.arange(COUNT, dtype=np.uint64), 3, 1 << 24, 9], (77, 88))
    radius = np.sqrt(-2.0 * np.log(naive.unit(w0, w1)))
    assert stats.kstest(radius, "rayleigh").pvalue > 1e-3
    assert abs(np.corrcoef(radius, np.sign(sample))[0, 1]) * np.sqrt(COUNT) < 4
    angle = naive.unit(w2, w3)
    np.testing.assert_allclose(sample, -radius * np.cos(2 * np.pi * angle), rtol=0, atol=2e-14)
