"""Network files: everything comes back, the same bytes twice, and no damaged file gets through."""

import io
import json
import zipfile

import numpy as np
import pytest

from mramsim.errors import InputError
from mramsim.network.file import load_network, save_network
from mramsim.network.graph import Network
from mramsim.network.nodes import Conv2d, Input, Linear, MaxPool2d, Output, Threshold


def network() -> Network:
    """Every kind of node, sizes that do not fill bytes, settings that are not defaults."""
    rng = np.random.default_rng(7)

    def bits(*shape):
        return rng.integers(0, 2, shape, dtype=np.uint8)

    nodes = (
        Input("x", (), (2, 5, 6), planes=3, low=-4, step=7, scale=0.25, offset=-1.5),
        Conv2d(
            "conv",
            ("x",),
            bits(6, 1, 3, 2),
            planes=3,
            groups=2,
            size=(5, 6),
            stride=(1, 2),
            padding=(1, 0),
            pad_value=-1,
        ),
        Threshold("sign", ("conv",), rng.integers(-9, 9, 6), rng.choice([-1, 1], 6)),
        MaxPool2d("pool", ("sign",), (2, 3), (2, 1), bits(6)),
        Linear("fc", ("pool",), bits(3, 12)),
        Output("out", ("fc",), rng.normal(size=3), rng.normal(size=3)),
    )
    training = {"method": "bnn", "accuracy": {"test": 0.5, "float_test": None}}
    predictions = {"digits": np.array([1, 2, 0], np.uint8), "a/b": np.zeros(2, np.uint8)}
    return Network(nodes, "mine", training, predictions)


def test_everything_comes_back(tmp_path):
    original = network()
    found = load_network(save_network(original, tmp_path / "net.npz"))
    assert found.digest == original.digest
    assert found.name == "mine"
    assert found.training == original.training
    assert set(found.float_predictions) == {"digits", "a/b"}
    assert found.float_predictions["digits"].tolist() == [1, 2, 0]
    for mine, theirs in zip(original.nodes, found.nodes, strict=True):
        assert type(mine) is type(theirs)
        assert mine.inputs == theirs.inputs
        assert mine.settings() == theirs.settings()
        assert set(mine.arrays()) == set(theirs.arrays())
        for key, array in mine.arrays().items():
            assert theirs.arrays()[key].dtype == array.dtype
            assert np.array_equal(theirs.arrays()[key], array)
    images = np.random.default_rng(0).integers(-50, 50, (11, 2, 5, 6))
    assert np.array_equal(found.scores(images), original.scores(images))


def test_same_bytes_twice(tmp_path):
    first = save_network(network(), tmp_path / "a.npz").read_bytes()
    assert save_network(network(), tmp_path / "b.npz").read_bytes() == first
    loaded = load_network(tmp_path / "a.npz")
    assert save_network(loaded, tmp_path / "c.npz").read_bytes() == first


def test_bits_are_packed(tmp_path):
    weight = np.ones((100, 800), dtype=np.uint8)
    nodes = (
        Input("x", (), (800,)),
        Linear("fc", ("x",), weight),
        Output("out", ("fc",), np.ones(100), np.ones(100)),
    )
    with np.load(save_network(Network(nodes), tmp_path / "n.npz")) as stored:
        assert stored["fc/weight"].nbytes == 10_000


def test_nothing_is_left_of_a_failed_save(tmp_path):
    with pytest.raises(InputError, match=r"ends in \.npz"):
        save_network(network(), tmp_path / "net.pt")
    with pytest.raises(InputError, match="cannot be written"):
        save_network(network(), tmp_path / "no" / "net.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.9, 0.999])
def test_truncated(tmp_path, share):
    path = save_network(network(), tmp_path / "net.npz")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"net\.npz: not a readable"):
        load_network(path)


def test_every_damaged_byte_is_noticed_or_harmless(tmp_path):
    """No exception but InputError; a file that loads is the network that was saved."""
    path = save_network(network(), tmp_path / "net.npz")
    content = path.read_bytes()
    digest = network().digest
    rng = np.random.default_rng(1)
    refused = []
    for position in rng.choice(len(content), 400, replace=False):
        damaged = bytearray(content)
        damaged[position] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            assert load_network(path).digest == digest
        except InputError as error:
            refused.append(str(error))
    assert len(refused) > 200
    assert all("net.npz: " in text for text in refused)


def rewritten(path, change):
    """Change header and arrays of a saved network."""
    save_network(network(), path)
    with np.load(path) as stored:
        arrays = {key: stored[key] for key in stored.files}
    header = json.loads(arrays["header"].tobytes())
    change(header, arrays)
    arrays.setdefault("header", np.frombuffer(json.dumps(header).encode(), dtype=np.uint8))
    if isinstance(header, dict) and arrays["header"].dtype == np.uint8:
        arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    np.savez(path, **arrays)
    return path


def setting(node, key, value):
    def change(header, arrays):
        header["nodes"][node]["settings"][key] = value

    return change


def array(key, value):
    def change(header, arrays):
        arrays[key] = value

    return change


