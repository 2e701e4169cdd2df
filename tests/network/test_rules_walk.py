"""Rules 1 to 8, one after the other, for every shipped design and a conv and a linear layer.

Each design twice: as it is, and with row groups, copies and columns in another order.
"""

import naive_networks
import numpy as np
import pytest
from designs import MAPPINGS, family_of, small
from effect_cases import LARGE, NEEDS, ZERO, Case
from tiles import parts

import mramsim as ms
from mramsim.datasets.base import Dataset
from mramsim.effects import NAMES
from mramsim.network.graph import Network
from mramsim.network.nodes import Conv2d, Input, Linear, MaxPool2d, Output, Threshold
from mramsim.sampling import modelled, not_modelled

JUNG = "stt_jung_nature_2022"
DEVICE = {"write_error_rate": 1e-2, "short_rate": 0.01, "open_rate": 0.01}


def network_of(seed=7):
    """Conv of two planes with undriven padding, pool, linear, linear: every tile is cut."""
    rng = np.random.default_rng(seed)

    def bits(*shape):
        return rng.integers(0, 2, shape, dtype=np.uint8)

    def threshold(name, source, size, reach):
        level = rng.integers(-reach, reach + 1, size).astype(np.int32)
        return Threshold(name, (source,), level, rng.choice([-1, 1], size).astype(np.int8))

    return Network(
        (
            Input("x", (), (2, 5, 4), planes=2),
            Conv2d("conv", ("x",), bits(6, 2, 3, 3), planes=2, size=(5, 4), padding=(1, 1)),
            threshold("t1", "conv", 6, 6),
            MaxPool2d("pool", ("t1",), (2, 2), (2, 2), bits(6).astype(np.bool_)),
            Linear("fc", ("pool",), bits(11, 24)),
            threshold("t2", "fc", 11, 4),
            Linear("last", ("t2",), bits(5, 11)),
            Output("out", ("last",), np.ones(5), rng.normal(size=5)),
        )
    )


NETWORK = network_of()


def inputs(count, seed=1):
    return np.random.default_rng(seed).integers(0, 4, (count, 2, 5, 4))


def arranged(mapping):
    """Row groups where the design can read some of its rows; copies, and columns in any order."""
    groups = {"rows_on": 4} if family_of(mapping).rows_at_once == "any" else {}
    conv = {"copies": 3, "column_order": [4, 0, 5, 1, 3, 2]}
    return {"column_order": "popcount", **groups}, {"conv": conv, "fc": {"copies": 2}}


LAYOUTS = {"plain": lambda mapping: ({}, {}), "arranged": arranged}


def keys_of(case, **design):
    """Design keys and per-layer keys of a case: a mapping card and a layout."""
    mapping, layout = case
    everywhere, layers = LAYOUTS[layout](mapping)
    known = set(type(ms.load_card("mapping", mapping)).model_fields)
    kept = {key: value for key, value in design.items() if key in known}
    return {**small(mapping, 11, 4), **everywhere, **kept}, layers


def placed(case, **design):
    return ms.place(NETWORK, case[0], *keys_of(case, **design))


def chip_of(case, change=None, x=None, device=None, **switches):
    change = change or Case()
    layout = placed(case, **change.design)
    if x is not None:
        layout = layout.calibrate(x)
    values = {**DEVICE, **change.device, **(device or {})}
    return layout.sample(JUNG, overrides=values, conditions=change.conditions, **switches)


def rule_1(case):
    """All effects off: every bit and every accumulator is exact."""
    x = inputs(12)
    run = chip_of(case, only=["none"]).run(x, checked=12)
    np.testing.assert_array_equal(run.scores, NETWORK.scores(x))
    assert {name: wrong for name, (wrong, _) in run.decision_errors.items()} == {
        "conv": 0,
        "fc": 0,
    }


def rule_2(case):
    """`adc` alone is the integer network with the same quantisers and policy."""
    x = inputs(2)
    layout = placed(case).calibrate(inputs(20, 9)).with_ideal_converters()
    for device in (JUNG, "ideal"):
        found = layout.sample(device, seed=3, only=["adc"]).run(x).scores
        expected = naive_networks.forward(layout, None, x, 0, True)
        np.testing.assert_array_equal(found, expected)


