"""Flat keys are sorted to what they change; effects are switched by name."""

import math

import pytest

from mramsim import effects
from mramsim.errors import InputError, nearest
from mramsim.settings import parse_assignments, sort_settings, used_settings


def test_values_are_toml_else_text():
    found = parse_assignments(
        [
            "device.tmr=0",
            "device.rp_ohm = 1.5e4 ",
            "mapping.partial_sums=adc",
            'device.title="a = b"',
            "mapping.flag=true",
            "mapping.fc1.rows=1_000",
            "age.seconds=inf",
            "mapping.note=a=b",
        ]
    )
    assert found == {
        "device.tmr": 0,
        "device.rp_ohm": 15000.0,
        "mapping.partial_sums": "adc",
        "device.title": "a = b",
        "mapping.flag": True,
        "mapping.fc1.rows": 1000,
        "age.seconds": math.inf,
        "mapping.note": "a=b",
    }
    assert isinstance(found["device.tmr"], int)
    assert parse_assignments([]) == {}


def test_the_last_assignment_wins():
    assert parse_assignments(["a.b=1", "a.b=2"]) == {"a.b": 2}


@pytest.mark.parametrize("value", ["[" * 3000, "1" * 5000, "{a=" * 3000])
def test_values_too_deep_or_long_are_text(value):
    assert parse_assignments([f"device.tmr={value}"]) == {"device.tmr": value}


@pytest.mark.parametrize("text", ["", "device.tmr", "=1", " =1", "device.tmr=", "device.tmr= "])
def test_no_assignment(text):
    with pytest.raises(InputError, match="KEY=VALUE is expected"):
        parse_assignments([text])


def test_keys_are_sorted():
    found = sort_settings(
        {
            "device.tmr": 0.5,
            "mapping.rows": 64,
            "mapping.fc1.rows": 8,
            "mapping.fc1.adc_bits": 4,
            "mapping.block.2.rows": 16,
            "age.seconds": 10,
            "age.reads": 1e6,
            "temperature_k": 350.0,
        }
    )
    assert found.device == {"tmr": 0.5}
    assert found.mapping == {"rows": 64}
    assert found.layers == {"fc1": {"rows": 8, "adc_bits": 4}, "block.2": {"rows": 16}}
    conditions = found.conditions()
    assert conditions.age_seconds == 10
    assert conditions.age_reads == 1e6
    assert conditions.temperature_k == 350.0


def test_nothing_set_is_nothing_changed():
    found = sort_settings({})
    assert (found.device, found.mapping, found.layers, found.surroundings) == ({}, {}, {}, {})
    assert found.conditions().age_seconds == 0


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("tmr", 1, "key 'tmr' is unknown"),
        ("device", 1, "key 'device' is unknown; nearest: device.KEY"),
        ("device.", 1, "key 'device.' is unknown"),
        ("mapping.", 1, "key 'mapping.' is unknown"),
        ("age.second", 1, "nearest: age.seconds"),
        ("temperature", 300, "nearest: temperature_k"),
        ("age.seconds", "old", "age.seconds = 'old': a number is expected"),
        ("age.reads", True, "age.reads = True: a number is expected"),
    ],
)
def test_wrong_keys(key, value, text):
    with pytest.raises(InputError) as caught:
        sort_settings({key: value})
    assert text in str(caught.value)


@pytest.mark.parametrize("settings", [["device.tmr=0"], "device.tmr=0", {1: 0}])
def test_settings_of_another_kind(settings):
    with pytest.raises(InputError, match="keys with values are expected"):
        sort_settings(settings)


def test_used_settings():
    texts = ["device.tmr=0", "mapping.fc1.rows=8", "age.reads=1"]
    forms = ("device.KEY", "mapping.LAYER.KEY", "age.reads")
    assert used_settings(texts, forms) == sort_settings(parse_assignments(texts))
    for form, key in zip(forms, ("device.tmr", "mapping.fc1.rows", "age.reads"), strict=True):
        with pytest.raises(InputError, match=f"key '{key}' is not used by this command; used: "):
            used_settings(texts, [other for other in forms if other != form])
    with pytest.raises(InputError, match=r"not used by this command$"):
        used_settings(texts, ())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("age.seconds", -1.0),
        ("age.reads", math.nan),
        ("age.reads", math.inf),
        ("age.reads", 0.5),
        ("temperature_k", 0),
        ("temperature_k", 10**400),
        ("temperature_k", 2001.0),
        ("age.reads", 10**400),
        ("age.seconds", 10**400),
        ("age.seconds", math.inf),
    ],
)
def test_wrong_conditions(key, value):
    with pytest.raises(InputError):
        sort_settings({key: value}).conditions()


def test_numbers_of_effects_are_part_of_every_key():
    """They are never changed: a chip of today is the chip of tomorrow."""
    expected = (
        *("d2d", "write_error", "stuck", "retention", "read_disturb", "bias", "temperature"),
        *("thermal_shot", "flicker", "rtn", "sa_offset", "sa_noise", "reference", "adc"),
        "ir_drop",
    )
    assert expected == effects.NAMES
    assert [effects.number(name) for name in expected] == list(range(1, 16))


def test_effects_are_selected():
    everything = frozenset(effects.NAMES)
    assert effects.select() == everything
    assert effects.select(only=["none"]) == frozenset()
    assert effects.select(only=[]) == frozenset()
    assert effects.select(only=["d2d", "stuck"]) == {"d2d", "stuck"}
    assert effects.select(only=["d2d", "none"]) == {"d2d"}
    assert effects.select(without=["flicker"]) == everything - {"flicker"}
    assert effects.select(only=["d2d", "adc"], without=["adc", "rtn"]) == {"d2d"}
    assert effects.ordered({"adc", "d2d", "rtn"}) == ["d2d", "rtn", "adc"]


@pytest.mark.parametrize(("only", "without"), [(["d2c"], []), (None, ["d2c"]), (["d2d"], ["none"])])
def test_unknown_effects(only, without):
    with pytest.raises(InputError, match="is unknown; "):
        effects.select(only, without)


def test_hint_for_unknown_names():
    assert nearest("digit", ["digits", "mnist"]) == "; nearest: digits"
    assert nearest("x", ["b", "a", "a"]) == "; known: a, b"
    assert nearest("x", []) == "; none are known"
    many = [f"name{number:02}" for number in range(20)]
    assert nearest("zz", many).endswith("name11, ...")
