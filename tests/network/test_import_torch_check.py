"""Casts, random numbers and examples: what `from_torch` must say instead of a wrong network."""

import numpy as np
import pytest

from mramsim.errors import InputError

torch = pytest.importorskip("torch")

from test_import_torch_sound import Module, Signs, agree, example, sign  # noqa: E402
from torch import nn  # noqa: E402

from mramsim.network.importers.torch_check import Case, compare  # noqa: E402
from mramsim.network.importers.torch_module import from_torch  # noqa: E402


@pytest.mark.parametrize(
    "body",
    [
        lambda x: (x > 0).float(),
        lambda x: (x > 0).int().mul(2).sub(1).float(),
        lambda x: (~(x > 0)).double().float(),
        lambda x: (sign(x) * 2.75).int().float(),
        lambda x: (sign(x) + 1).bool().float(),
        lambda x: ((x > 0) + (x >= 0)).float(),
        lambda x: sign(x).half().bfloat16().float(),
        lambda x: torch.full_like(x, 0.5, dtype=torch.int64) + sign(x),
    ],
)
def test_exact_casts_are_followed(body):
    agree(Module(body).eval(), example())


def test_sums_that_are_whole_may_be_cast():
    class Whole(Module):
        def forward(self, x):
            return self.b(sign(self.a(x).long().float()))

    agree(Whole(None).eval(), example())


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (lambda x: sign((x * 4).int().float() - 0.5), "a cast to int32 truncates"),
        (lambda x: x.to(torch.uint8).float(), "a cast to uint8 truncates"),
        (lambda x: x.half().float(), "a cast to float16 rounds"),
        (lambda x: torch.relu(x).bool().float() * 2 - 1, "a step of three values"),
        (lambda x: (~(x > 0).int()).float(), "bitwise_not of whole numbers"),
        (lambda x: ((x > 0).to(torch.uint8) * 2 - 1).float(), "a cast to uint8 does not hold"),
        (lambda x: x * torch.ones(8, dtype=torch.complex64), "complex"),
    ],
)
def test_casts_that_change_values_are_refused(body, text):
    with pytest.raises(InputError) as caught:
        from_torch(Module(body), example(), input="signs")
    assert text in str(caught.value)


def noisy(x):
    rng = np.random.default_rng()
    return sign(x + torch.from_numpy(rng.normal(size=8).astype(np.float32)))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (lambda x: sign(x + torch.randn(8)), "'randn' draws random numbers"),
        (lambda x: sign(x + torch.empty(8).uniform_(-1, 1)), "draws random numbers"),
        (lambda x: sign(nn.functional.dropout(x, 0.5, training=True)), "draws random numbers"),
        (noisy, "differ on"),
    ],
)
def test_random_numbers_are_refused(body, text):
    with pytest.raises(InputError) as caught:
        from_torch(Module(body), example(), input="signs")
    assert text in str(caught.value)


def test_a_module_that_keeps_a_state_is_refused():
    class Counting(Module):
        count = 0

        def forward(self, x):
            self.count += 1
            return super().forward(x) * (-1) ** self.count

    with pytest.raises(InputError, match=r"differ on 64 of 128 images .*64 of 128 classes"):
        from_torch(Counting(sign), example(128), input="signs")


def test_a_misread_operation_is_refused(monkeypatch):
    from mramsim.network.importers.torch_ops import TorchOps

    monkeypatch.setattr(TorchOps, "_op_relu", lambda self, wanted, x: x)
    with pytest.raises(InputError, match="an operation that is misread"):
        from_torch(Module(torch.relu), example(), input="signs")


