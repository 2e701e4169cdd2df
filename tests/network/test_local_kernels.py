"""Kernels of local errors against hand counts, closed forms and statistics."""

import numpy as np
import pytest

from mramsim.kernels import local_errors as kernels
from mramsim.kernels.reinforcement import gap_table, strengthen
from mramsim.training.local.layers import initial, packed, stream


@pytest.mark.parametrize("tie", [0, 1])
@pytest.mark.parametrize("size", [1, 63, 64, 65, 130])
def test_signs_survive_packing(size, tie):
    values = np.random.default_rng(size).integers(-2, 3, size).astype(np.int32)
    words = -(-size // 64)
    sign, live = np.full(words, 5, np.uint64), np.full(words, 5, np.uint64)
    kernels.pack_signs(values, tie, sign, live)
    found = np.full(size, 9, np.int8)
    kernels.unpack_signs(sign, live, found)
    expected = np.sign(values)
    expected[expected == 0] = tie
    assert found.tolist() == expected.tolist()
    assert sum(int(word).bit_count() for word in live) == np.count_nonzero(expected)
    assert sum(int(word).bit_count() for word in sign) == (expected > 0).sum()


@pytest.mark.parametrize("size", [3, 64, 100])
def test_products_of_signs_and_zeros(size):
    rng = np.random.default_rng(size)
    x = rng.integers(-1, 2, (6, size)).astype(np.int32)
    w = rng.integers(-1, 2, (5, size)).astype(np.int32)
    sums = np.empty((6, 5), np.int32)
    rows = (np.ascontiguousarray(words.T) for words in packed(x, 0))
    kernels.products(*rows, *packed(w, 0), sums)
    assert np.array_equal(sums, x @ w.T)


def test_weak_samples_by_hand():
    scores = np.array([[7, 3, 1], [7, 3, 1], [5, 5, 1], [1, 3, 7], [-9, -5, -7]], np.int32)
    labels = np.array([0, 1, 0, 2, 1])
    for margin, expected in [(0, [0, 1, 0, 0, 0]), (3, [0, 1, 1, 0, 1]), (5, [1, 1, 1, 1, 1])]:
        weak = np.empty(5, np.bool_)
        assert kernels.find_weak(scores, labels, margin, weak) == 4  # a tie goes to class 0
        assert weak.tolist() == [bool(value) for value in expected]


def test_picks_by_hand():
    """Two groups of three; wanted + + - and - - 0 (0: the classifier does not care)."""
    sums = np.array([[-5, -3, 9, 4, 0, 1], [5, 3, -9, -4, -2, 1], [-3, -3, 3, 2, 2, 2]], np.int32)
    desired = np.array([[1, 1, -1, -1, -1, 0]], np.int8)
    labels, weak = np.zeros(3, np.int64), np.array([True, True, False])
    for tie, expected in [(0, [[1, 3], [-1, -1]]), (1, [[1, 4], [-1, -1]])]:
        picks = np.full((3, 2), 77, np.int32)
        kernels.pick(sums, sums, labels, desired, weak, tie, picks)
        assert picks.tolist() == [*expected, [77, 77]]


def test_a_committee_with_the_right_vote_is_left_alone():
    """Three members each; both units should be +1, the first already votes so."""
    sums = np.array([[3, 1, -1, -7, 5, -2]], np.int32)
    votes = np.array([[1, -1]], np.int32)
    picks = np.empty((1, 2), np.int32)
    one = np.ones((1, 2), np.int8)
    kernels.pick(sums, votes, np.zeros(1, np.int64), one, np.ones(1, np.bool_), 1, picks)
    assert picks.tolist() == [[-1, 5]]


def test_gap_table_is_geometric():
    p = 0.03
    table = gap_table(p) / 2.0**32
    assert table[0] == pytest.approx(p, abs=2.0**-32)
    assert np.diff(table)[:300] == pytest.approx(p * (1 - p) ** np.arange(1, 301), abs=2.0**-31)
    assert gap_table(0.0).size == 0


@pytest.mark.parametrize("p", [0.3, 0.01, 0.0004])
def test_reinforcement_is_bernoulli(p):
    """Count of moves, and moves of neighbours, within 4 sigma; never towards 0, never from 0."""
    neurons, inputs = 400, 1500
    hidden = np.random.default_rng(0).integers(-3, 4, (neurons, inputs)).astype(np.int32)
    before = hidden.copy()
    w = packed(hidden, 0)
    key = np.array([1, 2], np.uint32)
    strengthen(hidden, gap_table(p), 0, 0, 5, 1, key, *w)
    change = hidden - before
    moved = change != 0
    assert np.array_equal(change[moved], 2 * np.sign(before[moved]))
    for chosen, q in ((moved[before != 0], p), ((moved[:, 1:] & moved[:, :-1]), p * p * 36 / 49)):
        sigma = np.sqrt(chosen.size * q)
        assert abs(chosen.sum() - chosen.size * q) < 4 * sigma
    ends = moved[:, -200:][before[:, -200:] != 0]
    assert abs(ends.sum() - ends.size * p) < 4 * np.sqrt(ends.size * p)
    again = before.copy()
    strengthen(again, gap_table(p), 0, 0, 6, 1, key, *w)
    assert (again != hidden).any()


def test_clip_and_signs_after_reinforcement():
    hidden = np.array([[-90, 90, 1, 0, -1]], np.int32)
    w = packed(hidden, 0)
    strengthen(hidden, gap_table(0.0), 15, 0, 0, 0, np.zeros(2, np.uint32), *w)
    assert hidden.tolist() == [[-15, 15, 1, 0, -1]]
    assert [int(words[0, 0]) for words in w] == [0b00110, 0b10111]


@pytest.mark.parametrize("tie", [0, 1])
def test_initial_integers(tie):
    drawn = initial(stream(3, 0), (300, 400), tie)
    assert abs(drawn.mean()) < 4 * 64 / np.sqrt(drawn.size)
    assert abs(drawn.std() / 64 - 1) < 0.01
    if tie:
        assert (drawn % 2 == 1).all()
    else:  # |N| < 1 / 64
        assert abs((drawn == 0).mean() - 0.01247) < 4 * np.sqrt(0.01247 / drawn.size)
