"""Philox4x32-10: published vectors, the slow twin, and statistics of what kernels really draw."""

import naive_random
import numpy as np
import pytest
from scipy import stats
from tiles import read_record

from mramsim.kernels.converters import EXACT, Converter
from mramsim.kernels.philox import philox, uniform, unit
from mramsim.kernels.records import AnalogTile

FF = 0xFFFFFFFF
VECTORS = [  # kat_vectors of Random123
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((FF,) * 4, (FF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


def compiled(counter, key):
    return tuple(int(word) for word in philox(*(np.uint32(word) for word in (*counter, *key))))


def drawn(images, positions, plane, columns, key):
    """Normal numbers [images, positions, columns] as a read draws them: a tile of nothing else."""
    tile = AnalogTile(
        weight=np.zeros((1, columns), np.uint64),
        driven=np.zeros((1, 1), np.uint64),
        rows_on=np.zeros(1, np.int32),
        gain=1.0,
        step=1.0,
        base=np.zeros((1, columns), np.int64),
        deviation=np.zeros((1, columns), np.int8),
        odd_row=np.zeros(0, np.int32),
        odd_column=np.zeros(0, np.int32),
        odd_steps=np.zeros(0, np.int64),
        odd_variance_on=np.zeros(0),
        odd_variance_off=np.zeros(0),
        variance_match=0.0,
        variance_other=0.0,
        variance_column=1.0,
        offset=np.zeros(columns),
        reference_match=np.zeros((0, 1)),
        reference_other=np.zeros((0, 1)),
        reference_shared=1,
        bend=np.zeros((3, 0)),
        comparators=np.zeros((0, 0)),
        level=np.zeros(columns, np.int32),
        polarity=np.ones(columns, np.int8),
        key=np.array(key, np.uint32),
    )
    x = np.zeros((len(images) * positions, 1), np.uint8)
    sums, made = read_record(tile, Converter(EXACT, 0.0, 1.0, 1), x, images, positions, plane)
    assert made == sums.size
    return sums.reshape(len(images), positions, columns) / 2.0


@pytest.mark.parametrize(("counter", "key", "expected"), VECTORS)
def test_published_vectors(counter, key, expected):
    assert compiled(counter, key) == expected
    assert naive_random.philox(counter, key) == expected


def test_words_and_uniforms_equal_the_twin():
    words = np.random.default_rng(0).integers(0, 1 << 32, (500, 6), dtype=np.uint64)
    for row in words.astype(np.uint32):
        counter, key = tuple(map(int, row[:4])), tuple(map(int, row[4:]))
        expected = naive_random.philox(counter, key)
        assert compiled(counter, key) == expected
        assert uniform(*row) == float(naive_random.uniform(counter, key))
        assert unit(row[0], row[1]) == float(naive_random.unit(row[0], row[1]))


def test_unit_stays_above_zero_and_at_most_one():
    zero, top = np.uint32(0), np.uint32(FF)
    assert unit(zero, zero) == 2.0**-54
    assert 1.0 - 2.0**-53 <= unit(top, top) <= 1.0


@pytest.mark.parametrize("word", range(4))
def test_uniforms_of_neighbouring_counters(word):
    """Moments, Kolmogorov-Smirnov and correlation along each of the four counter words."""
    count = 200_000
    counter = [7, 11, 13, 17]
    counter[word] = np.arange(count)
    u = naive_random.uniform(tuple(counter), (123, 456))
    assert abs(u.mean() - 0.5) * np.sqrt(12 * count) < 4
    assert abs(((u - 0.5) ** 2).mean() - 1 / 12) * np.sqrt(180 * count) < 4
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    for lag in (1, 2, 64):
        assert abs(np.corrcoef(u[:-lag], u[lag:])[0, 1]) * np.sqrt(count - lag) < 4


def test_bits_of_the_words_are_fair_and_independent_of_the_counter():
    count = 100_000
    words = np.stack(naive_random.philox([np.arange(count, dtype=np.uint64), 0, 0, 0], (0, 0)))
    for bit in range(32):
        ones = ((words >> np.uint64(bit)) & np.uint64(1)).sum(axis=1)
        assert (np.abs(ones.astype(float) - count / 2) < 4.5 * np.sqrt(count) / 2).all()


@pytest.mark.parametrize(
    ("name", "axis"), [("image", 0), ("position", 1), ("plane", None), ("column", 2)]
)
def test_reads_of_neighbours_are_independent(name, axis):
    """Correlation, and correlation of squares, of what neighbouring reads draw."""
    if axis is None:
        first, second = (drawn(range(40), 50, plane, 60, (1, 2)) for plane in (0, 1))
    else:
        both = drawn(range(41), 51, 3, 61, (1, 2))
        size = both.shape[axis] - 1
        first, second = both.take(range(size), axis), both.take(range(1, size + 1), axis)
    root = np.sqrt(first.size)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) * root < 4
    assert abs(np.corrcoef(first.ravel() ** 2, second.ravel() ** 2)[0, 1]) * root < 4
    assert not np.isin(first.ravel()[:5000], second.ravel()).all()


@pytest.mark.parametrize("other", [(2, 2), (1, 3), (2, 1)])
def test_reads_with_neighbouring_keys_are_independent(other):
    first, second = drawn(range(40), 50, 0, 60, (1, 2)), drawn(range(40), 50, 0, 60, other)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) * np.sqrt(first.size) < 4


def test_no_two_reads_of_a_tile_share_a_draw():
    """Images, positions, planes and columns all enter the counter at a place of their own."""
    found = [drawn(range(20), 20, plane, 20, (5, 6)).ravel() for plane in range(8)]
    assert np.unique(np.concatenate(found)).size == 8 * 20**3


def test_images_beyond_the_first_thousands_have_their_own_draws():
    far = drawn([0, 1 << 16, (1 << 31) + 5, (1 << 32) - 1], 3, 0, 4, (5, 6))
    assert np.unique(far).size == far.size
    expected = naive_random.column_noise((1 << 32) - 1, 2, 0, 3, (5, 6))
    assert far[3, 2, 3] == expected
