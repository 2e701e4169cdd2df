"""Sums of the rows of a real matrix whose bits are set."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mramsim.kernels.subsets import subset_sums

EPS = np.finfo(np.float64).eps


def summed(matrix, bits):
    sums = np.full((len(bits), matrix.shape[1]), np.nan)
    subset_sums(matrix, bits, sums)
    return sums


@pytest.mark.parametrize(
    ("rows", "columns", "inputs"),
    [(1, 1, 1), (3, 33, 5), (4, 32, 256), (31, 31, 257), (33, 65, 40), (256, 258, 300)],
)
def test_sums_are_row_by_row(rows, columns, inputs):
    rng = np.random.default_rng(rows)
    matrix = rng.standard_normal((rows, columns)) * 10.0 ** rng.integers(-9, 9, (rows, 1))
    bits = rng.integers(0, 2, (inputs, rows)).astype(np.uint8)
    found = summed(matrix, bits)
    expected, size = np.zeros((2, inputs, columns))
    for n in range(inputs):
        for row in range(rows):
            if bits[n, row]:
                expected[n] += matrix[row]
                size[n] += np.abs(matrix[row])
    assert (np.abs(found - expected) <= rows * EPS * size).all()


def test_whole_numbers_are_exact():
    rng = np.random.default_rng(5)
    matrix = rng.integers(-(2**40), 2**40, (200, 70)).astype(np.float64)
    bits = rng.integers(0, 2, (90, 200)).astype(np.uint8)
    np.testing.assert_array_equal(summed(matrix, bits), bits.astype(np.int64) @ matrix)


def test_an_input_has_the_same_sums_alone_and_among_others():
    rng = np.random.default_rng(6)
    matrix = rng.standard_normal((77, 45))
    bits = rng.integers(0, 2, (600, 77)).astype(np.uint8)
    whole = summed(matrix, bits)
    for start, stop in ((0, 1), (5, 300), (599, 600)):
        np.testing.assert_array_equal(summed(matrix, bits[start:stop]), whole[start:stop])
    fewer = summed(np.ascontiguousarray(matrix[:, :9]), bits)
    np.testing.assert_array_equal(fewer, whole[:, :9])


def test_many_threads_at_once():
    rng = np.random.default_rng(8)
    matrix = rng.standard_normal((60, 70))
    bits = rng.integers(0, 2, (40, 60)).astype(np.uint8)
    whole = summed(matrix, bits)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: summed(matrix, bits), range(4000)):
            np.testing.assert_array_equal(found, whole)


def test_strided_views_are_read_as_they_stand():
    rng = np.random.default_rng(7)
    matrix, bits = rng.standard_normal((40, 60)), rng.integers(0, 2, (9, 80)).astype(np.uint8)
    np.testing.assert_array_equal(
        summed(matrix[::2, ::3], bits[:, ::4]),
        summed(matrix[::2, ::3].copy(), bits[:, ::4].copy()),
    )


def test_no_inputs_give_no_sums():
    assert summed(np.ones((3, 2)), np.zeros((0, 3), np.uint8)).shape == (0, 2)
