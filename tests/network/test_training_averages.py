"""BatchNorm averages gathered at the end of a training, layer by layer, by hand."""

import numpy as np
import pytest
import torch

from mramsim.cli.main import invoke
from mramsim.network.library import find_network
from mramsim.training.averages import gather_averages
from mramsim.training.core.options import GradientOptions
from mramsim.training.core.signs import sign
from mramsim.training.gradient import make_parts
from mramsim.training.modules import BinaryNetwork
from mramsim.training.shapes import Layer


def build(**options):
    torch.manual_seed(0)
    layers = (Layer("conv", 6, True), Layer("linear", 9, False))
    parts = make_parts(GradientOptions(dropout=0.3, dropout_input=0.2, **options))
    model = BinaryNetwork((2, 6, 6), layers, 4, parts)
    levels = torch.randint(0, 2, (1203, 2, 6, 6), dtype=torch.uint8)
    return model, levels


def prepare(levels):
    return levels.float() * 2 - 1


@pytest.mark.parametrize("scale", ["none", "layer", "learned-filter"])
def test_each_layer_gets_the_moments_of_its_own_sums(scale):
    model, levels = build(scale=scale)
    gather_averages(model, levels, prepare)
    assert not model.training
    x, blocks = prepare(levels), model.all_blocks()
    with torch.no_grad():
        for number, block in enumerate(blocks):
            sums = block.sums(x).numpy().astype(float)
            sums = np.moveaxis(sums, 1, 0).reshape(sums.shape[1], -1)
            sums = sums * block.alpha().numpy().reshape(-1, 1)
            assert np.allclose(block.norm.running_mean, sums.mean(axis=1), rtol=1e-5, atol=1e-5)
            assert np.allclose(block.norm.running_var, sums.var(axis=1, ddof=1), rtol=1e-5)
            if number + 1 < len(blocks):
                x = sign(block(x), model.parts.slope, False, torch.float32)


def test_shift_based_norms_keep_their_own_averages():
    model, levels = build(norm="shift")
    before = [block.norm.running_mean.clone() for block in model.all_blocks()]
    gather_averages(model, levels, prepare)
    after = [block.norm.running_mean for block in model.all_blocks()]
    assert all(torch.equal(a, b) for a, b in zip(before[:-1], after[:-1], strict=True))
    assert not torch.equal(before[-1], after[-1])  # the last is an ordinary one


def test_the_saved_network_has_them(tmp_path, capsys):
    nets = []
    for more in ([], ["--gather"]):
        path = tmp_path / f"{len(more)}.npz"
        line = ["train", "bnn", "--net", "mlp-24x1", "--data", "digits", "--epochs", "2"]
        line += ["--dropout", "0.4", "--threads", "1", "-o", str(path), *more]
        assert invoke(line) == 0
        nets.append(find_network(str(path)))
    plain, gathered = nets
    weights = [[node.weight for node in net.products()] for net in nets]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))  # the same training
    assert plain.digest != gathered.digest
