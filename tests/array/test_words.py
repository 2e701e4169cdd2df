"""Packing and XNOR-popcount against loops over bits."""

import naive
import numpy as np
import pytest

from mramsim.kernels.decisions import decide_codes
from mramsim.kernels.matches import strips, xnor_popcount
from mramsim.kernels.words import count_ones, fill_numbers, pack_bits, unpack_bits

SHAPES = [(1, 1, 1), (2, 63, 1), (3, 64, 2), (2, 65, 5), (1, 127, 3), (4, 300, 7), (45, 130, 33)]


@pytest.mark.parametrize(("count", "rows", "columns"), SHAPES)
def test_packing(count, rows, columns):
    bits = np.random.default_rng(rows).integers(0, 2, (count, rows))
    words = pack_bits(bits)
    assert words.tolist() == [naive.packed(row) for row in bits]
    np.testing.assert_array_equal(unpack_bits(words, rows), bits)


@pytest.mark.parametrize("planes", [1, 3, 8])
def test_ones_are_counted(planes):
    levels = np.random.default_rng(planes).integers(0, 1 << planes, (300, 70), dtype=np.uint8)
    ones = np.full(70, 5, np.int64)
    count_ones(levels, planes, ones)
    assert ones.tolist() == [5 + sum(int(v).bit_count() for v in column) for column in levels.T]


def test_codes_are_decided_by_position_and_column():
    rng = np.random.default_rng(0)
    codes, limit = rng.integers(-9, 9, (2, 3, 32, 16)), rng.integers(-9, 9, (2, 37))
    sign, kinds = rng.choice([-1, 1], 37), np.array([0, 1, 1])
    bits = np.full((45, 37), 7, np.uint8)
    whole = [np.asarray(part, np.int32) for part in (codes, limit, kinds, sign)]
    decide_codes(*whole, bits)
    for n, column in np.ndindex(bits.shape):
        code = codes[n // 32, column // 16, n % 32, column % 16]
        assert bits[n, column] == (sign[column] * code >= limit[kinds[n % 3], column])


@pytest.mark.parametrize("wide", [1, 21])
def test_numbers_are_filled_by_column(wide):
    rng = np.random.default_rng(1)
    codes = rng.integers(-9, 9, (2, 2, 32, 16)).astype(np.int32)
    zero, numbers = rng.normal(size=(45, wide)), np.full((45, 21), np.nan)
    fill_numbers(codes, 2.0, 0.5, 0.25, zero, numbers)
    for n, column in np.ndindex(numbers.shape):
        code = float(codes[n // 32, column // 16, n % 32, column % 16])
        assert numbers[n, column] == 2.0 * (0.5 + 0.25 * code) - zero[n, column % wide]


@pytest.mark.parametrize(("count", "rows", "columns"), SHAPES)
@pytest.mark.parametrize("positions", [1, 3])
def test_xnor_popcount(count, rows, columns, positions):
    rng = np.random.default_rng(rows + positions)
    driven = rng.random((positions, rows)) < 0.7 if positions > 1 else np.ones((1, rows), bool)
    x = rng.integers(0, 2, (count * positions, rows)) * np.tile(driven, (count, 1))
    w = rng.integers(0, 2, (columns, rows))
    counts = np.full((count * positions, columns), -5, np.int32)
    xnor_popcount(pack_bits(x), strips(pack_bits(w).T), pack_bits(driven), counts)
    for n, column in np.ndindex(counts.shape):
        expected = naive.count_matches(x[n], w[column], driven[n % positions])
        assert counts[n, column] == expected


def test_undriven_and_spare_bits_never_count():
    x = pack_bits(np.zeros((1, 70), bool))
    w = strips(pack_bits(np.zeros((4, 70), bool)).T)
    counts = np.empty((1, 4), np.int32)
    xnor_popcount(x, w, pack_bits(np.zeros((1, 70), bool)), counts)
    assert (counts == 0).all()
    xnor_popcount(x, w, pack_bits(np.ones((1, 70), bool)), counts)
    assert (counts == 70).all()


def test_all_of_many_bits_may_be_unequal():
    """More ones than fit in the byte that counts them."""
    bits = 64 * 40
    x, w = pack_bits(np.zeros((9, bits))), strips(pack_bits(np.ones((16, bits))).T)
    counts = np.full((9, 16), 7, np.int32)
    xnor_popcount(x, w, pack_bits(np.ones((1, bits))), counts)
    assert not counts.any()
