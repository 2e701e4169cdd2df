"""Shipped networks: small, and as accurate as their record says."""

import numpy as np
import pytest

import mramsim as ms
from mramsim.network.library import FOLDER
from mramsim.training import METHODS

torch = pytest.importorskip("torch")
NAMES = ms.list_pretrained()


def test_every_method_has_one():
    found = {ms.find_network(f"pretrained:{name}").training["method"] for name in NAMES}
    assert found == set(METHODS)
    sizes = [path.stat().st_size for path in FOLDER.glob("*.npz")]
    assert max(sizes) < 300_000
    assert sum(sizes) < 1_000_000


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("digits-")])
def test_accuracy_is_the_recorded_one(name):
    network = ms.find_network(f"pretrained:{name}")
    data = ms.load_dataset("digits")
    right = float(np.mean(network.predict(data.x_test) == data.y_test))
    assert right == network.training["accuracy"]["test"]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if "cnv" in name else ())
        for name in NAMES
        if name.startswith("mnist-")
    ],
)
def test_accuracy_on_mnist_is_the_recorded_one(name, data_dir):
    from mramsim.training.export import predict_exact

    network = ms.find_network(f"pretrained:{name}")
    data = ms.load_dataset("mnist", data_dir)
    right = float(np.mean(predict_exact(network, data.x_test) == data.y_test))
    assert right == network.training["accuracy"]["test"]
