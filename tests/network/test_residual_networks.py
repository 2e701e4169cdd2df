"""Residual, one-dimensional and partly real networks: file, placement, chips, rules."""

from dataclasses import replace

import numpy as np
import pytest

import mramsim as ms
from mramsim.mapping.placement import place
from mramsim.network.graph import Network
from mramsim.network.nodes import (
    Activation,
    Add,
    Affine,
    AvgPool,
    Conv1d,
    Conv2d,
    Flatten,
    Input,
    LevelValue,
    Linear,
    MaxPool1d,
    Output,
    PadChannels,
    RealConv,
    RealInput,
    RealLinear,
    Sign,
    Threshold,
)
from mramsim.sampling import sample_chip

MAPPINGS = ("pcsa_hirtzlin_nanoarch_2019", "csum_deaville_jssc_2025", "csum_1bit")


def bits(rng, *shape):
    return rng.integers(0, 2, shape, dtype=np.uint8)


def affine(rng, name, source, channels):
    return Affine(name, (source,), rng.normal(size=channels), rng.normal(size=channels))


def bireal(seed=0):
    """Real stem; two binary convolutions with real shortcuts, one that widens; real classifier."""
    rng = np.random.default_rng(seed)
    conv = {"padding": (1, 1)}
    return Network(
        (
            RealInput("x", (), (2, 6, 6), [0.01, 0.02], [-1, -2]),
            RealConv("stem", ("x",), rng.normal(size=(4, 2, 3, 3)), np.zeros(4), 1, (6, 6), **conv),
            affine(rng, "bn0", "stem", 4),
            Sign("s1", ("bn0",)),
            Conv2d("c1", ("s1",), bits(rng, 4, 4, 3, 3), size=(6, 6), **conv),
            affine(rng, "bn1", "c1", 4),
            Add("add1", ("bn1", "bn0")),
            Activation("act", ("add1",), "prelu", rng.normal(size=(1, 4))),
            Sign("s2", ("act",), -1),
            Conv2d("c2", ("s2",), bits(rng, 8, 4, 3, 3), size=(6, 6), stride=(2, 2), **conv),
            affine(rng, "bn2", "c2", 8),
            AvgPool("down", ("act",), (2, 2), (2, 2)),
            PadChannels("wide", ("down",), 2, 2),
            Add("add2", ("bn2", "wide")),
            AvgPool("global", ("add2",), (3, 3), (3, 3)),
            Flatten("flat", ("global",), (1, 2, 0)),
            RealLinear("fc", ("flat",), rng.normal(size=(5, 8)), rng.normal(size=5)),
            Output("out", ("fc",), np.ones(5), np.zeros(5)),
        ),
        "bireal",
    )


def speech(seed=1):
    """One axis: 3 bit planes, integer shortcut between counts, pool, binary classifier."""
    rng = np.random.default_rng(seed)
    level = rng.integers(-3, 4, 6).astype(np.int32)
    polarity = rng.choice([-1, 1], 6).astype(np.int8)
    return Network(
        (
            Input("x", (), (1, 30), planes=3),
            Conv1d("c1", ("x",), bits(rng, 6, 1, 5), 3, 1, (30,), (1,), (2,)),
            Threshold("t1", ("c1",), level, polarity),
            MaxPool1d("p1", ("t1",), (3,), (3,), polarity < 0),
            Conv1d("c2", ("p1",), bits(rng, 6, 6, 3), 1, 1, (10,), (1,), (1,)),
            LevelValue("same", ("p1",)),
            Add("add", ("c2", "same")),
            Threshold("t2", ("add",), level, polarity),
            Linear("fc", ("t2",), bits(rng, 4, 60)),
            Output("out", ("fc",), np.ones(4), rng.normal(size=4)),
        ),
        "speech",
    )


NETWORKS = {"bireal": bireal, "speech": speech}


def raw(network, count, seed=2):
    top = 8 if network.name == "speech" else 256
    shape = network.input.shape
    return np.random.default_rng(seed).integers(0, top, (count, *shape)).astype(np.uint8)


