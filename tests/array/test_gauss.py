"""The Gaussian of the kernels: accuracy of its parts, distribution, tails, the slow twin."""

import naive_random
import numpy as np
import pytest
from scipy import stats

from mramsim.kernels.gauss import log, sin_pi
from mramsim.kernels.lines import lost_in_sums, root_slack
from mramsim.kernels.looks import ROUNDING
from mramsim.kernels.noise import EDGE, column_normal, edges, upper_quantile
from mramsim.kernels.settle import END, ENDS, FAR, FARTHEST, MIDDLE, NEAR

COUNT = 1_000_000


@pytest.fixture(scope="module")
def sample():
    """A million normal numbers of the twin, which the kernel equals bit for bit."""
    return naive_random.column_noise(np.arange(COUNT), 3, 1, 9, (77, 88))


def test_kernel_equals_the_twin():
    rng = np.random.default_rng(1)
    for image, place, column in rng.integers(0, 1 << 31, (2000, 3)):
        found = column_normal(*(np.uint32(w) for w in (image, place, 5 << 24, column, 7, 8)))
        assert found == float(naive_random.column_noise(image, place, 5, column, (7, 8)))


def test_quantile_equals_the_twin_and_scipy():
    rng = np.random.default_rng(3)
    tails = np.concatenate([rng.random(4000) / 2, 2.0 ** -rng.uniform(1, 63, 4000), [0.5, 0.075]])
    found = np.array([upper_quantile(tail) for tail in tails])
    np.testing.assert_array_equal(found, naive_random.upper_quantile(tails))
    np.testing.assert_allclose(found, stats.norm.isf(tails), rtol=0, atol=2e-14)


def test_parts_lie_between_their_edges():
    last = (1 << 53) - 1
    for part in range(256):
        low, high = naive_random.gaussian(part, np.array([0, last], np.uint64))
        assert edges()[part] - EDGE <= low <= high <= edges()[part + 1] + EDGE
    assert abs(float(naive_random.gaussian(255, np.uint64(last)))) < 10.0


def test_coarse_noise_covers_every_part():
    """What settles codes in float32 may be off by less than it says: part, sigma and all."""
    part = np.arange(256)
    t = (part - 127.5) / 128.0
    middle = t * np.polyval(MIDDLE[::-1], t * t)
    reach = NEAR + FAR * t**8 + FARTHEST * t**32
    middle[[0, -1]], reach[[0, -1]] = [-END, END] * np.abs(t[[0, -1]]), ENDS
    bounds = naive_random.gaussian(part, 0), naive_random.gaussian(part, (1 << 53) - 1)
    for factor in (1 - 0.00176, 1 + 0.00001):  # sigma by one step of Newton's method
        for bound in bounds:
            assert (np.abs(bound - factor * middle) < factor * reach - 1e-4).all()


def test_root_by_newton_is_as_good_as_assumed():
    value = np.logspace(-30, 30, 100_001, dtype=np.float32)
    guess = (0x5F3759DF - (value.view(np.int32) >> 1)).view(np.float32)
    root = value * guess * (np.float32(1.5) - np.float32(0.5) * value * guess * guess)
    ratio = root.astype(float) / np.sqrt(value.astype(float))
    assert ratio.min() >= 1 - 0.00176
    assert ratio.max() <= 1 + 1e-5


def test_log_equals_the_twin_and_numpy_within_two_ulp():
    rng = np.random.default_rng(2)
    near_one = 1.0 - rng.random(2000) * 2.0 ** -rng.integers(1, 53, 2000)
    u = np.concatenate([rng.random(4000), 2.0 ** -rng.uniform(0, 54, 4000), near_one])
    u = np.concatenate([u, [2.0**-54, 2.0**-53, 0.5, np.sqrt(0.5), 1.0 - 2.0**-53, 1.0]])
    found = np.array([log(value) for value in u])
    np.testing.assert_array_equal(found, naive_random.log(u))
    expected = np.log(u)
    assert (np.abs(found - expected) <= 2 * np.spacing(np.abs(expected))).all()


def test_sin_pi_equals_the_twin_and_numpy():
    b = np.concatenate([np.linspace(-0.5, 0.5, 4001), 2.0 ** -np.arange(2.0, 60.0)])
    found = np.array([sin_pi(value) for value in b])
    np.testing.assert_array_equal(found, naive_random.sin_pi(b))
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
    many = naive_random.column_noise(np.arange(4 * COUNT), 1, 2, 3, (4, 5))
    expected = 2 * stats.norm.sf(5.0) * many.size
    assert stats.poisson.cdf((np.abs(many) > 5.0).sum(), expected) > 1e-4
    assert stats.poisson.sf((np.abs(many) > 5.0).sum() - 1, expected) > 1e-4


def test_a_variance_summed_in_float32_is_off_by_less_than_its_slack():
    rng = np.random.default_rng(4)
    for least in (0.0, 1e-4, 1.0):
        high, low, rows = 0.37, 0.013, 256
        p = rng.integers(0, rows + 1, 20_000)
        exact = least + low * (rows - p) + high * p
        single = [np.float32(value) for value in (high - low, least + low * rows)]
        found = np.sqrt((p.astype(np.float32) * single[0] + single[1]).astype(float))
        slack = root_slack(np.array(rows * high + least), np.array(least), 0.0)
        assert (10.0 * np.abs(found - np.sqrt(exact)) <= slack).all()
        assert slack <= 10.0 * np.sqrt(ROUNDING * (rows * high + least))
    assert root_slack(np.zeros(1), np.zeros(1), 0.0) == 0.0


def test_a_variance_that_is_not_followed_is_off_by_less_than_its_slack():
    least, unseen = np.full(1, 0.7), 0.2
    taken = least + unseen
    off = 10.0 * (np.sqrt(taken) - np.sqrt(taken - unseen))
    slack = root_slack(np.zeros(1), least, unseen)
    assert off < slack < 1.2 * off


def test_sums_over_odd_cells_lose_no_more_than_is_allowed_for():
    """Terms that each fall to rounding, the worst case: the bound is nearly reached."""
    count = 200
    values = np.concatenate([[1.0], np.full(count, 0.99 * 2.0**-24)])
    total = np.float32(0.0)
    for value in values.astype(np.float32):
        total += value
    lost = abs(float(total) - values.sum())
    allowed = ROUNDING * lost_in_sums(np.zeros(values.size, int), values, 2)
    assert 0.9 * allowed[0] < lost <= allowed[0]
    assert allowed[1] == 0.0
