"""Networks with wrong weights: how many, which, and nothing else."""

import numpy as np
import pytest

import mramsim as ms
from mramsim.network.nodes import Product


@pytest.mark.parametrize("kind", ["mlp", "conv0"])
@pytest.mark.parametrize("rate", [0.0, 0.04, 0.5, 1.0])
def test_share_of_inverted_weights(networks, kind, rate):
    network = networks[kind]
    wrong = total = 0
    for draw in range(20):
        changed = ms.with_bit_errors(network, rate, draw=draw)
        for before, after in zip(network.nodes, changed.nodes, strict=True):
            if isinstance(before, Product):
                wrong += int((before.weight != after.weight).sum())
                total += before.weight.size
            else:
                assert after is before
    assert abs(wrong - rate * total) <= 4 * np.sqrt(rate * (1 - rate) * total)


def test_draws(networks):
    network = networks["mlp"]
    one = ms.with_bit_errors(network, 0.1, seed=3, draw=1)
    assert one.digest == ms.with_bit_errors(network, 0.1, seed=3, draw=1).digest
    assert one.digest != ms.with_bit_errors(network, 0.1, seed=3, draw=2).digest
    assert one.digest != ms.with_bit_errors(network, 0.1, seed=4, draw=1).digest
    more = ms.with_bit_errors(network, 0.3, seed=3, draw=1)
    for plain, few, many in zip(network.products(), one.products(), more.products(), strict=True):
        assert ((few.weight != plain.weight) <= (many.weight != plain.weight)).all()


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_wrong_rates(networks, rate):
    with pytest.raises(ms.InputError, match="0 to 1"):
        ms.with_bit_errors(networks["mlp"], rate)
    with pytest.raises(ms.InputError, match="draw = -1"):
        ms.with_bit_errors(networks["mlp"], 0.1, draw=-1)
