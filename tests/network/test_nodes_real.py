"""Digital nodes against torch, closed forms and their slow twins."""

import naive_real
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mramsim.errors import InputError
from mramsim.kernels.real_product import real_product
from mramsim.network.nodes import (
    Activation,
    Add,
    Affine,
    AvgPool,
    Conv1d,
    Conv2d,
    Flatten,
    LevelValue,
    MaxPool1d,
    MaxPool2d,
    PadChannels,
    RealConv,
    RealInput,
    RealLinear,
    Sign,
)

torch = pytest.importorskip("torch")
functional = torch.nn.functional


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@settings(deadline=None, max_examples=25)
@given(
    evaluations=st.integers(1, 5),
    groups=st.integers(1, 3),
    size=st.integers(1, 40),
    columns=st.integers(1, 9),
    seed=st.integers(0, 99),
)
def test_product_adds_in_the_stated_order(evaluations, groups, size, columns, seed):
    rows = normal(seed, evaluations, groups, size) * np.float32(1e3)
    matrix, bias = normal(seed + 1, groups, size, columns), normal(seed + 2, groups * columns)
    found = np.empty((evaluations, groups * columns), np.float32)
    real_product(rows, matrix, bias, found)
    assert found.tobytes() == naive_real.real_product(rows, matrix, bias).tobytes()


def test_order_of_additions_matters_and_is_the_first_input_first():
    """2^60 + 1 - 2^60 is 0 in this order, 1 in the other."""
    node = RealLinear("n", ("x",), np.float32([[1, 1, 1]]), np.zeros(1))
    assert node.forward(np.float32([[2.0**60, 1, -(2.0**60)]])).item() == 0.0
    assert node.forward(np.float32([[2.0**60, -(2.0**60), 1]])).item() == 1.0


def test_linear_equals_torch_and_no_batch_changes_it():
    weight, bias, x = normal(0, 7, 300), normal(1, 7), normal(2, 50, 3, 10, 10)
    node = RealLinear("n", ("x",), weight, bias)
    assert node.output_shape((3, 10, 10)) == (7,)
    found = node.forward(x)
    expected = functional.linear(
        torch.tensor(x).flatten(1), torch.tensor(weight), torch.tensor(bias)
    )
    np.testing.assert_allclose(found, expected.numpy(), atol=3e-5)
    assert found.dtype == np.float32
    assert node.forward(x[7:8]).tobytes() == found[7:8].tobytes()


def test_binary_weights_on_real_values():
    bits, x = np.random.default_rng(3).integers(0, 2, (5, 60), np.uint8), normal(4, 9, 60)
    node = RealLinear("n", ("x",), bits, np.zeros(5))
    same = RealLinear("n", ("x",), 2 * bits.astype(np.float32) - 1, np.zeros(5))
    assert node.binary
    assert not same.binary
    assert node.forward(x).tobytes() == same.forward(x).tobytes()
    assert node.operations((60,)) == {"add_f32": 300}
    assert same.operations((60,)) == {"mac_f32": 300}


