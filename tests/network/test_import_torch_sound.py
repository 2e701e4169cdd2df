"""What a torch module does behind its graph's back is followed or refused, never dropped."""

import numpy as np
import pytest

from mramsim.errors import InputError

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from mramsim.network.importers.torch_module import from_torch  # noqa: E402


class Signs(nn.Linear):
    def forward(self, x):
        return nn.functional.linear(x, self.weight.sign())


def sign(x):
    return torch.where(x >= 0, 1.0, -1.0)


class Module(nn.Module):
    """A binary layer, BatchNorm, the body under test, a binary layer."""

    def __init__(self, body):
        super().__init__()
        torch.manual_seed(0)
        self.a, self.norm = Signs(15, 8, bias=False), nn.BatchNorm1d(8)
        self.b, self.body = Signs(8, 3, bias=False), body
        self.norm.bias.data[:] = torch.linspace(-0.5, 0.5, 8)

    def forward(self, x):
        return self.b(self.body(self.norm(self.a(x))))


def example(count=200, seed=0):
    random = torch.Generator().manual_seed(seed)
    return torch.randint(0, 2, (count, 15), generator=random) * 2.0 - 1


def part_negated(x):
    x[:, :4] *= -1
    return sign(x)


def flat_negated(x):
    x.view(-1).neg_()
    return sign(x)


def halves_moved(x):
    moved = torch.zeros_like(x)
    moved[:, :4] = x[:, 4:]
    return sign(x) + moved


def part_zeroed(x):
    x[:, :2] = 0.0
    return sign(x)


def narrowed(x):
    x.narrow(1, 0, 4).add_(3.0)
    return sign(x)


def first_image_zeroed(x):
    x[:1] = 0.0
    return sign(x)


def column_written(x):
    x[:, 3] = 1.0
    return sign(x)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (part_negated, "assignment to part of the values"),
        (flat_negated, "mixes images"),
        (halves_moved, "assignment to part of the values"),
        (part_zeroed, "assignment to part of the values"),
        (narrowed, "assignment to part of the values"),
        (first_image_zeroed, "assignment to part of the values"),
        (column_written, "assignment to part of the values"),
    ],
)
def test_a_write_through_a_part_is_refused(body, text):
    with pytest.raises(InputError) as caught:
        from_torch(Module(body), example(), input="signs")
    assert text in str(caught.value)


def squeezed(x):
    part = x.squeeze()
    part.neg_()
    return sign(x)


def detached(x):
    x.detach().neg_()
    return sign(x)


def data_written(x):
    x.data.sub_(0.75)
    return sign(x)


def whole_written(x):
    x[:] = -x
    return sign(x)


def copied(x):
    made = torch.zeros(len(x), 8)
    made.copy_(x)
    return sign(made.mul_(-2))


def filled(x):
    return sign(x) + x.detach().clone().fill_(0.5)


def into_given(x):
    made = torch.empty_like(x)
    torch.neg(x, out=made)
    return sign(made)


def wide_view(x):
    x.view(len(x), 8).neg_()
    return sign(x)


def masked(x):
    made = torch.ones_like(x)
    made[x < 0] = -1
    return made


@pytest.mark.parametrize(
    "body",
    [
        squeezed,
        detached,
        data_written,
        whole_written,
        copied,
        filled,
        into_given,
        wide_view,
        masked,
    ],
)
def test_a_write_of_all_values_is_followed(body):
    agree(Module(body).eval(), example())


def agree(module, x):
    network = from_torch(module, x[:20], input="signs")
    with torch.no_grad():
        expected = module(x.clone()).numpy()
    found = network.scores(x.numpy().astype(int))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert len(np.unique(found.argmax(1))) > 1


def test_a_write_into_the_input_reaches_what_reads_it_later():
    class Negating(Module):
        def forward(self, x):
            x.neg_()
            return self.b(sign(self.norm(self.a(x))))

    module, x = Negating(None).eval(), example()
    agree(module, x)
    assert torch.equal(x, example())


def test_a_buffer_written_from_the_input_is_refused():
    class Keeping(Module):
        def __init__(self):
            super().__init__(sign)
            self.register_buffer("kept", torch.zeros(15))

        def forward(self, x):
            self.kept.copy_(x[0])
            return super().forward(x * self.kept)

    with pytest.raises(InputError, match="select"):
        from_torch(Keeping(), example(), input="signs")


def test_a_write_behind_a_flatten_is_followed():
    """Flatten and an activation in place: torch writes the map too, nothing reads it."""
    torch.manual_seed(0)
    parts = nn.Conv2d(2, 3, 3), nn.Flatten(), nn.ReLU(inplace=True), nn.Linear(48, 3)
    module, x = nn.Sequential(*parts).eval(), torch.randn(50, 2, 6, 6)
    with torch.no_grad():
        np.testing.assert_allclose(
            from_torch(module, x).scores(x.numpy()), module(x).numpy(), atol=1e-5
        )