@pytest.mark.parametrize("name", NETWORKS)
def test_files_hold_every_kind(name, tmp_path):
    network = NETWORKS[name]()
    path = ms.save_network(network, tmp_path / "net.npz")
    again = ms.load_network(path)
    assert again.digest == network.digest
    x = raw(network, 20)
    assert again.scores(x).tobytes() == network.scores(x).tobytes()
    first = path.read_bytes()
    ms.save_network(again, path)
    assert path.read_bytes() == first


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize("name", NETWORKS)
def test_all_effects_off_is_the_reference(name, mapping):
    """Rule 1, and no batch or thread changes a byte of it or of a noisy chip."""
    network = NETWORKS[name]()
    placed = place(network, mapping)
    x = raw(network, 60)
    ideal = sample_chip(placed, only=["none"]).run(x)
    assert ideal.scores.tobytes() == network.scores(x).tobytes()
    assert len(set(ideal.predictions)) > 1
    noisy = sample_chip(placed, seed=3)
    runs = [noisy.run(x, batch=batch, threads=2) for batch in (60, 7)]
    assert runs[0].scores.tobytes() == runs[1].scores.tobytes()
    assert np.isfinite(runs[0].scores).all()


def test_what_is_digital_is_listed_with_its_work():
    placed = place(bireal(), MAPPINGS[0])
    assert [layer.name for layer in placed.layers] == ["c1", "c2"]
    assert placed.digital() == [
        node.name for node in bireal().nodes if node.name not in ("c1", "c2")
    ]
    shapes, network = bireal().shapes, bireal()
    work = {
        node.name: node.operations(*(shapes[name] for name in node.inputs))
        for node in network.nodes
    }
    assert work["stem"] == {"mac_f32": 4 * 2 * 9 * 36}
    assert work["bn1"] == {"mac_f32": 4 * 36}
    assert work["add1"] == {"add_f32": 4 * 36}
    assert work["s1"] == {"compare": 4 * 36}
    assert work["act"] == {"compare": 4 * 36, "mul_f32": 4 * 36}
    assert work["down"] == {"add_f32": 3 * 4 * 9, "mul_f32": 4 * 9}
    assert work["fc"] == {"mac_f32": 40}
    assert work["c1"] == {}


def test_evaluate_report_and_energy_of_a_partly_real_network(tmp_path):
    network = bireal()
    data = ms.load_dataset("digits")
    x = raw(network, 40)
    y = network.predict(x)
    data = replace(data, classes=tuple("abcde"), x_train=x, y_train=y, x_test=x, y_test=y)
    result = ms.evaluate(network, data=data, chips=1, mapping=MAPPINGS[1])
    assert result.data["accuracy"]["ideal"] == 1.0
    assert result.data["accuracy"]["mapped"] > 0.5
    page = result.report(tmp_path / "r.html").read_text()
    assert "c2" in page
    assert ms.estimate(network)["energy_j_per_image"]["total"] > 0


def test_types_are_checked():
    entry = RealInput("x", (), (4,), [1], [0])
    ending = Output("out", ("fc",), np.ones(2), np.zeros(2))
    binary = Linear("fc", ("x",), np.ones((2, 4), np.uint8))
    with pytest.raises(ms.InputError, match="takes levels, 'x' gives reals"):
        Network((entry, binary, ending))
    ternary = (Sign("s", ("x",), 0), Linear("fc", ("s",), np.ones((2, 4), np.uint8)))
    with pytest.raises(ms.InputError, match="takes levels, 's' gives reals"):
        Network((entry, *ternary, ending))
    wrong = (Input("x", (), (4,), planes=2), LevelValue("v", ("x",)))
    with pytest.raises(ms.InputError, match="reads 1 planes, 'x' gives 2"):
        Network((*wrong, Output("out", ("v",), np.ones(4), np.zeros(4))))
    only_real = RealLinear("fc", ("x",), np.ones((2, 4)), np.zeros(2))
    with pytest.raises(ms.InputError, match="no binary layer"):
        place(Network((entry, only_real, ending)))
