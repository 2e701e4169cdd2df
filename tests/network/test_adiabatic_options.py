"""Options of adiabatic training: weights to start from, wrong arguments, the command."""

import json
from dataclasses import replace

import numpy as np
import pytest
from smooth_case import pictures, small, sound
from training_case import toy

import mramsim as ms
from mramsim.cli.main import invoke
from mramsim.errors import InputError
from mramsim.training import train

torch = pytest.importorskip("torch")

from mramsim.training import adiabatic  # noqa: E402
from mramsim.training.adiabatic import Options  # noqa: E402
from mramsim.training.smooth.functions import Activation  # noqa: E402
from mramsim.training.smooth.model import SmoothNetwork  # noqa: E402
from mramsim.training.smooth.nets import make_plan, parse_net  # noqa: E402
from mramsim.training.smooth.start import read_weights, start_from  # noqa: E402


def test_start_from_a_float_network():
    """``s tanh(W)`` is the real weight at k = 1, so the network starts where the other ended."""
    data = pictures()
    torch.manual_seed(0)
    parsed = parse_net("vgg-small-0.05", data.shape)
    real = SmoothNetwork(make_plan(parsed, data, 8, "float", None, 0.0))
    smooth = SmoothNetwork(make_plan(parsed, data, 8, "weights", None, 0.0))
    start_from(smooth, real.state_dict(), "here")
    layer, other = smooth.layers["conv3"], real.layers["conv3"]
    assert layer.scale.item() == pytest.approx(1.5 * other.latent.abs().max().item())
    weight = layer.scale * torch.tanh(layer.latent)
    assert torch.allclose(weight, other.latent, atol=1e-6)
    x = torch.randn(30, 3, 8, 8)
    with torch.no_grad():
        assert torch.allclose(smooth(x), real(x), atol=1e-4)


def test_start_option(tmp_path):
    folder = tmp_path / "a"
    options = {"mode": "weights", "schedule": "ladder", "epochs": 1}
    first = small(**options, start="float", checkpoint=folder, float_baseline=True)
    names = {"adiabatic.pt", "start.pt", "float.pt"}
    assert {path.name for path in folder.iterdir()} == names
    seen = []
    again = small(**options, start=str(folder / "start.pt"), progress=lambda *c: seen.append(c))
    assert again.digest == first.digest
    assert len(seen) == 1
    assert small(**options).digest != first.digest
    small(mode="activations", epochs=1, checkpoint=tmp_path / "b")
    both = small(mode="both", epochs=1, start=str(tmp_path / "b" / "adiabatic.pt"))
    assert both.training["options"]["start"].endswith("adiabatic.pt")


def test_float_baseline_of_a_training_that_stops_early(tmp_path):
    """It takes fewer epochs than the float network that the training started from."""
    options = {"schedule": "target", "patience": 1, "start": "float", "float_baseline": True}
    network = small("mlp-8x1", mode="both", epochs=60, checkpoint=tmp_path, **options)
    taken = len(network.training["history"])
    assert network.training["epochs"] == taken < 60 == network.training["epochs_allowed"]
    stored = [torch.load(tmp_path / name, weights_only=True) for name in ("start.pt", "float.pt")]
    assert [json.loads(state["identity"])["epochs"] for state in stored] == [60, taken]


