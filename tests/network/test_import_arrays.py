"""State dictionaries and packed arrays: layouts, formats, code that must not run."""

import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from mramsim.errors import InputError
from mramsim.network.importers.packed import from_npz
from mramsim.network.importers.torch_file import from_state_dict
from mramsim.network.nodes import Linear, Product, Threshold

torch = pytest.importorskip("torch")

import zoo  # noqa: E402
from torch import nn  # noqa: E402

LEGACY = [True, False]


def signs(count, rows, seed=0):
    return np.random.default_rng(seed).choice([-1, 1], (count, rows))


@pytest.mark.parametrize("legacy", LEGACY)
@pytest.mark.parametrize("style", [zoo.BinaryLinear, zoo.parametrised])
def test_a_stack_of_linear_layers_needs_no_layout(tmp_path, legacy, style):
    module = zoo.trained(zoo.Mlp(style, (21, 13, 8, 5), last=False), 1)
    path = tmp_path / "m.pt"
    torch.save(module.state_dict(), path, _use_new_zipfile_serialization=not legacy)
    network = from_state_dict(path, input="signs")
    x = signs(500, 21)
    with torch.no_grad():
        expected = module(torch.tensor(x).float()).numpy()
    np.testing.assert_allclose(network.scores(x), expected, atol=1e-5)
    assert [type(node) for node in network.nodes[1:3]] == [Linear, Threshold]
    assert not network.training["import"]["digital"]


CNN = """
input = [2, 6, 6]
[[layer]]
kind = "conv"
name = "stem"
binary = false
padding = 1
[[layer]]
kind = "batchnorm"
name = "bn0"
[[layer]]
kind = "sign"
[[layer]]
kind = "conv"
name = "conv"
padding = 1
[[layer]]
kind = "maxpool"
kernel = 2
[[layer]]
kind = "batchnorm"
name = "bn"
[[layer]]
kind = "sign"
[[layer]]
kind = "linear"
name = "fc"
[[layer]]
kind = "batchnorm"
name = "bn2"
[[layer]]
kind = "sign"
[[layer]]
kind = "linear"
name = "head"
binary = false
"""


def test_a_layout_names_the_order(tmp_path):
    module = zoo.trained(zoo.Cnn(2, 3, 6), 2)
    wrapped = {"epoch": 3, "state_dict": OrderedDict(module.state_dict())}
    torch.save(wrapped, tmp_path / "m.pth")
    (tmp_path / "m.toml").write_text(CNN)
    network = from_state_dict(tmp_path / "m.pth", tmp_path / "m.toml")
    x = torch.randn(300, 2, 6, 6)
    with torch.no_grad():
        expected = module(x).numpy()
    np.testing.assert_allclose(network.scores(x.numpy()), expected, atol=1e-5)
    assert [product.name for product in network.products()] == ["conv", "fc"]
    with pytest.raises(InputError, match="is a convolution"):
        from_state_dict(tmp_path / "m.pth")


RESIDUAL = """
input = [1, 8]
[[layer]]
kind = "sign"
name = "s"
[[layer]]
kind = "conv"
name = "c"
padding = 1
pad_value = -1
alpha = "filter"
[[layer]]
kind = "add"
name = "sum"
from = ["c", "input"]
[[layer]]
kind = "hardtanh"
[[layer]]
kind = "prelu"
name = "act"
[[layer]]
kind = "avgpool"
kernel = 2
[[layer]]
kind = "flatten"
order = "hwc"
[[layer]]
kind = "linear"
name = "fc"
binary = false
"""


