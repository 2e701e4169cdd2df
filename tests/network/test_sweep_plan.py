"""Plans: axes and their combinations by hand; malformed plans give one line with the key's path."""

import itertools
import json
import math
import tomllib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import lognorm, qmc, truncnorm

from mramsim.cli.main import invoke
from mramsim.errors import InputError
from mramsim.sweeps.axes import read_axis, tidy
from mramsim.sweeps.plan import load_plan
from mramsim.sweeps.points import plan_points, unit_points
from mramsim.sweeps.toml import to_toml

RUN = {"network": "pretrained:digits-mlp-512x2", "data": "digits", "images": 4}


def plan(**parts):
    return load_plan({"run": RUN, "chips": {"count": 1}, **parts})


def axis(content):
    return read_axis("axes.x", content)


@pytest.mark.parametrize(
    ("content", "values"),
    [
        ([1, 2.5, "a", True], (1, 2.5, "a", True)),
        ([[], ["d2d"]], ((), ("d2d",))),
        ({"values": [3]}, (3,)),
        ({"start": 0, "stop": 1, "count": 3}, (0.0, 0.5, 1.0)),
        ({"start": 0.0, "stop": 0.3, "step": 0.1}, (0.0, 0.1, 0.2, 0.3)),
        ({"start": 2, "stop": 7, "step": 2}, (2, 4, 6)),
        ({"start": 1e-3, "stop": 1, "count": 4, "scale": "log"}, (0.001, 0.01, 0.1, 1.0)),
        ({"start": 1, "stop": 4, "count": 7, "whole": True}, (1, 2, 3, 4)),
        ({"start": 5.0, "stop": 6.0, "count": 1}, (5.0,)),
    ],
)
def test_values_of_an_axis(content, values):
    found = axis(content).values
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


def test_quantiles_of_an_axis():
    assert [axis([1, 2, 3]).at(u) for u in (0.0, 0.34, 0.67, 0.999)] == [1, 2, 3, 3]
    whole = axis({"start": 1, "stop": 4, "whole": True})
    assert [whole.at(u) for u in (0.0, 0.24, 0.26, 0.76, 0.9999)] == [1, 1, 2, 4, 4]
    log = axis({"start": 1e-2, "stop": 1.0, "scale": "log"})
    assert log.at(0.5) == pytest.approx(0.1, rel=1e-11)
    cut = axis({"distribution": "normal", "mean": 1.0, "std": 0.2, "low": 0.9, "high": 1.5})
    oracle = truncnorm(-0.5, 2.5, loc=1.0, scale=0.2)
    logarithmic = axis({"distribution": "lognormal", "median": 2.0, "sigma": 0.3})
    for share in (0.01, 0.4, 0.99):
        assert cut.at(share) == pytest.approx(oracle.ppf(share), rel=1e-9)
        assert logarithmic.at(share) == pytest.approx(lognorm(0.3, scale=2.0).ppf(share), rel=1e-9)
    assert math.isfinite(axis({"distribution": "normal", "mean": 0, "std": 1}).at(0.0))


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 40))
@settings(deadline=None, max_examples=50)
def test_a_range_holds_its_ends_and_is_even(start, width, count):
    values = axis({"start": start, "stop": start + width, "count": count}).values
    assert values[0] == tidy(start)
    assert values[-1] == tidy(start + width)
    np.testing.assert_allclose(
        values, np.linspace(start, start + width, count), rtol=1e-9, atol=1e-6
    )


def test_a_grid_is_every_combination_last_axis_fastest():
    found = plan_points(plan(axes={"device.tmr": [1, 2], "seed": [0, 1, 2], "without": [["d2d"]]}))
    expected = itertools.product([1, 2], [0, 1, 2], [("d2d",)])
    assert [tuple(point.values()) for point in found] == list(expected)
    assert list(found[0]) == ["device.tmr", "seed", "without"]
    assert plan_points(plan()) == [{}]