def test_images_that_rounding_decides_are_a_note():
    """A value before a sign that crosses zero by less than a millionth, in one of 20 images."""
    torch.manual_seed(1)
    module = nn.Sequential(nn.Linear(6, 4), Act(), Signs(4, 3, bias=False)).eval()
    x = torch.randn(20, 6)
    other = nn.Sequential(nn.Linear(6, 4), Act(), Signs(4, 3, bias=False)).eval()
    other.load_state_dict(module.state_dict())
    point = float(module[0].weight.detach()[0].double() @ x[7].double())
    module[0].bias.data[0], other[0].bias.data[0] = -point + 6e-7, -point - 6e-7
    network = from_torch(module, x)
    assert compare(network, Case(module, x, x.numpy())) == []
    notes = compare(network, Case(other, x, x.numpy()))
    assert notes == ["1 of 20 images of the example differ from the module by its rounding"]
    other[0].bias.data[0] = -point - 0.5
    with pytest.raises(InputError, match="differ on"):
        compare(network, Case(other, x, x.numpy()))


class Act(nn.Module):
    def forward(self, x):
        return sign(x)


def test_scores_with_an_axis_of_one_more():
    module = nn.Sequential(Module(sign), nn.Unflatten(1, (3, 1)))
    found = from_torch(module, example(), input="signs").scores(example().numpy().astype(int))
    with torch.no_grad():
        assert np.array_equal(found, module.eval()(example()).numpy()[:, :, 0])


@pytest.mark.parametrize("last", [nn.Softmax(1), nn.LogSoftmax(1)])
def test_a_softmax_at_the_end_is_compared(last):
    module = nn.Sequential(Module(sign), last)
    assert from_torch(module, example(), input="signs").predict(example().numpy().astype(int)).any()
    with pytest.raises(InputError, match="differ on"):
        from_torch(nn.Sequential(Module(sign), nn.Softmax(0)), example(), input="signs")


@pytest.mark.parametrize(
    ("x", "arguments", "text"),
    [
        (torch.rand(4, 15), {"input": "uint8"}, "scale = 1 and offset = 0 that is the raw value"),
        (torch.full((2, 15), 256.0), {"input": "uint8"}, "whole numbers from 0 to 255"),
        (torch.full((2, 15), -1.0), {"input": "uint8"}, "whole numbers from 0 to 255"),
        (torch.full((2, 15), 0.5), {"input": "uint8", "scale": 1 / 256, "offset": -0.5}, "256"),
        (torch.full((2, 15), 2.0), {"input": "bits"}, "takes 0 and 1"),
        (torch.zeros(2, 15), {"input": "signs"}, "takes -1 and +1"),
        (torch.full((2, 15), 3.0), {"input": "signs"}, "takes -1 and +1"),
        (torch.full((2, 15), float("nan")), {}, "NaN"),
        (torch.ones(2, 15), {"scale": [1 / 255, 1 / 128]}, "scale = [0.00"),
        (torch.ones(2, 15), {"offset": "a"}, "offset = a; one number"),
        (torch.ones(2, 15), {"zero": 2}, "zero = 2; 1, -1 or 0"),
    ],
)
def test_examples_and_arguments_that_do_not_fit(x, arguments, text):
    with pytest.raises(InputError) as caught:
        from_torch(Module(sign), x, **arguments)
    assert text in str(caught.value)


@pytest.mark.parametrize("offset", [0.0, -0.5, -0.4914 / 0.2023])
def test_float32_rounding_of_an_example_is_allowed(offset):
    raw = torch.arange(255).reshape(17, 15)
    scale = 1 / 255 / 0.2023
    x = (raw / 255 + offset * 0.2023) / 0.2023
    from_torch(Module(sign), x, input="uint8", scale=scale, offset=offset)


def test_what_is_no_module_is_refused():
    with pytest.raises(InputError, match="module is of type function; a torch module is needed"):
        from_torch(lambda x: x, torch.ones(2, 15))


def test_short_numbers_inside_are_refused_by_name():
    class Auto(Module):
        def forward(self, x):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return super().forward(x).float()

    with pytest.raises(InputError, match="a cast to bfloat16 rounds"):
        from_torch(Auto(sign), example(), input="signs")
    agree(Module(sign).bfloat16().float().eval(), example())
