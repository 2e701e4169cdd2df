"""Rows of the benchmark at tiny sizes: that they compute what they say, not how fast."""

import json

import numpy as np
import pytest

from mramsim.benchmark import run
from mramsim.benchmark.clock import alternate
from mramsim.benchmark.networks import network_row, random_network
from mramsim.benchmark.peers import peers
from mramsim.benchmark.words import packed_product
from mramsim.cli.main import invoke


def test_jobs_alternate_after_a_warm_up():
    calls = []
    jobs = {name: lambda name=name: calls.append(name) for name in "ab"}
    assert set(alternate(jobs, 3)) == {"a", "b"}
    assert "".join(calls) == "abababab"


def test_peers_compute_the_same():
    found = {name: job().double().numpy() for name, job in peers(32, (32, 16, 8)).items()}
    np.testing.assert_array_equal(found["float32"], found["int8"])
    np.testing.assert_array_equal(found["float32"], found["bf16"])


def test_random_network_ends_as_told():
    network = random_network((20, 16, 8), planes=3)
    assert network.scores(np.full((2, 20), 7, np.uint8)).shape == (2, 8)
    assert random_network((20, 16), decide_last=True).scores(np.zeros((2, 20), np.uint8)).shape == (
        2,
        1,
    )


def test_rows_count_operations():
    row = packed_product(64, 2, 1)
    assert row["operations"] == 64**3
    assert row["ratio"] == pytest.approx(row["macs_per_s"] / row["float32_macs_per_s"])
    row = network_row("x", (64, 32), 40, "stt_jung_nature_2022", "csum_1bit", 1, 1)
    assert row["operations"] == 40 * 64 * 32
    assert row["draws_per_read"] >= 0


def test_command_prints_one_object(monkeypatch, capsys):
    rows = {"small": lambda threads, repeats: [packed_product(64, threads, repeats)]}
    monkeypatch.setattr(run, "ROWS", rows)
    assert invoke(["bench", "--rows", "small", "--json", "--threads", "1", "--repeats", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "mramsim.bench/1"
    assert [row["name"] for row in found["rows"]] == ["xnor_popcount_64"]
    assert invoke(["bench", "--rows", "smal"]) == 2
    assert "small" in capsys.readouterr().err
