"""Numbers with units and tables for the terminal."""

import pytest
from report_case import result_of

from mramsim.cost.estimate import estimate
from mramsim.report.tables import run_table, text_table
from mramsim.report.units import (
    area,
    factor,
    percent,
    si,
    significant,
    size,
    trimmed,
    unit_of,
    value_and_unit,
)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (5.58e-8, "J", "55.8 nJ"),
        (1.0e-12, "J", "1.00 pJ"),
        (9.996e-10, "s", "1.00 ns"),
        (0.9, "V", "900 mV"),
        (1.3e4, "Ω", "13.0 kΩ"),
        (2e-16, "F", "200 aF"),
        (0.0, "J", "0 J"),
        (5e12, "Hz", "5000 GHz"),
    ],
)
def test_si_prefixes(value: float, unit: str, text: str) -> None:
    assert si(value, unit) == text


def test_other_numbers() -> None:
    assert trimmed(28e-9, "m") == "28 nm"
    assert trimmed(0.8, "V") == "0.8 V"
    assert significant(699.6) == "700"
    assert significant(0.0239) == "0.0239"
    assert significant(1234567.0) == "1.23e+06"
    assert area(5.98e-7) == "0.598 mm²"
    assert area(3.64e-14) == "0.0364 µm²"
    assert percent(0.9689) == "96.89 %"
    assert percent(None) == "–"
    assert factor(700.4) == "× 700"
    assert size(37504) == "36.6 KiB"
    assert size(100) == "100 B"


@pytest.mark.parametrize(
    ("key", "unit"),
    [
        ("rp_ohm", "Ω"),
        ("wire_j_per_bit", "J/bit"),
        ("gp_curvature_per_v2", "1/V²"),
        ("ms_a_per_m", "A/m"),
        ("cell_m2", "m²"),
        ("tmr", ""),
        ("rows", ""),
    ],
)
def test_units_follow_from_keys(key: str, unit: str) -> None:
    assert unit_of(key) == unit


def test_card_values() -> None:
    assert value_and_unit("rp_ohm", 1e4) == ("10", "kΩ")
    assert value_and_unit("cell_m2", 4.6e-14) == ("0.046", "µm²")
    assert value_and_unit("sram_bytes", [8192, 32768]) == ("8192 B, 32768 B", "")
    assert value_and_unit("kind", "stt") == ("stt", "")
    assert value_and_unit("columns", 512) == ("512", "")


def test_text_table_is_aligned() -> None:
    rows = [{"layer": "a", "count": 7}, {"layer": "long name", "count": 1234}]
    lines = text_table(rows).splitlines()
    assert lines[0].split() == ["layer", "count"]
    assert {len(line) for line in (lines[0], *lines[2:])} == {len(lines[0])}
    assert lines[2].endswith("   7")
    assert text_table([]) == ""
    assert text_table(rows, {"count": "n"}).split()[0] == "n"


def test_markup_in_names_is_plain_text() -> None:
    assert "[red]x[/red]" in text_table([{"layer": "[red]x[/red]"}])


def test_run_table_says_what_matters() -> None:
    result, _ = result_of()
    text = run_table(result)
    for piece in ("96.94 %", "94.70 to 96.80 %", "hidden", "1.230 %", "xnor_28nm_zigzag"):
        assert piece in text
    assert "3 of 9 numbers of the device card" in text
    assert "not modelled: ir_drop" in text
    assert si(result["energy_j_per_image"]["total"], "J") in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_cost_table_says_what_matters() -> None:
    _, placement = result_of()
    found = estimate(placement, activity=0.3)
    text = str(found)
    assert "0.3" in text
    assert si(found["energy_j_per_image"]["by_layer"]["hidden"], "J") in text
    assert "<pre>" in found._repr_html_()
