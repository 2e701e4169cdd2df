"""Patches against the sliding windows of numpy, and rows in another order."""

import numpy as np
import pytest

from mramsim.kernels.patches import fill_patches
from mramsim.network.nodes.windows import Windows

CASES = [
    ((7,), (3,), (1,), (0,), (0,), 1),
    ((9,), (2,), (3,), (1,), (2,), 2),
    ((5, 6), (3, 3), (1, 1), (1, 1), (1, 1), 1),
    ((6, 4), (2, 3), (2, 1), (0, 1), (1, 0), 4),
    ((1, 1), (1, 1), (1, 1), (0, 0), (0, 0), 2),
]


@pytest.mark.parametrize(("size", "kernel", "stride", "before", "after", "groups"), CASES)
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_rows_are_the_windows_channel_by_channel(size, kernel, stride, before, after, groups, kind):
    rng = np.random.default_rng(len(size))
    values = rng.integers(0, 200, (3, 4, *size)).astype(kind)
    windows = Windows(size, kernel, stride, before, after)
    found = windows.rows(values, 201, groups)
    border = [(0, 0), (0, 0), *zip(before, after, strict=True)]
    padded = np.pad(values, border, constant_values=201)
    fan_in = 4 // groups * int(np.prod(kernel))
    assert found.shape == (3, int(np.prod(windows.output)), groups, fan_in)
    assert found.dtype == kind
    for number, place in enumerate(np.ndindex(windows.output)):
        start = [p * step for p, step in zip(place, stride, strict=True)]
        own = tuple(slice(s, s + k) for s, k in zip(start, kernel, strict=True))
        expected = padded[(slice(None), slice(None), *own)].reshape(3, groups, fan_in)
        np.testing.assert_array_equal(found[:, number], expected)
    assert windows.rows(values[:0], 201, groups).shape == (0, *found.shape[1:])


def test_members_lie_from_each_start_on():
    maps = np.arange(20).reshape(2, 10)
    patches = np.empty((2, 2, 3), maps.dtype)
    fill_patches(maps, np.array([0, 5], np.uint64), np.array([4, 0, 1], np.uint64), patches)
    assert patches.tolist() == [[[4, 0, 1], [9, 5, 6]], [[14, 10, 11], [19, 15, 16]]]
