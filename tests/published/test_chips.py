"""Published chips: each predicted from the others, and how well."""

import json
import math

import pytest

import mramsim as ms
from mramsim.cli.main import invoke
from mramsim.cost import calibration
from mramsim.cost.chip import ChipCard
from mramsim.cost.macro import macro_of
from mramsim.errors import InputError

NAMES = ms.list_cards("chip")
CARDS: list[ChipCard] = [ms.load_card("chip", name) for name in NAMES]


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    return calibration.rows(CARDS)


def changed(card: ChipCard, factor: float) -> ChipCard:
    """The same chip with all its published figures times a factor."""
    points = tuple(
        one.model_copy(update={"value": one.value * factor, "high": None}) for one in card.published
    )
    return card.model_copy(update={"published": points})


@pytest.mark.parametrize("chip", sorted({card.chip for card in CARDS}))
def test_a_chips_own_figures_do_not_enter_its_prediction(chip: str, rows: list[dict]) -> None:
    altered = [changed(card, 7.0) if card.chip == chip else card for card in CARDS]
    after = calibration.rows(altered)
    scored = any(row["kind"] == "predicted" for row in rows if row["chip"] == chip)
    moved = False
    for old, new in zip(rows, after, strict=True):
        if old["chip"] == chip:
            assert new["simulated"] == old["simulated"]
            assert new["published"] == pytest.approx(7.0 * old["published"], rel=1e-12)
            assert chip not in old["calibrated_on"]
        else:
            moved |= new["simulated"] != old["simulated"]
    assert moved == scored  # others do use it, unless it only has spans


def test_spans_calibrate_nothing(rows: list[dict]) -> None:
    spans_only = {"chiu2023", "cai2023", "deaville2023", "jung2022", "isscc2018_2t2mtj"}
    for row in rows:
        assert row["calibrated_on"]
        assert not spans_only & set(row["calibrated_on"])
        assert (row["chip"] in spans_only) <= (row["kind"] == "range")


def test_factors_are_medians_by_hand() -> None:
    """Access: Li and Dong ask for published over computed; Chiu is predicted with their median."""
    every = calibration.points(CARDS)
    asked = {
        point.card.chip: point.published.value / point.raw()
        for point in every
        if point.quantity.group == "access" and point.published.kind == "predicted"
    }
    assert set(asked) == {"chiu2021", "dong2019", "li2025"}
    factor, used = calibration.factor_without(every, "chiu2021", "access")
    assert used == ["dong2019", "li2025"]
    assert factor == pytest.approx(math.sqrt(asked["dong2019"] * asked["li2025"]), rel=1e-12)


def test_energies_reach_what_the_documentation_says(rows: list[dict]) -> None:
    energy = calibration.score([row for row in rows if row["group"] == "energy"])
    assert energy["chips"] == energy["figures"] == 7
    assert energy["median_error"] < 0.5
    assert energy["within_factor_2"] == 6
    access = calibration.score([row for row in rows if row["group"] == "access"])
    assert access["chips"] == 3
    assert access["worst_factor"] < 1.7


def test_digital_macro_from_components(rows: list[dict]) -> None:
    """Li 2025: 1.11 fJ per 1-bit multiply-accumulate at 0.65 V, 1.85 ns per bit at 1.2 V."""
    found = {row["quantity"]: row for row in rows if row["chip"] == "li2025"}
    joule, cycle = found["mac_energy_j"], found["tree_cycle_s"]
    assert joule["uncalibrated"] == pytest.approx(1.113e-15, rel=0.25)
    assert joule["simulated"] == pytest.approx(1.113e-15, rel=0.25)
    assert cycle["uncalibrated"] == pytest.approx(1.85e-9, rel=0.25)
    assert cycle["simulated"] == pytest.approx(1.85e-9, rel=0.25)
    assert pytest.approx(112.3, rel=1e-3) == 1e-12 * 2 / 1.113e-15 / 16  # the paper's 4-bit figure


def test_digital_cycle_by_hand() -> None:
    """88 ps, 12 full adders of 144 ps, 144 ps; delays go with the node and V / (V - V_t)^1.3."""
    parts = macro_of(ms.load_card("chip", "li_2025_120v")).tree_s

    def slow(v: float) -> float:
        return v / math.log1p(math.exp((v - 0.35) / (2 * 1.5 * 0.02585))) ** 1.3

    gate = 40 / 28 * slow(1.2) / slow(0.9)
    assert parts["decision"] == pytest.approx(88e-12 * slow(1.2) / slow(1.1), rel=1e-9)
    assert parts["tree"] == pytest.approx(12 * 144e-12 * gate, rel=1e-9)
    assert parts["register"] == pytest.approx(144e-12 * gate, rel=1e-9)


def test_plain_read_by_hand() -> None:
    """Chiu 2021: 512 x 2.1 fF moved by 6 x 5 mV; one row needs one level of gates."""
    card = ms.load_card("chip", "chiu_2021")
    parts = macro_of(card).access_s
    device = ms.load_card("device", "stt_wei_isscc_2019")
    from mramsim.arrays.cells import AP, P, classes_of
    from mramsim.devices.conditions import Conditions
    from mramsim.devices.disturb import ReadPulse

    classes = classes_of(device, ReadPulse(0.15, 0.15, 1e-9), Conditions(), frozenset({"bias"}))
    signal = 0.15 / classes[P].total_ohm - 0.15 / classes[AP].total_ohm
    assert parts["signal"] == pytest.approx(512 * 2.1e-15 * 6 * 5e-3 / signal, rel=1e-9)
    assert parts["decision"] == pytest.approx(1e-9, rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_scored_points_have_an_operating_point(name: str) -> None:
    card: ChipCard = ms.load_card("chip", name)
    for point in card.published:
        assert point.quantity in calibration.QUANTITIES
        if point.kind == "predicted":
            assert not card.design_sources["vdd_v"].startswith("assumed")
    assert set(card.design) == set(card.design_sources)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('vdd_v = "chiu2021"', 'vdd_v = "chu2021"', "neither a key of"),
        ("vdd_v = 0.85", "vdd = 0.85", "differ in vdd, vdd_v"),
        ("fan_out = 1024", "fan_out = 0", "greater than or equal to 1"),
    ],
)
def test_wrong_chip_cards_are_refused(tmp_path, old: str, new: str, message: str) -> None:
    import mramsim.cards as library

    text = (library._ROOT / "mapping/chips/chiu_2021.toml").read_text()
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        ms.load_card("chip", str(path))


def test_validate_command(capsys) -> None:
    assert invoke(["validate", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "mramsim.validate/1"
    keys = {"source", "chip", "quantity", "published", "simulated", "unit", "relative_error"}
    for row in found["rows"]:
        assert keys | {"kind", "calibrated_on", "within"} <= set(row)
        assert row["kind"] in ("calibrated", "predicted", "range")
    devices = sum(len(ms.load_card("device", name).published) for name in ms.list_cards("device"))
    assert len(found["rows"]) == devices + sum(len(card.published) for card in CARDS)
    assert invoke(["validate"]) == 0
    assert "li_2025_065v" in capsys.readouterr().out
