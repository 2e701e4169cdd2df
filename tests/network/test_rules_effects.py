"""Rules 3, 6 and 7: one effect at zero is off; without TMR there is no accuracy; the switches."""

import numpy as np
import pytest
from designs import IDEAL_CONVERTERS, MAPPINGS, codes, family_of, small
from effect_cases import LARGE, NEEDS, ZERO, Case
from tiles import parts

import mramsim as ms
from mramsim.arrays.families import FAMILIES
from mramsim.effects import NAMES

JUNG = "stt_jung_nature_2022"


def chip_of(network, mapping, case, only=None, without=None, x=None):
    known = set(type(ms.load_card("mapping", mapping)).model_fields)
    design = {key: value for key, value in case.design.items() if key in known}
    placed = ms.place(network, mapping, small(mapping, 16, 9, **design))
    if x is not None:
        placed = placed.calibrate(x)
    device = {"write_error_rate": 1e-3, **case.device}
    return placed.sample(
        JUNG, overrides=device, only=only, without=without, conditions=case.conditions
    )


def same_records(one, other):
    for name, records in one.records.items():
        for left, right in zip(records, other.records[name], strict=True):
            for a, b in zip(parts(left), parts(right), strict=True):
                if not np.array_equal(a, b):
                    return False
    return True


CASES = [
    pytest.param(mapping, effect, id=f"{mapping}-{effect}")
    for mapping in MAPPINGS
    for effect in sorted(family_of(mapping).modelled & set(ZERO))
]


@pytest.mark.parametrize(("mapping", "effect"), CASES)
def test_zero_equals_off(networks, images, mapping, effect):
    """Beside all other effects, and alone."""
    network = networks["tiny"]
    x = images(network, 20)
    for others in (None, [effect]):
        on = chip_of(network, mapping, ZERO[effect], only=others)
        off = chip_of(network, mapping, ZERO[effect], only=others, without=[effect])
        assert effect in on.effects
        assert effect not in off.effects
        assert same_records(on, off)
        np.testing.assert_array_equal(on.run(x).scores, off.run(x).scores)


@pytest.mark.parametrize(("mapping", "effect"), CASES)
def test_large_and_alone_it_changes_decisions(networks, images, mapping, effect):
    network = networks["tiny"]
    x = images(network, 600)
    needed = NEEDS.get(effect, [])
    run = chip_of(network, mapping, LARGE[effect], only=[effect, *needed]).run(x, checked=600)
    still = chip_of(network, mapping, LARGE[effect], only=[*needed, "none"]).run(x)
    assert sum(wrong for wrong, _ in run.decision_errors.values()) > 0
    assert (run.scores != still.scores).any()


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_adc_changes_decisions_and_fine_codes_equal_off(networks, images, mapping):
    network = networks["mlp"]
    x = images(network, 30)
    coarse = {"partial_sums": "adc", "partial_sum_bits": 1, "adc_range": "full"}
    fine = {"partial_sums": "adc", "partial_sum_bits": 16}
    if codes(mapping):
        coarse, fine = {"adc_bits": 1, "adc_range": "full"}, {"adc_bits": 8, "adc_range": "full"}
        fine |= IDEAL_CONVERTERS
    exact = network.scores(x)
    changed = chip_of(network, mapping, Case(design=coarse), only=["adc"]).run(x)
    assert (changed.scores != exact).any()
    kept = chip_of(network, mapping, Case(design=fine), only=["adc"]).run(x)
    np.testing.assert_array_equal(kept.scores, exact)


def test_every_modelled_effect_has_its_case():
    for family in FAMILIES.values():
        assert family.modelled <= set(NAMES)
        assert not family.modelled & family.absent
        assert family.modelled - {"adc"} <= set(LARGE)
    assert set(LARGE) == set(ZERO)


# ---- rule 6 --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    """A network of random features and signs of a least-squares fit, and its test images."""
    from sklearn.datasets import load_digits

    from mramsim.network.graph import Network
    from mramsim.network.nodes import Input, Linear, Output, Threshold

    data = load_digits()
    images, labels = data.data.astype(np.int64), data.target
    rng = np.random.default_rng(0)
    hidden = 400
    weight = rng.integers(0, 2, (hidden, 64), dtype=np.uint8)
    nodes = [
        Input("x", (), (64,), planes=1, low=0, step=8),
        Linear("fc", ("x",), weight),
        Threshold("t", ("fc",), np.zeros(hidden, np.int32), np.ones(hidden, np.int8)),
    ]
    x = 2.0 * (images >= 8) - 1.0
    counts = x @ (2.0 * weight - 1.0).T
    level = np.median(counts[:1200], axis=0).astype(np.int32)
    nodes[2] = Threshold("t", ("fc",), level, np.ones(hidden, np.int8))
    features = np.where(counts >= level, 1.0, -1.0)
    wanted = 2.0 * (labels[:1200, None] == np.arange(10)) - 1.0
    fit = np.linalg.solve(
        features[:1200].T @ features[:1200] + 100.0 * np.eye(hidden), features[:1200].T @ wanted
    )
    bits = (fit.T > 0).astype(np.uint8)
    scores = features[:1200] @ (2.0 * bits - 1.0).T
    scale = np.ones(10)
    offset = np.array(
        [-(scores[:, k].mean() + scores[labels[:1200] == k, k].mean()) / 2 for k in range(10)]
    )
    nodes += [Linear("last", ("t",), bits), Output("out", ("last",), scale, offset)]
    return Network(tuple(nodes)), images[1200:], labels[1200:]


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_accuracy_falls_to_chance_with_the_tmr(digits, mapping):
    network, x, labels = digits
    ideal = (network.predict(x) == labels).mean()
    assert ideal > 0.7
    placed = ms.place(network, mapping).calibrate(x[:200])
    found = {}
    for tmr in (1.3, 0.4, 0.0):
        values = {"tmr": tmr, "write_error_rate": 0.0}
        chips = [placed.sample(JUNG, number=number, overrides=values) for number in range(4)]
        found[tmr] = np.mean([(chip.predict(x) == labels).mean() for chip in chips])
    assert found[1.3] > found[0.4] > found[0.0]
    assert found[1.3] > 0.4
    assert found[0.0] < 0.2
    silent = placed.sample("ideal", only=["none"], overrides={"tmr": 0.0})
    predicted = silent.predict(x)
    assert (predicted == predicted[0]).all()


# ---- rule 7 --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_switches(networks, mapping):
    placed = ms.place(networks["tiny"], mapping)
    modelled = FAMILIES[placed.card.sensing].modelled
    cheap = {"write_error_rate": 0.0}

    def effects(**switches):
        return placed.sample(JUNG, overrides=cheap, **switches).effects

    assert effects() == modelled
    assert effects(only=["d2d", "stuck"]) == {"d2d", "stuck"}
    assert effects(without=["flicker"]) == modelled - {"flicker"}
    assert effects(only=["none"]) == frozenset()
    assert effects(only=["d2d", "adc"], without=["adc"]) == {"d2d"}
    unused = sorted(set(NAMES) - modelled)
    assert effects(only=["d2d", *unused]) == {"d2d"}
    for wrong in ({"only": ["d2c"]}, {"without": ["d2c"]}):
        with pytest.raises(ms.InputError, match=r"d2c.*d2d"):
            effects(**wrong)
