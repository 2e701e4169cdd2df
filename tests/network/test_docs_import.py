"""The snippets of docs/import.md run, one after the other."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx", reason="needs the import extra (onnx)")
pytest.importorskip("h5py", reason="needs the import extra (h5py)")
DATA = Path(__file__).resolve().parents[1] / "data" / "qonnx"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "import.md"


def test_snippets(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.random.seed(0)  # noqa: NPY002  the page shows a reader's own data
    shutil.copy(DATA / "mlp_legacy.onnx", "brevitas.onnx")
    with np.load(DATA / "expected.npz") as stored:
        np.savez("x.npz", x=stored["images"], logits=stored["mlp"])
    names: dict = {}
    parts = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.S)
    assert len(parts) == 9
    for part in sorted(parts, key=lambda part: part.startswith("network.training")):
        exec(compile(part, str(PAGE), "exec"), names)  # our own page
    printed = capsys.readouterr().out
    assert "360 of 360 classes agree" in printed
    assert "binary network, exact" in printed
    assert (tmp_path / "arrays" / "manifest.json").exists()
    assert names["again"].products()[0].planes == 8


def test_kinds_and_operations_are_all_named():
    from mramsim.network.importers.draft import input_record
    from mramsim.network.importers.layers import Layers
    from mramsim.network.importers.listed import _KEYS
    from mramsim.network.importers.onnx_ops import OnnxOps

    text = PAGE.read_text()
    assert all(f"`{kind}`" in text for kind in _KEYS)
    table = set(OnnxOps(Layers(input_record((2,))[0])).table)
    covered = {"GreaterOrEqual", "Greater", "LessOrEqual", "Less", "Equal", "Not", "Cast",
               "Constant", "Identity", "Dropout", "LogSoftmax", "IntQuant"}  # fmt: skip
    assert not {op for op in table - covered if not re.search(rf"\b{op}\b", text)}
