"""Whole trainings with every piece: folded exactly, resumed exactly, stopped early."""

import numpy as np
import pytest
from training_case import toy

from mramsim.training import train

torch = pytest.importorskip("torch")

CASES = {
    "bnn-shift": ("bnn", {"norm": "shift", "optimiser": "adamax", "lr": 2.0**-6}),
    "bnn-drop": ("bnn", {"dropout": 0.2, "dropout_input": 0.2, "bit_errors": 0.05}),
    "bnn-mixed": ("bnn", {"precision": "mixed", "stochastic": True, "dropout": 0.1}),
    "bop": ("bop", {}),
    "xnor": ("xnor_net", {"slope": "bireal"}),
    "irnet": ("ir_net", {}),
    "reste": (
        "bnn",
        {"slope": "reste", "weight_slope": "tanh", "regulariser": "kurtosis", "strength": 0.1},
    ),
    "plus": ("bnn_plus", {"strength": 1e-4}),
    "plus-r2": ("bnn_plus", {"regulariser": "r2", "scale": "learned-filter", "clamped": True}),
    "plus-ends": ("bnn_plus", {"real_ends": True}),
    "bnn-ends": ("bnn", {"real_ends": True, "precision": "mixed", "dropout": 0.1}),
    "plus-augment": ("bnn_plus", {"augment": "flip-shift", "strength": 1e-5}),
}
NETS = ("mlp-20x2", "cnv-0.03125")


@pytest.fixture
def caught(monkeypatch):
    """Keep the torch model that `train` folds."""
    from mramsim.training import gradient

    models = []
    fold = gradient.export
    monkeypatch.setattr(
        gradient, "export", lambda model, *rest: models.append(model) or fold(model, *rest)
    )
    return models


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("case", CASES)
def test_folded_is_the_torch_network(caught, case, net):
    """Scores bit for bit, and every decision, on every image."""
    method, options = CASES[case]
    data = toy((2, 6, 6))
    network = train(method, net, data, epochs=2, batch=30, planes=3, **options)
    (model,) = caught
    exact = network.values(data.x_test)
    signs = []
    for block in model.blocks:
        block.register_forward_hook(lambda _m, _i, out: signs.append(out >= 0))
    with torch.no_grad():
        scores = model.eval()(torch.from_numpy(2 * exact["input"].astype(np.float32) - 7))
    assert np.array_equal(scores.numpy(), exact["out"])
    names = {node.name for node in network.nodes}
    labels = [f"{name.removesuffix('_sign')}" for name in exact if name.endswith("_sign")]
    last = [f"{label}_pool" if f"{label}_pool" in names else f"{label}_sign" for label in labels]
    assert len(last) == len(signs) - 1
    for name, found in zip(last, signs[:-1], strict=True):
        assert np.array_equal(found.numpy(), exact[name])
    assert network.training["accuracy"]["relaxed_test"] == network.training["accuracy"]["test"]


@pytest.mark.parametrize("case", CASES)
def test_inference_is_scale_and_norm_in_one(caught, case):
    """The affine map per channel is the scale, then the normalisation, up to rounding."""
    method, options = CASES[case]
    train(method, "mlp-20x2", toy(), epochs=1, **options)
    for block in caught[0].blocks:
        width = len(block.norm.weight)
        sums = torch.arange(-8.0, 9.0)[:, None].expand(-1, width)
        scaled = sums * block.alpha()
        if isinstance(block.norm, torch.nn.Module) and hasattr(block.norm, "running_var"):
            expected = block.norm.eval()(scaled)
        else:  # authors' inference: powers of two nearest to gamma and to the inverse deviation
            norm = block.norm
            gamma, inverse = (
                value.sign() * 2 ** value.abs().log2().round()
                for value in (norm.weight, norm.running_inverse)
            )
            expected = gamma * inverse * (scaled - norm.running_mean) + norm.bias
        found = block.eval()
        found = sums * found.affine()[0] + found.affine()[1]
        assert torch.allclose(found, expected, rtol=1e-4, atol=1e-4)


METHODS = {
    **CASES,
    "local": ("local_errors", {}),
    "committee": ("committee", {}),
    "sgd": ("sgd", {}),
    "sgd-adam": ("sgd", {"optimiser": "adam"}),
}


@pytest.mark.parametrize("case", METHODS)
def test_resumed_is_uninterrupted(tmp_path, case):
    method, options = METHODS[case]
    net = {"local_errors": "mlp-15x2", "committee": "mlp-22x1"}.get(method, "mlp-12x2")
    arguments = {"epochs": 4, "batch": 25, "patience": 3, **options}
    whole = train(method, net, toy(), **arguments)

    def cut(done, total, text):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(method, net, toy(), **arguments, checkpoint=tmp_path, progress=cut)
    seen = []
    resumed = train(
        *(method, net, toy()),
        **arguments,
        checkpoint=tmp_path,
        progress=lambda done, *_: seen.append(done),
    )
    assert seen == [3, 4]
    assert resumed.digest == whole.digest
    assert resumed.training["history"] == whole.training["history"]
    assert resumed.training["accuracy"] == whole.training["accuracy"]


