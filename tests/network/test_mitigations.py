"""Mitigations on whole networks: complementary cells whose spread costs several points."""

import numpy as np
import pytest

import mramsim as ms

CSUM, FOUNDRY = "csum_deaville_jssc_2025", "stt_wei_isscc_2019"
BOTH = {"trim_bits": 6, "trim_range_counts": 16.0, "threshold_calibration": True}


def accuracy(net, data, design, images, device, chips=3):
    placed = ms.place(net, CSUM, design).calibrate(data.x_train[:256])
    x, y = data.x_test[:images], data.y_test[:images]
    found = [
        (placed.sample(FOUNDRY, number=number, overrides=device).predict(x) == y).mean()
        for number in range(chips)
    ]
    return float(np.mean(found))


@pytest.mark.parametrize(
    ("name", "data_name", "sigma"),
    [("digits-mlp-512x2", "digits", 0.4), ("mnist-mlp-128x1", "mnist", 0.2)],
)
def test_calibration_and_trims_recover_most_of_what_spread_costs(name, data_name, sigma, data_dir):
    net, data = ms.find_network(f"pretrained:{name}"), ms.load_dataset(data_name, data_dir)
    device = {"sigma_ra": sigma}
    exact = float((net.predict(data.x_test[:350]) == data.y_test[:350]).mean())
    none, both = (accuracy(net, data, design, 350, device) for design in ({}, BOTH))
    assert exact - none >= 0.03
    assert exact - both <= (exact - none) / 2


def test_remapping_and_write_verify_help_a_network(data_dir):
    net, data = ms.find_network("pretrained:digits-mlp-512x2"), ms.load_dataset("digits", data_dir)
    stuck = {"short_rate": 1e-2, "open_rate": 1e-2}
    swap = {"remapping": "swap", "spare_columns": 16}
    none, moved = (accuracy(net, data, design, 200, stuck) for design in ({}, swap))
    assert moved > none + 0.03
    wrong = {"write_error_rate": 0.1, "write_attempts": 1}
    once, thrice = (accuracy(net, data, keys, 200, wrong) for keys in ({}, {"write_attempts": 3}))
    assert thrice > once + 0.03


def test_input_compensation_takes_most_of_the_wires_out(data_dir):
    """Read-out that knows nothing of wires, on nominal cells: wires are the only effect."""
    net, data = ms.find_network("pretrained:digits-mlp-512x2"), ms.load_dataset("digits", data_dir)
    x, wrong = data.x_test[:60], []
    for design in ({}, {"input_compensation": True}):
        keys = {"reference_wires": "none", **design}
        placed = ms.place(net, CSUM, keys).calibrate(data.x_train[:256])
        run = placed.sample(FOUNDRY, only=["ir_drop"]).run(x, checked=60)
        wrong.append(sum(bad for bad, _ in run.decision_errors.values()))
        still = placed.sample(FOUNDRY, only=["none"]).run(x)
        np.testing.assert_array_equal(still.scores, net.scores(x))
    assert wrong[1] < wrong[0] / 5
