"""Packing and XNOR-popcount against loops over bits."""

import naive
import numpy as np
import pytest

from mramsim.kernels.words import pack, pack_bits, rows_of, xnor_popcount

SHAPES = [(1, 1, 1), (2, 63, 1), (3, 64, 2), (2, 65, 5), (1, 127, 3), (4, 300, 7)]


@pytest.mark.parametrize(("count", "rows", "columns"), SHAPES)
def test_packing(count, rows, columns):
    rng = np.random.default_rng(rows)
    levels = rng.integers(0, 256, (count, rows), dtype=np.uint8)
    for plane in range(8):
        words = np.full((count, -(-rows // 64)), 99, np.uint64)
        pack(levels, plane, words)
        bits = (levels >> plane) & 1
        assert words.tolist() == [naive.packed(row) for row in bits]
        assert pack_bits(bits).tolist() == words.tolist()
        for row, own in zip(bits, words, strict=True):
            found = np.zeros(64 * own.size, np.int64)
            made = rows_of(own, found)
            assert found[:made].tolist() == np.flatnonzero(row).tolist()


def test_packing_takes_a_view_of_some_columns():
    levels = np.random.default_rng(3).integers(0, 4, (5, 3, 200), dtype=np.uint8)
    words = np.empty((5, 2), np.uint64)
    pack(levels[:, 1, 40:140], 1, words)
    assert words.tolist() == [naive.packed(row) for row in (levels[:, 1, 40:140] >> 1) & 1]


@pytest.mark.parametrize(("count", "rows", "columns"), SHAPES)
@pytest.mark.parametrize("positions", [1, 3])
def test_xnor_popcount(count, rows, columns, positions):
    rng = np.random.default_rng(rows + positions)
    driven = rng.random((positions, rows)) < 0.7 if positions > 1 else np.ones((1, rows), bool)
    x = rng.integers(0, 2, (count * positions, rows)) * np.tile(driven, (count, 1))
    w = rng.integers(0, 2, (columns, rows))
    counts = np.full((count * positions, columns), -5, np.int32)
    xnor_popcount(pack_bits(x), pack_bits(w).T.copy(), pack_bits(driven), counts)
    for n, column in np.ndindex(counts.shape):
        expected = naive.count_matches(x[n], w[column], driven[n % positions])
        assert counts[n, column] == expected


def test_undriven_and_spare_bits_never_count():
    x = pack_bits(np.zeros((1, 70), bool))
    w = pack_bits(np.zeros((4, 70), bool)).T.copy()
    counts = np.empty((1, 4), np.int32)
    xnor_popcount(x, w, pack_bits(np.zeros((1, 70), bool)), counts)
    assert (counts == 0).all()
    xnor_popcount(x, w, pack_bits(np.ones((1, 70), bool)), counts)
    assert (counts == 70).all()
