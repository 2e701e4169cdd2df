"""Images that a network takes: axes in its order, finite numbers."""

import numpy as np
import pytest

from mramsim.errors import InputError
from mramsim.network.nodes import Input, RealInput


def nodes(shape):
    return [Input("x", (), shape, 8), RealInput("x", (), shape, [1], [0])]


@pytest.mark.parametrize(
    ("shape", "given"),
    [
        ((3, 4, 5), (3, 4, 5)),
        ((3, 4, 5), (60,)),
        ((3, 4, 5), (1, 1, 60)),
        ((60,), (3, 4, 5)),
        ((1, 6, 5), (6, 5)),
        ((6, 5), (1, 6, 5)),
        ((1, 6, 5), (6, 5, 1)),
        ((1, 1, 30), (30, 1)),
        ((1,), ()),
    ],
)
@pytest.mark.parametrize("count", [0, 2])
def test_shapes_of_one_order(shape, given, count):
    size = int(np.prod(shape))
    raw = np.arange(count * size, dtype=np.uint8)
    for node in nodes(shape):
        if given:
            found = node.forward(raw.reshape(count, *given))
            assert np.array_equal(found, raw.reshape(count, *shape))
        else:
            with pytest.raises(InputError, match=r"shape \(\); \(1,\) is expected"):
                node.forward(raw)


@pytest.mark.parametrize(
    ("shape", "given"),
    [
        ((3, 8, 8), (8, 8, 3)),
        ((3, 8, 8), (8, 3, 8)),
        ((3, 8, 8), (3, 64)),
        ((2, 8, 8), (2, 4, 16)),
        ((1, 4, 6), (6, 4)),
        ((3, 8, 8), (191,)),
        ((60,), (3, 4, 6)),
    ],
)
def test_another_order_of_equal_size_is_refused(shape, given):
    for node in nodes(shape):
        with pytest.raises(InputError) as caught:
            node.forward(np.zeros((2, *given), np.uint8))
        assert f"images have shape {given}; {shape} is expected" in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39])
def test_numbers_beyond_float32_are_refused(value):
    node = nodes((2,))[1]
    images = np.array([[0.5, 1.5], [value, 2.0]])
    with pytest.raises(InputError, match="images hold NaN, infinity or numbers beyond float32"):
        node.forward(images)
    assert np.array_equal(node.forward(images[:1]), np.float32(images[:1]))
