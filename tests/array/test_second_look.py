"""The second look at open columns: codes in float32 are those of the exact draw, or stay open."""

import naive
import numba
import numpy as np
import pytest

from mramsim.kernels import second_look
from mramsim.kernels.lanes import aligned
from mramsim.kernels.second_look import look_again

N, PLANE, COLUMN, KEY = 32, 3, 48, (77, 88)
STEP = PLANE << 24
LAST = 63

pytestmark = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="leaves all open where nothing is compiled"
)


def quantiles(parts, words):
    """The Gaussian of the twin at the very place that the first word gives."""
    return naive.gaussian(parts, words.astype(np.uint64) << np.uint64(21))


def test_the_fit_is_as_near_as_it_says():
    """All parts, both ends of each and places between; tails below LEAST are left open."""
    words = np.concatenate(
        [[1 << 14, (1 << 32) - 1], np.random.default_rng(0).integers(0, 1 << 32, 400)]
    )
    part, word = np.meshgrid(np.arange(256), words)
    low = part < 128
    inside = np.where(low, word, (1 << 32) - 1 - word) + 0.5
    tail = (np.where(low, part, 255 - part) + inside / 2.0**32) / 256.0
    kept = tail >= second_look.LEAST
    r = np.sqrt(-2.0 * np.log(tail[kept]))
    z = np.polyval(second_look.QUANTILE[::-1], r - second_look.CENTRE)
    expected = quantiles(part[kept], word[kept].astype(np.uint64))
    assert kept.mean() > 0.99
    assert np.abs(np.where(low[kept], -z, z) - expected).max() < 0.5 * second_look.NEAR
    f = np.linspace(2**-0.5 - 1, 2**0.5 - 1, 10_001)
    f = f[f != 0.0]
    assert np.abs(f * np.polyval(second_look.LOGARITHM[::-1], f) - np.log1p(f)).max() < 4e-6


def look(looks, words, image, place, factors, opened, bent, shift):
    codes = aligned((N, 16), np.int32)
    open_, settled = np.zeros(N + 1, np.int64), np.zeros(1, np.int64)
    open_[: len(opened)] = opened
    left = look_again(
        looks,
        words,
        image,
        place,
        factors.ctypes.data,
        codes.ctypes.data,
        open_,
        len(opened),
        settled,
        (np.uint32(STEP), np.uint32(COLUMN), np.uint32(KEY[0]), np.uint32(KEY[1])),
        (np.float32(LAST), np.int32(shift)),
        bent,
    )
    return codes, open_[:left], int(settled[0])


@pytest.fixture
def drawn():
    """Values, sigmas and the exact Gaussian of 32 inputs and 16 columns."""
    rng = np.random.default_rng(5)
    looks = aligned((2, N, 16), np.float32)
    looks[0] = rng.uniform(-4, LAST + 5, (N, 16))
    looks[1] = rng.choice([1e-4, 0.3, 20.0], (N, 16))
    image, place = rng.integers(0, 1 << 31, (2, N)).astype(np.uint32)
    pairs = zip(image.tolist(), place.tolist(), strict=True)
    shared = [naive.philox((i, p, STEP, COLUMN >> 4), KEY) for i, p in pairs]
    words = np.array(shared, dtype=np.uint32)
    columns = np.arange(COLUMN, COLUMN + 16)
    noise = naive.column_noise(image[:, None], place[:, None], PLANE, columns, KEY)
    return looks, words, image, place, np.broadcast_to(noise, (N, 16))


@pytest.mark.parametrize("bow", [0.0, 0.8])
@pytest.mark.parametrize("shift", [0, 5])
def test_codes_are_those_of_the_exact_draw_or_stay_open(drawn, bow, shift):
    looks, words, image, place, noise = drawn
    factors = aligned((9, 16), np.float32)
    factors[3] = 1e-5
    turn = 2.0 / LAST
    factors[4], factors[5], factors[6] = turn, -1.0, bow
    masks = np.random.default_rng(6).integers(1, 1 << 16, N - 3)
    opened = (np.arange(3, N) << 16) | masks
    codes, left, settled = look(looks, words, image, place, factors, opened, bow > 0.0, shift)
    value = looks[0] + np.sqrt(looks[1].astype(float)) * noise
    value = value + bow * (1.0 - np.minimum((turn * value - 1.0) ** 2, 1.0))
    exact = np.clip(np.floor(value), 0, LAST).astype(int)
    asked, still = np.zeros((2, N, 16), bool)
    for entries, found in ((opened, asked), (left, still)):
        for entry in entries:
            found[entry >> 16] = (entry & (1 << np.arange(16))) > 0
    assert not (still & ~asked).any()
    done = asked & ~still
    np.testing.assert_array_equal(codes[done], exact[done] << shift)
    assert (codes[~done] == 0).all()
    assert settled == done.sum() > 0.97 * asked.sum()


def test_a_value_on_a_border_stays_open(drawn):
    looks, words, image, place, _ = drawn
    looks[0], looks[1] = 17.0, 0.0
    factors = aligned((9, 16), np.float32)
    opened = (np.arange(N) << 16) | 0xFFFF
    codes, left, settled = look(looks, words, image, place, factors, opened, False, 0)
    assert settled == 0
    np.testing.assert_array_equal(left, opened)
    assert not codes.any()
