"""The graph: order, names, shapes, planes; batches change nothing; the digest knows every part."""

from dataclasses import replace

import numpy as np
import pytest

from mramsim.errors import InputError
from mramsim.network.graph import Network, batches
from mramsim.network.nodes import Input, Linear, MaxPool2d, Output, Threshold

W1 = np.array([[1, 1, 1, 0], [0, 1, 0, 1], [1, 0, 0, 1]], dtype=np.uint8)
W2 = np.array([[1, 1, 0], [0, 1, 1]], dtype=np.uint8)


def nodes():
    return [
        Input("x", (), (4,), planes=2),
        Linear("fc", ("x",), W1, planes=2),
        Threshold("sign", ("fc",), np.array([0, 2, 1]), np.array([1, -1, 1])),
        Linear("last", ("sign",), W2),
        Output("out", ("last",), np.array([1.0, 0.5]), np.array([0.0, 0.5])),
    ]


def test_scores_by_hand():
    """Levels 3 0 1 2 are 3 -3 -1 1.

    fc: 3 - 3 - 1 - 1 = -2;  -3 - 3 + 1 + 1 = -4;  3 + 3 + 1 + 1 = 8. Bits: 0; 4 >= 2: 1; 1.
    last: -1 + 1 - 1 = -1;  1 + 1 + 1 = 3. Scores: -1 and 2.
    """
    network = Network(tuple(nodes()))
    values = network.values(np.array([[3, 0, 1, 2]]))
    assert values["fc"].tolist() == [[-2, -4, 8]]
    assert values["sign"].tolist() == [[0, 1, 1]]
    assert values["last"].tolist() == [[-1, 3]]
    assert network.scores(np.array([[3, 0, 1, 2]])).tolist() == [[-1.0, 2.0]]
    assert network.predict(np.array([[3, 0, 1, 2]])).tolist() == [1]


def test_lowest_class_wins_a_tie():
    parts = nodes()
    parts[-1] = Output("out", ("last",), np.zeros(2), np.zeros(2))
    assert Network(tuple(parts)).predict(np.array([[3, 0, 1, 2]])).tolist() == [0]


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_batches_change_nothing(size):
    network = Network(tuple(nodes()))
    images = np.random.default_rng(0).integers(0, 4, (20, 4))
    assert np.array_equal(network.scores(images, size), network.scores(images, 20))


def test_batches_cover_all_images_once():
    images = np.arange(10)
    assert [part.tolist() for part in batches(images, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    with pytest.raises(InputError, match="batch = 0"):
        list(batches(images, 0))


def test_no_images_give_no_scores():
    assert Network(tuple(nodes())).scores(np.zeros((0, 4), np.uint8)).shape == (0, 2)


def test_accessors():
    network = Network(tuple(nodes()))
    assert [node.name for node in network.products()] == ["fc", "last"]
    assert network.input.planes == 2
    assert network.output.name == "out"
    assert network.node("sign").kind == "threshold"
    assert [node.name for node in network.consumers("fc")] == ["sign"]
    assert network.weight_bits() == 12 + 6
    assert network.shapes == {"x": (4,), "fc": (3,), "sign": (3,), "last": (2,), "out": (2,)}
    with pytest.raises(InputError, match="no node 'fc9'"):
        network.node("fc9")


def test_planes_pass_through_a_pool():
    """The maximum of levels is a level of as many planes."""
    entry = Input("x", (), (1, 4, 4), planes=2)
    pool = MaxPool2d("pool", ("x",), (2, 2), (2, 2), np.zeros(1, bool))
    out = Output("out", ("fc",), np.ones(2), np.zeros(2))
    weight = np.ones((2, 4), np.uint8)
    with pytest.raises(InputError, match="reads 1 planes, 'pool' gives 2"):
        Network((entry, pool, Linear("fc", ("pool",), weight), out))
    network = Network((entry, pool, Linear("fc", ("pool",), weight, planes=2), out))
    images = np.arange(16).reshape(1, 1, 4, 4) % 4  # columns 0 1 2 3: pooled 1 3, values -1 3
    assert network.scores(images).tolist() == [[4.0, 4.0]]


def changed(index, node):
    parts = nodes()
    parts[index] = node
    return lambda: Network(tuple(parts))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Network(()), "no nodes"),
        (lambda: Network(tuple(nodes()[1:])), "'x' is not computed"),
        (lambda: Network(tuple(nodes()[:-1])), "last node must be an output"),
        (lambda: Network((nodes()[1],)), "'x' is not computed"),
        (changed(2, replace(nodes()[2], name="fc")), "two nodes are called 'fc'"),
        (changed(2, replace(nodes()[2], inputs=("last",))), "'last' is not computed before it"),
        (changed(1, Linear("fc", ("x",), W1)), "reads 1 planes, 'x' gives 2"),
        (changed(3, Linear("last", ("sign",), W2, planes=2)), "reads 2 planes, 'sign' gives 1"),
        (changed(1, Linear("fc", ("x",), W1[:, :3], planes=2)), "3 inputs, but 'x' gives 4"),
        (changed(1, Linear("fc", ("x",), W1[:2], planes=2)), "3 channels, 'fc' gives 2"),
        (changed(4, Output("out", ("last",), np.ones(3), np.ones(3))), "3 classes"),
        (changed(3, Linear("last", ("fc",), W2)), "takes levels, 'fc' gives counts"),
        (
            changed(4, Output("out", ("sign",), *np.ones((2, 3)))),
            "takes counts or reals, 'sign' gives levels",
        ),
        (lambda: Threshold("sign", (), *np.ones((2, 3), int)), "'sign' (threshold): has 0 inputs"),
        (lambda: replace(nodes()[4], inputs=("fc", "last")), "'out' (output): has 2 inputs"),
    ],
)
def test_wrong_graphs(make, text):
    with pytest.raises(InputError) as caught:
        make()
    assert text in str(caught.value)


def test_digest_knows_every_part():
    original = Network(tuple(nodes()))
    assert Network(tuple(nodes()), name="other", training={"a": 1}).digest == original.digest
    flipped = W1.copy()
    flipped[0, 0] ^= 1
    variants = [
        changed(0, replace(nodes()[0], low=1)),
        changed(1, replace(nodes()[1], weight=flipped)),
        changed(2, replace(nodes()[2], level=np.array([0, 2, 3]))),
        changed(2, replace(nodes()[2], polarity=np.array([1, 1, 1]))),
        changed(4, replace(nodes()[4], offset=np.array([0.0, 0.25]))),
    ]
    assert len({original.digest, *(make().digest for make in variants)}) == 6
