"""Networks leave as torch modules and programs, QONNX files and array contents, and come back."""

import csv
import json
import sys

import numpy as np
import pytest
from test_residual_networks import bireal, raw, speech

import mramsim as ms
from mramsim.errors import InputError
from mramsim.mapping.placement import place
from mramsim.network.nodes import Product

torch = pytest.importorskip("torch")

import zoo  # noqa: E402

STYLES = [
    "norm after pool",
    "PReLU and hardtanh between",
    "Bi-Real",
    "ResNet, zero channels",
    "one axis, {0, 2} activations",
    "depthwise, padded with +1",
    "channels last, scalar norm at the end",
]


def imported(name, zero=1):
    torch.manual_seed(4)
    module = zoo.trained(zoo.STYLES[name](2, 2, 6), 4)
    shape = (1, 72) if name.startswith("one axis") else (2, 6, 6)
    x = torch.randn(60, *shape)
    return ms.from_torch(module, x[:2], zero=zero), x.numpy()


def cases():
    """Networks of both input records and every kind of node."""
    for name in STYLES:
        yield name, *imported(name)
    for network in (bireal(), speech()):
        yield network.name, network, raw(network, 60)


NAMES = [*STYLES, "bireal", "speech"]


@pytest.fixture(scope="module")
def networks():
    return {name: (network, x) for name, network, x in cases()}


@pytest.mark.parametrize("name", NAMES)
def test_torch_module(networks, name):
    network, x = networks[name]
    module = ms.to_torch(network)
    with torch.no_grad():
        found = module(torch.tensor(x)).numpy()
    expected = network.scores(x)
    np.testing.assert_allclose(found, expected, atol=1e-5 * max(1, np.abs(expected).max()))
    assert found.dtype == np.float32


def test_integer_networks_are_bit_equal(networks):
    network, x = networks["speech"]
    with torch.no_grad():
        found = ms.to_torch(network)(torch.tensor(x)).numpy()
    assert found.tobytes() == network.scores(x).tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_qonnx_and_back(networks, name, tmp_path):
    pytest.importorskip("onnx", reason="needs the import extra (onnx)")
    network, x = networks[name]
    path = ms.to_qonnx(network, tmp_path / "m.onnx")
    first = path.read_bytes()
    again = ms.from_qonnx(path, input="real")
    expected = network.scores(x)
    np.testing.assert_allclose(
        again.scores(x.astype(np.float32)), expected, atol=1e-5 * max(1, np.abs(expected).max())
    )
    assert len(again.products()) == len(network.products())
    for one, other in zip(network.products(), again.products(), strict=True):
        assert np.array_equal(one.weight, other.weight)
    assert ms.to_qonnx(network, path).read_bytes() == first


@pytest.mark.slow
def test_torch_program(networks, tmp_path):
    network, x = networks["speech"]
    path = ms.save_program(network, tmp_path / "m.pt2")
    with torch.no_grad():
        found = torch.export.load(path).module()(torch.tensor(x).float()).numpy()
    assert found.tobytes() == network.scores(x).tobytes()


def words(path, width):
    """Bits of a file of hexadecimal words, bit 0 first."""
    rows = []
    for line in path.read_text().splitlines():
        word = int(line.split()[-1], 16)
        rows.append([(word >> bit) & 1 for bit in range(width)])
    return np.array(rows)


@pytest.mark.parametrize("mapping", ["pcsa_hirtzlin_nanoarch_2019", "csum_1bit"])
@pytest.mark.parametrize("form", ["hex", "csv"])
def test_arrays_and_golden_vectors_reproduce_every_sum(networks, mapping, form, tmp_path):
    """A test bench that knows only the files finds the exact counts, bits and classes."""
    network, x = networks["speech"]
    overrides = {"rows": 7, "columns": 5, "rows_on": 7 if mapping == "csum_1bit" else 1}
    placed = place(network, mapping, overrides)
    manifest = json.loads(ms.dump_arrays(placed, tmp_path / "d", x[:3], form).read_text())
    folder = tmp_path / "d"
    for record in manifest["layers"]:
        weight = np.full((record["rows"], record["columns"]), -9)
        for tile in record["tiles"]:
            (r0, r1), (c0, c1) = tile["rows"], tile["columns"]
            weight[r0:r1, c0:c1] = tile_bits(folder / tile["file"], c1 - c0, form)
        assert set(np.unique(weight)) == {0, 1}
        planes, name = record["planes"], record["layer"]
        given = words(folder / f"golden/{name}_in.hex", record["rows"])
        driven = folder / f"golden/{name}_driven.hex"
        on = words(driven, record["rows"]) if driven.exists() else 1
        bits = given.reshape(3, record["positions"], planes, record["rows"])
        value = (bits * (1 << np.arange(planes))[:, None]).sum(2) * 2 - ((1 << planes) - 1)
        counts = ((value * on) @ (2 * weight - 1)).reshape(-1, record["columns"])
        written = np.loadtxt(folder / f"golden/{name}_counts.csv", delimiter=",", skiprows=1)
        assert np.array_equal(counts, written)
        table = folder / f"thresholds/{name}.csv"
        if table.exists():
            level = np.loadtxt(table, delimiter=",", skiprows=1)
            out = words(folder / f"golden/{name}_out.hex", record["columns"])
            assert np.array_equal(counts * level[:, 2] >= level[:, 1], out)
    assert manifest["golden"]["classes"] == network.predict(x[:3]).tolist()
    assert {tile["file"] for record in manifest["layers"] for tile in record["tiles"]} == {
        f"tiles/{path.name}" for path in (folder / "tiles").iterdir()
    }


