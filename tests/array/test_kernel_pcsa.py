"""The sense-amplifier kernel against the cell-by-cell twin, bit for bit, on arbitrary records."""

import naive
import naive_random
import numpy as np
import pytest
from scipy.stats import chisquare
from tiles import AS_IT_IS, read_record

from mramsim.kernels.chances import NEVER, RUN, TURNED, add_differing, turn
from mramsim.kernels.changes import add_ones, add_turned, at_most
from mramsim.kernels.jit import kernel
from mramsim.kernels.lanes import address, aligned
from mramsim.kernels.prepared_bits import prepare_bits
from mramsim.kernels.rare import FULL, RARE, rate_of, some_of
from mramsim.kernels.records import PcsaTile
from mramsim.kernels.ties import lanes_in
from mramsim.kernels.words import pack_bits
from mramsim.mapping.readers import Reader

SHAPES = [(1, 1), (1, 6), (63, 2), (64, 3), (65, 4), (130, 5), (300, 2), (20, 21)]


@kernel
def wrong_bits(x, groups, cells, key, sums, words, ties):
    add_differing(
        address(x),
        address(groups),
        address(cells),
        cells.shape[0],
        np.uint32(7 << 24),
        np.uint32(3),
        key[0],
        key[1],
        address(sums),
        address(words),
        address(ties),
    )


def random_tile(rng, rows, columns, positions=1, odd=0.3):
    driven = np.ones((1, rows), bool) if positions == 1 else rng.random((positions, rows)) < 0.8
    row, column = np.nonzero(rng.random((rows, columns)) < odd)
    chances = np.array([0.0, 1e-3, 3e-3, 0.2, 0.5, 0.9, 0.998, 1 - 1e-9, 1.0])
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


def test_cells_that_differ_for_one_input_only_are_not_drawn_for_the_other():
    rng = np.random.default_rng(8)
    tile, _ = random_tile(rng, 250, 4)
    tile = tile._replace(wrong_on=0.0 * tile.wrong_on, wrong_off=0.0 * tile.wrong_off + 0.3)
    for bit in (0, 1):
        x, images = np.full((300, 250), bit), np.arange(300)
        sums, made = read_record(tile, AS_IT_IS, x, images)
        expected = naive.read_pcsa(tile, x, images, 1, 0)
        np.testing.assert_array_equal((sums + 250) / 2, expected)
        assert (made > 0) == (bit == 0)


def seldom_tile(rng, chances):
    """Cells of one column per line of `chances`, which differ that often for either input."""
    columns, rows = chances.shape[:2]
    column, row = np.divmod(np.arange(columns * rows), rows)
    return PcsaTile(
        weight=pack_bits(rng.integers(0, 2, (columns, rows))).T.copy(),
        driven=pack_bits(np.ones((1, rows), bool)),
        rows_on=np.full(1, rows, np.int32),
        odd_row=row.astype(np.int32),
        odd_column=column.astype(np.int32),
        wrong_on=chances[..., 1].ravel(),
        wrong_off=chances[..., 0].ravel(),
        key=rng.integers(0, 1 << 32, 2, dtype=np.uint64).astype(np.uint32),
    )


def test_cells_that_seldom_differ_equal_the_twin():
    rng = np.random.default_rng(2)
    chances = rng.choice([RARE, RARE / 3, 1e-5, 0.0], (4, 250, 2), p=[0.6, 0.2, 0.1, 0.1])
    mostly = rng.random((4, 250)) < 0.5
    chances[mostly] = 1.0 - chances[mostly]
    tile = seldom_tile(rng, chances)
    assert prepare_bits([tile], [(slice(0, 250), slice(0, 4))], (250, 4)).rare.first[-1] > 8
    counts, expected, made = both(tile, np.ones((1, 250), bool), rng, images=300)
    np.testing.assert_array_equal(counts, expected)
    assert made > 300  # about one hit in each read


