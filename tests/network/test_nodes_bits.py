"""Input record, threshold, max-pool and output against closed forms and torch."""

import numpy as np
import pytest

from mramsim.errors import InputError
from mramsim.network.nodes import Input, MaxPool2d, Output, Threshold
from mramsim.network.nodes.threshold import ALWAYS, NEVER

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(
    ("planes", "low", "step", "raw", "levels"),
    [
        (1, 0, 128, [0, 127, 128, 255], [0, 0, 1, 1]),
        (1, 9, 1, [8, 9, 10, 11], [0, 0, 1, 1]),  # low = t - step: raw >= 10
        (8, 0, 1, [0, 1, 254, 255], [0, 1, 254, 255]),
        (4, 0, 1, [0, 1, 15, 16], [0, 1, 15, 15]),
        (2, -100, 50, [-101, -100, -51, 49, 50, 9999], [0, 0, 0, 2, 3, 3]),
    ],
)
def test_levels(planes, low, step, raw, levels):
    node = Input("x", (), (len(raw),), planes, low, step)
    for kind in (np.int16, np.int64):
        found = node.forward(np.array([raw], dtype=kind))
        assert found.dtype == np.uint8
        assert found.tolist() == [levels]


def test_input_takes_flat_and_shaped_images():
    node = Input("x", (), (2, 3, 4), planes=8)
    images = np.arange(48, dtype=np.uint8).reshape(2, 2, 3, 4)
    assert np.array_equal(node.forward(images), images)
    assert np.array_equal(node.forward(images.reshape(2, 24)), images)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Input("n", ("y",), (4,)), "1 inputs; 0 expected"),
        (lambda: Input("n", (), (4,), planes=0), "planes = 0"),
        (lambda: Input("n", (), (4,), step=0), "step = 0"),
        (lambda: Input("n", (), (1, 2, 3, 4)), "(1, 2, 3, 4)"),
        (lambda: Input("n", (), (0,)), "(0,)"),
        (lambda: Input("n", (), (4,), scale=np.inf), "finite"),
        (lambda: Input("n", (), (4,)).forward(np.zeros((2, 5), np.uint8)), "(5,)"),
        (lambda: Input("n", (), (4,)).forward(np.zeros((2, 4))), "float64"),
        (lambda: Input("n", (), (4,)).forward(np.zeros(4, np.uint8)), "expected"),
        (lambda: Threshold("n", ("x",), np.zeros(2, int), np.zeros(2, int)), "-1 or +1"),
        (lambda: Threshold("n", ("x",), np.zeros(2, int), np.ones(3, int)), "one per channel"),
        (lambda: Threshold("n", ("x",), np.zeros(2), np.ones(2, int)), "integers"),
        (lambda: Threshold("n", ("x",), np.array([1 << 31]), np.array([1])), "integers"),
        (lambda: threshold([0], [1]).output_shape((2,)), "gives 2"),
        (lambda: MaxPool2d("n", ("x",), (0, 2), (2, 2), np.zeros(1, bool)), "at least 1"),
        (
            lambda: MaxPool2d("n", ("x",), (3, 3), (1, 1), np.zeros(1)).output_shape((1, 2, 2)),
            "fit",
        ),
        (
            lambda: MaxPool2d("n", ("x",), (2, 2), (1, 1), np.zeros(1)).output_shape((2, 4, 4)),
            "(2,",
        ),
        (lambda: Output("n", ("x",), np.ones(2), np.ones(3)), "one per class"),
        (lambda: Output("n", ("x",), np.array([np.nan]), np.ones(1)), "finite"),
        (lambda: Output("n", ("x",), np.ones(2), np.ones(2)).output_shape((3,)), "gives (3,)"),
    ],
)
def test_wrong_nodes(make, text):
    with pytest.raises(InputError) as caught:
        make()
    assert text in str(caught.value)
    assert "'n'" in str(caught.value)


def threshold(level, polarity):
    return Threshold("n", ("x",), np.array(level), np.array(polarity))


def test_threshold_by_hand():
    node = threshold([3, -3, ALWAYS, NEVER, ALWAYS, NEVER], [1, -1, 1, 1, -1, -1])
    counts = np.array([[2] * 6, [3] * 6, [4] * 6], dtype=np.int32)
    assert node.forward(counts).tolist() == [
        [0, 1, 1, 0, 1, 0],
        [1, 1, 1, 0, 1, 0],
        [1, 0, 1, 0, 1, 0],
    ]


def test_threshold_acts_on_channels_of_maps():
    counts = np.arange(-6, 6, dtype=np.int32).reshape(1, 2, 2, 3)
    bits = threshold([-2, -2], [1, -1]).forward(counts)
    assert np.array_equal(bits[0, 0], counts[0, 0] >= -2)
    assert np.array_equal(bits[0, 1], counts[0, 1] <= 2)


@pytest.mark.parametrize(
    ("kernel", "stride"), [((2, 2), (2, 2)), ((3, 2), (1, 2)), ((3, 3), (2, 2)), ((1, 1), (2, 2))]
)
def test_pool_of_bits_is_threshold_of_pool(kernel, stride):
    """Moving the pool behind the threshold changes nothing, whatever the polarity."""
    rng = np.random.default_rng(1)
    counts = rng.integers(-9, 10, (5, 6, 7, 8)).astype(np.int32)
    polarity = np.array([1, -1, 1, -1, 1, -1])
    decide = threshold([0, 0, 3, 3, ALWAYS, NEVER], polarity)
    pool = MaxPool2d("p", ("n",), kernel, stride, polarity < 0)
    pooled = torch.nn.functional.max_pool2d(torch.tensor(counts).float(), kernel, stride)
    expected = decide.forward(pooled.numpy().astype(np.int32))
    assert 0.1 < expected.mean() < 0.9
    found = pool.forward(decide.forward(counts))
    assert pool.output_shape((6, 7, 8)) == found.shape[1:]
    assert np.array_equal(found, expected)


def test_scores_are_rounded_once():
    """0.1f * 16777215 in float32 steps would round twice; float64 rounds once."""
    scale = np.array([0.1, -3.7, 1e-3], dtype=np.float32)
    offset = np.array([0.3, 11.1, -16.0], dtype=np.float32)
    counts = np.array([[16_777_215, 12_345, 16_001], [-7, 3, 0]], dtype=np.int32)
    exact = [
        [
            np.float32(float(s) * int(c) + float(o))
            for s, o, c in zip(scale, offset, row, strict=True)
        ]
        for row in counts
    ]
    found = Output("out", ("x",), scale, offset).forward(counts)
    assert found.dtype == np.float32
    assert found.tolist() == np.array(exact).tolist()


@pytest.mark.parametrize("planes", [1, 2, 8])
@pytest.mark.parametrize("most", [0, 1, 3, 200])
def test_bytes_give_the_levels_of_wider_integers(planes, most):
    node = Input("x", (), (7,), planes=planes)
    raw = np.random.default_rng(planes).integers(0, most + 1, (9, 7)).astype(np.uint8)
    found = node.forward(raw)
    assert found.dtype == np.uint8
    assert found is not raw  # what a user passes is never handed on
    np.testing.assert_array_equal(found, node.forward(raw.astype(np.int64)))
    np.testing.assert_array_equal(found, np.minimum(raw, 2**planes - 1))
