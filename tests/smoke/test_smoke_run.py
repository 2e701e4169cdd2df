"""The five lines of Python a user starts with."""

import numpy as np
import pytest

import mramsim as ms


@pytest.mark.parametrize("mapping", ms.list_cards("mapping"))
def test_place_sample_run(networks, images, mapping):
    network = networks["mlp"]
    x = images(network, 6)
    placed = ms.place(network, mapping=mapping)
    chip = placed.sample(device="ideal", seed=0)
    assert chip.predict(x).shape == (6,)
    assert chip.run(x).scores.shape == (6, 10)
    assert set(placed.table()[0]) >= {"layer", "tiles", "utilisation", "rows_on", "cycles"}
    assert placed.digital()[-1] == "out"


def test_a_network_comes_back_from_its_file(networks, images, tmp_path):
    network = networks["conv0"]
    path = ms.save_network(network, tmp_path / "net.npz")
    again = ms.load_network(path)
    x = images(network, 4)
    np.testing.assert_array_equal(again.scores(x), network.scores(x))
    assert again.digest == network.digest
