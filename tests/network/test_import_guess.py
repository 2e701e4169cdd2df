"""What is refused of a state dictionary without a list of layers, and what a list leaves out."""

import numpy as np
import pytest

from mramsim.errors import InputError
from mramsim.network.importers.packed import from_npz
from mramsim.network.importers.torch_file import from_state_dict

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402


def linear(size=8):
    return nn.Linear(8, size, bias=False)


class Own(nn.Module):
    """Its own scale and shift behind the first layer."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = linear(), linear(3)
        self.alpha = nn.Parameter(torch.ones(8))
        self.shift = nn.Parameter(torch.ones(8))


def ordered(text):
    """Modules in order of declaration, all of one width."""
    kinds = {"f": linear, "b": lambda: nn.BatchNorm1d(8)}
    return nn.ModuleDict({name: kinds[name[0]]() for name in text.split()})


@pytest.mark.parametrize(
    ("module", "named"),
    [
        (nn.Sequential(linear(), nn.PReLU(8), linear(3)), "reads: 1.weight;"),
        (nn.Sequential(linear(), nn.LayerNorm(8), linear(3)), "reads: 1.weight, 1.bias;"),
        (Own(), "reads: alpha, shift;"),
        (
            nn.Sequential(linear(), nn.BatchNorm1d(8, track_running_stats=False), linear(3)),
            "reads: 1.weight, 1.bias;",
        ),
        (ordered("f1 f2 f3 b1 b2"), "BatchNorm 'b2' stands behind 'b1'"),
        (ordered("b1 f1 f2"), "BatchNorm 'b1' stands before the first layer"),
        (ordered("f1 f2 b1"), "layer 'f1' has no BatchNorm"),
        (ordered("f1 b1 f2 f3 b2"), "layer 'f2' has no BatchNorm"),
    ],
)
def test_a_guess_that_may_be_wrong_is_refused(tmp_path, module, named):
    torch.save(module.state_dict(), tmp_path / "m.pt")
    with pytest.raises(InputError) as caught:
        from_state_dict(tmp_path / "m.pt", input="signs")
    assert named in str(caught.value)
    assert "--layout" in str(caught.value)


@pytest.mark.parametrize("text", ["f1 f2", "f1 b1 f2", "f1 b1 f2 b2"])
def test_stacks_in_order_are_read(tmp_path, text):
    torch.save(ordered(text).state_dict(), tmp_path / "m.pt")
    network = from_state_dict(tmp_path / "m.pt", input="signs")
    assert [product.name for product in network.products()] == ["f1", "f2"]
    assert network.training["import"]["notes"] == []


def test_arrays_that_a_list_leaves_out_are_named(tmp_path):
    torch.save(Own().state_dict(), tmp_path / "m.pt")
    layers = "".join(f'[[layer]]\nkind = "{kind}"\n{name}' for kind, name in (
        ("linear", 'name = "fc1"\n'), ("sign", ""), ("linear", 'name = "fc2"\n')))  # fmt: skip
    (tmp_path / "m.toml").write_text(f"input = [8]\n{layers}")
    network = from_state_dict(tmp_path / "m.pt", tmp_path / "m.toml", input="signs")
    assert network.training["import"]["notes"] == [
        "arrays that no layer of the list reads: alpha, shift"
    ]


def test_an_npz_with_more_arrays_is_refused(tmp_path):
    np.savez(tmp_path / "m.npz", **{"a.weight": np.ones((3, 4)), "a.gamma": np.ones(3)})
    with pytest.raises(InputError, match=r"reads: a\.gamma; .*--layout"):
        from_npz(tmp_path / "m.npz")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('kind = "relu"\nfrom = []', "from = []; one name is expected"),
        ('kind = "relu"\nfrom = ["input", "s"]', "from = ['input', 's']; one name"),
        ('kind = "add"\nfrom = ["s"]', "from = ['s']; from = [one, other] is expected"),
        ('kind = "add"', "1 sources; from = [one, other] is expected"),
        ('kind = "relu"\nfrom = [["s"]]', "from '['s']'"),
        ('kind = "relu"\nfrom = 3', "from '3'; "),
    ],
)
def test_sources_of_a_layer(tmp_path, line, message):
    torch.save({"fc.weight": torch.ones(2, 4)}, tmp_path / "m.pt")
    start = 'input = [4]\n[[layer]]\nkind = "sign"\nname = "s"\n[[layer]]\n'
    (tmp_path / "m.toml").write_text(f"{start}{line}\n")
    with pytest.raises(InputError) as caught:
        from_state_dict(tmp_path / "m.pt", tmp_path / "m.toml")
    assert message in str(caught.value)
