"""Scales, regularisers, normalisation, optimisers, products, augmentation: by hand."""

import math

import numpy as np
import pytest
from training_case import toy

from mramsim.errors import InputError
from mramsim.training import train

torch = pytest.importorskip("torch")

from mramsim.training.core.norms import ShiftNorm, affine_of, apply_affine, make_norm  # noqa: E402
from mramsim.training.core.optimisers import Bop, ShiftAdaMax  # noqa: E402
from mramsim.training.core.power import nearest_power, nearest_power_  # noqa: E402
from mramsim.training.core.products import HALF, int8_product, mixed_product  # noqa: E402
from mramsim.training.core.regularisers import REGULARISERS  # noqa: E402
from mramsim.training.core.scales import SCALES, make_scale, scaled  # noqa: E402
from mramsim.training.modules import misread  # noqa: E402


def test_nearest_power_of_two():
    known = {3.0: 4.0, -2.9: -4.0, 2.8: 2.0, 1.0: 1.0, 0.0: 0.0, 0.7: 0.5, 0.71: 0.5, 0.72: 0.5}
    known |= {0.75: 1.0, 1.4142134: 1.0, 1.4142137: 2.0, -1e-20: -(2.0**-66)}
    known = {z: math.copysign(2.0 ** round(math.log2(abs(z))), z) if z else 0.0 for z in known}
    z = torch.tensor(list(known))
    assert nearest_power(z).tolist() == list(known.values())
    assert z.tolist() == torch.tensor(list(known)).tolist()  # untouched
    rng = np.random.default_rng(0)
    many = (rng.choice([-1, 1], 5000) * 2.0 ** rng.uniform(-60, 60, 5000)).astype(np.float32)
    expected = np.sign(many) * 2.0 ** np.round(np.log2(np.abs(many.astype(np.float64))))
    assert np.array_equal(nearest_power_(torch.tensor(many)).numpy(), expected.astype(np.float32))


def test_scales_by_hand():
    latent = torch.tensor([[1.0, -3.0], [0.5, 0.1]], requires_grad=True)
    found = {name: make_scale(name, latent) for name in SCALES}
    assert found.pop("none") is None
    values = {name: scale(latent).tolist() for name, scale in found.items()}
    mean = pytest.approx(1.15)
    assert values["layer"] == values["learned"] == mean
    assert values["filter"] == values["learned-filter"] == pytest.approx([2.0, 0.3])
    assert values["power"] == [2.0, 0.25]
    assert make_scale("learned", latent, "median")(latent).item() == pytest.approx(0.5)
    assert not found["power"](latent).requires_grad
    found["layer"](latent).backward()  # sgn(w) / n
    assert torch.equal(latent.grad, torch.tensor([[0.25, -0.25], [0.25, 0.25]]))
    assert found["learned"](latent).requires_grad
    sums = torch.ones(2, 2, 1, 1)
    assert scaled(sums, torch.tensor([2.0, 3.0]))[0, :, 0, 0].tolist() == [2, 3]
    with pytest.raises(InputError, match="nearest: learned-filter"):
        make_scale("learned-filters", latent)


@pytest.mark.parametrize("alpha", [0.4, [0.3, 0.7]], ids=str)
@pytest.mark.parametrize("name", REGULARISERS)
def test_gradients_of_regularisers(name, alpha):
    generator = torch.Generator().manual_seed(3)
    w = torch.randn((2, 5), generator=generator, dtype=torch.float64).requires_grad_()
    scale = torch.tensor(alpha, dtype=torch.float64).requires_grad_()
    function = REGULARISERS[name]

    def value(w, scale):
        return function([(w, scale), (w * w, scale)]) + 0 * scale.sum()

    assert torch.autograd.gradcheck(value, (w, scale))


def test_regularisers_by_hand():
    w, alpha = torch.tensor([[0.5, -2.0, 0.0]]), torch.tensor(1.0)
    found = {name: float(f([(w, alpha)])) for name, f in REGULARISERS.items()}
    assert found["r1"] == 0.5 + 1 + 1
    assert found["r2"] == 0.25 + 1 + 1
    assert found["square"] == 0.75 - 3 + 1
    uniform = torch.linspace(-1, 1, 10_001)[:, None]
    assert REGULARISERS["kurtosis"]([(uniform, alpha)]) < 1e-6
    signs = torch.tensor([[-1.0, 1.0]])  # kurtosis 1
    assert float(REGULARISERS["kurtosis"]([(signs, alpha)])) == pytest.approx(0.64)


def test_shift_norm_by_the_equations():
    generator = torch.Generator().manual_seed(1)
    x = torch.randn((6, 3, 2, 2), generator=generator) * 5 + 2
    norm = ShiftNorm(3, eps=1e-4)
    with torch.no_grad():
        norm.weight[:] = torch.tensor([1.0, -3.0, 0.3])
        norm.bias[:] = torch.tensor([0.5, 0.0, -1.0])
    y = norm(x)
    for channel in range(3):
        c = x[:, channel] - x[:, channel].mean()
        deviation = 1 / math.sqrt(float((c * nearest_power(c)).mean()) + 1e-4)
        inverse = 2.0 ** round(math.log2(deviation))
        gamma = [1.0, -4.0, 0.25][channel]
        assert torch.allclose(y[:, channel], gamma * inverse * c + norm.bias[channel], atol=1e-5)
        assert float(norm.running_inverse[channel]) == pytest.approx(1 + (deviation - 1) / 8)
        assert float(norm.running_mean[channel]) == pytest.approx(float(x[:, channel].mean()) / 8)


def test_shift_norm_backward_is_batchnorm_without_rounding():
    """Inputs of -1 and +1 in equal shares: centred input, deviation, gamma are powers of two."""
    x = torch.tensor([-1.0, 1.0] * 4)[:, None].requires_grad_()
    gradient = torch.arange(8.0)[:, None]
    found = []
    for norm in (ShiftNorm(1, eps=1e-12), make_norm("batch", "linear", 1, 1e-12)):
        with torch.no_grad():
            norm.weight[:] = 2.0
        x.grad = None
        norm(x).backward(gradient)
        found.append((x.grad.clone(), norm.weight.grad.clone(), norm.bias.grad.clone()))
    for a, b in zip(*found, strict=True):
        assert torch.allclose(a, b, atol=1e-5)
    assert found[0][0].abs().max() > 0.1


def test_affine_of_shift_norm_is_what_it_does_at_inference():
    norm = ShiftNorm(2)
    with torch.no_grad():
        norm.weight[:] = torch.tensor([0.8, -1.7])
        norm.bias[:] = torch.tensor([0.25, -3.0])
        norm.running_mean[:] = torch.tensor([3.0, -7.5])
        norm.running_inverse[:] = torch.tensor([0.06, 0.2])
    scale, offset = affine_of(norm)
    assert scale.tolist() == [0.0625, -2 * 0.25]
    x = torch.tensor([[5.0, 9.0]])
    expected = [[0.0625 * (5 - 3.0) + 0.25, -0.5 * (9 + 7.5) - 3.0]]
    assert apply_affine(x, scale, offset).tolist() == expected


def test_shift_adamax_by_hand():
    """Two steps of one weight: g = 0.3 then -0.1; v = AP2(0.3) = 0.25, then AP2(0.24975) = 0.25."""
    w = torch.tensor([1.0]).requires_grad_()
    optimiser = ShiftAdaMax([{"params": [w], "lr": 2.0**-6, "factor": 3.0}])
    expected, mean = 1.0, 0.0
    for step, g in enumerate((0.3, -0.1), start=1):
        w.grad = torch.tensor([g])
        optimiser.step()
        mean = 0.9 * mean + 0.1 * g
        rate = 2.0 ** round(math.log2(2.0**-6 / (1 - 0.9**step)))
        expected -= rate * 3.0 * mean / (0.25 + 2.0**-27)
        assert w.item() == pytest.approx(expected, rel=1e-6)


def test_bop_by_hand():
    """A weight flips once its averaged gradient is above the threshold and has its sign."""
    w = torch.tensor([0.3, -0.2, 0.0, 0.9]).requires_grad_()
    optimiser = Bop([{"params": [w], "lr": 0.5}], threshold=0.2)
    assert w.tolist() == [1, -1, 1, 1]
    w.grad = torch.tensor([1.0, 1.0, 0.3, -1.0])  # means 0.5, 0.5, 0.15, -0.5
    optimiser.step()
    assert w.tolist() == [-1, -1, 1, 1]
    optimiser.step()  # means 0.75, 0.75, 0.225, -0.75
    assert w.tolist() == [-1, -1, -1, 1]


