"""The rules of the effects on MNIST, for every shipped design; ``-m slow``: on all images."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mramsim as ms
from mramsim.cli.main import invoke

SMALL, LARGE = "pretrained:mnist-mlp-128x1", "pretrained:mnist-mlp-1024x2"
MAPPINGS = ms.list_cards("mapping")
CASES = [
    pytest.param((SMALL, 300), id="128x1"),
    pytest.param((LARGE, 10_000), marks=pytest.mark.slow, id="1024x2"),
]


@pytest.fixture(scope="module", params=CASES)
def case(request):
    """Name of a network, and how many test images are read."""
    return request.param


@pytest.fixture(scope="module")
def network(case):
    return ms.find_network(case[0])


@pytest.fixture(scope="module")
def count(case):
    return case[1]


@pytest.fixture(scope="module")
def mnist(data_dir):
    return ms.load_dataset("mnist", data_dir)


@pytest.fixture(scope="module")
def exact(network, mnist, count):
    return network.scores(mnist.x_test[:count], 2000)


def test_record_and_float_baseline_hold(mnist):
    network = ms.find_network(LARGE)
    accuracy = network.training["accuracy"]
    assert (network.predict(mnist.x_test, 2000) == mnist.y_test).mean() == accuracy["test"]
    assert accuracy["test"] >= 0.975
    stored = network.float_predictions["mnist"]
    assert (stored == mnist.y_test).mean() == accuracy["float_test"] >= 0.98


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_no_effects_is_exact_on_every_image(network, mnist, exact, mapping, count):
    chip = ms.place(network, mapping).sample(only=["none"])
    run = chip.run(mnist.x_test[:count], checked=count)
    np.testing.assert_array_equal(run.scores, exact)
    assert all(wrong == 0 for wrong, _ in run.decision_errors.values())


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_one_effect_off_is_that_effect_at_zero(network, mnist, mapping, count):
    images = mnist.x_test[:count]
    placed = ms.place(network, mapping).calibrate(mnist.x_train[:256])
    zero = {"sigma_sa_offset_v": 0.0}
    quiet = ms.place(network, mapping, zero).calibrate(mnist.x_train[:256])
    off = placed.sample(without=["sa_offset"]).run(images)
    np.testing.assert_array_equal(off.scores, quiet.sample().run(images).scores)
    if "sigma_capacitor" in placed.card.model_fields_set:
        placed = ms.place(network, mapping, {"sigma_capacitor": 0.0})
        placed = placed.calibrate(mnist.x_train[:256])
    no_spread = {"sigma_diameter": 0.0, "sigma_ra": 0.0, "sigma_tmr": 0.0, "sigma_delta": 0.0}
    still = placed.sample(overrides={**no_spread, "sigma_series_ohm": 0.0}).run(images)
    off = placed.sample(without=["d2d", "reference"]).run(images)  # both are spread of cells
    np.testing.assert_array_equal(off.scores, still.scores)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_accuracy_falls_to_chance_without_tmr(network, mnist, mapping, count):
    placed = ms.place(network, mapping).calibrate(mnist.x_train[:256])
    accuracy = []
    # wires cost more the more current matches draw, so that less TMR can be better: left out
    for tmr, without in ((1.5, ["ir_drop"]), (0.5, ["ir_drop"]), (0.0, ["ir_drop"]), (0.0, [])):
        values = {"tmr": tmr}
        chip = placed.sample("stt_hirtzlin_nanoarch_2019", overrides=values, without=without)
        accuracy.append((chip.predict(mnist.x_test[:count]) == mnist.y_test[:count]).mean())
    assert accuracy[0] >= accuracy[1] > accuracy[2]
    assert max(accuracy[2:]) < 0.2


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_same_json_for_any_batch_and_threads(mapping, data_dir, capsys, case, count):
    def run(*options: str) -> dict:
        base = ["run", case[0], "--data", "mnist", "--mapping", mapping, "--chips", "1", "--json"]
        images = ["--images", str(count)]
        assert invoke([*base, *images, "--data-dir", str(data_dir), *options]) == 0
        return json.loads(capsys.readouterr().out)

    whole = run("--batch", "4096", "--threads", "2")
    assert run("--batch", "7", "--threads", "1") == whole
    if count == 10_000:
        few = run("--images", "200", "--batch", "1", "--threads", "2")
        assert run("--images", "200", "--batch", "4096", "--threads", "1") == few


def quantised(placed: ms.Placement, images: np.ndarray) -> np.ndarray:
    """Scores of the integer network with the design's quantiser and partial-sum policy."""
    levels = placed.network.input.forward(images).reshape(len(images), -1)
    gated = placed.card.input_coding == "gated"
    for layer in placed.layers:
        order = np.arange(layer.node.fan_in) if layer.order is None else layer.order
        value = 2.0 * levels[:, order] - 1.0
        total = np.zeros((len(images), layer.node.fan_out))
        for tile in layer.tiles:
            columns = slice(tile.column_start, tile.column_stop)
            weight = (
                2.0 * layer.node.weight[columns][:, order[tile.row_start : tile.row_stop]] - 1.0
            )
            sums = value[:, tile.row_start : tile.row_stop] @ weight.T
            if layer.reading == "codes":
                counts = (sums + tile.rows) / 2
                if gated:  # both are 1
                    ones = (value[:, tile.row_start : tile.row_stop] > 0).astype(float)
                    counts = ones @ (weight.T > 0)
                codes = counts - layer.converter_range.low
                codes = np.floor(codes / layer.converter_range.step + 0.5)
                sums = np.clip(codes, 0, layer.converter_range.codes - 1)
            if layer.reading == "vote":
                signed = sums * layer.threshold.polarity[columns]
                sums = np.where(signed >= layer.share(tile), 1.0, -1.0)
            total[:, columns] += sums
        if layer.reading == "codes":  # codes add as integers; rounded once
            low, step = layer.converter_range.low, layer.converter_range.step
            counts = low * layer.row_blocks + step * total
            zero = np.full((1, 1), float(layer.node.fan_in))
            if gated:  # rows on are counted, weights of 1 are known
                ones = (value > 0).sum(axis=1)[:, None] + layer.node.weight.sum(axis=1, dtype=float)
                zero = 2 * ones - zero
            total = (4 if gated else 2) * counts - zero
        if layer.threshold is None:
            return placed.network.output.forward(total)
        if layer.reading == "vote":
            levels = total > 0
        else:
            level = layer.threshold.level + (layer.threshold.level + layer.node.fan_in) % 2
            levels = total * layer.threshold.polarity > level - 1
    raise AssertionError("no output layer")


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_adc_alone_is_the_quantised_network_on_every_image(network, mnist, mapping, count):
    placed = ms.place(network, mapping).calibrate(mnist.x_train[:256]).with_ideal_converters()
    images = mnist.x_test[:count]
    found = placed.sample(only=["adc"]).run(images).scores
    np.testing.assert_array_equal(found, quantised(placed, images))