def test_axes_move_together():
    axes = {"mapping.rows": [64, 128], "device.tmr": [1, 2], "mapping.rows_on": [64, 128]}
    pair = [["mapping.rows", "mapping.rows_on"]]
    found = plan_points(plan(axes=axes, sampling={"together": pair}))
    rows = [(64, 1, 64), (64, 2, 64), (128, 1, 128), (128, 2, 128)]
    assert [tuple(point.values()) for point in found] == rows
    zipped = plan_points(plan(axes=axes, sampling={"method": "zip"}))
    assert [tuple(point.values()) for point in zipped] == [(64, 1, 64), (128, 2, 128)]


def test_random_and_sobol_points():
    axes = {"device.tmr": {"start": 0.5, "stop": 1.5}, "seed": [3, 4]}
    drawn = {
        method: plan_points(plan(axes=axes, sampling={"method": method, "points": 64, "seed": 1}))
        for method in ("random", "sobol")
    }
    for found in drawn.values():
        assert len(found) == 64
        assert all(0.5 <= point["device.tmr"] <= 1.5 for point in found)
    assert drawn["random"] != drawn["sobol"]
    assert sum(point["seed"] == 3 for point in drawn["sobol"]) == 32  # balanced by construction


def test_sobol_points_are_the_published_ones_after_one_shift():
    sampling = plan(axes={"seed": [1]}, sampling={"method": "sobol", "points": 13, "seed": 5})
    found = unit_points(3, sampling.sampling)
    oracle = qmc.Sobol(3, scramble=False).random_base2(4)[:13]
    numbers = [np.round(part * 2.0**30).astype(np.int64) for part in (found, oracle)]
    shift = numbers[0][0]  # the first Sobol point is 0
    np.testing.assert_array_equal(numbers[0] ^ shift, numbers[1])
    other = plan(axes={"seed": [1]}, sampling={"method": "sobol", "points": 13, "seed": 6})
    assert not np.array_equal(unit_points(3, other.sampling), found)


@pytest.mark.parametrize(
    "chips",
    [
        {"count": 3},
        {"most": 40, "half_width": 0.01, "block": 4},
        {"most": 40, "yield": {"accuracy": 0.9, "share": 0.8}},
    ],
)
def test_the_resolved_plan_is_the_same_plan(chips):
    axes = {"device.tmr": {"start": 1, "stop": 2, "count": 3}, "without": [[], ["d2d", "rtn"]]}
    first = plan(
        title='say "hi" \\ µ',
        axes=axes,
        chips=chips,
        run={**RUN, "set": {"device.sigma_ra": 0.1, "mapping": {"fc1": {"columns": 32}}}},
    )
    text = to_toml(first.content())
    again = load_plan(tomllib.loads(text))
    assert again.content() == first.content()
    assert plan_points(again) == plan_points(first)
    assert first.run.settings == {"device.sigma_ra": 0.1, "mapping.fc1.columns": 32}


@pytest.mark.parametrize("content", [{"a": 1, "b": {"c d": [1, 2.5, "x"]}}, {"x": {"y": {}}}, {}])
def test_toml_is_read_back(content):
    assert tomllib.loads(to_toml(content)) == content


