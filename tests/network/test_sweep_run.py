"""Sweeps: the same tables for any workers, shards and orders; what a chip gets is `evaluate`."""

import json
import shutil
import tomllib
from itertools import pairwise

import numpy as np
import pytest
from sweep_case import PLAN, cluster, environment, finish, lines, network, repeated, write_plan

import mramsim as ms
from mramsim.cli.main import invoke
from mramsim.datasets import Dataset
from mramsim.errors import InputError
from mramsim.sweeps.content import read_sweep
from mramsim.sweeps.store import Store

ONE = 'only = [["none"]]'
TABLES = ("results.csv", "summary.csv")


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return write_plan(tmp_path_factory.mktemp("plan"))


@pytest.fixture(scope="module")
def reference(plan, tmp_path_factory):
    """One worker, in this process, without interruption."""
    folder = tmp_path_factory.mktemp("reference")
    return ms.sweep(plan, folder)


def tables(folder):
    return [(folder / name).read_bytes() for name in TABLES]


def test_two_spawned_workers(plan, reference, tmp_path):
    finish(plan, "-o", tmp_path, "--jobs", 2)
    assert tables(tmp_path) == tables(reference.folder)
    assert len({line["pid"] for line in lines(tmp_path)}) == 2
    assert repeated(tmp_path) == 0


def test_progress_counts_every_task_and_goes_on_where_it_was(plan, reference, tmp_path):
    told = []
    ms.sweep(plan, tmp_path, progress=lambda *state: told.append(state), every_s=0.0)
    done, total, _ = told[-1]
    assert done == total == len(lines(tmp_path))  # chips and exact references
    assert all(before[0] <= after[0] for before, after in pairwise(told))
    again = []
    ms.sweep(plan, tmp_path, progress=lambda *state: again.append(state), every_s=0.0)
    assert again[0][:2] == again[-1][:2] == (done, total)


def test_no_processes_are_refused_by_their_own_name(plan, tmp_path):
    with pytest.raises(InputError, match="jobs = 0; at least 1"):
        ms.sweep(plan, tmp_path, jobs=0)


def test_three_shards_merged(plan, reference, tmp_path):
    with pytest.raises(InputError, match="2 of 2 points are not finished"):
        ms.sweep(plan, tmp_path, merge=True)
    for number in (3, 1, 2):
        ms.sweep(plan, tmp_path, shard=f"{number}/3")
    assert not (tmp_path / "results.csv").exists()
    ms.sweep(plan, tmp_path, merge=True)
    assert tables(tmp_path) == tables(reference.folder)
    assert repeated(tmp_path) == 0
    names = [path.name for path in sorted((tmp_path / "shards").iterdir())]
    assert names == ["1-of-3.jsonl", "2-of-3.jsonl", "3-of-3.jsonl"]
    points = {name: _points(tmp_path / "shards" / name) for name in names}
    assert not points[names[0]] & points[names[1]]  # a point belongs to one shard


def _points(path):
    entries = [json.loads(line)["task"] for line in path.read_text().splitlines()]
    return {tuple(entry["effects"]) for entry in entries if entry["kind"] == "chip"}


def test_dask_workers_started_by_hand(plan, reference, tmp_path):
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with cluster(tmp_path) as (address, pids):
        finish(plan, "-o", tmp_path / "out", "--dask", address)
        assert tables(tmp_path / "out") == tables(reference.folder)
        assert {line["pid"] for line in lines(tmp_path / "out")} <= set(pids)


def test_chips_are_those_of_evaluate(reference):
    for point, only in enumerate((["d2d", "thermal_shot"], ["none"])):
        chips = reference.summary["chips"][point]
        result = ms.evaluate(
            network(),
            device="stt_hirtzlin_nanoarch_2019",
            mapping="csum_deaville_jssc_2025",
            images=60,
            chips=chips,
            only=only,
        )
        rows = [k for k, number in enumerate(reference["point"]) if number == point]
        assert [reference["accuracy"][k] for k in rows] == result["accuracy"]["chips"]
        assert [reference["chip"][k] for k in rows] == list(range(chips))
        assert reference.summary["exact"][point] == result["accuracy"]["ideal"]
        assert reference.summary["float"][point] == result["accuracy"]["float"]
        low, high = result["accuracy"]["ci95"]
        assert reference.summary["low"][point] == pytest.approx(low)
        assert reference.summary["high"][point] == pytest.approx(high)
        np.testing.assert_allclose(
            reference.summary["energy_j_per_image"][point],
            result["energy_j_per_image"]["total"],
        )
        for layer in result["layers"][:1]:
            rates = [reference[f"decision_error_rate.{layer['name']}"][k] for k in rows]
            assert np.mean(rates) == pytest.approx(layer["decision_error_rate"])