def test_every_option_of_a_layout(tmp_path):
    random = torch.Generator().manual_seed(3)
    state = {
        "c.weight": torch.randn(1, 1, 3, generator=random),
        "act.weight": torch.tensor([0.3]),
        "fc.weight": torch.randn(3, 4, generator=random),
        "fc.bias": torch.randn(3, generator=random),
    }
    torch.save(state, tmp_path / "m.pt")
    (tmp_path / "m.toml").write_text(RESIDUAL)
    network = from_state_dict(tmp_path / "m.pt", tmp_path / "m.toml")
    x = torch.randn(100, 1, 8)
    w = state["c.weight"]
    bits = torch.where(w >= 0, 1.0, -1.0) * w.abs().mean()
    y = nn.functional.pad(torch.where(x >= 0, 1.0, -1.0), (1, 1), value=-1.0)
    y = nn.functional.hardtanh(nn.functional.conv1d(y, bits) + x)
    y = nn.functional.avg_pool1d(nn.functional.prelu(y, state["act.weight"]), 2).flatten(1)
    expected = nn.functional.linear(y, state["fc.weight"], state["fc.bias"])
    np.testing.assert_allclose(network.scores(x.numpy()), expected.numpy(), atol=1e-5)
    assert network.node("c").pad_value == -1
    for text, alpha in (("0.25", 0.25), ('"layer"', float(w.abs().mean()))):
        layers = f'[[layer]]\nkind = "conv"\nname = "c"\nalpha = {text}\n'
        (tmp_path / "m.toml").write_text(f'input = [1, 3]\n{layers}[[layer]]\nkind = "flatten"\n')
        scores = from_state_dict(tmp_path / "m.pt", tmp_path / "m.toml").scores(np.ones((1, 1, 3)))
        np.testing.assert_allclose(
            scores, alpha * np.sign(w.numpy()).sum().reshape(1, 1), rtol=1e-6
        )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input = [4", "not valid TOML"),
        ("inputs = [4]\n", "key 'inputs' is unknown; nearest: input"),
        ("input = [4]\n", "[[layer]] tables"),
        ('input = "4"\n[[layer]]\nkind = "sign"\n', "input = [channels"),
        ('input = [4]\n[[layer]]\nkind = "conv3"\n', "kind 'conv3' is unknown"),
        ('input = [4]\n[[layer]]\nkind = "sign"\nsize = 1\n', "key 'size'"),
        ('input = [4]\n[[layer]]\nkind = "sign"\nzero = 2\n', "zero = 2"),
        (
            'input = [4]\n[[layer]]\nkind = "linear"\nname = "fd"\n',
            "'fd.weight' is not in the file",
        ),
        ('input = [4]\n[[layer]]\nkind = "relu"\nfrom = "no"\n', "from 'no'"),
        ('input = [4]\n[[layer]]\nkind = "maxpool"\nkernel = "a"\n', "sizes are expected"),
        ('input = [4]\n[[layer]]\nkind = "maxpool"\nkernel = 1000000000\n', "entries each"),
        ('input = [4]\n[[layer]]\nkind = "maxpool"\nkernel = 0\n', "kernel = 0; at least 1"),
        ('input = [4]\n[[layer]]\nkind = "maxpool"\nstride = 1.5\n', "1.5; a whole number"),
        ('input = [4]\n[[layer]]\nkind = "maxpool"\npadding = -1\n', "-1; at least 0"),
        ('input = [4]\n[[layer]]\nkind = "avgpool"\nkernel = true\n', "True; a whole number"),
        (
            'input = [4]\n[[layer]]\nkind = "linear"\nname = "fc"\nbinary = "no"\n',
            "binary = 'no'; true or false",
        ),
        ('input = [true]\n[[layer]]\nkind = "sign"\n', "input = [channels"),
        ("input = [100000000000]\n[[layer]]\nkind = 'sign'\n", "input shape"),
    ],
)
def test_wrong_layouts(tmp_path, text, message):
    torch.save({"fc.weight": torch.ones(2, 4)}, tmp_path / "m.pt")
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(InputError) as caught:
        from_state_dict(tmp_path / "m.pt", tmp_path / "m.toml")
    assert any(part in str(caught.value) for part in message.split("|"))