def test_tiles_above_each_other_draw_as_they_do_alone():
    rng = np.random.default_rng(5)
    chances = rng.choice([RARE, RARE / 3, 0.3], (2, 3, 64, 2), p=[0.6, 0.3, 0.1])
    tiles = [seldom_tile(rng, own) for own in chances]
    x, images = rng.integers(0, 2, (200, 128)), np.arange(200)
    places = [(slice(64 * k, 64 * k + 64), slice(0, 3)) for k in (0, 1)]
    ready = prepare_bits(tiles, places, (128, 3))
    joined = Reader((), 0, 0, slice(0, 128), slice(0, 3), AS_IT_IS, None, ready)
    counts, _ = joined.values(x.astype(np.uint8), 0, images, 1, np.full((200, 1), 128.0))
    alone = [
        read_record(tile, AS_IT_IS, part, images)[0]
        for tile, part in zip(tiles, np.split(x, 2, axis=1), strict=True)
    ]
    np.testing.assert_array_equal(counts, alone[0] + alone[1])


@pytest.mark.parametrize("cells", [1, 2, 90])
def test_cells_that_seldom_differ_are_independent(cells):
    """The number of them in a read has the distribution of that many single draws."""
    rng, reads, x = np.random.default_rng(cells), 200_000, np.ones(cells, np.int64)
    chances = np.zeros((1, cells, 2))
    chances[0, :, 1] = rng.choice([RARE, RARE / 2], cells)
    chances[0, :, 0] = RARE / 3
    chances[0, ::3, 1] = 1.0 - chances[0, ::3, 1]  # usually wrong
    x[1::2] = 0
    tile = seldom_tile(rng, chances)
    counts, _ = read_record(tile, AS_IT_IS, np.tile(x, (reads, 1)), np.arange(reads), 1, 0)
    ones = ((counts[:, 0] + cells) / 2).astype(int)
    expected = np.ones(1)
    for row in range(cells):
        wrong = chances[0, row, x[row]]
        right = int(x[row]) == naive.bit_of(tile.weight[:, 0], row)
        one = 1.0 - wrong if right else wrong
        expected = np.convolve(expected, [1.0 - one, one])
    enough = expected * reads > 5
    found = np.bincount(ones, minlength=cells + 1)
    assert found[~enough].sum() <= 30 + 3 * reads * expected[~enough].sum()
    result = chisquare(
        found[enough], expected[enough] / expected[enough].sum() * found[enough].sum()
    )
    assert result.pvalue > 1e-4


def test_series_equal_the_functions():
    chance = np.concatenate([[0.0, 1e-300, 1e-17, RARE], np.linspace(0, RARE, 50)])
    np.testing.assert_allclose(rate_of(chance), -np.log1p(-chance), rtol=3e-16)
    total = np.concatenate([[1e-300, 1e-17], np.linspace(0, FULL + 2 * RARE, 50)])
    np.testing.assert_allclose(some_of(total), -np.expm1(-total), rtol=5e-16)


def test_inputs_are_turned():
    x = aligned((128, 64), np.uint8)
    x[:] = np.random.default_rng(0).integers(0, 2, (128, 64))
    for first in (0, 7, 15):
        turned = np.full((64, TURNED), 9, np.uint8)
        turn(x, first, turned)
        np.testing.assert_array_equal(turned[:, first : first + 128], x.T)


