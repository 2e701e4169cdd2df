"""Rows of the benchmark at tiny sizes: that they compute what they say, not how fast."""

import json
import time

import numpy as np
import pytest

from mramsim.benchmark import clock, run
from mramsim.benchmark.growth import growth_row
from mramsim.benchmark.layers import layer_row
from mramsim.benchmark.networks import network_row, random_network
from mramsim.benchmark.peers import Peer, fitting, peers
from mramsim.benchmark.pictures import _peer, pictures_row, random_pictures_network
from mramsim.benchmark.row import measure
from mramsim.benchmark.wires import gated_row, linear_row
from mramsim.benchmark.words import packed_product
from mramsim.cli.main import invoke


def test_jobs_alternate_each_after_calls_of_its_own(monkeypatch):
    calls = []
    jobs = {name: lambda name=name: calls.append(name) for name in "ab"}
    monkeypatch.setattr(clock, "seconds", lambda job: job() or clock.SETTLE_S)
    assert set(clock.alternate(jobs, 3)) == {"a", "b"}
    assert "".join(calls) == "ab" + 3 * "aabb"


def test_jobs_settle_for_a_while_but_long_ones_only_once(monkeypatch):
    calls = []
    took = {"a": clock.SETTLE_S / 2.5, "b": clock.LONG_S}
    jobs = {name: lambda name=name: calls.append(name) or took[name] for name in took}
    monkeypatch.setattr(clock, "seconds", lambda job: job())
    assert clock.alternate(jobs, 2) == took
    assert "".join(calls) == "ab" + 2 * "aaaab"


def test_peers_compute_the_same():
    found = {name: peer.run().double().numpy() for name, peer in peers(32, (32, 16, 8)).items()}
    np.testing.assert_array_equal(found["float32"], found["int8"])
    np.testing.assert_array_equal(found["float32"], found["bf16"])


def test_slow_peers_take_part_of_the_images():
    asked = []

    def made(count):
        asked.append(count)
        return lambda: time.sleep(0.002 * count)

    assert fitting(made, 300, 0.02) == 16
    assert asked == [4, 16]
    assert fitting(lambda count: lambda: None, 300, 10.0) == 300
    row = measure(
        "x", 640, lambda: None, {"float32": Peer(time.time), "half": Peer(time.time, 0.5)}, 1
    )
    assert row["half_share"] == 0.5
    assert "float32_share" not in row


def test_random_network_ends_as_told():
    network = random_network((20, 16, 8), planes=3)
    assert network.scores(np.full((2, 20), 7, np.uint8)).shape == (2, 8)
    assert random_network((20, 16), decide_last=True).scores(np.zeros((2, 20), np.uint8)).shape == (
        2,
        1,
    )


def test_rows_count_operations():
    row = packed_product(64, 2, 1, narrow=False)
    assert row["operations"] == 64**3
    assert row["ratio"] == pytest.approx(row["macs_per_s"] / row["float32_macs_per_s"])
    row = network_row("x", (64, 32), 40, "stt_jung_nature_2022", "csum_1bit", 1, 1)
    assert row["operations"] == 40 * 64 * 32
    assert row["draws_per_read"] >= 0
    row = layer_row("x", (64, 32), 40, "stt_jung_nature_2022", "csum_1bit", 2, 1, run.EFFECTS)
    assert row["operations"] == 40 * 64 * 32
    assert row["effects"] == sorted(run.EFFECTS)
    assert row["column_reads"] == 40 * 32
    row = gated_row(8, 6, 2, 1)
    assert row["operations"] == 6 * 64
    row = linear_row(8, 6, 2, 1)
    assert row["operations"] == 6 * 64
    assert ("badcrossbar" in row) != ("badcrossbar_s" in row)


def test_growth_has_a_slope_for_each_size():
    row = growth_row("stt_jung_nature_2022", "csum_1bit", ("d2d", "adc"), 1, scale=32)
    assert set(row["slopes"]) == {"images", "rows", "columns", "chips"}
    assert next(iter(row["seconds_by_effects"])) == "none"
    assert len(row["seconds_by_effects"]) == 3


def test_pictures_network_is_the_shape_it_says():
    network = random_pictures_network("cnv-0.02", planes=2)
    levels = np.zeros((2, 3, 32, 32), np.uint8)
    assert network.scores(levels).shape == (2, 10)
    peer, products = _peer(network, levels)
    assert peer()[0].shape == (2, 10)
    widths = [3, 3, 3, 5, 5, 10, 10]
    sides = [32, 32, 16, 16, 8, 8]
    convs = sum(9 * a * b * s * s for a, b, s in zip(widths, widths[1:], sides, strict=False))
    assert products == convs + 160 * 20 + 20 * 20 + 20 * 10


@pytest.mark.slow
def test_pictures_row_measures_memory():
    row = pictures_row("cnv-0.02", 4, "stt_jung_nature_2022", "csum_1bit", 1, 1)
    assert row["peak_memory_mib"] > 50
    assert row["ratio"] == pytest.approx(row["macs_per_s"] / row["float32_macs_per_s"])


@pytest.mark.slow
def test_code_for_avx2_gives_a_rate():
    assert packed_product(64, 1, 1)["avx2_macs_per_s"] > 0


def test_too_few_repeats_are_refused(capsys):
    assert invoke(["bench", "--repeats", "4"]) == 2
    assert "at least 5" in capsys.readouterr().err


def test_command_prints_one_object(monkeypatch, capsys):
    rows = {"small": lambda threads, repeats: [packed_product(64, threads, repeats, False)]}
    monkeypatch.setattr(run, "ROWS", rows)
    assert invoke(["bench", "--rows", "small", "--json", "--threads", "1", "--repeats", "5"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "mramsim.bench/1"
    assert [row["name"] for row in found["rows"]] == ["xnor_popcount_64"]
    assert invoke(["bench", "--rows", "smal"]) == 2
    assert "small" in capsys.readouterr().err
