"""Jung's two-layer perceptron on the resistance-sum array: 95.24 % in software, 93.23 % on chip."""

import numpy as np
import pytest

import mramsim as ms

PUBLISHED_DROP = 0.9524 - 0.9323


@pytest.mark.slow
def test_drop_of_a_two_layer_perceptron(data_dir):
    """A network of our own as good as theirs; the spread of resistances makes most of the loss."""
    network = ms.find_network("pretrained:mnist-mlp-128x1")
    options = {
        "device": "stt_jung_nature_2022",
        "mapping": "rsum_jung_nature_2022",
        "data": "mnist",
        "data_dir": str(data_dir),
        "chips": 5,
        "baselines": (),
    }
    found = ms.evaluate(network, **options)["accuracy"]
    assert found["ideal"] == pytest.approx(0.9524, abs=0.005)
    drop = found["ideal"] - found["mean"]
    assert drop == pytest.approx(PUBLISHED_DROP, abs=0.01)
    even = ms.evaluate(network, **options, without=["d2d"])["accuracy"]
    assert found["ideal"] - even["mean"] < 0.4 * drop


NETWORKS = [("mnist-mlp-1024x2", "mnist"), ("fashion-mlp-525x2", "fashion-mnist-median")]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "data"), NETWORKS)
def test_bit_errors_of_a_thousandth_cost_less_than_a_third_of_a_point(name, data, data_dir):
    """Hirtzlin et al., NANOARCH 2019: error rates up to 1e-3 do little; some per cent do a lot."""
    network, images = ms.find_network(f"pretrained:{name}"), ms.load_dataset(data, data_dir)

    def accuracy(rate):
        right = [
            (ms.with_bit_errors(network, rate, draw=draw).predict(images.x_test) == images.y_test)
            for draw in range(3)
        ]
        return float(np.mean(right))

    exact = accuracy(0.0)
    for rate in (1e-6, 1e-5, 1e-4, 1e-3):
        assert exact - accuracy(rate) < 0.003
    assert exact - accuracy(0.1) > 0.015
