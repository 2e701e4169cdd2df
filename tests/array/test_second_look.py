"""The second look at open columns: codes in float32 are those of the exact draw, or stay open."""

import naive_random
import numba
import numpy as np
import pytest

from mramsim.kernels import near_gauss, second_look
from mramsim.kernels.second_look import look_again, recall

N, PLANE, COLUMN, KEY = 32, 3, 48, (77, 88)
STEP = PLANE << 24
LAST, SIZE = 63, 544

pytestmark = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="leaves all open where nothing is compiled"
)


def quantiles(parts, words):
    """The Gaussian of the twin at the very place that the first word gives."""
    return naive_random.gaussian(parts, words.astype(np.uint64) << np.uint64(21))


def test_the_fit_is_as_near_as_it_says():
    """All parts, both ends of each and places between; tails below LEAST are left open."""
    words = np.concatenate(
        [[0, 1, 1 << 14, (1 << 32) - 1], np.random.default_rng(0).integers(0, 1 << 32, 400)]
    )
    part, word = np.meshgrid(np.arange(256), words)
    low = part < 128
    inside = np.where(low, word, (1 << 32) - 1 - word) + 0.5
    tail = (np.where(low, part, 255 - part) + inside / 2.0**32) / 256.0
    kept = tail >= near_gauss.LEAST
    r = np.sqrt(-2.0 * np.log(tail[kept]))
    z = np.polyval(near_gauss.QUANTILE[::-1], r - near_gauss.CENTRE)
    expected = quantiles(part[kept], word[kept].astype(np.uint64))
    assert kept.mean() > 0.99
    assert np.abs(np.where(low[kept], -z, z) - expected).max() < 0.5 * near_gauss.NEAR
    f = np.linspace(2**-0.5 - 1, 2**0.5 - 1, 10_001)
    f = f[f != 0.0]
    assert np.abs(f * np.polyval(near_gauss.LOGARITHM[::-1], f) - np.log1p(f)).max() < 4e-6


def look(drawn, factors, asked, bent, plane):
    """Look at the columns `asked` (bool [N, 16]); return their codes and what is still open."""
    looks, words, image, place = drawn
    parts = words.view(np.uint8).reshape(N, 16)
    n, lane = np.nonzero(asked)
    listed = np.zeros((6, SIZE), np.int64)
    listed[0, : n.size], listed[1, : n.size] = n, COLUMN + lane
    listed[2, : n.size] = parts[n, lane]
    listed[3:, : n.size] = np.add.outer([100, 1000, 10_000], np.arange(n.size))
    near, counter = np.zeros((6, SIZE), np.float32), np.zeros((2, SIZE), np.uint32)
    half = n.size // 2
    recall(looks, factors, image, place, listed, 0, half, near, counter)
    recall(looks, factors, image, place, listed, half, n.size, near, counter)
    codes, before = np.zeros((3, 5, N, 16), np.int32), listed.copy()
    key = tuple(np.uint32(word) for word in (STEP, *KEY))
    made, last = np.empty(SIZE, np.int32), np.float32(LAST)
    kept = look_again(listed, n.size, near, counter, made, key, last, bent, N, plane, codes)
    still = np.zeros((N, 16), bool)
    still[listed[0, :kept], listed[1, :kept] - COLUMN] = True
    left = before[:, : n.size][:, still[n, lane]]
    np.testing.assert_array_equal(listed[:, :kept], left)  # in order, with all they had
    assert np.count_nonzero(codes) == np.count_nonzero(codes[1, COLUMN // 16])
    return codes[1, COLUMN // 16], still


@pytest.fixture
def drawn():
    """What the first look saw of 32 inputs and 16 columns, and their counters."""
    rng = np.random.default_rng(5)
    looks = np.zeros((2, N, 16), np.float32)
    looks[0] = rng.uniform(-4, LAST + 5, (N, 16))
    looks[1] = rng.choice([1e-4, 0.3, 20.0], (N, 16))
    image, place = rng.integers(0, 1 << 31, (2, N)).astype(np.uint32)
    pairs = zip(image.tolist(), place.tolist(), strict=True)
    shared = [naive_random.philox((i, p, STEP, COLUMN >> 4), KEY) for i, p in pairs]
    return looks, np.array(shared, dtype=np.uint32), image, place


@pytest.mark.parametrize("bow", [0.0, 0.8])
@pytest.mark.parametrize("plane", [0, 5])
def test_codes_are_those_of_the_exact_draw_or_stay_open(drawn, bow, plane):
    looks, _, image, place = drawn
    columns = np.arange(COLUMN, COLUMN + 16)
    noise = naive_random.column_noise(image[:, None], place[:, None], PLANE, columns, KEY)
    factors, turn = np.zeros((9, 16), np.float32), 2.0 / LAST
    factors[3], factors[4], factors[5], factors[6] = 1e-5, turn, -1.0, bow
    asked = np.random.default_rng(6).random((N, 16)) < 0.7
    codes, still = look(drawn, factors, asked, bow > 0.0, plane)
    value = looks[0] + np.sqrt(looks[1].astype(float)) * noise
    value = value + bow * (1.0 - np.minimum((turn * value - 1.0) ** 2, 1.0))
    exact = np.clip(np.floor(value), 0, LAST).astype(int)
    done = asked & ~still
    np.testing.assert_array_equal(codes[done], exact[done] << plane)
    assert (codes[~done] == 0).all()
    assert done.sum() > 0.97 * asked.sum()


def test_a_value_on_a_border_stays_open(drawn):
    drawn[0][0], drawn[0][1] = 17.0, 0.0
    codes, still = look(drawn, np.zeros((9, 16), np.float32), np.ones((N, 16), bool), False, 0)
    assert still.all()
    assert not codes.any()


def test_a_tail_too_small_for_one_word_stays_open(drawn):
    """Far from any border, but where the second word of the draw would count."""
    looks, words, image, place = drawn
    found = np.arange(1 << 20, dtype=np.uint64)
    bits = naive_random.own_bits((found, 5, STEP, COLUMN + second_look.OWN), KEY)
    small = found[bits >> np.uint64(21) < 1 << 13]
    assert small.size > 0
    image[:], place[:] = found[:N], 5
    image[0] = small[0]
    words[:] = 0  # part 0, the lowest
    looks[0], looks[1] = 30.5, 1e-6
    asked = np.zeros((N, 16), bool)
    asked[:, 0] = True
    codes, still = look(drawn, np.zeros((9, 16), np.float32), asked, False, 0)
    assert still[0, 0]
    assert still.sum() == 1
    assert (codes[1:, 0] == 30).all()
