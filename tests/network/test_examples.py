"""Every example runs."""

import inspect
import runpy
from pathlib import Path

import pytest

DAILY = ("map_trained_bnn", "sweep_device_noise", "estimate_energy")
SMALL = {"chips": 1, "images": 20, "trajectories": 50, "points": 2}
OTHER = {"compare_sensing": {"network": "pretrained:digits-mlp-128x2-bnn_plus"}}
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    module = runpy.run_path(str(path))
    taken = inspect.signature(module["main"]).parameters
    small = {key: value for key, value in SMALL.items() if key in taken}
    assert module["main"](**small, **OTHER.get(path.stem, {}))
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_short(path):  # the three daily uses at most 40
    most = 40 if path.stem in DAILY else 50
    assert len(path.read_text().splitlines()) <= most