def test_start_takes_the_best_where_it_is_kept(tmp_path):
    options = {"schedule": "target", "patience": 1, "mode": "activations", "epochs": 40}
    small("mlp-8x1", **options, checkpoint=tmp_path)
    path = tmp_path / "adiabatic.pt"
    state = torch.load(path, weights_only=True)
    best = state["schedule"]["best"]["model"]
    assert any(not torch.equal(value, state["model"][key]) for key, value in best.items())
    found = read_weights(str(path))
    assert all(torch.equal(value, found[key]) for key, value in best.items())
    for other in (3, {"best": None}, {"best": 3}):
        torch.save({**state, "schedule": other}, path)
        found = read_weights(str(path))
        assert all(torch.equal(value, found[key]) for key, value in state["model"].items())


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"start": "nowhere.pt"}, "no such checkpoint"),
        ({"mode": "all"}, "mode = 'all'; weights, activations, both"),
        ({"schedule": "steep"}, "ladder, ramp, target, binarised"),
        ({"activation": "relu"}, "activation = 'relu'"),
        ({"offset": 2}, "offset = 2"),
        ({"offset": 0}, "offset = 0 with activation = 'auto'; it is for tanh and hardtanh"),
        ({"offset": 1, "activation": "sigmoid"}, "offset = 1 with activation = 'sigmoid'"),
        ({"mode": "weights", "activation": "tanh"}, "mode weights leaves it a ReLU"),
        ({"mode": "activations", "confine": 0.2}, "mode activations has no smooth weights"),
        ({"optimiser": "bop"}, "optimiser = 'bop'"),
        ({"lr": -1.0}, "lr = -1.0"),
        ({"batch": 1}, "batch = 1"),
        ({"dropout": 1.0}, "dropout = 1.0"),
        ({"confine": -0.1}, "confine = -0.1"),
        ({"confine": float("nan")}, "confine = nan; a finite number"),
        ({"net": "mlp-8x1", "confine": 0.2}, "'mlp' nets have no binary convolutions"),
        ({"augment": "rotate"}, "augment = 'rotate'"),
        ({"net": "resnet18"}, "network 'resnet18' is unknown to adiabatic"),
        ({"net": "catdog-cnn-0"}, "is unknown"),
        ({"schedule": "ladder", "patience": 3}, "the ladder has no patience"),
        ({"schedule": "ramp", "patience": 3}, "the ramp has no patience"),
        ({"schedule": "target", "validation": 0.0}, "validation = 0"),
        ({"net": "speech-cnn-0.25"}, "does not fit"),
        ({"images": 1}, "images = 1"),
        ({"images": 61}, "'toy' has 2 to 60"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_wrong_arguments(change, text):
    with pytest.raises(InputError, match=text) as caught:
        small(**{"epochs": 1, **change})
    assert "\n" not in str(caught.value)


def test_tanh_ends_at_0_and_2_unless_told():
    automatic = Options(activation="tanh").function()
    assert automatic == Options(activation="tanh", offset=1).function() == Activation("tanh", 1.0)
    assert Options(activation="hardtanh", offset=0).function() == Activation("hardtanh", 0.0)
    assert Options(activation="sigmoid").function() == Activation("sigmoid")
    assert Options().function() is None


def test_sound_is_not_mirrored():
    with pytest.raises(InputError, match="not for sound"):
        small("speech-cnn-0.25", sound(), epochs=1, augment="flip-shift")


def test_weights_of_another_network(tmp_path):
    small(epochs=1, mode="weights", checkpoint=tmp_path)
    path = str(tmp_path / "adiabatic.pt")
    with pytest.raises(InputError, match="has another shape"):
        small("catdog-cnn-0.5", epochs=1, mode="weights", start=path)
    with pytest.raises(InputError, match="smooth weights there, real ones here"):
        small(epochs=1, mode="both", start=path)
    train("bnn", "mlp-8x1", toy(), epochs=1, checkpoint=tmp_path)
    with pytest.raises(InputError, match="of another network"):
        train("adiabatic", "mlp-8x1", toy(), epochs=1, start=str(tmp_path / "bnn.pt"))
    (tmp_path / "text.pt").write_text("no checkpoint")
    with pytest.raises(InputError, match="not a readable checkpoint"):
        small(epochs=1, start=str(tmp_path / "text.pt"))


def test_first_images_only():
    few = small(epochs=1, mode="weights", schedule="ladder", images=40, validation=0.0)
    data = pictures()
    first = toy((3, 8, 8), 60)
    assert np.array_equal(first.x_train, data.x_train)
    cut = replace(data, x_train=data.x_train[:40], y_train=data.y_train[:40])
    same = small(data=cut, epochs=1, mode="weights", schedule="ladder", validation=0.0)
    assert few.digest == same.digest
    assert few.training["images"] == 40


def test_default_epochs_are_the_authors():
    options = adiabatic.Options(mode="activations")
    assert adiabatic.default_epochs("mlp-128x1", (1, 28, 28), options) == 13
    assert adiabatic.default_epochs("vgg-small", (3, 32, 32), options) == 700
    for schedule, epochs in (("ladder", 13), ("ramp", 160)):
        options = adiabatic.Options(mode="activations", schedule=schedule)
        assert adiabatic.default_epochs("vgg-small", (3, 32, 32), options) == epochs


def test_command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["train", "adiabatic", "--net", "mlp-32x1", "--data", "digits", "--epochs", "3"]
    more = ["--mode", "both", "--activation", "sigmoid", "--float-baseline", "--json"]
    assert invoke([*command, *more]) == 0
    output = capsys.readouterr()
    record = json.loads(output.out)
    assert record["accuracy"]["float_test"] is not None
    assert record["accuracy"]["relaxed_test"] > 0.3
    assert "relaxed" in output.err
    assert "binarised" in output.err
    network = ms.load_network("net.npz")
    assert network.training["options"]["mode"] == "both"
    assert network.training["steepness"][-1] == [999, 999]
    assert network.input.planes == 4  # the digits have no more
    assert invoke([*command, "--stochastic"]) == 2
    assert "option 'stochastic' is unknown to adiabatic" in capsys.readouterr().err
