"""Every device card: complete, honest about what is assumed, and true to what it cites."""

import math

import pytest

from mramsim.cards import list_cards, load_card
from mramsim.devices import published
from mramsim.devices.card import DeviceCard
from mramsim.devices.summary import summary
from mramsim.errors import InputError

NAMES = list_cards("device")


def test_the_cards_to_have_are_there() -> None:
    for part in ("jung", "wei", "ra5", "ra20", "ra50", "hyryn", "borders", "ikeda", "goodwill"):
        assert any(part in name for name in NAMES), part
    assert {"ideal", "stt_hirtzlin_nanoarch_2019"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_published_points_come_out(name: str) -> None:
    card: DeviceCard = load_card("device", name)
    rows = published.rows(card)
    assert len(rows) == len(card.published)
    for row in rows:
        assert row["within"], row
        assert row["source"]


@pytest.mark.parametrize("name", NAMES)
def test_titles_say_what_is_assumed(name: str) -> None:
    card: DeviceCard = load_card("device", name)
    if {"rp_ohm", "tmr"} & set(card.assumed()):
        assert "assumed" in card.title
    assert card.name.startswith(card.kind)
    assert summary(card)["name"] == name


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_is_used_and_can_be_found(name: str) -> None:
    card: DeviceCard = load_card("device", name)
    used = set(card.sources.values()) | {point.reference for point in card.published}
    assert set(card.references) <= used
    for reference in card.references.values():
        assert reference.doi or reference.url


def test_vc_mtj_kit_formulas() -> None:
    """R_P(V) and TMR(V) of the kit's own code, written out here."""
    card: DeviceCard = load_card("device", "vcma_hyryn_github_2026")
    v = 1.0
    rp = 114.1122817e3 / (0.180017789 * v * v + 1.108333982)
    rap = rp * (1.0 + 0.572198649 / (0.505290180 * v * v + 1.0))
    assert published.compute(card, "mtj_resistance_p_1v_ohm") == pytest.approx(rp, rel=1e-4)
    assert published.compute(card, "mtj_resistance_ap_1v_ohm") == pytest.approx(rap, rel=1e-4)
    assert card.sigma_ra * card.rp_ohm == pytest.approx((2.45705674 + 3.93397863) * 1e3, rel=1e-3)
    assert card.sigma_tmr == pytest.approx(0.001562837 + 0.091027265, rel=1e-3)


def test_vc_mtj_write_error_is_that_of_the_kit() -> None:
    """The kit's sigmoid at 2.4 V of its fit, 2 ns, both directions."""
    v, t = 2.4, 2.0
    floor = 0.1005543629 * v * v - 0.3642518154 * v + 0.3375512292
    middle = -0.0268571501 * v * v - 0.2023076311 * v + 1.7689730294
    height = -1.0679461125 * v * v + 5.0983018830 * v - 5.2246142286
    width = -0.2484296130 * v * v + 0.8697977039 * v - 0.4387266590
    p = floor + height / (1.0 + math.exp(-2.0 * math.log(4.0) / width * (t - middle)))
    hazard = -math.log(1.0 - p)
    errors = [math.exp(-hazard * math.exp(sign * 0.2030650335 / 2.0)) for sign in (1, -1)]
    card: DeviceCard = load_card("device", "vcma_hyryn_github_2026")
    assert card.write_error_rate == pytest.approx(sum(errors) / 2.0, rel=1e-3)


def test_ikeda_is_consistent_with_its_critical_current() -> None:
    from mramsim.devices.switching import critical_current_a

    card: DeviceCard = load_card("device", "stt_ikeda_natmat_2010")
    assert card.delta is not None
    assert card.alpha is not None
    assert card.spin_efficiency is not None
    current = critical_current_a(card.delta, card.t0_k, card.alpha, card.spin_efficiency)
    assert current == pytest.approx(card.ic0_a, rel=0.03)


def test_unknown_or_missing_quantities_are_refused() -> None:
    ideal: DeviceCard = load_card("device", "ideal")
    with pytest.raises(InputError, match="nearest"):
        published.compute(ideal, "cell_sigma")
    with pytest.raises(InputError, match="diameter_m"):
        published.compute(ideal, "ra_ohm_m2")
