"""Trained networks: what torch computes is what the folded integer network computes."""

import numpy as np
import pytest
from training_case import toy

import mramsim as ms
from mramsim.network.nodes import Conv2d, MaxPool2d, Threshold
from mramsim.training import train

torch = pytest.importorskip("torch")

NETS = [
    ("mlp-24x2", (1, 8, 8), {"planes": 1}),
    ("mlp-24x2", (1, 8, 8), {"planes": 8}),
    ("mlp-16x3", (2, 4, 3), {"planes": 4, "loss": "ce"}),
    ("mlp-20x1", (1, 8, 8), {"planes": 2, "stochastic": True}),
    ("cnv-0.0625", (1, 8, 8), {"planes": 1}),
    ("cnv-0.0625", (3, 9, 11), {"planes": 8, "loss": "ce"}),
    ("cnv-0.0625", (1, 3, 3), {"planes": 3, "stochastic": True}),
]


@pytest.fixture
def caught(monkeypatch):
    """Keep the torch model that `train` folds."""
    from mramsim.training import gradient

    models = []
    fold = gradient.export

    def keep(model, *rest):
        for number, block in enumerate(model.blocks):
            with torch.no_grad():  # as training seldom does: reversed, constant and tied channels
                block.norm.weight[number % 2 :: 3] *= -1
                block.norm.weight[4::9] = 0
                block.norm.bias[5::6] = 0
                block.norm.running_mean[5::6].round_()
        models.append(model)
        return fold(model, *rest)

    monkeypatch.setattr(gradient, "export", keep)
    return models


@pytest.mark.parametrize(("net", "shape", "options"), NETS, ids=str)
def test_folded_network_is_the_torch_network(caught, net, shape, options):
    """Sums before BatchNorm and scores, bit for bit, on every image."""
    data = toy(shape)
    network = train("bnn", net, data, epochs=2, batch=30, **options)
    (model,) = caught
    assert network.input.planes == options["planes"]
    images = np.concatenate([data.x_train, data.x_test])
    exact = network.values(images)
    sums, signs = [], []
    for block in model.blocks:
        block.product.register_forward_hook(lambda _m, _i, out: sums.append(out))
        block.register_forward_hook(lambda _m, _i, out: signs.append(out >= 0))
    levels = exact["input"].astype(np.float32)
    with torch.no_grad():
        scores = model.eval()(torch.from_numpy(2 * levels - (2 ** options["planes"] - 1)))
    products = network.products()
    assert len(products) == len(sums) == len(model.blocks)
    for node, found in zip(products, sums, strict=True):
        assert np.array_equal(found.numpy(), exact[node.name])
    bits = [node for node in network.nodes if decides(network, node)]
    assert len(bits) == len(signs) - 1
    for node, found in zip(bits, signs[:-1], strict=True):
        assert np.array_equal(found.numpy(), exact[node.name])
        assert 0 < exact[node.name].mean() < 1
    assert np.array_equal(scores.numpy(), exact["out"])


def decides(network, node):
    """Whether the node's bits are those that the next product reads."""
    if isinstance(node, Threshold):
        return not any(isinstance(reader, MaxPool2d) for reader in network.consumers(node.name))
    return isinstance(node, MaxPool2d)


def test_names_of_nodes():
    conv = train("bnn", "cnv-0.0625", toy((1, 4, 4)), epochs=1)
    names = [node.name for node in conv.nodes]
    assert names[:5] == ["input", "conv1", "conv1_sign", "conv2", "conv2_sign"]
    assert names[5] == "conv2_pool"
    assert [name for name in names if "pool" in name] == ["conv2_pool", "conv4_pool"]
    assert names[-6:] == ["fc1", "fc1_sign", "fc2", "fc2_sign", "scores", "out"]
    first = conv.node("conv1")
    assert isinstance(first, Conv2d)
    assert (first.padding, first.pad_value, first.stride) == ((1, 1), 0, (1, 1))


def test_fast_prediction_is_the_exact_one():
    from mramsim.training.export import predict_exact

    data = toy((1, 7, 6))
    for net in ("mlp-9x2", "cnv-0.0625"):
        network = train("bnn", net, data, epochs=1, planes=3)
        assert np.array_equal(
            predict_exact(network, data.x_test, batch=50), network.predict(data.x_test)
        )


def test_latent_weights_stay_within_one(caught):
    train("bnn", "mlp-16x2", toy(), epochs=3, lr=0.1)
    for block in caught[0].blocks:
        latent = block.product.latent.detach()
        assert latent.abs().max() == 1
        assert (latent.abs() < 1).any()


def test_toy_is_learned_and_recorded():
    data = toy(count=400)
    network = train("bnn", "mlp-32x1", data, epochs=15, batch=20, seed=3, float_baseline=True)
    record = network.training
    assert record["accuracy"]["test"] == np.mean(network.predict(data.x_test) == data.y_test)
    assert record["accuracy"]["train"] == np.mean(network.predict(data.x_train) == data.y_train)
    assert record["accuracy"]["relaxed_test"] == record["accuracy"]["test"] > 0.9
    classes = network.float_predictions["toy"]
    assert classes.dtype == np.uint8
    assert record["accuracy"]["float_test"] == np.mean(classes == data.y_test)
    assert record["accuracy"]["float_test"] > 0.95
    keys = ("method", "net", "data", "seed", "epochs")
    assert [record[key] for key in keys] == ["bnn", "mlp-32x1", "toy", 3, 15]
    options = {"stochastic": False, "loss": "hinge", "lr": 0.01, "batch": 20, "norm": "batch"}
    assert options.items() <= record["options"].items()
    assert len(record["history"]) == 15
    assert record["history"][-1]["test"] == record["accuracy"]["test"]
    assert record["versions"]["torch"] == torch.__version__
    assert record["seconds"] > 0


def test_no_float_network_unless_asked(tmp_path):
    network = train("bnn", "mlp-8x1", toy(), epochs=1)
    assert network.training["accuracy"]["float_test"] is None
    assert network.float_predictions == {}
    again = ms.load_network(ms.save_network(network, tmp_path / "n.npz"))
    assert again.training == network.training


@pytest.mark.parametrize("options", [{}, {"stochastic": True}], ids=str)
def test_seed_decides_everything(options):
    digests = [
        train("bnn", net, toy(), epochs=2, seed=seed, **options).digest
        for net, seed in (("mlp-8x1", 0), ("mlp-8x1", 0), ("mlp-8x1", 1))
    ]
    assert digests[0] == digests[1] != digests[2]


def test_stochastic_differs_from_deterministic():
    plain = train("bnn", "mlp-8x1", toy(), epochs=1)
    drawn = train("bnn", "mlp-8x1", toy(), epochs=1, stochastic=True)
    assert plain.digest != drawn.digest


def test_the_caller_keeps_its_random_state_and_threads():
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    expected = torch.rand(3), np.random.rand(3)  # noqa: NPY002
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    threads = torch.get_num_threads()
    train("bnn", "mlp-8x1", toy(), epochs=1, threads=threads + 1)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.rand(3), expected[0])
    assert np.array_equal(np.random.rand(3), expected[1])  # noqa: NPY002


def test_digits_are_learned():
    network = train("bnn", "mlp-128x1", "digits", epochs=12)
    assert network.name == "digits-mlp-128x1"
    assert network.training["accuracy"]["test"] > 0.92


def test_importing_the_package_leaves_torch_alone():
    import subprocess
    import sys

    code = "import sys, mramsim.training, mramsim.cli.train; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