HEAD = f"[run]\nnetwork = {json.dumps(RUN['network'])}\ndata = 'digits'\nimages = 4\n"
CHIPS = "[chips]\ncount = 1\n"
MALFORMED = {
    "no TOML": ("run = = 1", "not valid TOML"),
    "no run": (CHIPS, "key 'run' is missing"),
    "no chips": (HEAD, "key 'chips' is missing"),
    "unknown table": (HEAD + CHIPS + "[axis]\n", "key 'axis' is unknown; nearest: axes"),
    "unknown run key": (
        HEAD + "devise = 'x'\n" + CHIPS,
        "'run.devise' is unknown; nearest: device",
    ),
    "wrong type": (HEAD.replace("4", "'4'") + CHIPS, "run.images = '4'"),
    "unknown setting": (
        HEAD + "[run.set.device]\ntmrr = 1\n" + CHIPS,
        "key 'run.set.device.tmrr' is unknown; nearest: device.tmr",
    ),
    "unknown axis": (
        HEAD + CHIPS + "[axes]\ndevice.tmrr = [1]\n",
        "key 'axes.device.tmrr' is unknown; nearest: device.tmr",
    ),
    "axis without values": (HEAD + CHIPS + "[axes]\nseed = []\n", "axes.seed.values = []"),
    "axis that is a number": (HEAD + CHIPS + "[axes]\nseed = 3\n", "axes.seed = 3: a list"),
    "unknown key of an axis": (
        HEAD + CHIPS + "[axes]\ndevice.tmr = {start = 1, stop = 2, cuont = 3}\n",
        "key 'axes.device.tmr.cuont' is unknown; nearest: count",
    ),
    "range without length": (
        HEAD + CHIPS + "[axes]\ndevice.tmr = {start = 1, stop = 2}\n",
        "axes.device.tmr: a grid needs count or step",
    ),
    "range backwards": (
        HEAD + CHIPS + "[axes]\ndevice.tmr = {start = 2, stop = 1, count = 3}\n",
        "axes.device.tmr: start = 2 must be below stop = 1",
    ),
    "log range from zero": (
        HEAD + CHIPS + "[axes]\ndevice.tmr = {start = 0, stop = 1, count = 3, scale = 'log'}\n",
        "axes.device.tmr: start = 0: a log scale starts above 0",
    ),
    "distribution on a grid": (
        HEAD + CHIPS + "[axes]\ndevice.tmr = {distribution = 'normal', mean = 1, std = 0.1}\n",
        "axes.device.tmr: a distribution needs sampling.method",
    ),
    "not finite": (
        HEAD + CHIPS + "[axes]\ndevice.tmr = [1, nan]\n",
        "axes.device.tmr.values.1: nan",
    ),
    "value out of range": (
        HEAD + CHIPS + "[axes]\ndevice.tmr = [1, -0.5]\n",
        "point 1 (axes.device.tmr = -0.5)",
    ),
    "unknown effect": (
        HEAD + CHIPS + "[axes]\nwithout = [['d2c']]\n",
        "axes.without = [\"d2c\"]): effect 'd2c' is unknown",
    ),
    "zip of unlike lengths": (
        HEAD + CHIPS + "[axes]\nseed = [1, 2]\ndevice.tmr = [1]\n[sampling]\nmethod = 'zip'\n",
        "axes.seed: 2, axes.device.tmr: 1",
    ),
    "together with no axis": (
        HEAD + CHIPS + "[sampling]\ntogether = [['seed', 'x']]\n[axes]\nseed = [1]\n",
        "sampling.together.0: 'x' is no axis",
    ),
    "sobol without points": (
        HEAD + CHIPS + "[sampling]\nmethod = 'sobol'\n",
        "sampling: method = 'sobol' needs points",
    ),
    "count with a rule": (
        HEAD + "[chips]\ncount = 3\nhalf_width = 0.01\n",
        "chips: count is a fixed number; half_width belongs to a stop rule",
    ),
    "fewer than eight": (
        HEAD + "[chips]\nleast = 4\nmost = 20\nhalf_width = 0.01\n",
        "chips.least = 4: Input should be greater than or equal to 8",
    ),
    "most without a rule": (HEAD + "[chips]\nmost = 20\n", "chips: most needs a rule"),
    "yield above one": (
        HEAD + "[chips]\nmost = 20\n[chips.yield]\naccuracy = 97\nshare = 0.9\n",
        "chips.yield.accuracy = 97",
    ),
    "unknown network": (
        HEAD.replace("digits-mlp", "digit-mlp") + CHIPS,
        "run: pretrained network 'digit-mlp-512x2' is unknown",
    ),
    "a number beyond floats": (
        HEAD + CHIPS + f"[axes]\ndevice.tmr = {{start = 0, stop = 1{'0' * 400}, count = 3}}\n",
        "axes.device.tmr.stop: 1000",
    ),
    "a listed number beyond floats": (
        HEAD + CHIPS + f"[axes]\ndevice.tmr = [1{'0' * 400}]\n",
        "axes.device.tmr.values.0: 1000",
    ),
    "ends too far apart": (
        HEAD
        + CHIPS
        + "[axes]\nseed = {start = -1.7e308, stop = 1.7e308, count = 3, whole = true}\n",
        "axes.seed: start = -1.7e+308 and stop = 1.7e+308 are too far apart",
    ),
    "a distribution too wide": (
        HEAD
        + CHIPS
        + "[axes]\ndevice.tmr = {distribution = 'lognormal', median = 1, sigma = 1e300}\n"
        + "[sampling]\nmethod = 'random'\npoints = 4\n",
        "axes.device.tmr: sigma = 1e+300: too wide",
    ),
    "steps without end": (
        HEAD + CHIPS + "[axes]\ndevice.tmr = {start = 0, stop = 2, step = 1e-8}\n",
        "axes.device.tmr: step = 1e-08: at most 1000000 points are allowed",
    ),
    "steps of next to nothing": (
        HEAD + CHIPS + "[axes]\ndevice.tmr = {start = 0, stop = 2, step = 1e-320}\n",
        "at most 1000000 points are allowed",
    ),
    "images that are not whole": (
        HEAD + CHIPS + "[axes]\nimages = {start = 1, stop = 3, count = 2}\n",
        "images = 1.0: a whole number from 0 is expected (of a range: whole = true)",
    ),
    "a date": (
        HEAD + "set = {device.tmr = 2020-01-01}\n" + CHIPS,
        "run.set.device.tmr = 2020-01-01: a text, a number, true or false, or a list of these is "
        "expected; dates are not allowed",
    ),
    "a date on an axis": (
        HEAD + CHIPS + "[axes]\nseed = [1, 07:32:00]\n",
        "axes.seed.1 = 07:32:00: a text",
    ),
    "nested too deeply": (f"x = {'[' * 3000}{']' * 3000}\n", "not valid TOML (nested too deep)"),
    "keys nested too deeply": (HEAD + CHIPS + f"[{'a.' * 3000}a]\n", "nested too deep"),
    "too many digits": (f"x = {'9' * 5000}\n", "not valid TOML (Exceeds the limit"),
    "too many images": (HEAD.replace("4", "5000") + CHIPS, "run: images = 5000"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_plans(name, tmp_path, capsys):
    text, expected = MALFORMED[name]
    path = tmp_path / "plan.toml"
    path.write_text(text)
    out = tmp_path / "out"
    assert invoke(["sweep", str(path), "-o", str(out)]) == 2
    shown = capsys.readouterr()
    (line,) = shown.err.splitlines()
    assert line.startswith("mramsim: plan.toml: ") or "plan.toml: not valid" in line
    assert expected in line
    assert shown.out == ""
    assert not out.exists()


def test_a_refused_value_is_told_once():
    with pytest.raises(InputError) as caught:
        plan(axes={"device.tmr": [math.nan]})
    expected = "a number, a text, true or false, or a list of these is expected"
    assert str(caught.value) == f"plan: axes.device.tmr.values.0: nan: {expected}"


def test_a_plan_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load_plan(tmp_path / "no.toml")


def test_too_many_points():
    axes = {
        "seed": {"start": 0, "stop": 2000, "step": 1},
        "device.tmr": {"start": 0.0, "stop": 1.0, "count": 1000},
    }
    with pytest.raises(InputError, match="2001 x 1000 = 2001000 points; at most 1000000"):
        plan_points(plan(axes=axes))
