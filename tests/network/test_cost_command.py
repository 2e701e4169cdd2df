"""``mramsim energy``: the activity of a run, the figure, and what is refused."""

import json
from pathlib import Path

import pytest

import mramsim as ms
from mramsim.cli.main import invoke

NET = "pretrained:digits-mlp-512x2"
ARGUMENTS = ["--mapping", "csum_deaville_jssc_2025", "--device", "stt_wei_isscc_2019"]


def output(capsys, *arguments: str) -> dict:
    assert invoke([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[dict, Path]:
    settings = {"mapping.rows": 128, "mapping.rows_on": 128}
    result = ms.evaluate(
        ms.find_network(NET),
        device="stt_wei_isscc_2019",
        mapping="csum_deaville_jssc_2025",
        chips=1,
        images=40,
        settings=settings,
    )
    path = tmp_path_factory.mktemp("run") / "run.json"
    path.write_text(json.dumps(result.data))
    return dict(result.data), path


def test_estimate_with_the_activity_of_a_run(run, capsys) -> None:
    data, path = run
    rows = ("--set", "mapping.rows=128", "--set", "mapping.rows_on=128")
    found = output(capsys, "energy", NET, *ARGUMENTS, *rows, "--activity", str(path))
    activity = {layer["name"]: layer["activity"] for layer in data["layers"]}
    assert found["activity"] == activity
    assert any(abs(value - 0.5) > 0.02 for value in activity.values())
    ratio = found["energy_j_per_image"]["total"] / data["energy_j_per_image"]["total"]
    assert ratio == pytest.approx(1.0, abs=0.05)
    for layer, joule in data["energy_j_per_image"]["by_layer"].items():
        assert found["energy_j_per_image"]["by_layer"][layer] == pytest.approx(joule, rel=0.05)


def test_result_says_what_it_rests_on(run) -> None:
    data, _ = run
    assert data["conditions"]["operations"].startswith("1-bit operations")
    assert {"vdd_v", "node_m", "bandwidth_hz"} <= set(data["conditions"])
    assert data["components"]["adc"] == "adc_sar_zigzag"
    assert data["assumed"]["components_of"] > data["assumed"]["components"] > 0
    assert "10.1109/ISSCC.2014.6757323" in data["citations"]
    matrix = data["energy_j_per_image"]["by_layer_component"]
    for layer, joule in data["energy_j_per_image"]["by_layer"].items():
        assert sum(matrix[layer].values()) == pytest.approx(joule, rel=1e-12)
    assert [row["name"] for row in data["baselines"]]


def test_figure_is_the_same_each_time(tmp_path, capsys) -> None:
    for name in ("a.svg", "b.svg"):
        assert invoke(["energy", NET, *ARGUMENTS, "--figure", str(tmp_path / name)]) == 0
    shown = capsys.readouterr().out
    assert "TOPS/mm²" in shown
    assert "programming once" in shown
    first, second = (tmp_path / name for name in ("a.svg", "b.svg"))
    assert first.read_bytes() == second.read_bytes()
    assert "array read" in first.read_text()


def test_other_converter_models_by_name(capsys) -> None:
    """The same 6-bit conversions: NeuroSim below, a survey's median above the fit to silicon."""
    energy = {}
    for name in ("adc_sar_neurosim_22nm", "adc_sar_zigzag", "adc_murmann_survey"):
        choice = ("--set", f"mapping.adc_card={name}")
        found = output(capsys, "energy", NET, *ARGUMENTS, *choice)
        assert found["components"]["adc"] == name
        energy[name] = found["energy_j_per_image"]["by_component"]["converters"]
    low, middle, high = energy.values()
    assert 5 * low < middle
    assert 5 * middle < high


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "neither a number nor a file"),
        ("{", "not the JSON of a run"),
        ("[" * 3000, "not the JSON of a run"),
        ("1" * 5000, "not the JSON of a run"),
        (f'{{"layers": [{{"name": "fc1", "activity": 1{"0" * 400}}}]}}', "0 to 1 is allowed"),
        ("[1, 2]", "no layer with its activity"),
        ('{"layers": [{"name": "fc1"}]}', "no layer with its activity"),
        ('{"layers": [{"name": "nope", "activity": 0.5}]}', "layer 'nope' is unknown"),
        ('{"layers": [{"name": "fc1", "activity": 1.5}]}', "0 to 1 is allowed"),
    ],
)
def test_bad_activity_files_are_refused(tmp_path, capsys, content, message) -> None:
    path = tmp_path / "run.json"
    if content is not None:
        path.write_text(content)
    assert invoke(["energy", NET, "--activity", str(path)]) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert not shown.out


def test_bad_numbers_and_places_are_refused(tmp_path, capsys) -> None:
    assert invoke(["energy", NET, "--activity", "1.5"]) == 2
    assert invoke(["energy", NET, "--activity", "nan"]) == 2
    assert invoke(["energy", NET, "--figure", str(tmp_path / "no" / "e.svg")]) == 2
    assert invoke(["energy", NET, "--set", "component.adder_ff=1"]) == 2
    assert invoke(["energy", NET, "--set", "mapping.logic_card=nope"]) == 2
    assert capsys.readouterr().err.count("mramsim: ") == 5
