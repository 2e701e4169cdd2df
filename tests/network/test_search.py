"""Design-space search: fronts by brute force, the same points again, interrupted and continued."""

import csv
import datetime
import itertools
import json
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mramsim as ms
from mramsim.cli.main import invoke
from mramsim.errors import InputError
from mramsim.explore.front import losses, pareto_front
from mramsim.explore.plan import load_search

pytest.importorskip("optuna", reason="extra 'search' is not installed")
RUN = {
    "network": "pretrained:digits-mlp-512x2",
    "data": "digits",
    "images": 12,
    "mapping": "csum_deaville_jssc_2025",
    "set": {"mapping": {"rows": 64, "rows_on": 64}},
}
AXES = {
    "mapping.adc_bits": [3, 4, 6],
    "mapping.v_read_v": {"start": 0.02, "stop": 0.2, "scale": "log"},
}


def plan(**parts) -> dict:
    search = {"trials": 6, "population": 3, **parts.pop("search", {})}
    return {"run": RUN, "axes": AXES, "chips": {"count": 1}, "search": search, **parts}


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12
    )
)
def test_front_is_that_of_the_definition(points) -> None:
    values = np.array(points, dtype=float)
    objectives = ("accuracy", "energy", "area")
    expected = []
    for one in points:
        beaten = any(
            other != one and other[0] >= one[0] and other[1] <= one[1] and other[2] <= one[2]
            for other in points
        )
        expected.append(not beaten)
    assert pareto_front(losses(values, objectives)).tolist() == expected


