"""A user's own images and labels: `mramsim.Dataset`."""

import numpy as np
import pytest

import mramsim as ms
from mramsim.errors import InputError
from mramsim.network.graph import Network
from mramsim.network.nodes import Linear, Output, RealInput, Sign


def net():
    """Return a network of real inputs in two axes, with three classes."""
    weight = np.random.default_rng(1).integers(0, 2, (3, 12)).astype(np.uint8)
    nodes = (
        RealInput("x", (), (3, 4), [0.5], [0.25]),
        Sign("s", ("x",), 1),
        Linear("fc", ("s",), weight),
        Output("out", ("fc",), np.ones(3), np.zeros(3)),
    )
    return Network(nodes, "own")


def data(**changes):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(50, 3, 4))
    y = rng.integers(0, 3, 50)
    given = {"x_train": x[:20], "y_train": y[:20], "x_test": x[20:], "y_test": y[20:]}
    return ms.Dataset("own", **{**given, **changes}, classes=("a", "b", "c"))


def test_real_images_of_any_axes_are_evaluated():
    own, network = data(), net()
    found = ms.evaluate(network, data=own, chips=1, only=["none"], baselines=(), threads=1).data
    assert found["dataset"] == "own"
    assert found["images"] == 30
    expected = (network.predict(own.x_test) == own.y_test).mean()
    assert found["accuracy"]["ideal"] == expected
    with pytest.raises(InputError, match=r"images have shape \(4, 3\); \(3, 4\) is expected"):
        ms.evaluate(network, data=data(x_test=own.x_test.swapaxes(1, 2)), chips=1)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"x_train": [[1.0]]}, "training images are a list; a numpy array is expected"),
        ({"y_test": [1]}, "test labels are a list; a numpy array is expected"),
        ({"y_test": np.zeros(30)}, "test labels of shape (30,) and type float64; one axis of int"),
        ({"y_test": np.zeros((30, 3), int)}, "test labels of shape (30, 3) and type int64"),
        ({"y_test": np.zeros(31, int)}, "30 test images, 31 labels"),
        ({"y_test": np.full(30, 3)}, "test labels from 3 to 3; 0 to 2 are allowed"),
    ],
)
def test_wrong_images_and_labels(changes, text):
    with pytest.raises(InputError) as caught:
        data(**changes)
    assert f"data set 'own': {text}" in str(caught.value)
