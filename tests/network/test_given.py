"""Values of numpy, texts for lists and numbers of another kind, given from Python."""

import json

import numpy as np
import pytest

import mramsim as ms
from mramsim.errors import InputError
from mramsim.given import plain_value
from mramsim.settings import sort_settings
from mramsim.sweeps.plan import load_plan
from mramsim.validation import as_json

NET = "pretrained:digits-mlp-128x2-bop"
CODES = "csum_deaville_jssc_2025"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.int64(300), 300),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.arange(4, 6), [4, 5]),
        ([np.int8(1), "a"], [1, "a"]),
        ((np.uint8(1), 2.5), (1, 2.5)),
        (None, None),
        ({"a": 1}, {"a": 1}),
    ],
)
def test_values_of_numpy_become_plain(value, plain):
    found = plain_value(value)
    assert found == plain
    assert type(found) is type(plain)
    assert as_json({"a": [value]}) == json.dumps({"a": [plain]})


def test_json_still_names_what_is_not_plain():
    with pytest.raises(InputError, match=r"a\.1 = <object"):
        as_json({"a": [np.int64(1), object()]})
    with pytest.raises(InputError, match="a = \\(1\\+2j\\)"):
        as_json({"a": np.complex128(1 + 2j)})


def test_settings_of_numpy():
    given = {
        "temperature_k": np.int64(310),
        "device.tmr": np.float32(0.5),
        "mapping.adc_bits": np.int64(5),
    }
    plain = {"temperature_k": 310, "device.tmr": 0.5, "mapping.adc_bits": 5}
    assert sort_settings(given) == sort_settings(plain)
    options = {"mapping": CODES, "chips": np.int64(1), "images": np.int32(4), "baselines": ()}
    found, wanted = (
        ms.evaluate(NET, settings=settings, seed=seed, threads=1, **options).data
        for settings, seed in ((given, np.int64(3)), (plain, 3))
    )
    assert json.dumps(found["settings"]) == json.dumps(plain)
    assert json.dumps(found["accuracy"]) == json.dumps(wanted["accuracy"])
    assert json.dumps(found["seed"]) == "3"


def test_a_placement_of_numpy_values():
    bits = np.int64(5)
    for options in ({"overrides": {"adc_bits": bits}}, {"layers": {"fc1": {"adc_bits": bits}}}):
        assert ms.place(NET, CODES, **options).layer("fc1").card.adc_bits == 5
    placed = ms.place(NET, CODES, components={"a": np.float32(0.5)})
    assert type(placed.component_values["a"]) is float


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        (list(np.arange(4, 6)), (4, 5)),
        (np.arange(4, 6), (4, 5)),
        (np.linspace(0.5, 1.0, 2), (0.5, 1.0)),
        ([np.float32(0.5)], (0.5,)),
        ({"start": np.int64(4), "stop": np.int64(6), "count": np.int64(3)}, (4.0, 5.0, 6.0)),
    ],
)
def test_axes_of_numpy(axis, values):
    plan = {
        "run": {"network": NET, "data": "digits", "set": {"device.tmr": np.float32(0.5)}},
        "axes": {"mapping.adc_bits": axis},
        "chips": {"count": np.int64(2)},
    }
    found = load_plan(plan)
    assert found.axes["mapping.adc_bits"].values == values
    assert found.run.settings == {"device.tmr": 0.5}
    json.dumps(found.content())


def test_a_text_is_no_list_of_baselines():
    with pytest.raises(InputError, match="baselines = 'fp32'; a list of baseline cards"):
        ms.evaluate(NET, chips=1, images=1, baselines="fp32")


@pytest.mark.parametrize("seed", [None, "0", 0.0, True])
def test_seeds_are_whole_numbers(networks, seed):
    placed = ms.place(networks["tiny"])
    with pytest.raises(InputError, match=f"seed = {seed!r}; a whole number is expected"):
        placed.sample(seed=seed)
    with pytest.raises(InputError, match=f"chip = {seed!r}; a whole number is expected"):
        placed.sample(number=seed)


def test_negative_seeds_are_refused(networks):
    with pytest.raises(InputError, match="seed = -1, chip = 0: at least 0"):
        ms.place(networks["tiny"]).sample(seed=-1)


@pytest.mark.parametrize("batch", [None, "8", 2.5])
def test_batches_and_threads_are_whole_numbers(networks, batch):
    net = networks["tiny"]
    images = np.zeros((2, *net.input.shape), np.uint8)
    chip = ms.place(net).sample()
    for call in (net.predict, chip.predict):
        with pytest.raises(InputError, match=f"batch = {batch!r}; a whole number is expected"):
            call(images, batch=batch)
    if batch is not None:
        with pytest.raises(InputError, match=f"threads = {batch!r}; a whole number"):
            chip.predict(images, threads=batch)
    assert len(chip.predict(images, batch=np.int64(1))) == 2
