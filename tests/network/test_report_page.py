"""The page: complete, self-contained, valid enough to parse, the same bytes every time."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from report_case import outline, result_of

import mramsim as ms
from mramsim.errors import InputError
from mramsim.report.build import report_of
from mramsim.report.page import render, write_report


@pytest.fixture(scope="module")
def result() -> dict:
    return result_of()[0]


@pytest.fixture(scope="module")
def page(result: dict) -> str:
    return render(result)


def test_nothing_is_loaded_and_nothing_runs(page: str) -> None:
    parsed = outline(page)
    tags = {tag for tag, _ in parsed.tags}
    assert not tags & {"script", "iframe", "object", "embed", "img", "video"}
    assert parsed.values("src") == []
    assert not re.search(r"@import|url\((?!#)|\son[a-z]+=", page)
    for tag, attrs in parsed.tags:
        if tag == "link":
            assert attrs["href"] == "data:,"


def test_identifiers_are_unique_and_every_inner_link_has_its_target(page: str) -> None:
    parsed = outline(page)
    identifiers = parsed.values("id")
    assert len(identifiers) == len(set(identifiers))
    inner = [*parsed.values("href"), *parsed.values("xlink:href")]
    targets = {link[1:] for link in inner if link.startswith("#")}
    targets |= set(re.findall(r"url\(#([^)]+)\)", page)) | set(parsed.values("aria-labelledby"))
    assert targets <= set(identifiers)


def test_what_the_page_says(page: str, result: dict) -> None:
    parsed = outline(page)
    text = re.sub(r"\s+", " ", parsed.text.replace("\u200b", ""))
    for piece in ("98.61 %", "97.22 %", "96.94 %", "94.70 to 96.80 %", "tiny <net> & more"):
        assert piece in text
    assert "1.230 %" in text  # decision errors
    assert "wire, driver and access resistance" in text  # what ir_drop is
    for card in (result["cards"]["device"], result["cards"]["mapping"]):
        for key, entry in card["values"].items():
            assert key in text
            assert entry["source"].partition(": ")[2][:40] in text
    for row in result["baselines"]:
        assert row["name"] in text
    assert "doi.org/10.1038/s41586-021-04196-6" in text
    assert "https://doi.org/10.1038/s41586-021-04196-6" in parsed.values("href")


def test_every_assumed_value_is_marked(page: str, result: dict) -> None:
    cards = result["cards"]
    everything = [cards["device"], cards["mapping"], *cards["components"], *cards["baselines"]]
    sources = [entry["source"] for card in everything for entry in card["values"].values()]
    expected = sum(source.startswith("assumed: ") for source in sources)
    assert expected > 20
    assert page.count('<tr class="assumed">') == expected
    assert page.count('<span class="mark">assumed</span>') == expected + 1  # and the caution


def test_figures_are_described_and_tables_have_scopes(page: str) -> None:
    parsed = outline(page)
    figures = [attrs for tag, attrs in parsed.tags if tag == "svg"]
    assert len(figures) == 6
    assert all(attrs["role"] == "img" and len(attrs["aria-label"]) > 40 for attrs in figures)
    assert all(attrs.get("scope") in ("row", "col") for tag, attrs in parsed.tags if tag == "th")
    assert "@media print" in page


def test_floorplan_draws_every_tile(result: dict) -> None:
    placement = result["placement"]
    assert [len(layer["tiles"]) for layer in placement] == [2, 1]
    assert placement[0]["tiles"] == [[0, 256, 0, 40], [256, 300, 0, 40]]
    whole, used = 256 * 512 * 3, 300 * 40 + 40 * 10
    text = outline(render(result)).text
    assert f"{whole:,}" in text
    assert f"{used:,}" in text


def test_same_bytes_in_another_process(result: dict, page: str) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from report_case import result_of;"
        "from mramsim.report.page import render;"
        "sys.stdout.buffer.write(render(result_of()[0]).encode())"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parents[1])],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "77"},
    )
    assert found.stdout.decode() == page == render(result)


@pytest.mark.parametrize("mapping", ms.list_cards("mapping"))
def test_every_mapping_makes_a_page(mapping: str, tmp_path: Path) -> None:
    found, placement = result_of(mapping, chips=1)
    plain = {key: value for key, value in found.items() if key not in ("placement", "cards")}
    path = report_of(plain, placement, tmp_path / "page.html")
    assert path.read_text(encoding="utf-8") == render(found)
    assert report_of(plain, placement.network, path).read_text() == render(found)


def test_a_bare_result_makes_a_page(result: dict) -> None:
    bare = {
        key: value
        for key, value in result.items()
        if key not in ("placement", "cards", "baselines", "settings", "citations", "effects")
    }
    bare["accuracy"] = {**result["accuracy"], "float": None}
    bare["note"] = "no float predictions"
    text = outline(render(bare)).text
    assert "no float predictions" in text
    assert "against the exact network" in text


def test_wrong_objects_are_refused(result: dict, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mramsim\.run/1"):
        write_report({"schema": "mramsim.train/1"}, tmp_path / "page.html")
    partial = {key: value for key, value in result.items() if key != "layers"}
    with pytest.raises(InputError, match="lacks layers"):
        write_report(partial, tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []
