"""The pieces of training against closed forms: sign, loss, update, shapes, options."""

import math

import numpy as np
import pytest
from training_case import toy

from mramsim.errors import InputError
from mramsim.training import train
from mramsim.training.shapes import Layer, parse_shape

torch = pytest.importorskip("torch")


def test_sign_and_its_window():
    from mramsim.training.core.signs import sign
    from mramsim.training.core.slopes import Window

    x = torch.tensor([-2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 1.0000002], requires_grad=True)
    y = sign(x, Window())
    y.backward(torch.arange(1.0, 9.0))
    assert y.tolist() == [-1, -1, -1, 1, 1, 1, 1, 1]
    assert x.grad.tolist() == [0, 2, 3, 4, 5, 6, 7, 0]
    assert x.grad.tolist() == (torch.arange(1.0, 9.0) * Window().derivative(x)).tolist()


def test_stochastic_sign_is_drawn_with_hard_sigmoid():
    from mramsim.training.core.signs import sign
    from mramsim.training.core.slopes import Window

    torch.manual_seed(0)
    count = 40_000
    for x in (-3.0, -1.0, -0.6, 0.0, 0.3, 1.0, 2.0):
        value = torch.full((count,), x, requires_grad=True)
        drawn = sign(value, Window(), drawn=True)
        drawn.sum().backward()
        assert set(drawn.unique().tolist()) <= {-1.0, 1.0}
        assert set(value.grad.tolist()) == {float(abs(x) <= 1)}
        p = min(max((x + 1) / 2, 0), 1)
        share = float((drawn > 0).float().mean())
        sigma = math.sqrt(p * (1 - p) / count)
        assert abs(share - p) <= 4 * sigma


def test_squared_hinge_by_hand():
    """Class 1 of 3, scores 0.5, 0.5, -2: (1.5^2 + 0.5^2 + 0) / 3; a second image at margin 2: 0."""
    from mramsim.training.loop import squared_hinge

    scores = torch.tensor([[0.5, 0.5, -2.0], [2.0, -2.0, -2.0]])
    found = squared_hinge(scores, torch.tensor([1, 0]))
    assert float(found) == pytest.approx((2.25 + 0.25) / 6)


def test_inverse_glorot_bound():
    from mramsim.training.modules import BinaryProduct

    assert BinaryProduct("linear", 784, 1024).glorot() == pytest.approx(math.sqrt(1808 / 1.5))
    assert BinaryProduct("conv", 128, 256).glorot() == pytest.approx(math.sqrt(384 * 9 / 1.5))


def test_latent_weights_start_within_the_bound():
    from mramsim.training.modules import BinaryProduct, Parts

    assert 0.99 < BinaryProduct("linear", 64, 128).latent.abs().max() <= 1
    bound = math.sqrt(6 / (16 * 9 + 32 * 9))
    largest = BinaryProduct("conv", 16, 32, Parts(init="glorot")).latent.abs().max()
    assert 0.99 * bound < largest <= bound


def test_first_update_is_the_learning_rate_times_the_bound(monkeypatch):
    """Adam's first step is lr * sign(gradient); the bound multiplies the step; then the clip."""
    from mramsim.training import gradient

    seen = {}

    def stop_after_one(model, optimiser, inputs, labels, recipe, progress, checkpoint):
        latent = model.blocks[0].product.latent
        before = latent.detach().clone()
        model.train()
        recipe.loss(model(recipe.prepare(inputs)), labels).backward()
        seen["gradient"] = latent.grad.clone()
        optimiser.step()
        recipe.after_step()
        seen["latent"] = latent.detach().clone()
        seen["expected"] = before - 0.01 * latent.grad.sign() * model.blocks[0].product.glorot()
        raise KeyboardInterrupt

    monkeypatch.setattr(gradient, "fit", stop_after_one)
    with pytest.raises(KeyboardInterrupt):
        train("bnn", "mlp-8x1", toy(), epochs=1, lr=0.01)
    moved = seen["gradient"].abs() > 1e-6  # Adam's eps matters below
    assert moved.float().mean() > 0.5
    expected = seen["expected"].clamp(-1, 1)
    assert torch.allclose(seen["latent"][moved], expected[moved], atol=1e-3)
    assert (seen["expected"].abs() > 1).any()  # so the clip was needed
    assert seen["latent"].abs().max() == 1


def test_learning_rate_falls_exponentially(monkeypatch):
    """All groups, from the first epoch on, to a hundredth in the last."""
    from mramsim.training import loop

    rates = []
    epoch = loop._epoch

    def watch(model, optimiser, *rest):
        rates.append([group["lr"] for group in optimiser.param_groups])
        return epoch(model, optimiser, *rest)

    monkeypatch.setattr(loop, "_epoch", watch)
    train("bnn", "mlp-8x1", toy(), epochs=5, lr=0.02, float_baseline=True)
    bound = [math.sqrt((64 + 8) / 1.5), math.sqrt((8 + 4) / 1.5), 1.0]
    decay = [1, 10**-0.5, 0.1, 10**-1.5, 0.01]
    for found, factor in zip(rates[:5], decay, strict=True):
        assert found == pytest.approx([0.02 * factor * part for part in bound])
    assert np.ravel(rates[5:]) == pytest.approx([1e-3 * factor for factor in decay])


