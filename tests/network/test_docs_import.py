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
    assert len(parts) == 10
    for part in sorted(parts, key=lambda part: part.startswith("network.training")):
        exec(compile(part, str(PAGE), "exec"), names)  # our own page
    printed = capsys.readouterr().out
    assert "360 of 360 classes agree" in printed
    assert "binary network, exact" in printed
    assert (tmp_path / "arrays" / "manifest.json").exists()
    assert names["result"].data["dataset"] == "own"
    assert names["result"].data["accuracy"]["ideal"] == 1.0
    assert names["again"].products()[0].planes == 8


def test_kinds_and_operations_are_all_named():
    from mramsim.network.importers.draft import input_record
    from mramsim.network.importers.layers import Layers
    from mramsim.network.importers.listing import KINDS
    from mramsim.network.importers.onnx_ops import OnnxOps

    text = PAGE.read_text()
    assert all(f"`{kind}`" in text for kind in KINDS)
    table = set(OnnxOps(Layers(input_record((2,))[0])).table)
    covered = {"GreaterOrEqual", "Greater", "LessOrEqual", "Less", "Equal", "Not", "Cast",
               "Constant", "Identity", "Dropout", "LogSoftmax", "IntQuant"}  # fmt: skip
    assert not {op for op in table - covered if not re.search(rf"\b{op}\b", text)}


def test_operations_of_torch_and_layers_of_keras_are_all_named():
    from mramsim.network.importers.draft import input_record
    from mramsim.network.importers.keras import _SIGNS, _Walk
    from mramsim.network.importers.layers import Layers
    from mramsim.network.importers.torch_ops import TorchOps

    text = PAGE.read_text()
    layers = Layers(input_record((2,))[0])
    inner = {"_native_batch_norm_legit_no_training", "native_batch_norm", "native_dropout",
             "_prelu_kernel", "_to_copy", "alias", "contiguous", "lift_fresh", "lift_fresh_copy",
             "feature_dropout", "max_pool2d_with_indices", "constant_pad_nd", "bitwise_not",
             "rsub"}  # fmt: skip
    for name in set(TorchOps(layers).table) - inner:
        assert re.search(rf"\b{name.strip('_').removeprefix('log_')}\b", text), name
    kinds = set(_Walk(layers, {}, "x").table) | {name for name in _SIGNS if name.islower()}
    for name in kinds:
        assert re.search(rf"\b{name}\b", text), name
