"""Torch modules of many styles: the imported network gives what the module gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mramsim.errors import InputError
from mramsim.mapping.placement import place
from mramsim.network.file import load_network, save_network
from mramsim.network.nodes import Conv2d, Product, RealConv, RealLinear, Sign, Threshold
from mramsim.sampling import sample_chip

torch = pytest.importorskip("torch")

import zoo  # noqa: E402
from torch import nn  # noqa: E402

from mramsim.network.importers.torch_module import from_torch  # noqa: E402
from mramsim.training.modules import BinaryNetwork, Parts  # noqa: E402
from mramsim.training.shapes import parse_shape  # noqa: E402


def inputs(name, channels, size, count, seed):
    random = torch.Generator().manual_seed(seed)
    if name in zoo.FLAT:
        return torch.randn(count, channels * size * size, generator=random)
    shape = (1, channels * size * size) if name.startswith("one axis") else (channels, size, size)
    return torch.randn(count, *shape, generator=random)


def agree(module, network, x, raw=None):
    with torch.no_grad():
        expected = module(x).numpy()
    found = network.scores(x.numpy() if raw is None else raw)
    if isinstance(module, zoo.ChannelsLast):
        found = torch.log_softmax(torch.tensor(found), 1).numpy()
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, atol=1e-5 * scale)
    chosen = np.take_along_axis(expected, found.argmax(1)[:, None], 1)[:, 0]
    assert (chosen >= expected.max(1) - 2e-5 * scale).all()  # the same class, but for ties


@pytest.mark.parametrize("name", zoo.STYLES)
@settings(deadline=None, max_examples=2)
@given(
    channels=st.integers(1, 3),
    width=st.integers(1, 4),
    size=st.sampled_from([4, 6, 8]),
    seed=st.integers(0, 999),
)
def test_every_style_agrees_on_1000_inputs(name, channels, width, size, seed):
    torch.manual_seed(seed)
    module = zoo.trained(zoo.STYLES[name](channels, width, size), seed)
    x = inputs(name, channels, size, 1000, seed)
    network = from_torch(module, x[:4])
    agree(module, network, x)
    found = network.training["import"]["layers"]
    assert {row["where"] for row in found} >= {"arrays"}
    if name in zoo.ON_ARRAYS:
        where = [row["where"] for row in found]
        assert (where.count("arrays"), where.count("digital")) == zoo.ON_ARRAYS[name]


@pytest.mark.parametrize("name", ["norm after pool", "Bi-Real", "one axis, {0, 2} activations"])
def test_imported_networks_run_on_chips(name, tmp_path):
    module = zoo.trained(zoo.STYLES[name](2, 3, 6), 5)
    x = inputs(name, 2, 6, 40, 1)
    network = from_torch(module, x[:2])
    again = load_network(save_network(network, tmp_path / "net.npz"))
    assert again.digest == network.digest
    assert again.training["import"] == network.training["import"]
    chip = sample_chip(place(network, "csum_deaville_jssc_2025"), only=["none"])
    assert chip.run(x.numpy()).scores.tobytes() == network.scores(x.numpy()).tobytes()


@pytest.mark.parametrize("shape", ["mlp-70x2", "cnv-0.05"])
def test_our_own_networks(shape):
    """The same integers as our export: 8-bit levels fed as odd integers."""
    torch.manual_seed(1)
    network = BinaryNetwork((1, 8, 8), parse_shape(shape, (1, 8, 8)), 10, Parts())
    module = zoo.trained(network, 1)
    raw = np.random.default_rng(2).integers(0, 256, (300, 1, 8, 8)).astype(np.uint8)
    x = torch.tensor(2.0 * raw - 255).float()
    network = from_torch(module, x[:2], input="uint8", scale=2.0, offset=-255.0)
    agree(module, network, x, raw)
    assert not network.training["import"]["digital"]
    assert network.products()[0].planes == 8
    kinds = {node.kind for node in network.nodes}
    assert kinds <= {"input", "linear", "conv2d", "threshold", "maxpool2d", "output"}


@pytest.mark.parametrize(
    ("kind", "scale", "offset", "low", "high", "pad_value"),
    [
        ("signs", 1.0, 0.0, -1, 1, 0),
        ("bits", 1.0, 0.0, 0, 1, -1),  # 0/1 fed: a border of 0 is the lowest level
        ("bits", -2.0, 1.0, 0, 1, 0),  # 0/1 turned into +1/-1
        ("bits", 1.0, -1.0, 0, 1, 1),  # fed as -1 and 0: a border of 0 is the highest level
        ("uint8", 1 / 256, 0.0, 0, 255, -1),
        ("uint8", 1 / 128, -255 / 256, 0, 255, 0),
    ],
)
def test_first_layers_on_arrays(kind, scale, offset, low, high, pad_value):
    torch.manual_seed(3)
    module = zoo.trained(zoo.Direct(2, 5, 6), 3)
    rng = np.random.default_rng(4)
    step = 2 if kind == "signs" else 1
    raw = rng.integers(0, (high - low) // step + 1, (500, 2, 6, 6)) * step + low
    x = torch.tensor(raw * scale + offset, dtype=torch.float32)
    network = from_torch(module, x[:3], input=kind, scale=scale, offset=offset)
    agree(module, network, x, raw)
    first = network.node("c1")
    assert isinstance(first, Conv2d)
    assert first.pad_value == pad_value
    assert not network.training["import"]["digital"]


def test_a_border_between_levels_stays_digital():
    """Zeros around values of -0.5 and 1.5 are neither level nor their middle."""
    module = zoo.trained(zoo.Direct(1, 4, 5), 3)
    raw = np.random.default_rng(4).integers(0, 2, (300, 1, 5, 5))
    x = torch.tensor(2.0 * raw - 0.5).float()
    network = from_torch(module, x[:3], input="bits", scale=2.0, offset=-0.5)
    agree(module, network, x, raw)
    assert network.node("c1").kind == "real_conv"
    assert "padding of 0 is no level" in network.training["import"]["digital"]["c1"]


class Ternary(nn.Module):
    """Sign gives 0 for 0: an even number of +-1 often sums to 0."""

    def __init__(self, rows, norm):
        super().__init__()
        self.a, self.b = zoo.stored(rows, 9, False), zoo.stored(9, 4, False)
        self.norm = nn.BatchNorm1d(9) if norm else nn.Identity()

    def forward(self, x):
        return self.b(torch.sign(self.norm(self.a(torch.sign(x)))))


def signs(count, rows, seed=0):
    return torch.tensor(np.random.default_rng(seed).choice([-1.0, 1.0], (count, rows))).float()


def test_sign_of_zero_conventions():
    """6 inputs: sums of 0 occur. Kept it is exact and digital; given a sign it is on arrays."""
    torch.manual_seed(0)
    module, x = Ternary(6, norm=False).eval(), signs(1000, 6)
    exact = from_torch(module, x[:100], input="signs", zero=0)
    agree_all(module, exact, x)
    assert exact.node("b").kind == "real_linear"
    assert isinstance(exact.nodes[-3], Sign)
    notes = exact.training["import"]["notes"]
    zeros = int((module.a(x[:100]) == 0).sum())
    assert f"zero is {zeros} of 900 values" in notes[0]
    assert zeros > 100
    for zero in (1, -1):
        network = from_torch(module, x[:100], input="signs", zero=zero)
        assert all(isinstance(node, Product) for node in map(network.node, "ab"))
        hidden = torch.sign(module.a(x))
        expected = module.b(torch.where(hidden == 0, float(zero), hidden))
        assert np.array_equal(network.scores(x.numpy().astype(int)), expected.detach().numpy())


def agree_all(module, network, x):
    with torch.no_grad():
        assert np.array_equal(network.scores(x.numpy().astype(int)), module(x).numpy())


def test_unreachable_zero_is_no_question():
    """7 inputs: sums are odd. No note, no digital layer, whatever the convention."""
    torch.manual_seed(0)
    module, x = Ternary(7, norm=False).eval(), signs(500, 7)
    for zero in (0, 1, -1):
        network = from_torch(module, x[:50], input="signs", zero=zero)
        agree_all(module, network, x)
        assert len(network.products()) == 2
        assert network.training["import"]["notes"] == []


def test_weights_of_zero_are_not_binary():
    module = nn.Sequential(zoo.Act(), zoo.stored(5, 4, False)).eval()
    module[1].weight.data[2, 3] = 0
    network = from_torch(module, torch.randn(3, 5))
    assert network.training["import"]["digital"] == {
        "1": "1 of its weights are 0, so they are not binary"
    }
    x = torch.randn(50, 5)
    agree_all_real(module, network, x)


def agree_all_real(module, network, x):
    with torch.no_grad():
        assert np.array_equal(network.scores(x.numpy()), module(x).numpy())


def test_thresholds_are_those_of_float32():
    """2,000 BatchNorms with forced ties: bit-equal to torch on every reachable count."""
    rng = np.random.default_rng(5)
    rows, columns = 24, 2000
    linear = zoo.stored(rows, columns, False)
    norm = nn.BatchNorm1d(columns)
    mean = rng.integers(-12, 13, columns) * 2.0
    norm.running_mean.copy_(torch.tensor(mean))
    norm.running_var.copy_(torch.tensor(rng.uniform(0.01, 50, columns)))
    norm.weight.data = torch.tensor(rng.choice([-1.5, -0.1, 0, 0.3, 2], columns)).float()
    norm.bias.data = torch.tensor(rng.choice([-0.0, 0.0, 1e-9, -1e-9, 0.7], columns)).float()
    module = nn.Sequential(linear, norm, zoo.Act(), zoo.stored(columns, 3, False)).eval()
    network = from_torch(module, signs(2, rows), input="signs")
    threshold = next(node for node in network.nodes if isinstance(node, Threshold))
    counts = np.arange(-rows, rows + 1, 2)[:, None] + np.zeros((1, columns))
    with torch.no_grad():
        expected = norm(torch.tensor(counts).float()).numpy() >= 0
    assert np.array_equal(threshold.forward(counts.astype(np.int32)), expected)
    assert 0.3 < expected.mean() < 0.7


def test_a_slope_below_zero():
    """Where a PReLU turns back, two switches need real values; where it does not, a threshold."""
    for shift, digital in ((0.0, False), (-1.0, True)):
        module = nn.Sequential(
            zoo.stored(15, 6, False),
            nn.PReLU(6),
            nn.BatchNorm1d(6),
            zoo.Act(),
            zoo.stored(6, 3, False),
        )
        module[1].weight.data[:] = torch.tensor([0.5, 0.25, -0.5, 1, 0, -0.1])
        module[2].bias.data[:] = shift
        module.eval()
        network = from_torch(module, signs(2, 15), input="signs")
        agree(module, network, signs(1000, 15), signs(1000, 15).numpy().astype(int))
        kinds = [node.kind for node in network.nodes]
        assert ("sign" in kinds) == digital
        reasons = network.training["import"]["digital"]
        assert any("switches twice" in reason for reason in reasons.values()) == digital


def test_real_layers_are_named():
    module = zoo.trained(zoo.BiReal(2, 3, 6), 1)
    network = from_torch(module, torch.randn(2, 2, 6, 6))
    digital = network.training["import"]["digital"]
    assert digital == {"stem": "real weights", "down_1": "real weights", "fc": "real weights"}
    assert [node.name for node in network.nodes if isinstance(node, RealConv | RealLinear)] == list(
        digital
    )


class Unknown(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body, self.fc = body, nn.Linear(6, 3)

    def forward(self, x):
        return self.body(self.fc(x))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (torch.erf, "operation 'erf'"),
        (lambda x: x * x, "'mul' of two computed values"),
        (lambda x: nn.functional.relu(x.softmax(1)), "a softmax inside the network"),
        (lambda x: x @ x.T, "product of two computed values"),
        (lambda x: x.reshape(-1, 1, 1), "mixes images"),
        (lambda x: torch.where(x > 0, x, x * x), "choice between two computed values"),
        (lambda x: (x, x), "one tensor of scores"),
        (lambda x: torch.ones(3), "one tensor of scores"),
        (lambda x: x[:, :2], "slice of part"),
        (lambda x: x.mean(), "mean over axes"),
        (lambda x: functional_batch_norm(x), "depends on the batch"),
        (lambda x: x / 0, "finite"),
        (lambda x: x[5], "cannot be traced"),
    ],
)
def test_what_is_not_understood_is_named(body, text):
    with pytest.raises(InputError) as caught:
        from_torch(Unknown(body), torch.randn(2, 6))
    assert text in str(caught.value)


def functional_batch_norm(x):
    return nn.functional.batch_norm(x, None, None, training=True)


def test_the_module_is_left_alone():
    module = zoo.Mlp(zoo.BinaryLinear, (5, 4, 3)).train()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    from_torch(module, torch.randn(2, 5))
    assert module.training
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"input": "byte"}, "input 'byte' is unknown"),
        ({"scale": float("nan")}, "finite"),
        ({"example_input": torch.randn(3)}, "[images, ...]"),
    ],
)
def test_wrong_arguments(arguments, text):
    given = {"example_input": torch.randn(2, 5), **arguments}
    with pytest.raises(InputError) as caught:
        from_torch(zoo.Mlp(zoo.BinaryLinear, (5, 4, 3)), **given)
    assert text in str(caught.value)


def test_an_example_is_a_tensor():
    with pytest.raises(InputError, match="example_input is of type ndarray; a torch tensor"):
        from_torch(nn.Linear(4, 2), np.zeros((1, 4), np.float32))
