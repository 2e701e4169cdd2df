"""Stop rules: intervals against scipy, decisions at fixed numbers of chips, in any order."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mramsim.intervals import clopper_pearson, half_width
from mramsim.sweeps.stop import ChipsSpec, Decider, stop_columns


def spec(**values):
    return ChipsSpec.model_validate_json(json.dumps(values))


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_student_interval(confidence):
    values = [0.91, 0.93, 0.92, 0.95, 0.90]
    low, high = stats.t.interval(confidence, 4, np.mean(values), stats.sem(values))
    assert half_width(values, confidence) == pytest.approx((high - low) / 2, rel=1e-12)
    assert half_width([0.9], confidence) is None


@pytest.mark.parametrize(("good", "count"), [(0, 8), (8, 8), (5, 8), (97, 100)])
def test_clopper_pearson_interval(good, count):
    oracle = stats.binomtest(good, count).proportion_ci(0.95, method="exact")
    assert clopper_pearson(good, count, 0.95) == pytest.approx((oracle.low, oracle.high), rel=1e-9)


def test_decisions():
    assert spec(count=3).decisions() == (3,)
    assert spec(most=30, block=10, half_width=0.1).decisions() == (8, 18, 28, 30)
    assert spec(most=8, half_width=0.1).decisions() == (8,)


def follow(rules, accuracies, order=None):
    decider = Decider(rules)
    for chip in order or range(len(accuracies)):
        decider.add(chip, accuracies[chip])
    return decider.needed, decider.why


def test_a_rule_stops_where_the_interval_is_narrow_enough():
    rng = np.random.default_rng(2)
    values = list(0.9 + 0.01 * rng.standard_normal(64))
    rules = spec(most=64, least=8, block=8, half_width=0.004)
    by_hand = next(
        count
        for count in range(8, 65, 8)
        if stats.sem(values[:count]) * stats.t.ppf(0.975, count - 1) <= 0.004
    )
    assert 8 < by_hand < 64
    assert follow(rules, values) == (by_hand, "rule")
    assert follow(rules, values[: by_hand - 1])[1] is None
    assert follow(spec(most=16, half_width=1e-6), values) == (16, "most")
    assert follow(spec(count=5), values) == (5, "count")
    assert follow(spec(most=64, half_width=0.004), [0.5] * 64) == (8, "rule")


def test_yield_rules():
    values = [0.95] * 40
    share = spec(most=40, block=4, **{"yield": {"accuracy": 0.9, "share": 0.8}})
    needed, why = follow(share, values)
    assert why == "rule"
    assert (
        clopper_pearson(needed, needed, 0.95)[0]
        > 0.8
        > clopper_pearson(needed - 4, needed - 4, 0.95)[0]
    )
    width = spec(most=40, block=4, **{"yield": {"accuracy": 0.99, "half_width": 0.1}})
    needed, why = follow(width, values)
    assert clopper_pearson(0, needed, 0.95)[1] <= 0.2 < clopper_pearson(0, needed - 4, 0.95)[1]
    assert stop_columns(share, values) == {
        "yield": 1.0,
        "yield_low": clopper_pearson(40, 40, 0.95)[0],
        "yield_high": 1.0,
    }
    assert stop_columns(spec(count=2), values) == {}
    at_target = stop_columns(spec(count=2, **{"yield": {"accuracy": 0.95}}), [0.95, 0.94])
    assert at_target["yield"] == 0.5


@given(st.permutations(range(24)))
@settings(deadline=None, max_examples=60)
def test_the_decision_does_not_depend_on_the_order(order):
    values = [0.9 + 0.01 * ((7 * chip) % 5) for chip in range(24)]
    rules = spec(most=24, block=4, half_width=0.006)
    assert follow(rules, values, order) == follow(rules, values)


def test_chips_beyond_a_decision_change_nothing():
    rules = spec(most=40, half_width=0.01)
    decider = Decider(rules)
    for chip in itertools.chain(range(9, 40), range(8)):
        decider.add(chip, 0.9 if chip < 8 else 0.1)
    assert (decider.needed, decider.why) == (8, "rule")
    assert decider.accuracies() == [0.9] * 8
    decider.add(8, 0.1)
    assert (decider.needed, decider.why) == (8, "rule")
    assert len(decider.accuracies()) == 40
    assert decider.accuracies(8) == [0.9] * 8
