"""Trained or random, folded: the same scores as torch, bit for bit, in every mode."""

import numpy as np
import pytest
from smooth_case import case, exact_scores, random_model

import mramsim as ms

torch = pytest.importorskip("torch")

from mramsim.errors import InputError  # noqa: E402
from mramsim.network.file import load_network, save_network  # noqa: E402
from mramsim.training.export import predict_exact  # noqa: E402
from mramsim.training.smooth.export import export  # noqa: E402
from mramsim.training.smooth.functions import Activation  # noqa: E402

NETS = (
    "mlp-20x2",
    "catdog-cnn-0.25",
    "speech-cnn-0.25",
    "vgg-small-0.04",
    "resnet20-0.25",
    "resnet20-bireal-0.25",
)
FUNCTIONS = (
    None,
    Activation("tanh", 0.0),
    Activation("tanh", 1.0),
    Activation("rtanh"),
    Activation("hardtanh", 1.0),
    Activation("sigmoid"),
)


@pytest.mark.parametrize("mode", ["float", "weights", "activations", "both"])
@pytest.mark.parametrize("net", NETS)
def test_scores_are_those_of_torch(net, mode):
    data = case(net)
    functions = FUNCTIONS if mode in ("activations", "both") else (None,)
    for function in functions:
        model, record = random_model(net, data, mode, function)
        network = export(model, record, net)
        expected = exact_scores(model, record, data.x_test)
        assert np.array_equal(network.scores(data.x_test), expected)
        assert np.array_equal(predict_exact(network, data.x_test), expected.argmax(1))
        assert len(np.unique(expected.round(3))) > 12  # not constant


@pytest.mark.parametrize("planes", [1, 3, 8])
def test_any_number_of_planes(planes):
    data = case("mlp-20x2")
    for mode in ("weights", "activations", "both"):
        model, record = random_model("mlp-20x2", data, mode, planes=planes)
        network = export(model, record, "n")
        expected = exact_scores(model, record, data.x_test)
        assert np.array_equal(network.scores(data.x_test), expected)


def test_zeros_beyond_the_border_by_hand():
    """One binary 3 x 3 convolution on {0, 2} and {-1, +1} activations, pixel by pixel."""
    data = case("catdog-cnn")
    for function, pad in ((Activation("tanh", 1.0), -1), (Activation("tanh", 0.0), 0)):
        model, record = random_model("catdog-cnn-0.25", data, "both", function)
        network = export(model, record, "n")
        node = network.node("conv2")
        assert node.pad_value == pad
        values = network.values(data.x_test[:3])
        bits = values[node.inputs[0]].astype(np.int64)
        activations = 2 * bits - 1 + function.offset
        high = activations.shape[2]
        weight = 2.0 * node.weight - 1
        shift = function.offset * weight.sum((1, 2, 3))
        for row, column in ((0, 0), (0, high - 1), (high - 1, 3), (4, 4)):
            total = np.zeros((3, len(weight)))
            for down in range(3):
                for right in range(3):
                    at = row + down - 1, column + right - 1
                    if min(at) >= 0 and max(at) < high:
                        total += activations[:, :, at[0], at[1]] @ weight[:, :, down, right].T
            counts = values["conv2"][:, :, row, column]
            assert np.array_equal(counts * 1.0 + shift, total)


@pytest.mark.parametrize(
    ("net", "mode", "mapped"),
    [
        ("mlp-20x2", "weights", ["fc1"]),
        ("mlp-20x2", "both", ["fc1", "fc2", "scores"]),
        ("catdog-cnn-0.25", "weights", ["conv1"]),
        ("catdog-cnn-0.25", "both", ["conv2", "conv3"]),
        ("speech-cnn-0.25", "both", ["conv2", "conv3"]),
        ("vgg-small-0.04", "both", [f"conv{number}" for number in range(2, 7)]),
    ],
)
def test_what_is_mapped(net, mode, mapped):
    """Binary weights that read levels; everything else runs digitally, and the chip agrees."""
    data = case(net)
    model, record = random_model(net, data, mode)
    network = export(model, record, net)
    placed = ms.place(network)
    assert [row["layer"] for row in placed.table()] == mapped
    digital = set(placed.digital())
    assert digital.isdisjoint(mapped)
    assert {"out"} <= digital
    chip = placed.sample(only=[])
    assert np.array_equal(chip.run(data.x_test[:8]).scores, network.scores(data.x_test[:8]))


def test_residual_networks_are_mapped():
    data = case("resnet20")
    for net in ("resnet20-0.25", "resnet20-bireal-0.25"):
        model, record = random_model(net, data, "both")
        network = export(model, record, net)
        names = [row["layer"] for row in ms.place(network).table()]
        assert len(names) == 20  # 18 convolutions and two 1 x 1 shortcuts
        assert sum(name.endswith("_short") for name in names) == 2


def test_files_keep_everything(tmp_path):
    for net, mode in (("speech-cnn-0.25", "both"), ("resnet20-0.25", "weights")):
        data = case(net)
        model, record = random_model(net, data, mode)
        network = export(model, record, net)
        stored = load_network(save_network(network, tmp_path / "n.npz"))
        assert stored.digest == network.digest
        assert np.array_equal(stored.scores(data.x_test), network.scores(data.x_test))


def test_diverged_training_is_refused():
    model, record = random_model("mlp-20x2", case("mlp-20x2"), "both")
    with torch.no_grad():
        model.products()[1].latent[0, 0] = float("nan")
    with pytest.raises(InputError, match="'fc2': training diverged"):
        export(model, record, "n")


def test_partly_real_networks_have_a_cost():
    """Levels as numbers cost a sign more than their bits; the energy lists every digital node."""
    from mramsim.cost.nodes import digital_nodes

    data = case("catdog-cnn")
    model, record = random_model("catdog-cnn-0.25", data, "both")
    network = export(model, record, "n")
    work = digital_nodes(network)["conv1"]
    values, outputs = 3 * 16 * 16, 4 * 16 * 16
    assert work.operations == {"mac_f32": outputs * 27}
    assert work.moved_bits == values * 9 + outputs * 32