def tile_bits(path, columns, form):
    if form == "hex":
        lines = path.read_text().splitlines()
        assert [int(line.split()[0][1:], 16) for line in lines] == list(range(len(lines)))
        return words(path, columns)
    with path.open() as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["address"]) for row in rows] == list(range(len(rows)))
    return np.array([[int(row[f"c{column}"]) for column in range(columns)] for row in rows])


def test_which_input_a_row_takes(tmp_path):
    """Interleaved rows: the csv names the input that drives each address."""
    network = speech()
    placed = place(network, "csum_1bit", {"rows": 7, "columns": 8, "rows_on": 7,
                                          "row_order": "interleaved"})  # fmt: skip
    ms.dump_arrays(placed, tmp_path / "d", form="csv")
    layer = placed.layers[-1]
    taken = []
    for tile in layer.tiles:
        if tile.column_start == 0:
            with (tmp_path / "d" / "tiles" / f"{layer.name}_{tile.index}.csv").open() as stream:
                for row in csv.DictReader(stream):
                    taken.append(int(row["input"]))
                    assert int(row["c0"]) == network.node(layer.name).weight[0, taken[-1]]
    assert sorted(taken) == list(range(60))
    assert taken != sorted(taken)


def test_commands(tmp_path, capsys):
    pytest.importorskip("onnx", reason="needs the import extra (onnx)")
    from mramsim.cli.main import invoke

    net = "pretrained:digits-mlp-512x2"
    assert invoke(["export", net, "-o", str(tmp_path / "m.onnx")]) == 0
    data = ms.load_dataset("digits")
    again = ms.from_qonnx(tmp_path / "m.onnx")
    network = ms.find_network(net)
    x = data.x_test[:50]
    assert np.array_equal(again.predict(x.astype(np.float32)), network.predict(x))
    folder = tmp_path / "d"
    assert invoke(["dump", net, "-o", str(folder), "--data", "digits", "--images", "2"]) == 0
    assert "wrote" in capsys.readouterr().out
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["golden"]["classes"] == network.predict(x[:2]).tolist()
    sizes = [tile["columns"] for tile in manifest["layers"][0]["tiles"]]
    assert max(stop for _, stop in sizes) == 512


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda d: ms.to_qonnx(speech(), d / "m.txt"), "ends in .onnx"),
        (lambda d: ms.to_qonnx(speech(), d / "no" / "m.onnx"), "cannot be written"),
        (lambda d: ms.to_qonnx(speech(), d / "m.onnx", batch=0), "batch = 0"),
        (lambda d: ms.to_qonnx(speech(), d / "m.onnx", batch=10**22), "less than 2\\^31"),
        (lambda d: ms.save_program(speech(), d / "m.pt"), "ends in .pt2"),
        (lambda d: ms.save_program(speech(), d / "no" / "m.pt2"), "cannot be written"),
        (lambda d: ms.dump_arrays(place(speech()), d / "no" / "d"), "cannot be written"),
        (lambda d: ms.dump_arrays(place(speech()), d / "d", form="bin"), "form 'bin'"),
    ],
)
def test_wrong_targets(tmp_path, make, text):
    with pytest.raises(InputError, match=text):
        make(tmp_path)


@pytest.mark.parametrize(
    ("shape", "text"), [((2, 1, 28, 28), r"images have shape \(1, 28, 28\)"), ((0, 70), "at least")]
)
def test_wrong_images_leave_no_files(tmp_path, shape, text):
    placed = place("pretrained:digits-mlp-128x2-bop")
    with pytest.raises(InputError, match=text):
        ms.dump_arrays(placed, tmp_path / "d", np.zeros(shape, np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_tiles_never_stand_beside_an_older_manifest(tmp_path, monkeypatch):
    from mramsim.mapping import dump

    placed = place("pretrained:digits-mlp-128x2-bop")
    manifest = ms.dump_arrays(placed, tmp_path / "d")
    assert json.loads(manifest.read_text())["golden"] is None

    def full(*_):
        raise InputError("cannot be written")

    monkeypatch.setattr(dump, "_tile_hex", full)
    with pytest.raises(InputError):
        ms.dump_arrays(placed, tmp_path / "d")
    assert not manifest.exists()


def test_the_folder_is_missed_before_onnx(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(InputError, match="cannot be written"):
        ms.to_qonnx(speech(), tmp_path / "no" / "m.onnx")
    with pytest.raises(InputError, match="needs onnx"):
        ms.to_qonnx(speech(), tmp_path / "m.onnx")


def test_every_kind_of_node_can_leave():
    from mramsim.network.exporters import qonnx, torch_module
    from mramsim.network.nodes import KINDS

    assert set(qonnx._STEPS) >= set(KINDS.values())
    assert set(torch_module._STEPS) >= set(KINDS.values())
    assert all(issubclass(kind, Product) or kind.takes for kind in KINDS.values())
