"""Rules 1, 2 and 5 on all MNIST test images (slow; needs the data)."""

import naive_networks
import numpy as np
import pytest

import mramsim as ms
from mramsim.network.graph import Network
from mramsim.network.nodes import Input, Linear, Output, Threshold

pytestmark = pytest.mark.slow
MAPPINGS = ms.list_cards("mapping")


@pytest.fixture(scope="module")
def network():
    """784-300-10 of random weights on one bit per pixel."""
    rng = np.random.default_rng(0)
    first, last = (rng.integers(0, 2, shape, dtype=np.uint8) for shape in ((300, 784), (10, 300)))
    level = rng.integers(-60, 60, 300).astype(np.int32)
    polarity = rng.choice([-1, 1], 300).astype(np.int8)
    return Network(
        (
            Input("x", (), (784,), low=0, step=128),
            Linear("fc", ("x",), first),
            Threshold("t", ("fc",), level, polarity),
            Linear("last", ("t",), last),
            Output("out", ("last",), np.ones(10), np.zeros(10)),
        )
    )


@pytest.fixture(scope="module")
def digits(data_dir):
    return np.asarray(ms.load_dataset("mnist", str(data_dir)).x_test).reshape(-1, 784)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_exact_without_effects_on_ten_thousand_images(network, digits, mapping):
    assert len(digits) == 10_000
    run = ms.place(network, mapping).sample("stt_jung_nature_2022", only=["none"]).run(digits)
    np.testing.assert_array_equal(run.scores, network.scores(digits))


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_quantised_network_on_some_images(network, digits, mapping):
    placed = ms.place(network, mapping).calibrate(digits[:50]).with_ideal_converters()
    found = placed.sample("ideal", only=["adc"]).run(digits[:2]).scores
    expected = naive_networks.forward(placed, None, digits[:2], 0, True)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_same_bytes_for_batches_and_threads(network, digits, mapping):
    chip = ms.place(network, mapping).sample("stt_jung_nature_2022")
    whole = chip.run(digits, batch=4096, threads=1)
    again = chip.run(digits, batch=7, threads=2)
    few = chip.run(digits[:200], batch=1)
    np.testing.assert_array_equal(whole.scores, again.scores)
    np.testing.assert_array_equal(whole.scores[:200], few.scores)