REAL_CONVS = [
    # channels, outputs, size, kernel, stride, padding, groups
    (1, 4, (9,), (3,), (1,), (1,), 1),
    (4, 6, (12,), (5,), (3,), (2,), 2),
    (3, 6, (6, 7), (3, 3), (1, 1), (1, 1), 1),
    (4, 6, (7, 6), (3, 2), (2, 1), (1, 2), 2),
]


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("case", REAL_CONVS, ids=str)
def test_real_conv_equals_torch_and_twin(case, binary):
    channels, outputs, size, kernel, stride, padding, groups = case
    weight, bias = normal(5, outputs, channels // groups, *kernel), normal(6, outputs)
    bits = (weight >= 0).astype(np.uint8)
    stored = bits if binary else weight
    weight = 2 * bits.astype(np.float32) - 1 if binary else weight
    x = normal(7, 3, channels, *size)
    node = RealConv("n", ("x",), stored, bias, groups, size, stride, padding)
    found = node.forward(x)
    assert node.output_shape((channels, *size)) == found.shape[1:]
    assert found.tobytes() == naive_real.convolution(x, weight, bias, node).tobytes()
    convolve = functional.conv1d if len(size) == 1 else functional.conv2d
    expected = convolve(
        *map(torch.tensor, (x, weight, bias)), stride=stride, padding=padding, groups=groups
    )
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


def test_real_conv_in_blocks_of_images(monkeypatch):
    node = RealConv("n", ("x",), normal(0, 2, 1, 3), np.zeros(2), 1, (20,), (1,), (1,))
    x = normal(1, 9, 1, 20)
    whole = node.forward(x)
    monkeypatch.setattr("mramsim.network.nodes.real_product._BLOCK_BYTES", 1000)
    assert node.forward(x).tobytes() == whole.tobytes()
    assert node.forward(x[:0]).shape == (0, 2, 20)


@pytest.mark.parametrize("kind", [Conv2d, RealConv])
def test_uneven_padding(kind):
    """A stride of 2 with "same" padding pads one more at the high end."""
    rng = np.random.default_rng(8)
    bits, levels = rng.integers(0, 2, (3, 2, 3, 3), np.uint8), rng.integers(0, 2, (4, 2, 6, 6))
    shape = {"size": (6, 6), "stride": (2, 2), "padding": (0, 0), "padding_end": (1, 1)}
    if kind is Conv2d:
        node, given_x = Conv2d("n", ("x",), bits, **shape), levels.astype(np.uint8)
    else:
        node, given_x = RealConv("n", ("x",), bits, np.zeros(3), **shape), 2.0 * levels - 1
    x = functional.pad(torch.tensor(2.0 * levels - 1), (0, 1, 0, 1))
    expected = functional.conv2d(x, torch.tensor(2.0 * bits - 1), stride=2)
    assert np.array_equal(node.forward(given_x), expected.numpy())
    assert node.settings()["padding_end"] == [1, 1]


CONV1D = [(1, 4, 9, 3, 1, 1, 1), (4, 6, 12, 5, 3, 2, 2), (6, 6, 7, 7, 1, 0, 6)]


@pytest.mark.parametrize("pad_value", [-1, 0, 1])
@pytest.mark.parametrize("planes", [1, 3])
@pytest.mark.parametrize("case", CONV1D, ids=str)
def test_conv1d_equals_torch(case, planes, pad_value):
    channels, outputs, size, kernel, stride, padding, groups = case
    rng = np.random.default_rng(outputs)
    levels = rng.integers(0, 1 << planes, (4, channels, size), dtype=np.uint8)
    weight = rng.integers(0, 2, (outputs, channels // groups, kernel), dtype=np.uint8)
    node = Conv1d("n", ("x",), weight, planes, groups, (size,), (stride,), (padding,), pad_value)
    top = (1 << planes) - 1
    x = functional.pad(torch.tensor(2.0 * levels - top), (padding, padding), value=pad_value * top)
    expected = functional.conv1d(x, torch.tensor(2.0 * weight - 1), stride=stride, groups=groups)
    found = node.forward(levels)
    assert node.output_shape((channels, size)) == found.shape[1:]
    assert found.dtype == np.int32
    assert np.array_equal(found, expected.numpy())


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(2, 2, 0), (3, 2, 1), (5, 1, 2)])
def test_max_pools_of_any_type(kernel, stride, padding):
    x = normal(9, 3, 2, 11)
    node = MaxPool1d("n", ("x",), (kernel,), (stride,), np.zeros(2, bool), (padding,))
    expected = functional.max_pool1d(torch.tensor(x), kernel, stride, padding).numpy()
    assert np.array_equal(node.forward(x), expected)
    counts = np.round(x * 4).astype(np.int32)
    assert node.forward(counts).dtype == np.int32
    bits = (x > 0).astype(np.uint8)
    both = MaxPool1d("n", ("x",), (kernel,), (stride,), np.array([0, 1], bool), (padding,))
    twin = [
        naive_real.pooled(bits[:, i : i + 1], (kernel,), (stride,), (padding,), outside, join)
        for i, outside, join in ((0, 0.0, max), (1, 1.0, min))
    ]
    found = both.forward(bits)
    assert found.dtype == np.uint8
    assert np.array_equal(found, np.concatenate(twin, axis=1))
    assert found.shape[1:] == both.output_shape((2, 11))


def test_padded_pool_over_two_axes():
    x = normal(10, 2, 3, 7, 6)
    node = MaxPool2d("n", ("x",), (3, 3), (2, 2), np.zeros(3, bool), (1, 1))
    expected = functional.max_pool2d(torch.tensor(x), 3, 2, 1).numpy()
    assert np.array_equal(node.forward(x), expected)


@pytest.mark.parametrize(
    ("shape", "kernel", "stride"),
    [((2, 9), (3,), (2,)), ((2, 6, 8), (2, 4), (2, 1)), ((3, 5, 5), (5, 5), (5, 5))],
)
def test_averages(shape, kernel, stride):
    counts = np.random.default_rng(11).integers(-50, 50, (4, *shape)).astype(np.int32)
    node = AvgPool("n", ("x",), kernel, stride)
    none = (0,) * len(kernel)
    twin = naive_real.pooled(
        counts, kernel, stride, none, 0.0, lambda part: np.float32(sum(part) / len(part))
    )
    found = node.forward(counts)
    assert found.dtype == np.float32
    assert np.array_equal(found, twin)
    pool = functional.avg_pool1d if len(kernel) == 1 else functional.avg_pool2d
    expected = pool(torch.tensor(counts).double(), kernel, stride).float()
    assert np.array_equal(found, expected.numpy())
    assert found.shape[1:] == node.output_shape(shape)


def test_average_rounds_once_and_in_order():
    """1 + 2^-53 is 1, so adding the small ones first would differ."""
    node = AvgPool("n", ("x",), (4,), (4,))
    small = np.float32(2.0**-53)
    assert node.forward(np.float32([[[1, small, small, -1]]])).item() == 0.0
    assert node.forward(np.float32([[[small, small, 1, -1]]])).item() == 2.0**-54


def test_affine_is_a_fused_multiply_add():
    scale, offset = normal(12, 5), normal(13, 5)
    counts = np.random.default_rng(14).integers(-9999, 9999, (6, 5, 2, 3)).astype(np.int32)
    found = Affine("n", ("x",), scale, offset).forward(counts)
    for image, channel, y, x in np.ndindex(counts.shape):
        exact = float(scale[channel]) * int(counts[image, channel, y, x]) + float(offset[channel])
        assert found[image, channel, y, x] == np.float32(exact)
    norm = torch.nn.BatchNorm2d(5, eps=1e-3).eval()
    norm.weight.data, norm.bias.data = torch.tensor(scale), torch.tensor(offset)
    from mramsim.network.fold import batchnorm_affine

    parts = (scale, offset, np.zeros(5, np.float32), np.ones(5, np.float32))
    node = Affine("n", ("x",), *batchnorm_affine(*parts, 1e-3))
    with torch.no_grad():
        assert np.array_equal(node.forward(counts), norm(torch.tensor(counts).float()).numpy())


def test_sums_keep_their_type():
    counts, reals = np.arange(6, dtype=np.int32).reshape(2, 3), normal(15, 2, 3)
    node = Add("n", ("a", "b"))
    assert node.forward(counts, counts).dtype == np.int32
    assert np.array_equal(node.forward(counts, counts), 2 * counts)
    assert node.forward(counts, counts.astype(np.float64)).dtype == np.float64
    mixed = node.forward(counts, reals)
    assert mixed.dtype == np.float32
    assert np.array_equal(mixed, counts.astype(np.float32) + reals)
    assert np.array_equal(mixed, node.forward(reals, counts))
    assert node.value_type("counts", "counts") == "counts"
    assert node.value_type("counts", "reals") == "reals"


@pytest.mark.parametrize(
    ("function", "parameters", "module"),
    [
        ("relu", np.zeros((0, 1)), torch.nn.ReLU()),
        ("clip", [[-1], [1]], torch.nn.Hardtanh()),
        ("clip", [[0], [6]], torch.nn.ReLU6()),
        ("prelu", [[0.25]], torch.nn.PReLU()),
        ("prelu", [[0.1, -0.5, 2.0]], None),
        ("tanh", np.zeros((0, 1)), torch.nn.Tanh()),
        ("sigmoid", np.zeros((0, 1)), torch.nn.Sigmoid()),
    ],
)
def test_functions_equal_torch(function, parameters, module):
    x = normal(16, 50, 3, 4) * np.float32(3)
    x[0, 0, :3] = 0.0, -0.0, 1e30
    node = Activation("n", ("x",), function, np.array(parameters, np.float32))
    if module is None:
        module = torch.nn.PReLU(3)
        module.weight.data = torch.tensor(node.parameters[0])
    with torch.no_grad():
        expected = module(torch.tensor(x)).numpy()
    found = node.forward(x)
    assert found.dtype == np.float32
    if function in ("tanh", "sigmoid"):
        np.testing.assert_allclose(found, expected, atol=2e-7)
    else:
        assert np.array_equal(found, expected)


def test_three_signs_of_zero():
    x = np.float32([[-2, -0.0, 0.0, 1e-30, 3]])
    assert Sign("n", ("x",)).forward(x).tolist() == [[0, 1, 1, 1, 1]]
    assert Sign("n", ("x",), -1).forward(x).tolist() == [[0, 0, 0, 1, 1]]
    ternary = Sign("n", ("x",), 0)
    assert ternary.forward(x).tolist() == [[-1, 0, 0, 1, 1]]
    assert ternary.forward(x).dtype == np.float32
    assert (ternary.value_type("reals"), Sign("n", ("x",)).value_type("reals")) == (
        "reals",
        "levels",
    )


def test_levels_as_numbers_and_orders_of_axes():
    levels = np.arange(8, dtype=np.uint8).reshape(1, 8)
    assert LevelValue("n", ("x",), 3).forward(levels).tolist() == [[-7, -5, -3, -1, 1, 3, 5, 7]]
    maps = np.arange(24, dtype=np.int32).reshape(1, 2, 3, 4)
    assert np.array_equal(Flatten("n", ("x",)).forward(maps), maps.reshape(1, 24))
    last = Flatten("n", ("x",), (1, 2, 0)).forward(maps)
    assert np.array_equal(last, np.moveaxis(maps, 1, -1).reshape(1, 24))
    padded = PadChannels("n", ("x",), 1, 2).forward(maps)
    assert padded.dtype == np.int32
    assert np.array_equal(padded[:, 1:3], maps)
    assert padded.shape == (1, *PadChannels("n", ("x",), 1, 2).output_shape((2, 3, 4)))
    assert not padded[:, [0, 3, 4]].any()


def test_real_input():
    node = RealInput("x", (), (2, 2, 2), [0.5, 1 / 3], [-1, 0.25])
    raw = np.arange(16, dtype=np.uint8).reshape(2, 8)
    found = node.forward(raw)
    assert found.dtype == np.float32
    third = float(np.float32(1 / 3))
    for image, channel, y, x in np.ndindex(2, 2, 2, 2):
        value = int(raw[image, channel * 4 + y * 2 + x])
        exact = (0.5 * value - 1) if channel == 0 else (third * value + 0.25)
        assert found[image, channel, y, x] == np.float32(exact)
    plain = RealInput("x", (), (8,), [1], [0])
    assert np.array_equal(plain.forward(raw.astype(np.float32)), raw)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: RealLinear("n", ("x",), normal(0, 2, 3), np.ones(3)), "bias has shape (3,)"),
        (lambda: RealLinear("n", ("x",), normal(0, 2), np.ones(2)), "empty product"),
        (lambda: RealLinear("n", ("x",), np.full((1, 2), np.nan), np.ones(1)), "finite"),
        (lambda: RealLinear("n", ("x",), np.full((1, 2), 1e60), np.ones(1)), "fit float32"),
        (lambda: RealLinear("n", ("x",), np.ones((1, 2), int) * 3, np.ones(1)), "not binary"),
        (lambda: RealLinear("n", ("x",), normal(0, 1, 3), np.ones(1)).output_shape((4,)), "4"),
        (lambda: RealConv("n", ("x",), normal(0, 2, 3, 3), np.ones(2), size=(5, 5)), "weight has"),
        (lambda: RealConv("n", ("x",), normal(0, 1, 1, 9), np.ones(1), 1, (5,), (1,), (0,)), "fit"),
        (
            lambda: RealConv(
                "n", ("x",), normal(0, 1, 1, 3), np.ones(1), 1, (5,), (1,), (0,)
            ).output_shape((2, 5)),
            "takes (1, 5)",
        ),
        (lambda: RealConv("n", ("x",), normal(0, 3, 1, 3), np.ones(3), 2, (5,), (1,), (0,)), "2"),
        (lambda: Conv1d("n", ("x",), np.ones((2, 1, 3, 3), np.uint8)), "channels / groups, length"),
        (lambda: Affine("n", ("x",), np.ones(2), np.ones(3)), "one per channel"),
        (lambda: Affine("n", ("x",), np.ones(2), np.ones(2)).output_shape((3,)), "gives 3"),
        (lambda: Add("n", ("a",)), "1 inputs; 2 expected"),
        (lambda: Add("n", ("a", "b")).output_shape((2, 3), (3, 2)), "'b' gives (3, 2)"),
        (lambda: AvgPool("n", ("x",), (2, 2), (2,)), "entries each"),
        (lambda: AvgPool("n", ("x",), (0,), (2,)), "at least 1"),
        (lambda: AvgPool("n", ("x",), (9,), (2,)).output_shape((1, 4)), "fit"),
        (lambda: AvgPool("n", ("x",), (2,), (2,)).output_shape((1, 4, 4)), "1 axes"),
        (lambda: Activation("n", ("x",), "rely", np.zeros((0, 1))), "nearest: relu"),
        (lambda: Activation("n", ("x",), "prelu", np.zeros((0, 1))), "(1, channels)"),
        (
            lambda: Activation("n", ("x",), "prelu", np.zeros((1, 3))).output_shape((2,)),
            "3 channels",
        ),
        (lambda: Sign("n", ("x",), 2), "zero = 2"),
        (lambda: LevelValue("n", ("x",), 9), "planes = 9"),
        (lambda: Flatten("n", ("x",), (0, 2)), "no order"),
        (lambda: Flatten("n", ("x",), (0, 1)).output_shape((2, 3, 4)), "orders 2 axes"),
        (lambda: PadChannels("n", ("x",), -1, 0), "before = -1"),
        (lambda: RealInput("n", (), (2, 3), np.ones(3), np.ones(3)), "one per channel"),
        (lambda: RealInput("n", (), (2,), [1], [0]).forward(np.array([["a", "b"]])), "numbers"),
        (lambda: MaxPool1d("n", ("x",), (2,), (2,), np.zeros(1), (2,)), "padding (2,)"),
    ],
)
def test_wrong_nodes(make, text):
    with pytest.raises(InputError) as caught:
        make()
    assert text in str(caught.value)
    assert "'n'" in str(caught.value)
