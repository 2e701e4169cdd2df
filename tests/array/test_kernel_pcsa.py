"""The sense-amplifier kernel against the cell-by-cell twin, bit for bit, on arbitrary records."""

import naive
import numpy as np
import pytest
from tiles import AS_IT_IS, read_record

from mramsim.kernels.chances import NEVER, TURNED, add_wrong, turn
from mramsim.kernels.jit import kernel
from mramsim.kernels.lanes import address, aligned
from mramsim.kernels.pcsa import PcsaTile
from mramsim.kernels.words import pack_bits

SHAPES = [(1, 1), (1, 6), (63, 2), (64, 3), (65, 4), (130, 5), (300, 2)]


@kernel
def wrong_bits(x, parts, limit0, limit1, sums, ties):
    add_wrong(
        address(x),
        address(parts),
        np.int64(limit0),
        np.int64(limit1),
        np.int64(-1),
        np.int64(1),
        address(sums),
        address(ties),
    )


def random_tile(rng, rows, columns, positions=1, odd=0.3):
    driven = np.ones((1, rows), bool) if positions == 1 else rng.random((positions, rows)) < 0.8
    row, column = np.nonzero(rng.random((rows, columns)) < odd)
    chances = np.array([0.0, 1e-3, 0.2, 0.5, 0.9, 1.0])
    return PcsaTile(
        weight=pack_bits(rng.integers(0, 2, (columns, rows))).T.copy(),
        driven=pack_bits(driven),
        rows_on=driven.sum(axis=1).astype(np.int32),
        odd_row=row.astype(np.int32),
        odd_column=column.astype(np.int32),
        wrong_on=rng.choice(chances, row.size),
        wrong_off=rng.choice(chances, row.size),
        key=rng.integers(0, 1 << 32, 2, dtype=np.uint64).astype(np.uint32),
    ), driven


def both(tile, driven, rng, images=3, plane=0):
    positions = len(driven)
    x = rng.integers(0, 2, (images * positions, driven.shape[1])) & np.tile(driven, (images, 1))
    indices = rng.integers(0, 1 << 31, images)
    sums, made = read_record(tile, AS_IT_IS, x, indices, positions, plane)
    on = np.tile(tile.rows_on, images)[:, None]
    return (sums + on) / 2.0, naive.read_pcsa(tile, x, indices, positions, plane), made


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
@pytest.mark.parametrize("odd", [0.0, 0.3, 1.0])
def test_equals_the_twin(rows, columns, odd):
    rng = np.random.default_rng([rows, columns])
    tile, driven = random_tile(rng, rows, columns, odd=odd)
    counts, expected, made = both(tile, driven, rng)
    np.testing.assert_array_equal(counts, expected)
    assert made == 0 or odd > 0


@pytest.mark.parametrize("plane", [0, 1, 7])
def test_equals_the_twin_with_masks_and_planes(plane):
    rng = np.random.default_rng(plane)
    tile, driven = random_tile(rng, 70, 5, positions=6)
    counts, expected, _ = both(tile, driven, rng, plane=plane)
    np.testing.assert_array_equal(counts, expected)


def test_certain_cells_are_not_drawn():
    rng = np.random.default_rng(1)
    tile, driven = random_tile(rng, 20, 4)
    sure = rng.choice([0.0, 1.0], tile.wrong_on.size)
    counts, expected, made = both(tile._replace(wrong_on=sure, wrong_off=1 - sure), driven, rng)
    np.testing.assert_array_equal(counts, expected)
    assert made == 0


def test_inputs_are_turned():
    x = aligned((128, 64), np.uint8)
    x[:] = np.random.default_rng(0).integers(0, 2, (128, 64))
    for first in (0, 7, 15):
        turned = np.full((64, TURNED), 9, np.uint8)
        turn(x, first, turned)
        np.testing.assert_array_equal(turned[:, first : first + 128], x.T)


@pytest.mark.parametrize("limits", [(NEVER, 200), (0, 255), (7, NEVER)])
def test_wrong_bits_and_ties(limits):
    rng = np.random.default_rng(limits[1] + 1)
    x, parts = rng.integers(0, 3, 128).astype(np.uint8), rng.integers(0, 256, 128).astype(np.uint8)
    parts[:64] = rng.choice([0, 7, 200, 255], 64)
    sums, ties = np.full(128, -3, np.int16), np.zeros(2, np.uint64)
    wrong_bits(x, parts, *limits, sums, ties)
    for lane in range(128):
        limit = None if x[lane] == 2 else limits[x[lane]]
        wrong = limit is not None and parts[lane] < limit
        assert sums[lane] == -3 + ((1 if x[lane] else -1) if wrong else 0)
        tie = int(ties[lane // 64]) >> (lane % 64) & 1
        assert tie == (limit is not None and parts[lane] == limit)
