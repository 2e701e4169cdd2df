"""What people pass from Python: names for objects, no images, a string for a list."""

import numpy as np
import pytest

import mramsim as ms
from mramsim.datasets import Dataset
from mramsim.effects import select
from mramsim.errors import InputError
from mramsim.intervals import mean_interval
from mramsim.result import summarise

NAME = "digits-mlp-128x2-bop"
CODES = "csum_deaville_jssc_2025"


def test_a_network_may_be_given_by_name():
    named, loaded = ms.place(f"pretrained:{NAME}"), ms.find_network(f"pretrained:{NAME}")
    assert named.network.digest == loaded.digest
    found = ms.evaluate(f"pretrained:{NAME}", chips=1, images=40, only=["none"], threads=1)
    same = ms.evaluate(loaded, chips=1, images=40, only=["none"], threads=1)
    assert found.data["accuracy"] == same.data["accuracy"]


@pytest.mark.parametrize("call", [ms.place, ms.evaluate])
def test_a_name_that_ships_is_proposed(call):
    with pytest.raises(InputError, match=f"pretrained:{NAME} ships with the package"):
        call(NAME)
    with pytest.raises(InputError, match="no such"):
        call("nowhere.npz")


@pytest.mark.parametrize("mapping", [CODES, "pcsa_hirtzlin_nanoarch_2019"])
def test_no_images_give_no_classes(mapping):
    chip = ms.place(f"pretrained:{NAME}", mapping).sample()
    run = chip.run(np.zeros((0, 1, 8, 8), np.uint8))
    assert run.predictions.shape == (0,)
    assert run.scores.shape == (0, 10)
    assert run.events.images == 0
    assert chip.predict(np.zeros((0, 1, 8, 8), np.uint8)).shape == (0,)


def test_no_images_cannot_calibrate():
    placed = ms.place(f"pretrained:{NAME}", CODES)
    with pytest.raises(InputError, match="at least 1"):
        placed.calibrate(np.zeros((0, 1, 8, 8), np.uint8))


@pytest.mark.parametrize("key", ["only", "without"])
def test_a_string_is_no_list_of_effects(key):
    with pytest.raises(InputError, match=f"{key} = 'd2d'; a list of effects"):
        select(**{key: "d2d"})


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"chips": 1.5}, "chips = 1.5; a whole number"),
        ({"images": 1.5}, "images = 1.5; a whole number"),
        ({"seed": 1.5}, "seed = 1.5; a whole number"),
        ({"seed": True}, "seed = True; a whole number"),
    ],
)
def test_counts_are_whole_numbers(options, text):
    with pytest.raises(InputError, match=text):
        ms.evaluate(f"pretrained:{NAME}", **options)


def of_classes(network, count):
    """Return a data set of as many classes for a network."""
    x, y = np.zeros((4, *network.input.shape), np.uint8), np.zeros(4, np.uint8)
    return Dataset("own", x, y, x, y, tuple(map(str, range(count))), 4, 2, "")


@pytest.mark.parametrize("count", [3, 300])
def test_a_network_has_the_classes_of_its_data(networks, count):
    net = networks["tiny"]
    data, text = of_classes(net, count), f"network gives 4 classes, 'own' has {count}"
    with pytest.raises(InputError, match=text):
        ms.evaluate(net, data=data, chips=1)
    plan = {"run": {"network": "n", "data": "own"}, "axes": {"seed": [1]}, "chips": {"count": 1}}
    with pytest.raises(InputError, match=text):
        ms.sweep(plan, networks={"n": net}, data={"own": data})


def test_a_network_may_be_given_by_path(networks, tmp_path):
    path = ms.save_network(networks["tiny"], tmp_path / "net.npz")
    assert ms.find_network(path).digest == networks["tiny"].digest


@pytest.mark.parametrize("activity", ["x", None, float("nan"), {"last": "x"}])
def test_activity_is_a_share(networks, activity):
    with pytest.raises(InputError, match="0 to 1 is allowed"):
        ms.estimate(networks["tiny"], activity=activity)


def test_intervals_of_shares_stay_between_0_and_1():
    assert mean_interval([0.2, 0.9]) == (0.0, 1.0)
    assert mean_interval([0.7]) == (None, None)
    narrow, wide = (mean_interval([0.5, 0.6, 0.7], share) for share in (0.5, 0.9))
    assert wide[0] < narrow[0] < 0.6 < narrow[1] < wide[1] < 1.0
    assert summarise([0.2, 0.9])["ci95"] == [0.0, 1.0]
    low, high = summarise([0.5, 0.51, 0.52])["ci95"]
    assert 0.4 < low < 0.51 < high < 0.6
