"""Foreign files at and beyond the limits, damaged and hostile: one line, exit 2, bounded memory."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import hostile_case
import numpy as np
import pytest

from mramsim.cli.main import invoke
from mramsim.network import archive
from mramsim.network.file import load_network, save_network
from mramsim.network.library import find_network

torch = pytest.importorskip("torch")

import reader_case  # noqa: E402

SEEDS = Path(__file__).resolve().parents[1] / "data" / "fuzz"
EXTRAS = {"onnx": "onnx", "h5": "h5py"}
KINDS = ["network", "npz", "pt", "pt_legacy", "onnx", "h5"]


def refused(capsys, arguments):
    """One line on standard error, exit code 2, and no network."""
    assert invoke(["import", *map(str, arguments)]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.startswith("mramsim: ")
    assert found.err.count("\n") == 1
    assert found.err.strip().isprintable()
    assert not Path("net.npz").exists()
    return found.err


@pytest.mark.parametrize("kind", KINDS)
def test_cut_and_foreign_content(kind, tmp_path, monkeypatch, capsys):
    if kind in EXTRAS:
        pytest.importorskip(EXTRAS[kind], reason="needs the import extra")
    monkeypatch.chdir(tmp_path)
    ending, make, _ = reader_case.READERS[kind]
    path, content = tmp_path / f"m{ending}", make()[-1]
    other = b"\x89PNG\r\n\x1a\n" + np.random.default_rng(0).bytes(300)
    for data in (b"", content[:7], content[: len(content) // 2], content[:-30], other, b"{}\n"):
        path.write_bytes(data)
        assert str(path) in refused(capsys, [path])


@pytest.mark.parametrize("path", sorted(SEEDS.iterdir()), ids=lambda path: path.name)
def test_findings_of_fuzzing(path, tmp_path, monkeypatch, capsys):
    """Each file once gave something else than one clear line."""
    if path.suffix[1:] in EXTRAS:
        pytest.importorskip(EXTRAS[path.suffix[1:]], reason="needs the import extra")
    monkeypatch.setattr("mramsim.network.importers.h5_file.SECONDS", 3)
    monkeypatch.chdir(tmp_path)
    text = refused(capsys, [path])
    assert ("not read within 3 s" in text) == (
        path.name == "endless.h5"
    )  # a chain that ends in itself


def test_memory_is_bounded(tmp_path):
    """At a 64th of the limits reading takes less than a 64th of 6 GiB, whatever is in the file."""
    pytest.importorskip("onnx", reason="needs the import extra (onnx)")
    pytest.importorskip("h5py", reason="needs the import extra (h5py)")
    limit = archive.MAX_BYTES // 64
    command = [sys.executable, hostile_case.__file__, str(tmp_path), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    accepted = {name for name, (_, text) in found.items() if not text}
    assert accepted == {"npz, float weights at the limit", "npz, packed bits at the limit",
                        "onnx, floats", "pt, floats"}  # fmt: skip
    others = {text.split(":")[0] for _, text in found.values() if text}
    assert others == {"InputError"}
    start = found["h5, small"][0]  # of the process that reads HDF5
    used = {name: mib - start * name.startswith("h5") for name, (mib, _) in found.items()}
    assert max(used.values()) < 6 * limit / 2**20, used
    assert max(used[name] for name in used if "directory" in name or "bomb" in name) < 8


def test_a_name_in_a_file_neither_breaks_the_line_nor_reaches_the_terminal(tmp_path, capsys):
    onnx = pytest.importorskip("onnx", reason="needs the import extra (onnx)")
    model = onnx.load(str(reader_case.TESTS / "data" / "qonnx" / "plain.onnx"))
    model.graph.node[0].op_type = "A\n\x1b[31mB" + "C" * 5000
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    text = refused(capsys, [path, "-o", tmp_path / "n.npz"])
    assert r"A \x1b[31mBCC" in text
    assert len(text) < 2200


@pytest.mark.parametrize("name", ["../out", "a/b", "", "a\nb", "\x1b[31m"])
def test_names_of_nodes_cannot_name_other_files(name, tmp_path, capsys):
    """`mramsim dump` names files after nodes."""
    path = save_network(find_network(reader_case.SMALL), tmp_path / "n.npz")
    with np.load(path) as stored:
        arrays = dict(stored)
    header = json.loads(arrays["header"].tobytes())
    first = header["nodes"][1]["name"]
    for node in header["nodes"]:
        node["name"] = name if node["name"] == first else node["name"]
        node["inputs"] = [name if part == first else part for part in node["inputs"]]
    arrays = {key.replace(f"{first}/", f"{name}/"): array for key, array in arrays.items()}
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(path, **arrays)
    assert "are allowed in a name" in refused(capsys, [path, "-o", tmp_path / "m.npz"])


@pytest.mark.parametrize(
    "record",
    [5, {"layers": 3}, {"layers": [{}], "digital": [1], "notes": "ab"},
     {"digital": {"a\x1b[31m": "b\nc", "d": 4}, "notes": [None, {"x": "\x1b"}]}],
)  # fmt: skip
def test_a_record_in_a_network_file_is_not_trusted(record, tmp_path, capsys):
    network = find_network(reader_case.SMALL)
    network = replace(network, training={**network.training, "import": record})
    path = save_network(network, tmp_path / "n.npz")
    assert load_network(path).training["import"] == record
    assert invoke(["import", str(path), "-o", str(tmp_path / "m.npz")]) == 0
    found = capsys.readouterr().out
    assert "arrays" in found
    assert found.replace("\n", "").isprintable()