@pytest.mark.parametrize("scale", [0.0, 1e-60, float("nan"), float("inf")])
def test_a_scale_that_hides_the_input(tmp_path, scale):
    torch.save({"fc.weight": torch.ones(2, 4)}, tmp_path / "m.pt")
    with pytest.raises(InputError, match="scale = "):
        from_state_dict(tmp_path / "m.pt", scale=scale)


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("legacy", LEGACY)
def test_code_in_a_torch_file_does_not_run(tmp_path, legacy):
    path, trace = tmp_path / "m.pt", tmp_path / "ran"
    state = {"fc.weight": torch.ones(2, 4), "x": Bomb(trace)}
    torch.save(state, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(InputError, match="not a plain state_dict"):
        from_state_dict(path)
    assert not trace.exists()


def test_bare_pickle_and_whole_modules(tmp_path):
    path, trace = tmp_path / "m.pt", tmp_path / "ran"
    path.write_bytes(pickle.dumps(Bomb(trace)))
    with pytest.raises(InputError):
        from_state_dict(path)
    assert not trace.exists()
    torch.save(zoo.Mlp(zoo.BinaryLinear, (4, 3, 2)), path)
    with pytest.raises(InputError, match=r"save model.state_dict\(\)"):
        from_state_dict(path)


def test_code_in_an_npz_does_not_run(tmp_path):
    path, trace = tmp_path / "m.npz", tmp_path / "ran"
    np.savez(path, **{"a.weight": np.array([Bomb(trace)], dtype=object)})
    with pytest.raises(InputError, match="is pickled"):
        from_npz(path)
    assert not trace.exists()


def rewritten(path, change):
    """Copy a torch file with its pickle changed."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, data in members.items():
            new.writestr(name, change(data) if name.endswith("data.pkl") else data)


def test_absurd_sizes_in_a_torch_file(tmp_path):
    """The pickle says 2 x 10^9 elements, the file holds ten."""
    path = tmp_path / "m.pt"
    torch.save({"fc.weight": torch.ones(2, 5)}, path)
    big = b"J" + (2_000_000_000).to_bytes(4, "little")
    rewritten(path, lambda data: data.replace(b"K\x0a", big))
    with pytest.raises(InputError, match="claims 2000000000 elements"):
        from_state_dict(path)


def test_an_expanded_tensor_is_no_way_around(tmp_path):
    path = tmp_path / "m.pt"
    torch.save({"fc.weight": torch.ones(1).expand(200, 200)}, path)
    with pytest.raises(InputError, match="exceeds the file"):
        from_state_dict(path)


def test_zip_bombs(tmp_path, monkeypatch):
    for name in ("m.pt", "m.npz"):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.weight.npy", bytes(9 << 20))
    monkeypatch.setattr("mramsim.network.archive.MAX_BYTES", 1 << 20)
    with pytest.raises(InputError, match="unpack to 9437184 bytes"):
        from_state_dict(tmp_path / "m.pt")
    with pytest.raises(InputError, match="unpack to 9437184 bytes"):
        from_npz(tmp_path / "m.npz")


def test_a_header_longer_than_its_file(tmp_path):
    path = tmp_path / "m.npz"
    np.savez(path, **{"a.weight": np.zeros((2, 4), np.uint8)})
    with zipfile.ZipFile(path) as old:
        data = old.read("a.weight.npy")
    with zipfile.ZipFile(path, "w") as new:
        new.writestr("a.weight.npy", data.replace(b"(2, 4)", b"(9999999, 4)"[:6].ljust(6)))
    with pytest.raises(InputError):
        from_npz(path)
    with zipfile.ZipFile(path, "w") as new:
        new.writestr("a.weight.npy", data.replace(b"(2, 4), }      ", b"(1099511627776,"))
    with pytest.raises(InputError):
        from_npz(path)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["bits", "signs"])
def test_weights_and_thresholds(tmp_path, packed, kind):
    rng = np.random.default_rng(6)
    first, last = rng.integers(0, 2, (7, 12), np.uint8), rng.integers(0, 2, (3, 7), np.uint8)
    level, polarity = rng.integers(-5, 6, 7), rng.choice([-1, 1], 7)
    arrays = {"a.weight": first, "a.threshold": level, "a.polarity": polarity,
              "b.weight": 2.0 * last - 1, "b.scale": np.float32([0.5, 1, 2])}  # fmt: skip
    if packed:
        arrays["a.weight"] = np.packbits(first.ravel(), bitorder="little")
        arrays["a.shape"] = np.array(first.shape)
    np.savez(tmp_path / "m.npz", **arrays)
    options = {"bits": {}, "signs": {"input": "signs", "scale": 1.0, "offset": 0.0}}[kind]
    network = from_npz(tmp_path / "m.npz", **options)
    raw = rng.integers(0, 2, (200, 12))
    counts = (2 * raw - 1) @ (2 * first.astype(int) - 1).T
    hidden = np.where(polarity * counts >= level, 1, -1)
    expected = hidden @ (2 * last.astype(int) - 1).T * [0.5, 1, 2]
    given = raw if kind == "bits" else 2 * raw - 1
    assert np.array_equal(network.scores(given), expected)
    assert all(isinstance(network.node(name), Product) for name in "ab")
    assert len(network.nodes) == 5


@pytest.mark.parametrize(
    ("arrays", "text"),
    [
        ({"a.weight": np.array([[0, 1, 2]])}, "3 different values"),
        ({"a.weight": np.array([["x"]])}, "type <U1"),
        ({"a.bias": np.ones(3)}, "no 'LAYER.weight'"),
        ({"a.weight": np.ones((2, 1, 3, 3))}, "is a convolution"),
        ({"a.weight": np.zeros(2, np.uint8), "a.shape": np.array([4, 8])}, "needs 4"),
        ({"a.weight": np.zeros(2, np.uint8), "a.shape": np.array([1 << 40, 8])}, "shape"),
        ({"a.weight": np.ones((2, 3)), "a.threshold": np.array([0.5, 1])}, "must be integers"),
        ({"a.weight": np.ones((2, 3)), "a.threshold": np.ones(5)}, "5 channels"),
        ({"a.weight": np.ones((2, 3)), "a.threshold": np.ones(2), "a.polarity": np.zeros(2)},
         "polarity"),
    ],
)  # fmt: skip
def test_wrong_arrays(tmp_path, arrays, text):
    np.savez(tmp_path / "m.npz", **arrays)
    with pytest.raises(InputError) as caught:
        from_npz(tmp_path / "m.npz")
    assert text in str(caught.value)


@pytest.mark.parametrize("legacy", LEGACY)
def test_damaged_torch_files(tmp_path, legacy):
    path = tmp_path / "m.pt"
    torch.save({"fc.weight": torch.ones(2, 5)}, path, _use_new_zipfile_serialization=not legacy)
    content = path.read_bytes()
    for size in (0, 2, 20, len(content) // 2, len(content) - 3):
        path.write_bytes(content[:size])
        with pytest.raises(InputError):
            from_state_dict(path)
