"""Adiabatic training: from data to folded networks, and resumed."""

import numpy as np
import pytest
from smooth_case import pictures, small, sound
from training_case import toy

from mramsim.training import train

torch = pytest.importorskip("torch")

from mramsim.training.session import input_record  # noqa: E402
from mramsim.training.smooth.climb import Climb  # noqa: E402
from mramsim.training.smooth.measure import (  # noqa: E402
    classes_of,
    gather_averages,
    mixed_parts,
    values_of,
)
from mramsim.training.smooth.model import SmoothNetwork  # noqa: E402
from mramsim.training.smooth.nets import make_plan, parse_net  # noqa: E402
from mramsim.training.smooth.schedules import Ladder  # noqa: E402


class Kill:
    """Progress that interrupts at one epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def __call__(self, done, total, text):
        if done == self.epoch and text.startswith("adiabatic"):
            raise KeyboardInterrupt


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
    for part in mixed_parts(levels, 20):
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


def test_averages_are_not_of_one_class_at_a_time():
    """Two classes far apart, sorted: the variance of a batch is that of both."""
    levels = torch.cat([torch.zeros(500), torch.full((500,), 200.0)]).byte()
    parts = mixed_parts(levels, 60)
    assert {len(part) for part in parts} == {58, 59}
    assert len(parts) == 17
    assert torch.equal(torch.sort(torch.cat(parts)).values, levels)
    for part in parts:
        assert 0.25 < float((part > 0).float().mean()) < 0.75
    assert len(mixed_parts(levels[:3], 90)) == 1