@pytest.mark.parametrize(("method", "net"), [("bnn", "mlp-12x1"), ("local_errors", "mlp-15x1")])
def test_early_stop_keeps_the_best_epoch(tmp_path, method, net):
    data = toy(count=200)
    network = train(method, net, data, epochs=60, batch=20, patience=2, checkpoint=tmp_path)
    record = network.training
    found = [entry["validation"] for entry in record["history"]]
    best = int(np.argmax(found))
    assert len(found) == best + 3 < 60
    assert record["accuracy"]["validation"] == found[best]
    assert record["validation"] == 0.1
    again = train(method, net, data, epochs=60, batch=20, patience=2, checkpoint=tmp_path)
    assert again.digest == network.digest
    assert len(again.training["history"]) == len(found)


def test_real_ends_run_digitally():
    network = train("bnn_plus", "cnv-0.03125", toy((2, 6, 6)), epochs=1, real_ends=True)
    names = [node.name for node in network.nodes]
    assert names[:6] == ["input", "conv1_value", "conv1", "conv1_norm", "conv1_sign", "conv2"]
    assert names[-4:] == ["fc2_sign", "scores_value", "scores", "out"]
    assert {node.name for node in network.products()} == {
        *(f"conv{number}" for number in range(2, 7)),
        *("fc1", "fc2"),
    }


def test_held_images_are_not_learned_from(monkeypatch):
    from mramsim.training.session import hold_out

    data = toy(count=100)
    learned, held = hold_out(data, 0.2, seed=1)
    assert (len(learned.x_train), len(held.images), held.name) == (80, 20, "validation")
    both = np.concatenate([learned.x_train, held.images])
    key = [image.tobytes() for image in both]
    assert sorted(key) == sorted(image.tobytes() for image in data.x_train)
    assert not np.array_equal(held.images, hold_out(data, 0.2, seed=2)[1].images)
    assert hold_out(data, 0.0, seed=1)[1].name == "test"
    jobs = []
    from mramsim.training import bnn

    whole = bnn.fit_method

    def keep(job, options):
        jobs.append(job)
        return whole(job, options)

    monkeypatch.setattr(bnn, "fit_method", keep)
    train("bnn", "mlp-8x1", data, epochs=1, seed=1, validation=0.2)
    assert np.array_equal(jobs[0].data.x_train, learned.x_train)
    assert np.array_equal(jobs[0].held.images, held.images)


def test_slopes_are_told_of_progress(monkeypatch):
    from mramsim.training.core.slopes import IrNet

    seen = set()
    derivative = IrNet.derivative
    monkeypatch.setattr(
        IrNet, "derivative", lambda self, x: seen.add(self.progress) or derivative(self, x)
    )
    train("bnn", "mlp-8x1", toy(), epochs=3, slope="irnet", weight_slope="irnet")
    assert seen == {0.0, 0.5, 1.0}


def test_bit_errors_change_training_only(caught):
    digests = {
        train("bnn", "mlp-8x1", toy(), epochs=1, bit_errors=rate).digest for rate in (0.0, 0.1)
    }
    assert len(digests) == 2
    model = caught[-1].eval()
    x = torch.ones(2, 1, 8, 8)
    assert torch.equal(model(x), model(x))


@pytest.mark.parametrize("precision", ["float32", "mixed"])
@pytest.mark.parametrize("net", ["mlp-20x2", "cnv-0.0625"])
def test_precisions_learn_alike(net, precision):
    data = toy((1, 8, 8), count=400)
    network = train("bnn", net, data, epochs=12, batch=20, precision=precision)
    assert network.training["accuracy"]["test"] > 0.85


@pytest.mark.parametrize("kind", ["linear", "conv"])
def test_ir_net_goes_by_filters(kind):
    """Weights and scales of each filter are those of it alone (authors' code)."""
    from mramsim.training.core.options import GradientOptions
    from mramsim.training.gradient import make_parts
    from mramsim.training.modules import BinaryBlock

    torch.manual_seed(0)
    parts = make_parts(GradientOptions(standardise=True, scale="power", slope="irnet"))
    block = BinaryBlock(kind, 7, 3, False, parts)
    with torch.no_grad():
        block.product.latent.mul_(0.1)
        block.product.latent[0] += 5
        block.product.latent[2] -= 5
    for number, row in enumerate(block.product.latent.detach().flatten(1)):
        standard = (row - row.mean()) / row.std()
        expected = torch.where(standard >= 0, 1.0, -1.0)
        assert torch.equal(block.product.weight()[number].flatten(), expected)
        assert len(set(expected.tolist())) == 2
        power = 2 ** standard.abs().mean().log2().round()
        assert block.alpha()[number] == power == 1
