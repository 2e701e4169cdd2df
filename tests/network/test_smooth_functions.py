"""Smooth functions: slopes against finite differences, final forms, and layers in the limit."""

import numpy as np
import pytest
from smooth_case import case, exact_scores, random_model

torch = pytest.importorskip("torch")

from mramsim.errors import InputError  # noqa: E402
from mramsim.training.smooth.control import LIMIT, SIGN  # noqa: E402
from mramsim.training.smooth.functions import Activation, smooth_sign  # noqa: E402
from mramsim.training.smooth.measure import values_of  # noqa: E402
from mramsim.training.smooth.model import penalty  # noqa: E402

FORMULAS = {  # the table of the method, written once more
    ("tanh", 1.0): (lambda x, k: np.tanh(k * x) + 1, {0.0, 2.0}),
    ("tanh", 0.0): (lambda x, k: np.tanh(k * x), {-1.0, 1.0}),
    ("rtanh", 0.0): (lambda x, k: np.tanh(k * np.maximum(x, 0)), {0.0, 1.0}),
    ("hardtanh", 1.0): (lambda x, k: np.clip(k * x, -1, 1) + 1, {0.0, 2.0}),
    ("hardtanh", 0.0): (lambda x, k: np.clip(k * x, -1, 1), {-1.0, 1.0}),
    ("sigmoid", 0.0): (lambda x, k: 1 / (1 + np.exp(-k * x)), {0.0, 1.0}),
}
POINTS = np.array([-1.7, -0.6, -0.21, -0.013, 0.017, 0.19, 0.55, 1.4])


@pytest.mark.parametrize("k", [0.7, 3.0, 20.0])
@pytest.mark.parametrize("key", FORMULAS)
def test_values_and_slopes(key, k):
    """Autograd against central differences of the formula, in float64."""
    formula, _ = FORMULAS[key]
    x = torch.tensor(POINTS, requires_grad=True)
    y = Activation(*key)(x, k)
    assert np.allclose(y.detach().numpy(), formula(POINTS, k), rtol=1e-12)
    y.sum().backward()
    step = 1e-6
    slope = (formula(POINTS + step, k) - formula(POINTS - step, k)) / (2 * step)
    assert np.allclose(x.grad.numpy(), slope, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("k", [0.7, 50.0])
def test_slope_of_weights(k):
    w = torch.tensor(POINTS / 10, requires_grad=True)
    smooth_sign(w, k).sum().backward()
    assert np.allclose(w.grad.numpy(), k * (1 - np.tanh(k * POINTS / 10) ** 2), rtol=1e-9)


@pytest.mark.parametrize("key", FORMULAS)
def test_final_alphabets(key):
    function = Activation(*key)
    x = torch.tensor([*POINTS, 0.0])
    found = function(x, LIMIT)
    assert set(found.tolist()) == FORMULAS[key][1]
    assert torch.equal(found[x >= 0], torch.full_like(found[x >= 0], max(FORMULAS[key][1])))
    alphabet = function.alphabet
    values = {alphabet.factor * v + alphabet.offset for v in (-1, 1)}
    assert values == FORMULAS[key][1]
    assert alphabet.lowest == min(FORMULAS[key][1])
    assert set(smooth_sign(x, LIMIT).tolist()) == {-1.0, 1.0}
    assert smooth_sign(torch.zeros(1), SIGN).item() == 1


def test_limit_is_the_end_of_the_smooth_function():
    x = torch.tensor([1e-3])
    assert smooth_sign(x, LIMIT - 1).item() == pytest.approx(np.tanh(0.999), rel=1e-6)
    assert smooth_sign(x, LIMIT).item() == 1


@pytest.mark.parametrize(
    ("function", "offset", "text"),
    [("relu", 0.0, "activation 'relu'"), ("sigmoid", 1.0, "0 allowed"), ("tanh", 0.5, "0 and 1")],
)
def test_wrong_activations(function, offset, text):
    with pytest.raises(InputError, match=text):
        Activation(function, offset)


def test_exact_stage_is_plain_arithmetic_up_to_rounding():
    data = case("catdog-cnn")
    for mode in ("weights", "both"):
        model, record = random_model("catdog-cnn-0.25", data, mode)
        exact = exact_scores(model, record, data.x_test)
        values = values_of(torch.from_numpy(record.forward(data.x_test)), model.plan.coding)
        with torch.no_grad(), model.control.at("relaxed", SIGN, SIGN):
            plain = model(values).numpy()
        assert np.abs(plain - exact).max() < 1e-4 * np.abs(plain).max()


def test_penalty_of_large_weights():
    model, _ = random_model("catdog-cnn-0.25", case("catdog-cnn"), "both")
    layers = [layer for layer in model.products() if layer.step.binary and layer.step.kernel]
    assert [layer.step.name for layer in layers] == ["conv2", "conv3"]
    expected = 0.0
    with torch.no_grad():
        for layer in layers:
            layer.latent.uniform_(-0.5, 0.5)
            excess = np.maximum(np.abs(layer.latent.numpy().astype(np.float64)) - 0.2, 0)
            expected += (excess**2).sum()
    assert penalty(model).item() == pytest.approx(expected, rel=1e-5)


def test_start_of_layers():
    """W within 0.1, one scale of 1 per layer, no bias in front of a BatchNorm."""
    torch.manual_seed(0)
    from mramsim.training.smooth.model import SmoothNetwork
    from mramsim.training.smooth.nets import make_plan, parse_net

    data = case("catdog-cnn")
    plan = make_plan(parse_net("catdog-cnn", data.shape), data, 8, "both", None, None)
    model = SmoothNetwork(plan)
    assert model.control.weights == model.control.activations == 1
    second = model.products()[1]
    assert 0.099 < second.latent.abs().max() <= 0.1
    assert second.scale.shape == ()
    assert second.scale.item() == 1
    assert second.bias is None
    assert model.products()[0].scale is None  # conv1 stays real in mode both
