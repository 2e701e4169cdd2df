"""The shipped networks of the adiabatic method on their whole test sets."""

import numpy as np
import pytest

import mramsim as ms


@pytest.mark.parametrize(
    ("name", "mapped", "test", "gap"),
    [
        ("mnist-mlp-128x1-adiabatic", ["fc1", "scores"], 0.955, 0.03),
        ("spoken-digits-speech-cnn", ["conv2", "conv3"], 0.98, 0.011),
    ],
)
def test_record_holds_and_chips_agree(data_dir, name, mapped, test, gap):
    network = ms.find_network(f"pretrained:{name}")
    accuracy, dataset = network.training["accuracy"], network.training["data"]
    data = ms.load_dataset(dataset, data_dir)
    found = network.predict(data.x_test)
    assert (found == data.y_test).mean() == accuracy["test"] >= test
    stored = network.float_predictions[dataset]
    assert (stored == data.y_test).mean() == accuracy["float_test"] <= accuracy["test"] + gap
    assert abs(accuracy["relaxed_test"] - accuracy["test"]) <= 0.005
    placed = ms.place(network)
    assert [row["layer"] for row in placed.table()] == mapped
    some = data.x_test[:100]
    assert np.array_equal(placed.sample(only=[]).run(some).scores, network.scores(some))
