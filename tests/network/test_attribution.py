"""``--attribute``: each effect alone and left out, on the same chips."""

import numpy as np
import pytest

import mramsim as ms
from mramsim.attribution import attribute
from mramsim.datasets import Dataset
from mramsim.report.attribution import attribution_figure, attribution_rows
from mramsim.result import summarise

COST = {"d2d": 0.05, "sa_noise": 0.02, "adc": 0.01}


def additive(effects, number):
    """Losses that add, and a chip's own luck that all runs share."""
    return 0.9 - sum(COST[name] for name in effects) - (0.01 * number if effects else 0.0)


def quiet(*_):
    return None


def test_losses_that_add_come_out_of_both_ways():
    effects = frozenset(COST)
    every = [additive(effects, number) for number in range(3)]
    found = attribute(additive, effects, 0.9, every, quiet)
    assert [row["effect"] for row in found["effects"]] == ["d2d", "sa_noise", "adc"]
    assert found["none"] == 0.9
    assert found["all"] == summarise(every)
    for row in found["effects"]:
        cost = COST[row["effect"]]
        assert row["left_out"]["regained"]["mean"] == pytest.approx(cost)
        assert row["left_out"]["regained"]["std"] == pytest.approx(0.0, abs=1e-12)
        assert row["alone"]["lost"]["mean"] == pytest.approx(cost + 0.01)
        assert row["alone"]["mean"] == pytest.approx(0.9 - cost - 0.01)


def test_runs_are_those_asked_for_and_progress_ends():
    asked, said = [], []
    attribute(
        lambda effects, number: asked.append((effects, number)) or 0.5,
        frozenset({"d2d", "adc"}),
        0.5,
        [0.5, 0.5],
        lambda done, total, text: said.append((done, total)),
    )
    alone = [(frozenset({name}), chip) for name in ("d2d", "adc") for chip in (0, 1)]
    others = [(frozenset({name}), chip) for name in ("adc", "d2d") for chip in (0, 1)]
    assert sorted(map(repr, asked)) == sorted(map(repr, alone + others))
    assert said[-1] == (4, 4)


@pytest.fixture(scope="module")
def result(networks, images):
    network = networks["tiny"]
    x = images(network, 60)
    labels = network.predict(x).astype(np.uint8)
    x = x.astype(np.uint8)
    data = Dataset("made", x, labels, x, labels, tuple("abcd"), 4, 2, "")
    settings = {"mapping.sigma_sa_noise_v": 0.02, "mapping.rows": 16, "mapping.rows_on": 16}
    options = {"data": data, "mapping": "csum_1bit", "chips": 3, "settings": settings}
    only = ["d2d", "sa_noise", "adc"]
    found = ms.evaluate(network, **options, only=only, attribute=True)
    return found, lambda **switches: ms.evaluate(network, **options, **switches)


def test_each_run_equals_a_run_of_its_own(result):
    found, again = result
    rows = {row["effect"]: row for row in found["attribution"]["effects"]}
    assert list(rows) == ["d2d", "sa_noise", "adc"]
    alone = again(only=["sa_noise"])["accuracy"]["chips"]
    assert rows["sa_noise"]["alone"]["chips"] == alone
    left = again(only=["d2d", "adc"])["accuracy"]["chips"]
    assert rows["sa_noise"]["left_out"]["chips"] == left
    every = np.array(found["accuracy"]["chips"])
    difference = rows["sa_noise"]["left_out"]["regained"]
    assert difference["chips"] == pytest.approx((np.array(left) - every).tolist())
    assert found["attribution"]["none"] == found["accuracy"]["ideal"] == 1.0
    assert found["attribution"]["all"]["mean"] == found["accuracy"]["mean"] < 1.0


def test_table_and_figure(result):
    found = result[0]["attribution"]
    rows = attribution_rows(found)
    assert [row["effect"] for row in rows] == ["d2d", "sa_noise", "adc"]
    mean = found["effects"][0]["alone"]["lost"]["mean"]
    assert rows[0]["lost"].startswith(f"{100 * mean:.2f} (")
    figure = attribution_figure(found).inline()
    assert figure == attribution_figure(found).inline()
    assert "sa noise" in figure
    assert f"d2d: {100 * mean:.2f} points lost alone" in figure
    assert "regained" in str(result[0])
    single = {**found, "effects": [_without_interval(row) for row in found["effects"]]}
    assert " to " not in attribution_rows(single)[0]["lost"]
    assert "sa noise" in attribution_figure(single).inline()


def _without_interval(row):
    ways = {"alone": "lost", "left_out": "regained"}
    return {
        "effect": row["effect"],
        **{way: {**row[way], key: {**row[way][key], "ci95": None}} for way, key in ways.items()},
    }
