"""The report of a sweep: complete, self-contained, the same bytes; it says what is stale."""

import json
import re
import shutil
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from report_case import outline
from sweep_case import PLAN, ROOT, network, write_plan

import mramsim as ms
from mramsim.cli.main import invoke
from mramsim.errors import InputError
from mramsim.report.sweep.bibtex import bibtex
from mramsim.report.sweep.costs import pareto_front
from mramsim.report.sweep.spread import yield_line
from mramsim.sweeps.content import read_sweep
from mramsim.sweeps.plan import load_plan
from mramsim.sweeps.report import report_sweep
from mramsim.sweeps.toml import to_toml

TEXT = PLAN.replace(
    'only = [["d2d", "thermal_shot"], ["none"]]',
    'device.tmr = [0.3, 4.0]\ndevice.sigma_diameter = [0.0, 0.05]\nwithout = [["rtn"], []]',
)
TEXT = TEXT[: TEXT.index("[chips]")] + (
    "[chips]\ncount = 3\n[chips.yield]\naccuracy = 0.1\n[attribution]\npoints = [1, 4]\nchips = 2\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    plan = write_plan(tmp_path_factory.mktemp("plan"), TEXT)
    out = tmp_path_factory.mktemp("sweep")
    ms.sweep(plan, out)
    report_sweep(out)
    return out


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text()


@pytest.fixture(scope="module")
def content(folder):
    return read_sweep(folder)


def test_nothing_is_loaded_and_nothing_runs(page):
    parsed = outline(page)
    assert not {tag for tag, _ in parsed.tags} & {"script", "iframe", "object", "embed", "img"}
    assert parsed.values("src") == []
    assert not re.search(r"@import|url\((?!#)|\son[a-z]+=", page)
    identifiers = parsed.values("id")
    assert len(identifiers) == len(set(identifiers))
    inner = [*parsed.values("href"), *parsed.values("xlink:href")]
    targets = {link[1:] for link in inner if link.startswith("#")}
    assert targets | set(parsed.values("aria-labelledby")) <= set(identifiers)
    assert "@media print" in page


def test_every_figure_has_alternative_text_and_is_a_file(folder, page):
    figures = [attrs for tag, attrs in outline(page).tags if tag == "svg"]
    assert all(attrs["role"] == "img" and len(attrs["aria-label"]) > 40 for attrs in figures)
    names = {path.stem for path in (folder / "figures").iterdir()}
    expected = {"accuracy-0", "accuracy-1", "accuracy-2", "map-0", "map-1", "map-2", "yield"}
    expected |= {"pareto", "energy-split", "confusion-lowest", "confusion-highest", "floorplan"}
    expected |= {"attribution-1", "attribution-4", "device-lowest"}
    assert expected <= names <= {*expected, "device-highest"}
    assert len(figures) == len(names)
    for name in names:
        ET.parse(folder / "figures" / f"{name}.svg")
        assert (folder / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_the_same_bytes_again(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    shutil.rmtree(copy / "figures")
    (copy / "report.html").unlink()
    report_sweep(copy)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            assert (copy / path.relative_to(folder)).read_bytes() == path.read_bytes(), path.name


def test_numbers_of_the_page(page, folder, content):
    text = re.sub(r"\s+", " ", outline(page).text.replace("\u200b", ""))
    rows = ms.sweep(load_plan(folder / "config.toml"), folder).rows()
    assert len(rows) == len(content["points"]) == 8
    for row, point in zip(rows, content["points"], strict=True):
        assert row["mean"] == pytest.approx(point["mean"], rel=1e-14)
        assert row["energy_j_per_image"] == pytest.approx(point["energy_j"], rel=1e-14)
        assert point["yield"] == row["yield"]
        assert sum(point["energy_by_component"].values()) == pytest.approx(point["energy_j"])
        confusion = np.array(point["confusion"])
        assert confusion.sum() == 3 * 60
        assert np.trace(confusion) == round(sum(point["chips"]) * 60)
        assert f"{100 * row['mean']:.2f} %" in text
    assert "stt_hirtzlin_nanoarch_2019" in text
    assert "none" in text  # the empty list of effects left out
    assert "Stale" not in text


def test_attribution_of_a_point_is_that_of_evaluate(content, folder):
    found = content["manifest"]["attribution"]
    assert [one["point"] for one in found] == [1, 4]
    (tmr, sigma, without) = (found[1]["values"][axis["key"]] for axis in content["axes"])
    assert (tmr, sigma, without) == (4.0, 0.0, "rtn")
    plan = load_plan(folder / "config.toml")
    result = ms.evaluate(
        ms.load_network(plan.run.network),
        device=plan.run.device,
        mapping=plan.run.mapping,
        images=60,
        chips=2,
        without=["rtn"],
        settings={"device.tmr": 4.0, "device.sigma_diameter": 0.0},
        attribute=True,
    )
    parts = {key: found[1][key] for key in ("none", "all", "effects")}
    assert parts == result["attribution"]


def test_references(folder, content):
    text = (folder / "references.bib").read_text()
    keys = re.findall(r"@misc{([^,]+),", text)
    cards = [card for found in content["manifest"]["cards"].values() for card in found]
    assert keys == sorted({key for card in cards for key in card["references"]})
    assert text.count("{") == text.count("}")
    entry = bibtex(
        [{"key": "a1", "citation": "A & B, J. 3, 4 (1999)", "doi": "10.1/x", "url": None}]
    )
    lines = ["@misc{a1,", "  title = {{A \\& B, J. 3, 4 (1999)}},", "  year = {1999},"]
    assert entry.splitlines() == [*lines, "  doi = {10.1/x},", "}"]


def test_what_has_changed_is_said(folder, tmp_path, capsys, monkeypatch):
    copy = shutil.copytree(folder, tmp_path / "copy")
    manifest = json.loads((copy / "manifest.json").read_text())
    inputs = manifest["inputs"]
    inputs["device"]["stt_hirtzlin_nanoarch_2019"] = "0" * 64
    inputs["networks"] = {str(tmp_path / "gone.npz"): "0" * 64}
    inputs["physics"] = "older"
    manifest["networks"] = {str(tmp_path / "gone.npz"): "small"}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert invoke(["report", str(copy), "--json"]) == 0
    shown = capsys.readouterr()
    stale = json.loads(shown.out)["stale"]
    assert len(stale) == 3
    assert stale[0].startswith("the simulation itself (version")
    assert stale[1] == "device card stt_hirtzlin_nanoarch_2019"
    assert stale[2].endswith("gone.npz (not found here, so not checked)")
    assert shown.err.count("stale: ") == 3
    assert "Stale" in (copy / "report.html").read_text()


def test_a_changed_network_makes_results_stale_and_new_tasks(tmp_path):
    plan = write_plan(tmp_path, TEXT[: TEXT.index("[attribution]")])
    first = ms.sweep(plan, tmp_path / "out")
    network = ms.load_network(tmp_path / "net.npz")
    weight = network.nodes[1].weight
    weight[0] ^= 1
    ms.save_network(network, tmp_path / "net.npz")
    (text,) = report_sweep(tmp_path / "out")[1]
    assert text.startswith("network ")
    again = ms.sweep(plan, tmp_path / "out")
    assert again.data["tasks"]["done"] == again.data["tasks"]["needed"]
    assert again.data["tasks"]["not_of_this_plan"] == first.data["tasks"]["needed"]
    assert not set(first["id"]) & set(again["id"])
    assert report_sweep(tmp_path / "out")[1] == []


def test_the_front(content):
    points = [
        {"number": k, "energy_j": energy, "mean": mean}
        for k, (energy, mean) in enumerate([(3, 0.9), (1, 0.8), (2, 0.7), (2, 0.85), (3, 0.95)])
    ]
    assert [point["number"] for point in pareto_front(points)] == [1, 3, 4]
    for point in content["points"]:
        beaten = any(
            other["energy_j"] < point["energy_j"] and other["mean"] >= point["mean"]
            for other in content["points"]
        )
        assert not (beaten and point in pareto_front(content["points"]))


def test_the_worked_plan_at_small_size(tmp_path):
    """examples/sweep_tmr_sigma.toml with a small network on digits in the place of MNIST."""
    plan = load_plan(ROOT / "examples" / "sweep_tmr_sigma.toml")
    content = {**plan.content(), "attribution": {"points": [11], "chips": 1}}
    content["run"]["images"] = 30
    content["chips"] = {"count": 2, "yield": {"accuracy": 0.1}}
    found = ms.sweep(
        content,
        tmp_path,
        networks={plan.run.network: network()},
        data={plan.run.data: ms.load_dataset("digits")},
    )
    assert len(found.summary["point"]) == 20
    assert found.rows()[11]["device.tmr"] == 1.0
    assert found.rows()[11]["device.sigma_diameter"] == 0.06
    page = found.report().read_text()
    assert "TMR and diameter spread" in page
    assert "Which effect costs how much" in page


def test_drawn_points_and_a_single_point(tmp_path):
    base = TEXT[: TEXT.index("[axes]")] + "[chips]\ncount = 2\n"
    drawn = "[axes]\ndevice.tmr = {start = 0.5, stop = 2.0}\nseed = [1, 2]\n"
    drawn += "[sampling]\nmethod = 'sobol'\npoints = 4\n"
    for name, text in (("drawn", base + drawn), ("single", base)):
        folder = tmp_path / name
        folder.mkdir()
        found = ms.sweep(write_plan(folder, text), folder / "out")
        assert found.report() == folder / "out" / "report.html"


@pytest.mark.parametrize("broken", ["manifest.json", "config.toml", "results.csv", "summary.csv"])
def test_what_is_no_finished_sweep(folder, tmp_path, broken, capsys):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / broken).unlink()
    assert invoke(["report", str(copy)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert broken in line or "no finished sweep" in line


def _edited(change):
    def edit(path):
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))

    return edit


def _rows(change):
    def edit(path):
        path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")

    return edit


DAMAGED = {
    "empty table": ("results.csv", lambda path: path.write_bytes(b""), "no rows"),
    "no rows": ("results.csv", _rows(lambda lines: lines[:1]), "no rows"),
    "short row": ("results.csv", _rows(lambda lines: [*lines, "3,1"]), "a cell for each column"),
    "long row": ("results.csv", _rows(lambda lines: [*lines, lines[-1] + ",1"]), "a cell for each"),
    "no point": (
        "results.csv",
        _rows(lambda lines: [*lines, "x" + lines[-1]]),
        "not the table of a sweep",
    ),
    "a point too many": ("results.csv", _rows(lambda lines: [*lines, "9" + lines[-1]]), "the plan"),
    "a point below 0": ("results.csv", _rows(lambda lines: [*lines, "-" + lines[-1]]), "the plan"),
    "zeros": ("results.csv", lambda path: path.write_bytes(bytes(9)), "not the table of a sweep"),
    "no text": ("results.csv", lambda path: path.write_bytes(b"\xff\xfe"), "not the table"),
    "empty summary": ("summary.csv", lambda path: path.write_bytes(b""), "no rows"),
    "summary without points": (
        "summary.csv",
        _rows(lambda lines: ["x" + lines[0], *lines[1:]]),
        "summary.csv: not the table of a sweep ('point')",
    ),
    "no cards": ("manifest.json", _edited(lambda content: content.pop("cards")), "'cards'"),
    "no inputs": ("manifest.json", _edited(lambda content: content.pop("inputs")), "'inputs'"),
    "cards are a number": ("manifest.json", _edited(lambda content: content.update(cards=3)), ""),
    "a placement of nothing": (
        "manifest.json",
        _edited(lambda content: content["placements"].append({})),
        "are damaged",
    ),
    "deeply nested": (
        "manifest.json",
        lambda path: path.write_text('{"a":' * 100_000),
        "no finished sweep",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files_are_one_line_and_nothing_is_written(folder, tmp_path, name, capsys):
    file, damage, text = DAMAGED[name]
    copy = shutil.copytree(folder, tmp_path / "copy", ignore=_made)
    damage(copy / file)
    before = sorted(copy.rglob("*"))
    assert invoke(["report", str(copy)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(copy) in line
    assert text in line
    assert sorted(copy.rglob("*")) == before


def _made(_folder, _names):
    return ["figures", "report.html", "references.bib"]


MIXED = re.escape("config.toml is not the plan of results.csv; finish the sweep or --merge")


@pytest.mark.parametrize("values", ["[5.0, 9.0]", "[5.0]", "[4.0, 0.3]"])
@pytest.mark.parametrize("known", [True, False])
def test_results_are_not_shown_under_another_plan(folder, tmp_path, values, known):
    """Also in a folder of an older version, whose manifest has no digest."""
    copy = shutil.copytree(folder, tmp_path / "copy", ignore=_made)
    if not known:
        _edited(lambda content: content.pop("plan"))(copy / "manifest.json")
        assert read_sweep(copy)["points"] == read_sweep(folder)["points"]
    other = load_plan(write_plan(tmp_path, TEXT.replace("[0.3, 4.0]", values).split("[attr")[0]))
    (copy / "config.toml").write_text(to_toml(other.content()))
    with pytest.raises(InputError, match=MIXED):
        report_sweep(copy)
    assert not (copy / "figures").exists()


def test_a_shard_of_another_plan_in_the_folder_of_a_finished_sweep(tmp_path):
    texts = [
        TEXT.split("[axes]")[0].replace("60", "2") + f"[axes]\ndevice.tmr = {values}\n"
        "[chips]\ncount = 1\n"
        for values in ([0.5, 1.0], [5.0, 9.0])
    ]
    ms.sweep(write_plan(tmp_path, texts[0]), tmp_path / "out")
    plan = write_plan(tmp_path, texts[1])
    ms.sweep(plan, tmp_path / "out", shard="1/2")
    with pytest.raises(InputError, match=MIXED):
        report_sweep(tmp_path / "out")
    ms.sweep(plan, tmp_path / "out", shard="2/2")
    ms.sweep(plan, tmp_path / "out", merge=True)
    values = [point["values"]["device.tmr"] for point in read_sweep(tmp_path / "out")["points"]]
    assert values == [5.0, 9.0]


def test_another_title_is_no_other_plan(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy", ignore=_made)
    config = copy / "config.toml"
    text = config.read_text()
    config.write_text("# mine\n" + text.replace("with and without spread", "what I did"))
    assert "what I did" in report_sweep(copy)[0].read_text()
    config.write_text(text.replace("seed = 0", "seed = 1"))
    with pytest.raises(InputError, match=MIXED):
        report_sweep(copy)


def test_a_lost_shard(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "shards" / "all.jsonl").unlink()
    with pytest.raises(InputError, match=r"of results\.csv is in no shard"):
        report_sweep(copy)


def test_the_line_of_yield_is_the_share_of_chips_at_or_above():
    chips = [0.97, 0.90, 0.95, 0.95]
    x, y = yield_line(chips, 0.85)
    assert (x[0], y[0]) == (pytest.approx(85.0), 100.0)
    for wanted in (0.86, 0.899, 0.92, 0.949, 0.96, 0.969):
        share = np.interp(100 * wanted, x, y)
        assert share == pytest.approx(100 * np.mean(np.array(chips) >= wanted))
    assert (x[-1], y[-1]) == (pytest.approx(97.0), 0.0)
    assert yield_line(chips, 0.95)[0][0] == pytest.approx(89.0)
