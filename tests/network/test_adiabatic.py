"""Adiabatic training: from data to folded networks, resumed, started, and refused."""

import json

import numpy as np
import pytest
from smooth_case import sound
from training_case import toy

import mramsim as ms
from mramsim.cli.main import invoke
from mramsim.errors import InputError
from mramsim.training import train

torch = pytest.importorskip("torch")

from mramsim.training import adiabatic  # noqa: E402
from mramsim.training.session import input_record  # noqa: E402
from mramsim.training.smooth.climb import Climb  # noqa: E402
from mramsim.training.smooth.measure import classes_of, gather_averages, values_of  # noqa: E402
from mramsim.training.smooth.model import SmoothNetwork  # noqa: E402
from mramsim.training.smooth.nets import make_plan, parse_net  # noqa: E402
from mramsim.training.smooth.schedules import Ladder  # noqa: E402
from mramsim.training.smooth.start import start_from  # noqa: E402


class Kill:
    """Progress that interrupts at one epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def __call__(self, done, total, text):
        if done == self.epoch and text.startswith("adiabatic"):
            raise KeyboardInterrupt


def pictures(count=60):
    return toy((3, 8, 8), count)


def small(net="catdog-cnn-0.25", data=None, **more):
    return train("adiabatic", net, pictures() if data is None else data, **{"batch": 20, **more})


@pytest.mark.parametrize("mode", ["weights", "activations", "both"])
def test_mlp_learns_and_both_curves_meet(mode):
    network = train("adiabatic", "mlp-32x1", toy(count=400), mode=mode, epochs=29, dropout=0.0)
    history, accuracy = network.training["history"], network.training["accuracy"]
    assert accuracy["test"] > 0.9
    assert abs(history[-1]["relaxed"] - history[-1]["binarised"]) <= 0.03
    assert abs(accuracy["relaxed_test"] - accuracy["test"]) <= 0.03
    early = history[0]["relaxed"] - history[0]["binarised"]
    assert mode == "activations" or early > 0.1
    last = network.training["steepness"][-1]
    expected = {"weights": [999, 1], "activations": [1, 1001], "both": [999, 999]}
    assert last == expected[mode]


@pytest.mark.parametrize(
    ("net", "data", "options"),
    [
        ("mlp-16x2", toy(), {"mode": "both", "activation": "tanh", "offset": 0}),
        ("catdog-cnn-0.25", pictures(), {"mode": "weights", "schedule": "ladder"}),
        ("catdog-cnn-0.25", pictures(), {"mode": "activations"}),
        ("catdog-cnn-0.25", pictures(), {"mode": "both", "schedule": "ramp", "dropout": 0.1}),
        ("speech-cnn-0.25", sound(), {"mode": "both", "schedule": "ladder", "lr": 0.01}),
        ("vgg-small-0.05", pictures(), {"mode": "both", "confine": 0.2}),
        ("resnet20-0.25", pictures(), {"mode": "weights"}),
        ("resnet20-0.25", pictures(), {"mode": "both"}),
        ("resnet20-bireal-0.25", pictures(), {"mode": "activations"}),
    ],
    ids=lambda value: (
        value
        if isinstance(value, str)
        else value.get("mode", "")
        if isinstance(value, dict)
        else ""
    ),
)
def test_folded_network_gives_the_classes_of_torch(net, data, options, monkeypatch):
    """Every kind of network trains for two epochs by its own recipe, folds, and agrees."""
    from mramsim.training.smooth import run

    kept, export = [], run.export

    def watched(model, *rest):
        kept.append(model)
        return export(model, *rest)

    monkeypatch.setattr(run, "export", watched)
    network = train("adiabatic", net, data, epochs=2, **{"batch": 20, **options})
    (model,) = kept
    levels = torch.from_numpy(input_record(data, 8).forward(data.x_test))
    expected = classes_of(model, levels, "exact", binary=True)
    assert np.array_equal(network.predict(data.x_test), expected)
    with torch.no_grad(), model.control.at("relaxed", 1e5, 1e5):  # plain float32
        plain = model(values_of(levels, model.plan.coding))
    best = plain.topk(2, 1).values
    clear = (best[:, 0] - best[:, 1] > 1e-3 * plain.abs().max()).numpy()
    assert np.array_equal(expected[clear], plain.argmax(1).numpy()[clear])
    assert len(network.training["history"]) == len(network.training["steepness"]) == 2


@pytest.mark.parametrize(
    "options",
    [
        {"schedule": "ladder", "mode": "weights", "optimiser": "adam"},
        {"schedule": "ramp", "mode": "both"},
        {"schedule": "target", "mode": "both", "patience": 1},
        {"schedule": "binarised", "mode": "activations", "patience": 1, "augment": "none"},
    ],
    ids=lambda options: options["schedule"],
)
@pytest.mark.parametrize("epoch", [1, 3, 4])
def test_resumed_is_uninterrupted(tmp_path, options, epoch):
    whole = small(epochs=4, **options)
    done = len(whole.training["history"])
    epoch = min(epoch, done)
    with pytest.raises(KeyboardInterrupt):
        small(epochs=4, **options, checkpoint=tmp_path, progress=Kill(epoch))
    seen = []
    resumed = small(
        epochs=4, **options, checkpoint=tmp_path, progress=lambda *call: seen.append(call)
    )
    assert len(seen) == done - epoch  # finished epochs are not computed again
    assert resumed.digest == whole.digest
    for key in ("history", "steepness", "accuracy"):
        assert resumed.training[key] == whole.training[key]


def test_best_binarised_weights_are_kept():
    """A controller ends with the best epoch, not with the last."""
    model, climb = _climb()
    for accuracy in (0.3, 0.6, 0.4):
        with torch.no_grad():
            model.products()[0].latent.fill_(accuracy)
        climb.before(0)
        model.control.weights = 10 * accuracy
        climb.after(0, {"relaxed": 0.5, "binarised": accuracy})
    climb.finish()
    assert model.products()[0].latent.flatten()[0].item() == pytest.approx(0.6)
    assert model.control.weights == 6


def _climb(keeps_best=True):
    data = toy()
    model = SmoothNetwork(make_plan(parse_net("mlp-8x1", data.shape), data, 8, "weights", None, 0))
    optimiser = torch.optim.Adam(model.parameters())
    schedule = Ladder("weights", 1000)
    schedule.keeps_best = keeps_best
    return model, Climb(schedule, model, optimiser, lambda: 0.0)


def test_optimiser_state_is_zeroed_when_the_steepness_changes():
    model, climb = _climb(keeps_best=False)
    climb.schedule.epochs = 29
    for epoch in range(9):
        climb.before(epoch)
        assert len(climb.optimiser.state) == (0 if epoch in (0, 8) else 6)
        model(torch.rand(4, 1, 8, 8)).sum().backward()
        climb.optimiser.step()
    steps = {float(state["step"]) for state in climb.optimiser.state.values()}
    assert steps == {1.0}


@pytest.mark.parametrize("schedule", ["ladder", "ramp"])
def test_ramp_fixes_the_scales_in_front_of_signs(schedule, monkeypatch):
    from mramsim.training.smooth import run

    kept = []
    monkeypatch.setattr(run, "gather_averages", lambda model, *rest, **more: kept.append(model))
    small(epochs=2, mode="both", schedule=schedule)
    first, second, last = (norm.weight for norm in kept[0].norms())  # a ReLU follows the last
    for scale in (first, second):
        assert bool((scale == 1).all()) == (schedule == "ramp")
    assert not (last == 1).any()
    assert not any((norm.bias == 0).any() for norm in kept[0].norms())


def test_averages_of_batchnorm_are_means_over_batches():
    data = pictures()
    torch.manual_seed(0)
    plan = make_plan(parse_net("catdog-cnn-0.25", data.shape), data, 8, "both", None, None)
    model = SmoothNetwork(plan)
    record = input_record(data, 8)
    levels = torch.from_numpy(record.forward(data.x_train))
    gather_averages(model, levels, 20, binary=True)
    norm, conv = model.norms()[0], model.products()[0]
    means, variances = [], []
    for part in torch.split(levels, 20):
        with torch.no_grad():
            y = conv.product(values_of(part, plan.coding), conv.latent) * conv.gain()
            pooled = torch.nn.functional.max_pool2d(y, 2).double().transpose(0, 1).flatten(1)
        means.append(pooled.mean(1))
        variances.append(pooled.var(1))
    assert torch.allclose(norm.mean.double(), torch.stack(means).mean(0), atol=1e-5)
    assert torch.allclose(norm.var.double(), torch.stack(variances).mean(0), rtol=1e-4)
    again = norm.mean.clone()
    gather_averages(model, levels, 20, binary=True)
    assert torch.equal(norm.mean, again)


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
    assert {path.name for path in folder.iterdir()} == {"adiabatic.pt", "float.pt"}
    seen = []
    again = small(**options, start=str(folder / "float.pt"), progress=lambda *c: seen.append(c))
    assert again.digest == first.digest
    assert len(seen) == 1
    assert small(**options).digest != first.digest
    small(mode="activations", epochs=1, checkpoint=tmp_path / "b")
    both = small(mode="both", epochs=1, start=str(tmp_path / "b" / "adiabatic.pt"))
    assert both.training["options"]["start"].endswith("adiabatic.pt")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"start": "nowhere.pt"}, "no such checkpoint"),
        ({"mode": "all"}, "mode = 'all'; weights, activations, both"),
        ({"schedule": "steep"}, "ladder, ramp, target, binarised"),
        ({"activation": "relu"}, "activation = 'relu'"),
        ({"offset": 2}, "offset = 2"),
        ({"optimiser": "bop"}, "optimiser = 'bop'"),
        ({"lr": -1.0}, "lr = -1.0"),
        ({"batch": 1}, "batch = 1"),
        ({"dropout": 1.0}, "dropout = 1.0"),
        ({"confine": -0.1}, "confine = -0.1"),
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
    from dataclasses import replace

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
