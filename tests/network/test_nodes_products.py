"""Linear and convolution against torch, one value at a time equal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mramsim.errors import InputError
from mramsim.network.nodes import Conv2d, Linear

torch = pytest.importorskip("torch")


def odd(levels, planes):
    """The integer that each level stands for."""
    return 2 * levels.astype(np.int64) - ((1 << planes) - 1)


@pytest.mark.parametrize("planes", [1, 2, 8])
@pytest.mark.parametrize("shape", [(1,), (70,), (3, 4, 5)])
def test_linear_equals_torch(planes, shape):
    rng = np.random.default_rng(planes)
    levels = rng.integers(0, 1 << planes, (9, *shape), dtype=np.uint8)
    weight = rng.integers(0, 2, (13, int(np.prod(shape))), dtype=np.uint8)
    node = Linear("fc", ("x",), weight, planes=planes)
    assert node.output_shape(shape) == (13,)
    expected = torch.nn.functional.linear(
        torch.tensor(odd(levels, planes)).double().flatten(1),
        torch.tensor(2.0 * weight - 1).double(),
    )
    found = node.forward(levels)
    assert found.dtype == np.int32
    assert np.array_equal(found, expected.numpy())


CONVS = [
    # channels, outputs, size, kernel, stride, padding, groups
    (1, 4, (5, 5), (3, 3), (1, 1), (1, 1), 1),
    (3, 6, (6, 7), (3, 3), (1, 1), (0, 0), 1),
    (4, 6, (7, 6), (3, 2), (2, 1), (1, 2), 2),
    (6, 6, (8, 8), (5, 5), (3, 2), (2, 2), 6),
    (2, 3, (4, 4), (1, 1), (2, 2), (0, 0), 1),
    (2, 3, (3, 9), (3, 4), (1, 3), (3, 1), 1),
]


@pytest.mark.parametrize("pad_value", [-1, 0, 1])
@pytest.mark.parametrize("planes", [1, 3])
@pytest.mark.parametrize("case", CONVS, ids=str)
def test_conv_equals_torch(case, planes, pad_value):
    channels, outputs, size, kernel, stride, padding, groups = case
    rng = np.random.default_rng(outputs)
    levels = rng.integers(0, 1 << planes, (4, channels, *size), dtype=np.uint8)
    weight = rng.integers(0, 2, (outputs, channels // groups, *kernel), dtype=np.uint8)
    node = Conv2d(
        "c",
        ("x",),
        weight,
        planes=planes,
        groups=groups,
        size=size,
        stride=stride,
        padding=padding,
        pad_value=pad_value,
    )
    border = float(pad_value * ((1 << planes) - 1))
    padded = torch.nn.functional.pad(
        torch.tensor(odd(levels, planes)).double(),
        (padding[1], padding[1], padding[0], padding[0]),
        value=border,
    )
    expected = torch.nn.functional.conv2d(
        padded, torch.tensor(2.0 * weight - 1).double(), stride=stride, groups=groups
    )
    found = node.forward(levels)
    assert node.output_shape((channels, *size)) == found.shape[1:]
    assert found.dtype == np.int32
    assert np.array_equal(found, expected.numpy())


def test_mask_is_which_rows_lie_inside():
    """3 x 3 kernel on 2 x 2 pixels, border 1: each position sees 4 of 9 rows per channel."""
    weight = np.ones((1, 2, 3, 3), dtype=np.uint8)
    node = Conv2d("c", ("x",), weight, size=(2, 2), padding=(1, 1))
    mask = node.mask()
    assert mask.shape == (4, 18)
    assert (mask.sum(axis=1) == 8).all()
    top_left = np.array([[0, 0, 0], [0, 1, 1], [0, 1, 1]], dtype=bool)
    assert np.array_equal(mask[0].reshape(2, 3, 3), np.stack([top_left, top_left]))
    assert np.array_equal(mask[3].reshape(2, 3, 3)[0], top_left[::-1, ::-1])


def test_no_mask_where_all_rows_are_driven():
    weight = np.ones((1, 1, 3, 3), dtype=np.uint8)
    assert Conv2d("c", ("x",), weight, size=(4, 4)).mask() is None
    assert Conv2d("c", ("x",), weight, size=(4, 4), padding=(1, 1), pad_value=-1).mask() is None
    assert Linear("fc", ("x",), np.ones((2, 3), np.uint8)).mask() is None


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data())
def test_any_conv_equals_torch(data):
    """Random geometry; undriven borders."""

    def draw(low, high):
        return data.draw(st.integers(low, high))

    groups, kernel = draw(1, 3), (draw(1, 4), draw(1, 4))
    padding, stride = (draw(0, 2), draw(0, 2)), (draw(1, 3), draw(1, 3))
    size = tuple(max(1, kernel[axis] - 2 * padding[axis]) + draw(0, 5) for axis in (0, 1))
    planes, share, outputs = draw(1, 4), draw(1, 3), groups * draw(1, 3)
    rng = np.random.default_rng(draw(0, 99))
    levels = rng.integers(0, 1 << planes, (2, groups * share, *size), dtype=np.uint8)
    weight = rng.integers(0, 2, (outputs, share, *kernel), dtype=np.uint8)
    node = Conv2d(
        "c",
        ("x",),
        weight,
        planes=planes,
        groups=groups,
        size=size,
        stride=stride,
        padding=padding,
    )
    expected = torch.nn.functional.conv2d(
        torch.tensor(odd(levels, planes)).double(),
        torch.tensor(2.0 * weight - 1).double(),
        groups=groups,
        stride=stride,
        padding=padding,
    )
    found = node.forward(levels)
    assert node.output_shape(levels.shape[1:]) == found.shape[1:]
    assert np.array_equal(found, expected.numpy())


def test_sums_beyond_float32_are_exact():
    """70 001 inputs of 8 planes reach 17 850 255, above 2^24, and the sums are odd."""
    inputs = 70_001
    rng = np.random.default_rng(0)
    weight = np.ones((2, inputs), dtype=np.uint8)
    weight[1] = rng.integers(0, 2, inputs)
    levels = np.full((1, inputs), 255, dtype=np.uint8)
    levels[0, :3] = 254
    node = Linear("fc", ("x",), weight, planes=8)
    expected = odd(levels, 8) @ (2 * weight.astype(np.int64) - 1).T
    assert node.reach == inputs * 255
    assert expected[0, 0] == inputs * 255 - 6
    assert np.array_equal(node.forward(levels), expected)


BINARY = np.ones((4, 3), dtype=np.uint8)
KERNEL = np.ones((4, 3, 3, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Linear("n", ("x",), BINARY * 0.5), "not binary"),
        (lambda: Linear("n", ("x",), np.where(BINARY, np.nan, 0)), "NaN"),
        (lambda: Linear("n", ("x",), np.array([[0, 1], [-1, 1]])), "not binary"),
        (lambda: Linear("n", ("x",), np.array([["a"]])), "dtype"),
        (lambda: Linear("n", ("x",), KERNEL), "(outputs, inputs)"),
        (lambda: Linear("n", ("x",), np.zeros((0, 3), np.uint8)), "empty"),
        (lambda: Linear("n", ("x",), BINARY, planes=9), "planes = 9"),
        (lambda: Linear("n", ("x",), BINARY, planes=0), "planes = 0"),
        (lambda: Linear("n", ("x",), BINARY, groups=2), "groups"),
        (lambda: Linear("n", ("x", "y"), BINARY), "2 inputs"),
        (lambda: Conv2d("n", ("x",), BINARY, size=(5, 5)), "(outputs, channels"),
        (lambda: Conv2d("n", ("x",), KERNEL, size=(2, 2)), "does not fit"),
        (lambda: Conv2d("n", ("x",), KERNEL, size=(5, 5), pad_value=2), "pad_value = 2"),
        (lambda: Conv2d("n", ("x",), KERNEL, size=(5, 5), stride=(0, 1)), "stride"),
        (lambda: Conv2d("n", ("x",), KERNEL, size=(5, 5), padding=(-1, 0)), "padding"),
        (lambda: Conv2d("n", ("x",), KERNEL, size=(5, 5), groups=3), "does not divide"),
        (lambda: Linear("n", ("x",), BINARY).output_shape((4,)), "gives 4"),
        (
            lambda: Conv2d("n", ("x",), KERNEL, size=(5, 5)).output_shape((3, 5, 4)),
            "(3, 5, 4)",
        ),
    ],
)
def test_wrong_products(make, text):
    with pytest.raises(InputError) as caught:
        make()
    assert text in str(caught.value)
    assert "'n'" in str(caught.value)


def test_weights_as_signs_or_bits_are_the_same():
    bits = np.array([[0, 1, 1], [1, 0, 0]], dtype=np.uint8)
    for weight in (bits, bits.astype(bool), 2 * bits.astype(np.int8) - 1, 2.0 * bits - 1):
        node = Linear("fc", ("x",), weight)
        assert node.weight.dtype == np.uint8
        assert np.array_equal(node.weight, bits)
