"""Cards: shipped and the user's own, overrides, and what is refused; whole files or none."""

import json

import pytest

from mramsim.bounds import bound
from mramsim.cards import USER_SOURCE, list_cards, load_card
from mramsim.errors import InputError

CARD = """title = "mine"
kind = "stt"
rp_ohm = 1e4
tmr = 1.0
t0_k = 300.0
[sources]
kind = "paper"
rp_ohm = "derived: from RA and area"
tmr = "assumed: a guess"
t0_k = "assumed: room"
[references.paper]
doi = "10.1/x"
"""


@pytest.fixture
def mine(tmp_path):
    """Write the card above, with some text replaced; return its path."""

    def write(old="", new="", name="mine.toml"):
        assert old in CARD
        path = tmp_path / name
        path.write_text(CARD.replace(old, new, 1) if old else CARD)
        return path

    return write


@pytest.mark.parametrize("library", ["device", "mapping", "component", "baseline", "chip"])
def test_every_shipped_card_loads(library):
    names = list_cards(library)
    assert names == sorted(names)
    assert names
    for name in names:
        card = load_card(library, name)
        assert card.name == name
        assert card.title
        assert set(card.sources) == set(card.values())
        assert set(card.assumed()) <= set(card.sources)


def test_cards_that_must_ship():
    devices = {"stt_jung_nature_2022", "stt_hirtzlin_nanoarch_2019", "ideal"}
    assert devices <= set(list_cards("device"))
    mappings = {"pcsa_hirtzlin_nanoarch_2019", "csum_deaville_jssc_2025", "csum_1bit"}
    assert mappings <= set(list_cards("mapping"))


def test_own_card_by_path(mine):
    path = mine()
    for name in (path, str(path)):
        card = load_card("device", name)
        assert card.name == "mine"
        assert (card.rp_ohm, card.tmr) == (1e4, 1.0)
        assert card.assumed() == ["t0_k", "tmr"]
        assert card.citations() == ["10.1/x"]
        assert set(card.values()) == {"kind", "rp_ohm", "tmr", "t0_k"}


def test_own_card_in_the_current_folder(mine, monkeypatch):
    monkeypatch.chdir(mine().parent)
    assert load_card("device", "mine.toml").title == "mine"
    with pytest.raises(InputError, match="device card 'mine' is unknown"):
        load_card("device", "mine")


def test_edited_card_is_read_again(mine):
    path = mine()
    assert load_card("device", path).tmr == 1.0
    mine("tmr = 1.0", "tmr = 2.25")
    assert load_card("device", path).tmr == 2.25


def test_overrides(mine):
    path = mine()
    plain = load_card("device", path)
    card = load_card("device", path, {"tmr": 0.25, "v_half_v": 0.4})
    assert (card.tmr, card.v_half_v, card.rp_ohm) == (0.25, 0.4, plain.rp_ohm)
    assert card.sources["tmr"] == card.sources["v_half_v"] == USER_SOURCE
    assert card.assumed() == ["t0_k"]
    assert load_card("device", path) == plain  # what is kept in memory is not touched


def test_a_loaded_card_is_a_card():
    card = load_card("device", "ideal")
    assert load_card("device", card) == card
    changed = load_card("device", card, {"rp_ohm": 123.0})
    assert changed.rp_ohm == 123.0
    assert changed.sources["rp_ohm"] == USER_SOURCE
    assert {**changed.values(), "rp_ohm": 0} == {**card.values(), "rp_ohm": 0}
    with pytest.raises(InputError, match="'ideal' is not a mapping card"):
        load_card("mapping", card)