def test_wrong_bits_and_ties():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (9, TURNED)).astype(np.uint8)
    groups = rng.integers(0, 1 << 32, (2, 8)).astype(np.uint32)
    key = rng.integers(0, 1 << 32, 2).astype(np.uint32)
    cells = np.zeros((RUN, 6), np.int32)
    cells[:, 0], cells[:, 1] = rng.integers(0, 9, RUN), np.arange(RUN)
    cells[:, 2:4], cells[:, 4:] = rng.integers(0, 256, (RUN, 2)), rng.choice([-1, 1], (RUN, 2))
    cells[:3, 2:4] = [[0, 255], [255, 0], [128, 127]]
    cells[3:30, 2], cells[20:50, 3] = NEVER, NEVER
    sums, words = np.full(128, -3, np.int16), np.zeros((RUN, 128), np.uint8)
    ties = np.zeros((RUN, 2), np.uint64)
    wrong_bits(x, groups, cells, key, sums, words, ties)
    expected = np.full(128, -3)
    for k, (row, own, limit0, limit1, change0, change1) in enumerate(cells):
        for lane in range(128):
            counter = (*(int(word) for word in groups[:, lane // 16]), 7 << 24 | int(own), 3)
            drawn = naive_random.shared_byte(counter, key, lane % 16)
            assert words[k, lane] == drawn
            bit = x[row, lane]
            limit = (limit0, limit1)[bit] if bit < 2 else NEVER
            if drawn < limit < NEVER:
                expected[lane] += (change0, change1)[bit]
            tie = int(ties[k, lane // 64]) >> (lane % 64) & 1
            assert tie == (drawn == limit)
    np.testing.assert_array_equal(sums, expected)


def test_many_cells_may_differ_at_once():
    rng = np.random.default_rng(0)  # half of them, all in one direction: too many for one byte
    rows = 8 * RUN
    tile = random_tile(rng, rows, 1, odd=1.1)[0]
    half = np.full(rows, 0.5)
    ones = pack_bits(np.ones((1, rows))).T.copy()
    tile = tile._replace(weight=ones, wrong_on=half, wrong_off=half)
    x, images = np.ones((2, rows), np.int64), np.arange(2)
    sums, _ = read_record(tile, AS_IT_IS, x, images, 1, 0)
    np.testing.assert_array_equal((sums + rows) / 2, naive.read_pcsa(tile, x, images, 1, 0))


@kernel
def changes_of(x, rows, changes, sums, first):
    for k in range(changes.shape[0]):
        add_ones(address(x), address(rows), rows.size, address(changes[k]))
    add_turned(address(changes), first, address(sums))


@kernel
def low_bytes(parts, limit):
    return at_most(address(parts), limit, 0), at_most(address(parts), limit, 1)


def test_changes_are_turned_into_sums():
    rng = np.random.default_rng(3)
    x = rng.integers(0, 3, (7, TURNED)).astype(np.uint8)  # 2: undriven
    rows = rng.integers(0, 7, 300).astype(np.int32)
    changes = rng.integers(-9, 9, (16, TURNED)).astype(np.int16)
    sums = rng.integers(-99, 99, (128, 16)).astype(np.int32)
    ones = (x[rows, :128] == 1).sum(axis=0)
    expected = changes.astype(int)
    expected[:, :128] += ones
    before = sums.copy()
    changes_of(x, rows, changes, sums, 5)
    np.testing.assert_array_equal(changes, expected)
    np.testing.assert_array_equal(sums, before + expected[:, 5:133].T)


@pytest.mark.parametrize("limit", [0, 7, 255])
def test_low_bytes_are_found(limit):
    parts = np.random.default_rng(4).integers(0, 256, 128).astype(np.uint8)
    found = np.array(low_bytes(parts, np.uint8(limit)), np.uint64)
    bits = np.unpackbits(found.view(np.uint8), bitorder="little")
    np.testing.assert_array_equal(bits, parts <= limit)


@pytest.mark.parametrize("still", [1, 200])
def test_cells_that_add_nothing_are_mended_or_masked(still):
    rng = np.random.default_rng(still)
    tile, driven = random_tile(rng, 300, 7, positions=4, odd=0.0)
    cells = rng.choice(300 * 7, still, replace=False)
    always = rng.integers(0, 2, still).astype(float)  # the same bit for either input
    tile = tile._replace(
        odd_row=(cells // 7).astype(np.int32),
        odd_column=(cells % 7).astype(np.int32),
        wrong_on=always,
        wrong_off=1.0 - always,
    )
    ready = prepare_bits([tile], [(slice(0, 300), slice(0, 7))], (300, 7))
    assert ready.bits.masked == (still > 2)
    assert ready.still_row.size == (still if still < 3 else 0)
    counts, expected, _ = both(tile, driven, rng, images=70)
    np.testing.assert_array_equal(counts, expected)


@kernel
def in_use(span):
    return lanes_in(span, 0), lanes_in(span, 1)


@pytest.mark.parametrize("span", [(0, 128), (0, 1), (5, 70), (63, 64), (64, 65), (15, 16), (0, 64)])
def test_lanes_in_use(span):
    found = np.array(in_use(np.array(span)), np.uint64)
    bits = np.unpackbits(found.view(np.uint8), bitorder="little")
    assert np.flatnonzero(bits).tolist() == list(range(*span))
