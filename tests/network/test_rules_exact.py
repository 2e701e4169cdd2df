"""Rules 1 and 2: without effects the exact network; with `adc` alone the quantised one."""

import naive_networks
import numpy as np
import pytest
from designs import MAPPINGS, codes, counts_bits, small

import mramsim as ms

DEFECTS = {"short_rate": 0.02, "open_rate": 0.02, "write_error_rate": 0.01}
JUNG = "stt_jung_nature_2022"


def tiled(network, mapping, rows=16, columns=5, **design):
    """Small tiles, so that every layer is cut along both axes."""
    return ms.place(network, mapping, small(mapping, rows, columns, **design))


@pytest.mark.parametrize("name", ["tiny", "mlp", "conv-1", "conv0", "conv+1"])
def test_exact_accumulators_equal_loops(networks, images, name):
    network = networks[name]
    values = network.values(images(network, 2))
    for node in network.products():
        found = values[node.name]
        expected = naive_networks.accumulators(node, values[node.inputs[0]])
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize("name", ["tiny", "mlp", "conv-1", "conv0", "conv+1"])
@pytest.mark.parametrize(("rows", "columns"), [(16, 5), (64, 32)])
def test_without_effects_every_score_and_bit_is_exact(
    networks, images, name, mapping, rows, columns
):
    network = networks[name]
    x = images(network, 12)
    placed = tiled(network, mapping, rows, columns)
    assert len(placed.layers[0].tiles) > 1 or name == "tiny" or rows == 64
    run = placed.sample(JUNG, only=["none"]).run(x, checked=len(x))
    np.testing.assert_array_equal(run.scores, network.scores(x))
    assert set(run.decision_errors) == {layer.name for layer in placed.layers if layer.threshold}
    assert all(wrong == 0 and total > 0 for wrong, total in run.decision_errors.values())


@pytest.mark.parametrize("device", ms.list_cards("device"))
@pytest.mark.parametrize("mapping", MAPPINGS)
def test_without_effects_every_device_is_exact(networks, images, device, mapping):
    network = networks["tiny"]
    x = images(network, 30)
    chip = tiled(network, mapping).sample(device, only=["none"])
    np.testing.assert_array_equal(chip.run(x).scores, network.scores(x))


QUANTISED = [
    ("tiny", {"partial_sums": "exact"}),
    ("tiny", {"partial_sums": "adc", "partial_sum_bits": 2}),
    ("tiny", {"partial_sums": "majority", "adc_range": "full"}),
    ("tiny", {"partial_sums": "majority", "adc_range": "calibrated"}),
    ("conv0", {"partial_sums": "majority", "row_order": "natural", "adc_range": "full"}),
    ("conv0", {"partial_sums": "majority", "row_order": "interleaved"}),
]
CONVERTED = [
    ("mlp", {"adc_bits": 3, "adc_range": "full"}),
    ("mlp", {"adc_bits": 3, "adc_range": "calibrated"}),
    ("conv0", {"adc_bits": 2, "adc_range": "full"}),
    ("conv+1", {"adc_bits": 2, "adc_range": "calibrated", "partial_sums": "adc"}),
    ("conv-1", {"adc_bits": 3, "partial_sums": "majority", "row_order": "interleaved"}),
]


def cases():
    for mapping in MAPPINGS:
        chosen = list(QUANTISED)
        if counts_bits(mapping):
            chosen += [("mlp", {"partial_sums": "adc", "partial_sum_bits": 3})]
        elif codes(mapping):
            chosen += CONVERTED
        for name, design in chosen:
            yield pytest.param(mapping, name, design, id=f"{mapping}-{name}-{design}")


@pytest.mark.parametrize(("mapping", "name", "design"), list(cases()))
def test_adc_alone_equals_the_quantised_integer_network(networks, images, mapping, name, design):
    network = networks[name]
    x = images(network, 2)
    placed = tiled(network, mapping, **design).calibrate(images(network, 20, seed=9))
    placed = placed.with_ideal_converters()
    found = placed.sample(JUNG, only=["adc"]).run(x).scores
    np.testing.assert_array_equal(found, naive_networks.forward(placed, None, x, 0, True))
    again = placed.sample("ideal", seed=3, only=["adc"]).run(x).scores
    np.testing.assert_array_equal(found, again)