def rule_3(case):
    """Every effect at zero equals the effect switched off; large, it changes something."""
    x = inputs(16)
    for effect in sorted(modelled(ms.load_card("mapping", case[0])) & set(ZERO)):
        on = chip_of(case, ZERO[effect])
        off = chip_of(case, ZERO[effect], without=[effect])
        for name, records in on.records.items():
            for left, right in zip(records, off.records[name], strict=True):
                for one, other in zip(parts(left), parts(right), strict=True):
                    assert np.array_equal(one, other), effect
        np.testing.assert_array_equal(on.run(x[:5]).scores, off.run(x[:5]).scores)
        needed = NEEDS.get(effect, [])
        large = chip_of(case, LARGE[effect], only=[effect, *needed]).run(x)
        still = chip_of(case, LARGE[effect], only=[*needed, "none"]).run(x)
        assert (large.scores != still.scores).any(), effect


def rule_4(case):
    """All effects: the same bytes as the cell-by-cell twin on the same stored values and draws."""
    x = inputs(2)
    chip = chip_of(case, x=inputs(20, 9), seed=2)
    found = chip.run(x, first=5).scores
    expected = naive_networks.forward(chip.placement, chip.records, x, 5, True)
    np.testing.assert_array_equal(found, expected)


def rule_5(case):
    """Equal images get noise of their own; batches and threads change no byte."""
    loud = Case(design={"sigma_sa_noise_v": 0.2})
    chip = chip_of(case, loud)
    x = np.repeat(inputs(1), 12, axis=0)
    whole = chip.run(x, threads=1).scores
    assert len(np.unique(whole, axis=0)) > 4
    for batch, threads in ((1, 1), (5, 2), (100, 3)):
        np.testing.assert_array_equal(chip.run(x, batch=batch, threads=threads).scores, whole)
    np.testing.assert_array_equal(chip.run(x[4:6], first=4).scores, whole[4:6])


def rule_6(case):
    """Without TMR nothing of the input is left."""
    x = inputs(60)
    exact = NETWORK.scores(x)

    def agreement(tmr):
        device = {"tmr": tmr, "write_error_rate": 0.0, "short_rate": 0.0, "open_rate": 0.0}
        found = [
            chip_of(case, x=x, device=device, number=number, only=["d2d"]).run(x).scores
            for number in range(4)
        ]
        pairs = [np.corrcoef(one.ravel(), exact.ravel())[0, 1] for one in found]
        return float(np.mean([0.0 if np.isnan(pair) else pair for pair in pairs]))

    if ms.load_card("mapping", case[0]).input_coding != "gated":  # these count rows: test_gated
        silent = chip_of(case, x=x, device={"tmr": 0.0}, only=["none"]).run(x).scores
        assert (silent == silent[0]).all()
        column = exact - exact.mean(axis=0)
        lost = chip_of(case, x=x, device={"tmr": 0.0}).run(x).scores
        left = np.corrcoef((lost - lost.mean(axis=0)).ravel(), column.ravel())[0, 1]
        assert np.isnan(left) or abs(left) < 4 / np.sqrt(60)
    assert agreement(1.3) > agreement(0.0) + 0.1


def rule_7(case):
    """The switches; a name that the design does not use is accepted and reported."""
    layout = placed(case)
    found = modelled(layout.card)

    def effects(**switches):
        return layout.sample(JUNG, overrides=DEVICE, **switches).effects

    assert effects() == found
    assert effects(only=["d2d", "stuck"]) == {"d2d", "stuck"}
    assert effects(without=["flicker"]) == found - {"flicker"}
    assert effects(only=["none"]) == frozenset()
    assert effects(only=["d2d", *(set(NAMES) - found)]) == {"d2d"}


def rule_8(case):
    """A result lists what acted and what a chip of this design has but the model has not."""
    card = ms.load_card("mapping", case[0])
    labels = np.arange(10, dtype=np.uint8) % 5
    images = inputs(10).astype(np.uint8)
    named = tuple("abcde")
    data = Dataset("random", images, labels, images, labels, named, 4, 2, "")
    everywhere, layers = keys_of(case)
    settings = {f"mapping.{key}": value for key, value in everywhere.items()}
    for layer, own in layers.items():
        settings |= {f"mapping.{layer}.{key}": value for key, value in own.items()}
    asked = ["d2d", "reference", "ir_drop"]
    found = ms.evaluate(
        NETWORK, device=JUNG, mapping=case[0], data=data, chips=1, only=asked, settings=settings
    )
    assert set(found["effects"]) == set(asked) & modelled(card)
    assert set(found["not_used"]) == set(asked) - modelled(card)
    assert found["not_modelled"] == not_modelled(card)
    sets = (modelled(card), set(found["not_modelled"]), family_of(case[0]).absent)
    assert set().union(*sets) == set(NAMES)
    assert sum(map(len, sets)) == len(NAMES)


RULES = (rule_1, rule_2, rule_3, rule_4, rule_5, rule_6, rule_7, rule_8)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule(rule, mapping, layout):
    rule((mapping, layout))
