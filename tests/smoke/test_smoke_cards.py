"""All shipped cards are found, load, and say where their numbers come from."""

import pytest

import mramsim as ms

NEEDED = {
    "device": {"ideal", "stt_hirtzlin_nanoarch_2019", "stt_jung_nature_2022"},
    "mapping": {"csum_1bit", "csum_deaville_jssc_2025", "pcsa_hirtzlin_nanoarch_2019"},
    "component": {"logic_zigzag_28nm", "adc_sar_zigzag", "adc_sar_neurosim_22nm"},
    "baseline": set(),
    "chip": {"li_2025_065v"},
}
SHIPPED = [(library, name) for library in NEEDED for name in ms.list_cards(library)]


@pytest.mark.parametrize("library", NEEDED)
def test_the_needed_cards_are_there(library):
    names = ms.list_cards(library)
    assert NEEDED[library] <= set(names)
    assert names == sorted(names)
    assert names


@pytest.mark.parametrize(("library", "name"), SHIPPED)
def test_every_card_loads_with_its_sources(library, name):
    card = ms.load_card(library, name)
    assert card.name == name
    assert card.title
    assert set(card.sources) == set(card.values())
    assert set(card.assumed()) <= set(card.sources)
    used = " ".join([*card.sources.values(), *(point.reference for point in card.published)])
    assert [key for key in card.references if key not in used] == []


@pytest.mark.parametrize(("library", "name"), SHIPPED)
def test_a_card_whose_leading_values_are_assumed_says_so(library, name):
    """R_P or TMR of a device from nowhere: the title must tell."""
    card = ms.load_card(library, name)
    if library == "device" and {"rp_ohm", "tmr"} & set(card.assumed()):
        assert "assumed" in card.title