def test_cards_cannot_be_changed():
    card = load_card("device", "ideal")
    with pytest.raises(ValueError, match="frozen"):
        card.rp_ohm = 1.0


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('tmr = "assumed: a guess"\n', "", "'tmr' has no entry in [sources]"),
        ('"assumed: room"', '"assumed: room"\nhk_t = "paper"', "names 'hk_t', which the card does"),
        ("tmr = 1.0\n", "", "key 'tmr' is missing"),
        ('kind = "paper"', 'kind = "papre"', "kind = 'papre' is neither a key of [references]"),
        ('"assumed: a guess"', '"assumed"', "tmr = 'assumed' is neither"),
        ('"assumed: a guess"', '"set by the users"', "is neither"),
        ("tmr = 1.0", "tmrr = 1.0", "key 'tmrr' is unknown; nearest: tmr"),
        ('title = "mine"\n', "", "key 'title' is missing"),
        ("tmr = 1.0", "tmr = 1979-05-27", "tmr = 1979-05-27: a text, a number"),
        ('tmr = "assumed: a guess"', "tmr = 1979-05-27", "sources.tmr = 1979-05-27: a text"),
        ("tmr = 1.0", f"tmr = {'1' * 5000}", "not valid TOML"),
        ("tmr = 1.0", f"tmr = {'[' * 3000}", "not valid TOML"),
        ("tmr = 1.0", f"tmr{'.a' * 3000} = 1.0", "nested too deep"),
        ("tmr = 1.0", "tmr = inf", "tmr"),
        ("tmr = 1.0", "tmr = true", "tmr = True"),
        ("tmr = 1.0", 'tmr = "1.0"', "tmr = '1.0'"),
        ("tmr = 1.0", "tmr = -1.0", "tmr = -1.0"),
        ("t0_k = 300.0", "t0_k = 0.0", "t0_k = 0.0"),
        ('kind = "stt"', 'kind = "stm"', "kind = 'stm'"),
        ("[references.paper]", "[references.paper]\nyear = 1", "references.paper.year"),
        ("tmr = 1.0", "tmr = 1.0\ntmr = 2.0", "not valid TOML"),
    ],
)
def test_wrong_cards(mine, old, new, text):
    with pytest.raises(InputError) as caught:
        load_card("device", mine(old, new))
    assert text in str(caught.value)
    assert "mine.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_published_point_needs_its_reference(mine):
    path = mine()
    point = 'quantity = "a"\nvalue = 1.0\ntolerance = 0.1\nkind = "predicted"\n'
    path.write_text(f'{CARD}[[published]]\n{point}reference = "paper"\n')
    assert load_card("device", path).published[0].value == 1.0
    path.write_text(f'{CARD}[[published]]\n{point}reference = "other"\n')
    with pytest.raises(InputError, match="'other', not listed"):
        load_card("device", path)


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        ({"tmrr": 1.0}, "key 'device.tmrr' is unknown; nearest: tmr"),
        ({"title": "x"}, "key 'device.title' is unknown"),
        ({"sources": {}}, "key 'device.sources' is unknown"),
        ({"tmr": "high"}, "tmr = 'high'"),
        ({"tmr": float("nan")}, "tmr"),
        ({"tmr": [1.0]}, "tmr = [1.0]"),
        ({"tmr": 150}, "tmr = 150.0; at most 20 is allowed"),
        ({"rp_ohm": 1e300}, "rp_ohm = 1e+300; at most 1e+15 Ohm is allowed"),
        ({"rp_ohm": 1e-300}, "rp_ohm = 1e-300; 0, or a size from 1e-40 Ohm"),
        ({"sigma_ra": 1e200}, "sigma_ra = 1e+200; at most 2 is"),
        ({"sigma_ra": 1e-200}, "sigma_ra = 1e-200; 0, or"),
        ({"diameter_m": 1e-40}, "diameter_m = 1e-40; 0, or a size from 1e-10 m"),
        ({"hooge_m2": 1e-3}, "hooge_m2 = 0.001; at most 1e-16 m2"),
        ({"diameter_m": 60}, "diameter_m = 60.0; at most 1e-05 m"),
        ({"rp_slope_per_k": -1e300}, "rp_slope_per_k = -1e+300; at least -1 1/K"),
    ],
)
def test_wrong_overrides(overrides, text):
    with pytest.raises(InputError) as caught:
        load_card("device", "ideal", overrides)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("library", "name", "key", "value", "text"),
    [
        ("mapping", "csum_1bit", "node_m", 28, "node_m = 28.0; at most 1e-05 m is allowed"),
        ("mapping", "csum_1bit", "vdd_v", 900, "vdd_v = 900.0; at most 20 V is allowed"),
        ("mapping", "csum_1bit", "t_read_s", 5, "t_read_s = 5.0; at most 0.1 s is allowed"),
        ("mapping", "csum_1bit", "bitline_f", 15, "bitline_f = 15.0; at most 1e-06 F"),
        ("mapping", "csum_1bit", "copies", 10**400, "; at most 1e+12 is allowed"),
        ("component", "logic_zigzag_28nm", "adder_f", 1e308, "adder_f = 1e+308; at most 1e-06 F"),
        ("component", "wire_keckler_2011", "wire_node_m", [1e-8, 40], "at most 1e-05 m"),
    ],
)
def test_values_in_another_unit(library, name, key, value, text):
    with pytest.raises(InputError) as caught:
        load_card(library, name, {key: value})
    assert text in str(caught.value)


@pytest.mark.parametrize("library", ["device", "mapping", "component", "baseline"])
def test_shipped_values_are_far_from_their_bounds(library):
    for name in list_cards(library):
        for key, value in load_card(library, name).values().items():
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, float):
                    assert abs(one) <= bound(key)[0] / 5


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("stt_jung", "nearest: stt_jung_nature_2022"),
        ("no/where.toml", "no such file"),
        ("../devices/ideal", "is unknown"),
        ("", "is unknown"),
        ("a" * 5000, "is unknown"),
        ("a" * 5000 + ".toml", "no such file"),
        ("a\0.toml", "no such file"),
    ],
)
def test_wrong_names(name, text):
    with pytest.raises(InputError, match="device card") as caught:
        load_card("device", name)
    assert text in str(caught.value)


@pytest.mark.parametrize("call", [list_cards, lambda library: load_card(library, "x")])
def test_unknown_libraries(call):
    with pytest.raises(InputError, match="library 'devise' is unknown; nearest: device"):
        call("devise")


def test_files_that_are_no_cards(tmp_path):
    path = tmp_path / "big.toml"
    path.write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(InputError, match="1048577 bytes is no card"):
        load_card("device", path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not valid TOML"):
        load_card("device", path)


def test_values_survive_json():
    card = load_card("device", "stt_jung_nature_2022")
    assert json.loads(json.dumps(card.values())) == card.values()