def without(key):
    def change(header, arrays):
        del arrays[key]

    return change


def head(key, value):
    def change(header, arrays):
        header[key] = value

    return change


def entry(node, key, value):
    def change(header, arrays):
        header["nodes"][node][key] = value

    return change


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (head("format", "mramsim.network/2"), "'mramsim.network/2' is not known"),
        (head("format", None), "is not known"),
        (head("nodes", []), "has no nodes"),
        (head("nodes", None), "damaged"),
        (head("nodes", [3]), "damaged"),
        (head("training", 7), "damaged"),
        (entry(1, "kind", "conv3d"), "unknown kind 'conv3d'; nearest: conv2d"),
        (entry(1, "kind", ["conv2d"]), "damaged"),
        (entry(1, "inputs", ["y"]), "'y' is not computed"),
        (entry(1, "inputs", []), "inputs"),
        (entry(1, "packed", {"weight": [6, 1, 3, -2]}), "bits needed"),
        (entry(1, "packed", {"weight": [60000, 10000]}), "bits needed"),
        (entry(1, "packed", {}), "weight"),
        (entry(2, "name", 3), "damaged"),
        (setting(0, "planes", "3"), "planes = '3'; an integer"),
        (setting(0, "planes", 12), "planes = 12"),
        (setting(0, "colour", 1), "damaged"),
        (setting(0, "low", 0.5), "low = 0.5; an integer"),
        (setting(0, "low", -(10**30)), "low = -1000000000000000000000000000000; "),
        (setting(0, "step", 10**30), "step = 1000000000000000000000000000000; 1 to"),
        (setting(0, "scale", "x"), "(input): damaged record: scale = 'x'; a number"),
        (setting(0, "scale", 10**400), "a finite number"),
        (setting(0, "stp", 1), "key 'stp' is unknown; nearest: step"),
        (head("name", "\x1b[31m"), "printable characters"),
        (head("name", "a\nb"), "printable characters"),
        (head("name", "\udcff"), "printable characters"),
        (array("float_predictions/digits", np.zeros((2, 2), np.uint8)), "one whole number"),
        (array("float_predictions/digits", np.array(["a"])), "one whole number"),
        (setting(0, "scale", None), "damaged"),
        (setting(1, "stride", [1]), "entries each"),
        (setting(1, "groups", 0), "groups = 0"),
        (setting(3, "kernel", [9, 9]), "does not fit"),
        (without("conv/weight"), "damaged"),
        (without("sign/level"), "damaged"),
        (without("out/offset"), "damaged"),
        (array("conv/weight", np.zeros(2, np.uint8)), "bits needed"),
        (array("conv/weight", np.zeros(5)), "bits needed"),
        (array("sign/level", np.full(6, 0.5)), "integers"),
        (array("sign/level", np.full(5, 1)), "one per channel"),
        (array("sign/polarity", np.zeros(6, np.int8)), "-1 or +1"),
        (array("out/scale", np.array([1, np.nan, 1])), "finite"),
        (array("out/scale", np.array(["a", "b", "c"])), "finite"),
        (array("pool/conjunctive", np.zeros(5, bool)), "takes (5,"),
    ],
)
def test_wrong_content(tmp_path, change, text):
    path = rewritten(tmp_path / "net.npz", change)
    with pytest.raises(InputError) as caught:
        load_network(path)
    assert text in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_foreign_files(tmp_path):
    path = tmp_path / "net.npz"
    cases = {
        "no such network file": None,
        "not a readable .npz": b"PK\x03\x04 not really",
        "not a network of mramsim": npz(a=np.zeros(3)),
        "not a network of mramsim (no header)": npz(header=np.frombuffer(b"{}", np.uint8)),
    }
    for text, content in cases.items():
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            load_network(path)
        assert text in str(caught.value)
    with pytest.raises(InputError, match="is a folder"):
        load_network(tmp_path)


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize("header", [b"[]", b"7", b"null", b"\xff\xfe", b'{"format": ["a"]}'])
def test_headers_that_are_no_record(tmp_path, header):
    path = tmp_path / "net.npz"
    path.write_bytes(npz(header=np.frombuffer(header, np.uint8)))
    with pytest.raises(InputError):
        load_network(path)


def test_pickles_are_never_read(tmp_path):
    """An array of objects would run code; it is refused before that."""

    class Bomb:
        def __reduce__(self):
            return (exec, ("raise SystemExit('pickle was run')",))

    path = tmp_path / "net.npz"
    path.write_bytes(npz(header=np.array([Bomb()], dtype=object)))
    with pytest.raises(InputError, match="not a readable"):
        load_network(path)


def test_size_is_limited_before_unpacking(tmp_path, monkeypatch):
    path = save_network(network(), tmp_path / "net.npz")
    monkeypatch.setattr("mramsim.network.archive.MAX_BYTES", 1000)
    with pytest.raises(InputError, match="and 1000 are allowed"):
        load_network(path)


def test_members_that_are_no_arrays(tmp_path):
    path = tmp_path / "net.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.npy", "text")
    with pytest.raises(InputError):
        load_network(path)
