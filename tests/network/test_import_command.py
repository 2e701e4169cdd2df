"""``mramsim import`` and ``mramsim export``: what is printed, written and refused."""

import json

import numpy as np
import pytest

import mramsim as ms
from mramsim.cli.main import invoke

torch = pytest.importorskip("torch")

import zoo  # noqa: E402


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A state dictionary and its module's answers."""
    monkeypatch.chdir(tmp_path)
    module = zoo.trained(zoo.Mlp(zoo.BinaryLinear, (21, 13, 8, 5), last=False), 1)
    torch.save(module.state_dict(), "m.pt")
    x = np.random.default_rng(0).choice([-1, 1], (200, 21))
    with torch.no_grad():
        logits = module(torch.tensor(x).float()).numpy()
    np.savez("x.npz", x=x, logits=logits)
    np.savez("classes.npz", x=x, classes=logits.argmax(1))
    np.savez("wrong.npz", x=x, logits=-logits)
    return tmp_path


IMPORT = ["import", "m.pt", "--input", "signs", "-o", "n.npz"]


@pytest.mark.parametrize("check", ["x.npz", "classes.npz"])
def test_layers_and_agreement_are_printed(files, capsys, check):
    assert invoke([*IMPORT, "--check", check]) == 0
    printed = capsys.readouterr().out
    assert "200 of 200 classes agree" in printed
    assert "417 weight bits on arrays" in printed
    assert "13x21" in printed
    assert "input: 21 integers, -1 to 1, on 1 bit planes" in printed
    assert ("scores within" in printed) == (check == "x.npz")
    network = ms.load_network(files / "n.npz")
    with np.load(files / "x.npz") as stored:
        assert np.array_equal(network.predict(stored["x"]), stored["logits"].argmax(1))


def test_zeros_of_a_sign_are_counted_on_the_check(files, capsys):
    """An even number of +-1: the sum is often 0, and this sign keeps it."""
    layers = [("linear", "a"), ("sign", "s"), ("linear", "b")]
    text = "".join(f'[[layer]]\nkind = "{kind}"\nname = "{name}"\n' for kind, name in layers)
    (files / "m.toml").write_text("input = [6]\n" + text.replace('"s"', '"s"\nzero = 0'))
    torch.manual_seed(0)
    first, last = (torch.randn(shape) for shape in ((9, 6), (4, 9)))
    torch.save({"a.weight": first, "b.weight": last}, "t.pt")
    x = np.random.default_rng(1).choice([-1, 1], (100, 6))
    counts = x @ np.sign(first.numpy()).T
    np.savez("t.npz", x=x, logits=np.sign(counts) @ np.sign(last.numpy()).T)
    command = ["import", "t.pt", "--layout", "m.toml", "--input", "signs", "--check", "t.npz"]
    assert invoke([*command, "--sign-zero", "0", "-o", "t_net.npz"]) == 0
    printed = capsys.readouterr().out
    assert f"zero is {(counts == 0).sum()} of 900 values on the example" in printed
    assert "100 of 100 classes agree" in printed


def test_what_disagrees_is_not_written(files, capsys):
    assert invoke([*IMPORT, "--check", "wrong.npz"]) == 2
    found = capsys.readouterr()
    assert "not written" in found.err
    assert "first other class at image 0" in found.err
    assert not (files / "n.npz").exists()
    assert invoke([*IMPORT, "--check", "wrong.npz", "--force"]) == 0
    assert (files / "n.npz").exists()


def test_one_json_object(files, capsys):
    assert invoke([*IMPORT, "--check", "x.npz", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "mramsim.import/1"
    assert found["check"]["agrees"] is True
    assert [row["where"] for row in found["layers"]] == ["arrays"] * 3
    assert found["weight_bits"] == 417


def test_digital_layers_are_named(files, capsys):
    assert invoke(["import", "m.pt", "-o", "n.npz"]) == 0
    assert "digital: body_0: binary weights, but its input 'x' is real" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["import", "none.pt"], "no such file"),
        (["import", "."], "ending"),
        (["import", "m.txt"], "are understood"),
        ([*IMPORT[:-1], "n.txt"], "ends in .npz"),
        ([*IMPORT[:-1], "no/n.npz"], "cannot be written"),
        ([*IMPORT, "--check", "none.npz"], "no such file"),
        ([*IMPORT, "--check", "m.pt"], "not a readable .npz"),
        ([*IMPORT, "--layout", "none.toml"], "no such file"),
        (["import", "m.onnx", "--layout", "l.toml"], "tell their layers themselves"),
        (["import", "m.pt", "--scale", "nan"], "finite"),
        (["export", "none.npz", "-o", "m.onnx"], "no such network file"),
        (["export", "pretrained:digits-mlp-512x2", "-o", "m.txt"], "ending"),
        (["export", "pretrained:digits-mlp-512x2", "-o", "no/m.onnx"], "cannot be written"),
        (["dump", "pretrained:digits-mlp-512x2", "-o", "no/dump"], "cannot be written"),
        (["dump", "pretrained:digits-mlp-512x2", "-o", "d", "--images", "0"], "images = 0"),
    ],
)
def test_bad_input(files, capsys, arguments, text):
    assert invoke(arguments) == 2
    found = capsys.readouterr().err
    assert text in found
    assert found.count("\n") == 1


@pytest.mark.parametrize("shape", [(3, 2), (0, 21), (5,)])
def test_bad_checks(files, capsys, shape):
    np.savez("bad.npz", x=np.ones(shape, int), logits=np.ones((len(np.ones(shape)), 5)))
    assert invoke([*IMPORT, "--check", "bad.npz"]) == 2
    assert not (files / "n.npz").exists()