@pytest.mark.parametrize(
    ("name", "image", "expected"),
    [
        ("mlp-512x2", (1, 8, 8), [("linear", 512, False)] * 2),
        ("mlp-7x3", (3, 32, 32), [("linear", 7, False)] * 3),
        (
            "cnv-1",
            (3, 32, 32),
            [
                ("conv", 128, False),
                ("conv", 128, True),
                ("conv", 256, False),
                ("conv", 256, True),
                ("conv", 512, False),
                ("conv", 512, True),
                ("linear", 1024, False),
                ("linear", 1024, False),
            ],
        ),
        (
            "cnv-0.0625",
            (1, 3, 3),  # 3 -> 1: the later pools do not fit
            [
                ("conv", 8, False),
                ("conv", 8, True),
                ("conv", 16, False),
                ("conv", 16, False),
                ("conv", 32, False),
                ("conv", 32, False),
                ("linear", 64, False),
                ("linear", 64, False),
            ],
        ),
    ],
)
def test_shapes(name, image, expected):
    assert parse_shape(name, image) == tuple(Layer(*layer) for layer in expected)


@pytest.mark.parametrize(
    ("image", "last"), [((3, 32, 32), 512 * 16), ((1, 28, 28), 512 * 9), ((1, 8, 8), 512)]
)
def test_fan_in_of_the_bnn_convnet(image, last):
    from mramsim.training.modules import fans

    found = fans(image, parse_shape("cnv-1", image))
    assert found == [image[0], 128, 128, 256, 256, 512, last, 1024, 1024]


@pytest.mark.parametrize(
    "name",
    [
        *("", "mlp", "mlp-0x2", "mlp-8x0", "mlp-8", "mlp-8x2 ", "mlp-99999x2", "mlp-8x65"),
        *("cnv-0", "cnv--1", "cnv-1e3", "cnv-99", "cnv-.5", "cnv-nan", "resnet"),
    ],
)
def test_wrong_shapes(name):
    with pytest.raises(InputError, match=r"mlp-WxD.*cnv-F.*vgg-small.*alexnet"):
        parse_shape(name, (1, 8, 8))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"method": "bnm"}, "method 'bnm' is unknown; nearest: bnn"),
        ({"net": "mlp-x"}, "network 'mlp-x' is unknown"),
        ({"data": "digit"}, "nearest: digits"),
        ({"epochs": 0}, "epochs = 0"),
        ({"seed": -1}, "seed = -1"),
        ({"seed": 1 << 63}, "0 to 9223372036854775807 is allowed"),
        ({"data": toy(count=1)}, "1 training images; at least 2"),
        ({"data": toy(count=0)}, "has no images"),
        ({"threads": 0}, "threads = 0"),
        ({"planes": 0}, "planes = 0"),
        ({"planes": 9}, "planes = 9"),
        ({"lr": 0.0}, "lr = 0.0"),
        ({"lr": math.nan}, "lr = nan"),
        ({"batch": 1}, "batch = 1"),
        ({"loss": "mse"}, "loss = 'mse'"),
        ({"rate": 1.0}, "option 'rate' is unknown"),
    ],
)
def test_wrong_arguments(change, text):
    arguments = {"method": "bnn", "net": "mlp-8x1", "data": toy(), "epochs": 1, **change}
    with pytest.raises(InputError) as caught:
        train(**arguments)
    assert text in str(caught.value)


def test_digits_have_four_planes_at_most():
    with pytest.raises(InputError, match="planes = 5"):
        train("bnn", "mlp-8x1", toy(levels=16), epochs=1, planes=5)


@pytest.mark.parametrize(
    ("planes", "raw", "levels"),
    [(1, [0, 127, 128, 255], [0, 0, 1, 1]), (8, [0, 127, 255], [0, 127, 255])],
)
def test_input_record(planes, raw, levels):
    from mramsim.training.gradient import levels_of, odd_integers
    from mramsim.training.session import input_record

    record = input_record(toy(), planes)
    images = np.array(raw, dtype=np.uint8)[:, None, None, None].repeat(8, 2).repeat(8, 3)
    assert record.forward(images)[:, 0, 0, 0].tolist() == levels
    odd = odd_integers(levels_of(record, images), planes)[:, 0, 0, 0]
    assert odd.tolist() == [2 * level - (2**planes - 1) for level in levels]
    real = record.scale * odd.numpy() + record.offset
    assert real.min() == -1
    assert real.max() == 1