@pytest.mark.parametrize(("mapping", "name", "design"), list(cases()))
def test_all_effects_equal_the_cell_by_cell_twin(networks, images, mapping, name, design):
    """Same stored values, same draws, same bytes: masks, planes, odd cells, both polarities."""
    network = networks[name]
    x = images(network, 1)
    placed = tiled(network, mapping, **design).calibrate(images(network, 20, seed=9))
    chip = placed.sample(JUNG, seed=2, overrides=DEFECTS)
    every = [record for records in chip.records.values() for record in records]
    passive = placed.card.input_coding == "bipolar"  # no noise of single cells: only wide ones
    assert passive or any(record.odd_row.size for record in every)
    found = chip.run(x, first=5).scores
    np.testing.assert_array_equal(found, naive_networks.forward(placed, chip.records, x, 5, True))


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_tiles_of_several_words_equal_the_twin(networks, images, mapping):
    network = networks["mlp"]
    x = images(network, 1)
    placed = tiled(network, mapping, 85, 64)
    chip = placed.sample(JUNG, seed=1, overrides=DEFECTS)
    expected = naive_networks.forward(placed, chip.records, x, 0, True)
    np.testing.assert_array_equal(chip.run(x).scores, expected)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_noise_without_quantisation_equals_the_twin(networks, images, mapping):
    network = networks["tiny"]
    x = images(network, 3)
    chip = tiled(network, mapping).sample(JUNG, without=["adc"], overrides=DEFECTS)
    expected = naive_networks.forward(chip.placement, chip.records, x, 0, False)
    np.testing.assert_array_equal(chip.run(x).scores, expected)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_one_cell_tiles_are_exact(networks, images, mapping):
    network = networks["tiny"]
    x = images(network, 4)
    chip = tiled(network, mapping, 1, 1).sample(JUNG, only=["none"])
    np.testing.assert_array_equal(chip.run(x).scores, network.scores(x))


@pytest.mark.parametrize("name", ["tiny", "conv0", "conv+1"])
def test_calibrated_shares_follow_the_mean_sums_of_the_tiles(networks, images, name):
    network = networks[name]
    x = images(network, 7)
    placed = tiled(network, "csum_1bit").calibrate(x)
    values = network.values(x)
    for layer in placed.layers[:-1]:
        expected = naive_networks.usual_sums(layer, values[layer.node.inputs[0]])
        np.testing.assert_allclose(layer.usual, expected, rtol=0, atol=1e-12)
        for tile in layer.parts:
            shares = np.clip(naive_networks.share_of(layer, tile), -9999, 9999)
            np.testing.assert_array_equal(np.clip(layer.share(tile), -9999, 9999), shares)


@pytest.mark.parametrize("seed", range(4))
def test_one_tile_votes_exactly_whatever_it_was_calibrated_on(networks, images, seed):
    """A single row tile's share is the threshold itself: no loss, no rounding error."""
    network = networks["mlp"]
    x = images(network, 40)
    placed = tiled(network, "csum_1bit", 128, 64).calibrate(images(network, 23 + seed, seed=seed))
    assert all(layer.row_blocks == 1 for layer in placed.layers)
    np.testing.assert_array_equal(
        placed.sample(JUNG, only=["adc"]).run(x).scores, network.scores(x)
    )


def test_quantisation_does_something(networks, images):
    """The cases above are not exact by accident."""
    network = networks["mlp"]
    x = images(network, 20)
    exact = network.scores(x)
    for design in ({"adc_bits": 3, "adc_range": "full"}, {"partial_sums": "majority"}):
        placed = tiled(network, "csum_deaville_jssc_2025", **design)
        assert (placed.sample("ideal", only=["adc"]).run(x).scores != exact).any()