def test_search_is_the_same_again_and_for_any_jobs(tmp_path) -> None:
    first = ms.search(plan(), tmp_path / "a")
    again = ms.search(plan(), tmp_path / "b")
    assert [row["mapping.v_read_v"] for row in first.rows] == [
        row["mapping.v_read_v"] for row in again.rows
    ]
    for name in ("trials.csv", "front.csv", "pareto.svg"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    other = ms.search(plan(search={"seed": 1}), tmp_path / "c")
    assert other.rows != first.rows
    assert len(first.rows) == 6
    assert first.front
    for row, rival in itertools.product(first.front, first.rows):
        assert not (
            rival["accuracy"] > row["accuracy"]
            and rival["energy_j_per_image"] < row["energy_j_per_image"]
        )
    table = list(csv.DictReader((tmp_path / "a" / "trials.csv").read_text().splitlines()))
    assert [int(row["point"]) for row in table] == list(range(6))


def test_finished_chips_are_not_run_again(tmp_path) -> None:
    short = ms.search(plan(search={"trials": 3}), tmp_path)
    longer = ms.search(plan(), tmp_path)
    assert short.done > 0
    assert longer.rows[:3] == [
        {**row, "front": longer.rows[k]["front"]} for k, row in enumerate(short.rows)
    ]
    lines = (tmp_path / "shards" / "all.jsonl").read_bytes()
    done = ms.search(plan(), tmp_path)
    assert done.done == 0
    assert done.rows == longer.rows
    assert (tmp_path / "shards" / "all.jsonl").read_bytes() == lines
    whole = ms.search(plan(), tmp_path / "whole")
    assert whole.rows == longer.rows


def test_designs_that_cannot_be_built_are_passed_over(tmp_path) -> None:
    axes = {"mapping.rows": [64, 32], **AXES}  # rows_on = 64 does not fit 32 rows
    found = ms.search(plan(axes=axes), tmp_path)
    refused = [row for row in found.rows if row["refused"] is not None]
    assert 0 < len(refused) < len(found.rows)
    for row in refused:
        assert row["mapping.rows"] == 32
        assert row["accuracy"] is None
        assert not row["front"]
        assert "rows" in row["refused"]
    impossible = {"mapping.rows": [16, 32]}
    with pytest.raises(InputError, match="none of the first 3 designs can be built"):
        ms.search(plan(axes=impossible), tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_the_folder_of_a_sweep_is_left_alone(tmp_path) -> None:
    content = plan(axes={"mapping.adc_bits": [3]})
    del content["search"]
    ms.sweep(content, tmp_path / "sweep")
    before = (tmp_path / "sweep" / "config.toml").read_bytes()
    with pytest.raises(InputError, match="sweep: holds a sweep; a search needs a folder of its"):
        ms.search(plan(), tmp_path / "sweep")
    assert (tmp_path / "sweep" / "config.toml").read_bytes() == before
    ms.search(plan(search={"trials": 2}), tmp_path / "search")
    with pytest.raises(InputError, match="search: holds a search; a sweep needs a folder of its"):
        ms.sweep(content, tmp_path / "search")


def test_wrong_numbers_of_processes(tmp_path) -> None:
    with pytest.raises(InputError, match="jobs = 0; at least 1"):
        ms.search(plan(), tmp_path / "out", jobs=0)
    assert not (tmp_path / "out").exists()


def test_without_optuna_nothing_is_left(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match="needs optuna, which is not installed"):
        ms.search(plan(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_axes_move_together(tmp_path) -> None:
    axes = {"mapping.rows": [32, 64], "mapping.rows_on": [32, 64]}
    together = {"together": [["mapping.rows", "mapping.rows_on"]]}
    found = ms.search(plan(axes=axes, sampling=together), tmp_path)
    assert {row["mapping.rows"] for row in found.rows} == {32, 64}
    assert all(row["mapping.rows"] == row["mapping.rows_on"] for row in found.rows)


def test_three_objectives_and_names(tmp_path, capsys) -> None:
    axes = {"mapping": ["pcsa_hirtzlin_nanoarch_2019", "digital_li_natelec_2025"]}
    run = {key: value for key, value in RUN.items() if key not in ("mapping", "set")}
    goals = {"objectives": ["energy", "latency", "area"]}
    file = tmp_path / "plan.json"
    content = plan(run=run, axes=axes, search=goals)
    file.write_text(json.dumps(content))
    found = ms.search(content, tmp_path / "out")
    assert {row["mapping"] for row in found.rows} == set(axes["mapping"])
    assert {key for key in found.front[0] if key.endswith(("_image", "_m2"))} == {
        "energy_j_per_image",
        "latency_s_per_image",
        "area_m2",
    }


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"search": {"objectives": ["energy"]}}, "two or more different ones"),
        ({"search": {"objectives": ["energy", "speed"]}}, "search.objectives.1 = 'speed'"),
        ({"search": {"trails": 3}}, "nearest: trials"),
        ({"search": {"trials": 0}}, "search.trials = 0"),
        ({"search": {"trials": datetime.date(2020, 1, 1)}}, "search.trials = 2020-01-01: a text"),
        ({"axes": {}}, "axes: at least one"),
        ({"sampling": {"method": "sobol", "points": 4}}, "a search draws its own points"),
        ({"axes": {"mapping.adc_bit": [3]}}, "nearest: mapping.adc_bits"),
    ],
)
def test_wrong_plans_are_refused(parts, message) -> None:
    with pytest.raises(InputError, match=message):
        load_search(plan(**parts))


def test_command(tmp_path, capsys) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        """
title = "small"
[run]
network = "pretrained:digits-mlp-512x2"
data = "digits"
images = 12
mapping = "csum_deaville_jssc_2025"
set = {mapping.rows = 64, mapping.rows_on = 64}
[axes]
mapping.adc_bits = [3, 6]
[chips]
count = 1
[search]
trials = 4
population = 2
"""
    )
    out = tmp_path / "out"
    assert invoke(["search", str(path), "-o", str(out), "--jobs", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "mramsim.search/1"
    assert found["points"] == 4
    assert found["front"]
    assert (out / "pareto.svg").read_bytes().startswith(b"<?xml")
    assert invoke(["search", str(path), "-o", str(out), "--jobs", "1"]) == 0
    assert "on the front" in capsys.readouterr().out
    assert invoke(["search", str(tmp_path / "no.toml"), "-o", str(out)]) == 2
