"""Rule 5: read noise belongs to the image; nothing depends on batches, threads or order."""

import numpy as np
import pytest
from designs import MAPPINGS, small

import mramsim as ms

JUNG = "stt_jung_nature_2022"
LOUD = {"sigma_sa_noise_v": 0.2}
CHEAP = {"write_error_rate": 1e-3, "short_rate": 0.01, "open_rate": 0.01}


def loud_chip(network, mapping, only=None, threads=None, **design):
    placed = ms.place(network, mapping, small(mapping, 32, 9, **LOUD, **design))
    return placed.sample(JUNG, overrides=CHEAP, only=only, threads=threads)


def same_runs(one, other):
    np.testing.assert_array_equal(one.scores, other.scores)
    np.testing.assert_array_equal(one.predictions, other.predictions)
    assert one.decision_errors == other.decision_errors
    assert one.events.images == other.events.images
    assert one.events.layers.keys() == other.events.layers.keys()
    for name, layer in one.events.layers.items():
        np.testing.assert_array_equal(layer.tiles, other.events.layers[name].tiles)
        np.testing.assert_array_equal(layer.digital, other.events.layers[name].digital)
        assert layer.draws == other.events.layers[name].draws


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize("name", ["mlp", "conv-1", "conv0"])
def test_same_bytes_for_any_batch_and_any_threads(networks, images, name, mapping):
    network = networks[name]
    x = images(network, 23)
    chip = loud_chip(network, mapping)
    whole = chip.run(x, checked=17, threads=1)
    assert (whole.scores != network.scores(x)).any()
    for batch, threads in ((1, 1), (7, 1), (1024, 2), (7, 2), (1, 3), (5, 40)):
        same_runs(whole, chip.run(x, batch=batch, checked=17, threads=threads))
    for threads in (1, 2, 40):
        again = loud_chip(network, mapping, threads=threads)
        same_runs(whole, again.run(x, checked=17))


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_identical_images_get_different_noise(networks, images, mapping):
    network = networks["mlp"]
    x = np.repeat(images(network, 1), 12, axis=0)
    scores = loud_chip(network, mapping).run(x).scores
    assert len(np.unique(scores, axis=0)) > 6
    static = ["d2d", "stuck", "sa_offset", "reference", "adc"]
    still = loud_chip(network, mapping, only=static, sigma_adc_noise_lsb=0.0)
    assert len(np.unique(still.run(x).scores, axis=0)) == 1


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_an_image_gets_its_noise_wherever_it_stands(networks, images, mapping):
    network = networks["conv0"]
    x = images(network, 10)
    chip = loud_chip(network, mapping)
    whole = chip.run(x, first=100).scores
    for image in (0, 4, 9):
        alone = chip.run(x[image : image + 1], first=100 + image).scores[0]
        np.testing.assert_array_equal(alone, whole[image])
    np.testing.assert_array_equal(chip.run(x[3:], first=103).scores, whole[3:])
    assert (chip.run(x).scores != whole).any()


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_reading_leaves_the_chip_as_it_was(networks, images, mapping):
    network = networks["mlp"]
    x = images(network, 9)
    chip = loud_chip(network, mapping)
    same_runs(chip.run(x), chip.run(x))


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_equal_patches_of_an_image_are_read_with_their_own_noise(mapping):
    """Position is part of the counter: a constant image does not give constant maps."""
    from mramsim.network.graph import Network
    from mramsim.network.nodes import Conv2d, Input, Linear, Output, Threshold

    rng = np.random.default_rng(0)
    network = Network(
        (
            Input("x", (), (1, 20, 20)),
            Conv2d("c", ("x",), rng.integers(0, 2, (3, 1, 3, 3), dtype=np.uint8), size=(20, 20)),
            Threshold("t", ("c",), np.zeros(3, np.int32), np.ones(3, np.int8)),
            Linear("l", ("t",), rng.integers(0, 2, (2, 972), dtype=np.uint8)),
            Output("out", ("l",), np.ones(2), np.zeros(2)),
        )
    )
    placed = ms.place(network, mapping, {"sigma_sa_noise_v": 0.3})
    chip = placed.sample(JUNG, only=["sa_noise"])
    wrong, total = chip.run(np.ones((1, 1, 20, 20), int), checked=1).decision_errors["c"]
    assert total == 3 * 18 * 18
    assert wrong % 324 > 0  # neither none nor whole maps


@pytest.mark.parametrize("batch", [0, -3])
def test_a_batch_holds_at_least_one_image(networks, images, batch):
    chip = loud_chip(networks["tiny"], "csum_1bit")
    with pytest.raises(ms.InputError, match="batch"):
        chip.run(images(networks["tiny"], 3), batch=batch)
