"""Bit-packed local errors against the slow twin, integer by integer, after each epoch."""

import naive_local as naive
import numpy as np
import pytest

from mramsim.network.nodes import Input
from mramsim.training.local.layers import ORDERS, Rule, stream
from mramsim.training.local.stack import Samples, Stack

CASES = {  # inputs, widths, classes, group, members, robustness, reinforcement, clip
    "one-layer": (70, [15], 4, 5, 1, 0.25, 0.5, 0),
    "two-layers": (65, [21, 21], 5, 7, 1, 0.25, 0.5, 0),
    "three-even": (64, [12, 12, 12], 3, 12, 1, 0.5, 0.5, 0),
    "all-wrong": (33, [66, 66], 3, 1, 1, 0.25, 0.0, 0),
    "clipped": (40, [9, 9], 2, 3, 1, 0.0, 1.0, 15),
    "committee": (64, [33], 4, 11, 11, 0.5, 0.5, 0),
    "pairs": (37, [12], 3, 2, 2, 0.25, 0.5, 31),
}
SAMPLES, BATCH, EPOCHS = 50, 16, 3


@pytest.mark.parametrize("zeros", ["strict", "paper"])
@pytest.mark.parametrize("name", CASES)
def test_equal_to_the_twin(name, zeros):
    inputs, widths, classes, group, members, robustness, reinforcement, clip = CASES[name]
    tie = int(zeros == "strict")
    units = widths[0] // members
    rule = Rule(classes, group, members, int(units * robustness), clip, tie, seed=7)
    stack = Stack.draw(inputs, widths, rule)
    for layer in stack.layers:  # small integers: signs change and zeros appear
        small = layer.hidden // 8
        layer.restore(2 * (small // 2) + 1 if tie else small)
    rng = np.random.default_rng(3)
    bits = rng.integers(0, 2, (SAMPLES, inputs), dtype=np.uint8)
    labels = rng.integers(0, classes, SAMPLES).astype(np.uint8)
    samples = Samples.of(Input("x", (), (inputs,)), bits, labels)
    key = tuple(int(word) for word in stack.layers[0].key)
    case = naive.Case(bool(tie), group, members, robustness, reinforcement, clip, key)
    hidden = [layer.hidden.T.astype(np.int64) for layer in stack.layers]
    fixed = [layer.classifier.T.astype(np.int64) for layer in stack.layers]
    before = [integers.copy() for integers in hidden]
    x, accuracy, step = 2 * bits.astype(np.int64) - 1, 0.0, 0
    for epoch in range(EPOCHS):
        order = stream(7, ORDERS, epoch).permutation(SAMPLES)
        expected = naive.epoch(case, hidden, fixed, x, labels, order, BATCH, accuracy, step)
        accuracy = stack.learn(samples, epoch, BATCH, reinforcement, accuracy)
        step += -(-SAMPLES // BATCH)
        assert accuracy == expected
        for layer, integers in zip(stack.layers, hidden, strict=True):
            assert np.array_equal(layer.hidden.T, integers)
        assert np.array_equal(stack.classify(samples), naive.classes(case, hidden, fixed, x))
    assert all((now != then).any() for now, then in zip(hidden, before, strict=True))
    stray = sum(int((integers == 0).sum()) for integers in hidden)
    assert stray == sum(layer.zeros() for layer in stack.layers)
    assert (stray > 0) == (zeros == "paper")


def test_threads_do_not_matter():
    """Layers on mini-batches of their own, one after the other or at the same time."""
    rng = np.random.default_rng(4)
    bits = rng.integers(0, 2, (SAMPLES, 70), dtype=np.uint8)
    labels = rng.integers(0, 4, SAMPLES).astype(np.uint8)
    samples = Samples.of(Input("x", (), (70,)), bits, labels)
    found = []
    for threads in (1, 2, 5):
        stack = Stack.draw(70, [15, 15, 15, 15], Rule(4, 5, 1, 3, 0, 1, seed=8))
        accuracies = [stack.learn(samples, epoch, 7, 0.5, 0.0, threads) for epoch in range(2)]
        found.append((accuracies, [layer.hidden.tolist() for layer in stack.layers]))
    assert found[0] == found[1] == found[2]