def test_mixed_products():
    """Linear sums are exact; gradients are those of rounded operands."""
    generator = torch.Generator().manual_seed(0)
    x = (torch.rand((9, 1500), generator=generator) < 0.5).float() * 2 - 1
    x[:, ::7] = 0
    w = (torch.rand((4, 1500), generator=generator) < 0.9).float() * 2 - 1
    a, b = x.to(HALF).requires_grad_(), w.to(HALF).requires_grad_()
    y = mixed_product(a, b, first=False)
    assert torch.equal(y, x @ w.t())
    assert torch.equal(int8_product(x.to(torch.int8), w.to(torch.int8)).float(), x @ w.t())
    g = torch.randn((9, 4), generator=generator)
    y.backward(g)
    assert torch.allclose(a.grad.float(), g @ w, rtol=0.02, atol=0.02)
    assert torch.allclose(b.grad.float(), g.t() @ x, rtol=0.02, atol=0.05)
    image = torch.full((1, 600), 255.0)
    assert float(mixed_product(image, torch.ones((1, 600), dtype=HALF), first=True)) == 153_000
    part = mixed_product(
        torch.ones((1, 8, 4, 4), dtype=HALF), torch.ones((1, 8, 3, 3), dtype=HALF), first=False
    )
    assert part.dtype == torch.float32
    assert part.max() == 72


def test_without_the_private_product(monkeypatch):
    monkeypatch.delattr(torch, "_int_mm")
    x = torch.tensor([[1, -1, 0]], dtype=torch.int8)
    assert int8_product(x, torch.tensor([[1, -1, 1]], dtype=torch.int8)).tolist() == [[2]]


def test_misread_weights():
    torch.manual_seed(0)
    w = torch.ones(100, 1000).requires_grad_()
    read = misread(w, 0.04)
    assert set(read.unique().tolist()) == {-1.0, 1.0}
    share = float((read < 0).float().mean())
    assert abs(share - 0.04) < 4 * math.sqrt(0.04 * 0.96 / 1e5)
    (read * 3).sum().backward()
    assert torch.equal(w.grad, torch.full_like(w, 3))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"scale": "layers"}, "scale = 'layers'; none, layer"),
        ({"init": "zero"}, "init = 'zero'; unit and glorot are allowed"),
        ({"norm": "group"}, "norm = 'group'; batch and shift are allowed"),
        ({"optimiser": "sgd"}, "optimiser = 'sgd'; adam, adamax and bop are allowed"),
        ({"slope": "windows"}, "nearest: window"),
        ({"weight_slope": "?"}, "slope '?' is unknown"),
        ({"regulariser": "r3"}, "regulariser 'r3' is unknown"),
        ({"strength": -1.0}, "strength = -1"),
        ({"strength": 1e-6}, "strength = 1e-06; name a regulariser as well"),
        ({"regulariser": "r1"}, "strength = 0; above 0 with regulariser 'r1'"),
        ({"steepness": 2.0}, "steepness = 2.0; it is of the slope 'signswish'"),
        ({"clamped": True}, "clamped; it is of the slope 'signswish'"),
        ({"clip": 5}, "clip = 5; True and False are allowed"),
        ({"lr": "0.1"}, "lr = '0.1'; a finite number"),
        ({"lr": True}, "lr = True; a finite number"),
        ({"strength": float("nan")}, "strength = nan; a finite number"),
        ({"lr": 10**400}, "a finite number is allowed"),
        ({"slope": 3}, "slope = 3; a name is allowed"),
        ({"batch": 10.5}, "batch = 10.5; a whole number is expected"),
        ({"batch": True}, "batch = True; a whole number"),
        ({"batch": 10**20}, "; -2147483647 to 2147483647 is allowed"),
        ({"epochs": 1.5}, "epochs = 1.5; a whole number"),
        ({"epochs": 0}, "epochs = 0; 1 to 2147483647 is"),
        ({"seed": 1.5}, "seed = 1.5; a whole number"),
        ({"seed": 1 << 63}, "; 0 to 9223372036854775807 is allowed"),
        ({"threads": 1025}, "threads = 1025; 1 to 1024 is allowed"),
        ({"net": "mlp-" + "9" * 5000 + "x1"}, "is unknown; mlp-WxD"),
        ({"dropout": 1.0}, "dropout = 1.0"),
        ({"dropout_input": -0.1}, "dropout_input = -0.1"),
        ({"bit_errors": 0.6}, "bit_errors = 0.6; 0 to 0.5"),
        ({"decay": 0.0}, "decay = 0.0"),
        ({"augment": "crop"}, "augment = 'crop'; none, shift, flip-shift"),
        ({"precision": "half"}, "precision = 'half'; float32 and mixed"),
        ({"validation": 0.7}, "validation = 0.7; 0 to 0.5"),
        ({"patience": 3, "validation": 0.0}, "validation = 0.0; above 0 to 0.5"),
        ({"patience": -1}, "patience = -1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_options(options, text):
    with pytest.raises(InputError) as caught:
        train("bnn", **{"net": "mlp-8x1", "data": toy(), "epochs": 1, **options})
    assert text in str(caught.value)