def test_the_rule_was_followed(reference):
    """Chips without spread agree at once, the others never; no surplus is listed."""
    chips, stopped = reference.summary["chips"], reference.summary["stopped"]
    assert chips == [12, 8]
    assert stopped == ["most", "rule"]
    assert len(reference["chip"]) == sum(chips)


def test_surplus_chips_stay_out_of_the_table(plan, reference, tmp_path):
    """A plan of twenty chips was run before: the rule takes what it needs and no more."""
    text = PLAN.replace("least = 8\nmost = 12\nblock = 3\nhalf_width = 0.001", "count = 16")
    before = write_plan(tmp_path, text)
    ms.sweep(before, tmp_path / "out")
    done = len(lines(tmp_path / "out"))
    found = ms.sweep(plan, tmp_path / "out")
    assert len(lines(tmp_path / "out")) == done  # nothing was done again
    assert tables(tmp_path / "out") == tables(reference.folder)
    assert found.data["tasks"]["not_of_this_plan"] == done - found.data["tasks"]["needed"] == 12


def test_a_second_run_does_nothing(plan, reference, tmp_path, capsys):
    folder = shutil.copytree(reference.folder, tmp_path / "copy")
    before = lines(folder)
    assert invoke(["sweep", str(plan), "-o", str(folder), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["schema"] == "mramsim.sweep/1"
    assert shown["tasks"]["done"] == 0
    assert [point["mean"] for point in shown["points"]] == reference.summary["mean"]
    assert lines(folder) == before
    assert tables(folder) == tables(reference.folder)


def test_other_cards_networks_and_physics_are_other_tasks(plan, reference, monkeypatch):
    from mramsim.sweeps import physics, recipes
    from mramsim.sweeps.inputs import Library
    from mramsim.sweeps.plan import load_plan

    def ids(values=None, **changes):
        checked = load_plan({**tomllib.loads(PLAN), "run": run, **changes})
        resolver = recipes.Resolver(checked, Library())
        return resolver.recipe(values or {"only": ("none",)}).chip_ids.id(0)

    run = {**tomllib.loads(PLAN)["run"], "network": str(plan.parent / "net.npz")}
    same = ids()
    assert same in Store(reference.folder)
    assert ids(title="x") == same
    assert ids(run={**run, "without": []}) == same
    assert ids(run={**run, "set": {"device.sigma_tmr": 0.0123}}) != same
    assert ids(run={**run, "set": {"mapping.adc_bits": 5}}) != same
    assert ids(run={**run, "set": {"mapping.hidden.columns": 64}}) != same
    assert ids(run={**run, "set": {"component.adder_f": 1e-15}}) != same
    assert ids(run={**run, "set": {"temperature_k": 350}}) != same
    assert ids(run={**run, "network": "pretrained:digits-mlp-512x2"}) != same
    assert ids(run={**run, "images": 19}) != same
    assert ids(run={**run, "seed": 1}) != same
    assert ids(axes={"only": [["d2d"]]}, values={"only": ("d2d",)}) != same
    assert len(physics.physics_version()) == 16
    monkeypatch.setattr(recipes, "physics_version", lambda: "other")
    assert ids() != same


def test_the_id_is_the_hash_of_the_canonical_task(reference):
    import hashlib

    for line in lines(reference.folder):
        text = json.dumps(line["task"], sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == line["id"]


def test_manifest_and_config(plan, reference):
    content = json.loads((reference.folder / "manifest.json").read_text())
    assert content == reference.data
    (device,) = content["cards"]["device"]
    assert device["name"] == "stt_hirtzlin_nanoarch_2019"
    assert set(device["values"]["tmr"]) == {"value", "source"}
    assert content["tasks"]["needed"] == content["tasks"]["done"] + content["tasks"]["found"]
    assert content["citations"]
    assert content["finished"] >= content["started"]
    config = tomllib.loads((reference.folder / "config.toml").read_text())
    assert config["axes"]["only"]["values"] == [["d2d", "thermal_shot"], ["none"]]
    assert ms.load_plan(reference.folder / "config.toml").content() == ms.load_plan(plan).content()


def test_python_front(reference):
    content = tomllib.loads(PLAN)
    content["run"]["network"] = "mine"
    again = ms.sweep(content, networks={"mine": network()})  # nothing is kept
    assert again.folder is None
    assert dict(again) == dict(reference)
    assert {len(column) for column in again.values()} == {20}
    assert "d2d+thermal_shot" in str(again)
    assert again._repr_html_().startswith("<pre>")
    assert repr(again) == "SweepResult(2 points, 20 chips)"
    assert again.rows()[1]["only"] == "none"


def test_columns_are_taken_by_a_data_frame(reference):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(reference)
    means = frame.groupby("point").accuracy.mean().tolist()
    assert means == pytest.approx(reference.summary["mean"], rel=1e-14)


def test_networks_and_data_of_ones_own(networks, images):
    network = networks["mlp"]
    rng = np.random.default_rng(3)
    x, y = images(network, 12), rng.integers(0, 10, 12).astype(np.uint8)
    mine = Dataset("own", x, y, x, y, tuple("0123456789"), 4, 2, "none")
    found = ms.sweep(
        {
            "run": {"network": "net", "data": "own", "device": "ideal", "only": ["none"]},
            "axes": {"mapping": ms.list_cards("mapping")},
            "chips": {"count": 1},
        },
        networks={"net": network},
        data={"own": mine},
    )
    assert found["accuracy"] == found.summary["exact"]


def test_a_script_without_a_guard_may_use_two_workers(plan, tmp_path):
    """Workers do not import the main script, so it does not start itself again."""
    import subprocess
    import sys

    script = tmp_path / "script.py"
    script.write_text(
        f"import mramsim as ms\nprint('once', flush=True)\n"
        f"print(ms.sweep({str(plan)!r}, jobs=2).summary['chips'])\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stdout == "once\n[12, 8]\n"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"shard": "9/2"}, "i/N with i from 1 to N"),
        ({"shard": "1/2"}, "shard = '1/2' needs the folder of the sweep"),
        ({"merge": True}, "merge = True needs the folder of the sweep"),
        ({"merge": True, "shard": "1/2"}, "merge once all shards are done"),
    ],
)
def test_parts_of_a_sweep_need_a_folder(plan, options, text):
    with pytest.raises(InputError, match=text):
        ms.sweep(plan, None, **options)


def test_a_merge_leaves_its_own_plan(plan, reference, tmp_path):
    """A plan whose chips another plan has run: what is merged is what the folder says."""
    out = shutil.copytree(reference.folder, tmp_path / "out")
    part = write_plan(tmp_path, PLAN.replace('only = [["d2d", "thermal_shot"], ["none"]]', ONE))
    ms.sweep(part, out, merge=True)
    assert ms.load_plan(out / "config.toml").content() == ms.load_plan(part).content()
    assert len(read_sweep(out)["points"]) == 1


def test_a_sweep_does_not_start_in_the_folder_of_a_search(plan, tmp_path, capsys):
    (tmp_path / "shards").mkdir()
    config = tmp_path / "config.toml"
    config.write_text("[search]\ntrials = 3\n")
    for options in ([], ["--shard", "1/2"], ["--merge"]):
        assert invoke(["sweep", str(plan), "-o", str(tmp_path), *options]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert f"{tmp_path}: holds a search; a sweep needs a folder of its own" in line
    assert config.read_text() == "[search]\ntrials = 3\n"
    assert list((tmp_path / "shards").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--shard", "0/3"], "--shard 0/3: i/N with i from 1 to N"),
        (["--shard", "4/3"], "--shard 4/3"),
        (["--shard", "x"], "--shard x"),
        (["--shard", "1/3", "--merge"], "merge once all shards are done"),
        (["--jobs", "0"], "0; at least 1"),
        (["--dask", "tcp://127.0.0.1:9"], "--dask tcp://127.0.0.1:9: no scheduler answers"),
    ],
)
def test_wrong_options(plan, arguments, text, tmp_path, capsys, monkeypatch):
    if "--dask" in arguments:
        pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
        monkeypatch.setattr("mramsim.sweeps.pools.CONNECT_S", 0.5)
    assert invoke(["sweep", str(plan), "-o", str(tmp_path / "out"), *arguments]) == 2
    (line,) = [one for one in capsys.readouterr().err.splitlines() if one.startswith("mramsim:")]
    assert text in line
