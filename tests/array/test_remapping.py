"""Columns placed around stuck cells, and cells written with verification."""

from itertools import permutations

import numpy as np
import pytest
from tiles import CSUM, RSUM, random_bits

import mramsim as ms
from mramsim import effects as table
from mramsim.arrays import cells, remapping
from mramsim.arrays.bias import read_pulse
from mramsim.arrays.cells import AP, P
from mramsim.devices import stuck

JUNG = "stt_jung_nature_2022"
OTHERS = {"spatial": 99, "capacitor": 98}


def generators(seed):
    def generator(name):
        number = OTHERS[name] if name in OTHERS else table.number(name)
        return np.random.default_rng([seed, number])

    return generator


def written(bits, only, mapping=CSUM, design=None, **device):
    card = ms.load_card("device", JUNG, device)
    die = cells.Die(card, ms.Conditions(), frozenset(only), 1.0, 1e6)
    keys = ms.load_card("mapping", mapping, design)
    return remapping.program(die, keys, bits, generators(1), generators(2)), die, keys


def naive_cost(bits, defect, classes, series):
    """Squared errors in counts of every stuck MTJ of one column at one place."""
    values = [b.total_ohm if series else 1.0 / b.total_ohm for b in classes]
    unit, total = abs(values[P] - values[AP]), 0.0
    for row, bit in enumerate(bits):
        for branch in range(2):
            if defect[branch, row] != stuck.FINE:
                meant = P if (bit == 1) == (branch == 0) else AP
                total += ((values[defect[branch, row] + 1] - values[meant]) / unit) ** 2
    return total


@pytest.mark.parametrize("mapping", [CSUM, RSUM])
def test_costs_equal_the_loop_over_cells(mapping):
    bits = random_bits(3, 9, 5).astype(np.uint8)
    device = {"short_rate": 0.1, "open_rate": 0.1, "open_ohm": 1e5}
    _, die, card = written(bits, ["stuck"], mapping, **device)
    defect = stuck.draw(die.card, (2, 9, 7), np.random.default_rng(5), die.effects)
    seen = (die.conditions, die.effects)
    classes = cells.classes_of(die.card, read_pulse(die.card, card, *seen), *seen)
    found = remapping.costs(bits, defect, remapping.deviations(classes, card)) / 1024
    series = mapping == RSUM
    expected = [
        [naive_cost(bits[:, j], defect[:, :, k], classes, series) for k in range(7)]
        for j in range(5)
    ]
    np.testing.assert_allclose(found, expected, atol=18 / 2048)
    assert found.any()


def test_places_are_the_best_of_all():
    cost = np.random.default_rng(4).integers(0, 30, (4, 5)).astype(np.float64)

    def total(place):
        return sum(cost[j, k] for j, k in enumerate(place))

    best = min(permutations(range(5), 4), key=total)
    assert total(remapping.placed(cost, "swap")) == total(best)
    near = [p for p in permutations(range(5), 4) if all(k in (j, 4) for j, k in enumerate(p))]
    assert total(remapping.placed(cost, "spares")) == min(map(total, near))


def test_columns_without_need_stay():
    cost = np.zeros((6, 8))
    for way in ("spares", "swap"):
        np.testing.assert_array_equal(remapping.placed(cost, way), np.arange(6))
    cost[2, 2] = 5.0
    np.testing.assert_array_equal(np.delete(remapping.placed(cost, "spares"), 2), [0, 1, 3, 4, 5])
    assert remapping.placed(cost, "spares")[2] >= 6


SWAP = {"remapping": "swap", "spare_columns": 3}


def test_other_draws_stay_where_they_are():
    """Without a stuck cell the cells are the same; with some, each place keeps its cells."""
    bits = random_bits(5, 20, 12).astype(np.uint8)
    for only in (["d2d", "flicker", "rtn"], ["d2d", "stuck"]):
        plain = written(bits, only, short_rate=0.0, open_rate=0.0)[0]
        moved = written(bits, only, design=SWAP, short_rate=0.0, open_rate=0.0)[0]
        for name in ("bits", "resistance_ohm", "state", "rtn_variance"):
            np.testing.assert_array_equal(getattr(plain, name), getattr(moved, name))
    rates = {"short_rate": 0.02, "open_rate": 0.02}
    plain = written(bits, ["stuck", "d2d"], **rates)[0]
    moved = written(bits, ["stuck", "d2d"], design=SWAP, **rates)[0]
    kept = [
        j
        for j in range(12)
        if np.array_equal(plain.resistance_ohm[..., j], moved.resistance_ohm[..., j])
    ]
    assert 0 < len(kept) < 12
    defects = (plain.state > P).sum(axis=(0, 1))
    assert (defects[kept] == 0).sum() > 0


@pytest.mark.parametrize("way", ["spares", "swap"])
def test_what_stuck_cells_cost_goes_down(way):
    bits = random_bits(6, 32, 40).astype(np.uint8)
    rates = {"short_rate": 2e-3, "open_rate": 2e-3}

    def error(design):
        made = written(bits, ["stuck"], design=design, **rates)[0]
        nominal = np.array([1.0 / branch.total_ohm for branch in made.classes])
        off = 1.0 / made.resistance_ohm - nominal[made.meant()]
        return (off**2).sum() / (nominal[P] - nominal[AP]) ** 2, (made.state > P).sum()

    before, after = error(None), error({"remapping": way, "spare_columns": 4})
    assert before[1] > 5
    assert after[0] < 0.5 * before[0]
    if way == "swap":
        assert error({"remapping": "swap"})[0] < 0.9 * before[0]


def test_newton_junctions_move_along():
    bits = random_bits(7, 10, 8).astype(np.uint8)
    design = {"wire_bias": "newton", **SWAP}
    rates = {"short_rate": 0.02, "open_rate": 0.02}
    made = written(bits, ["stuck", "bias", "ir_drop", "d2d"], design=design, **rates)[0]
    assert made.junctions.rp_ohm.shape == (2, 10, 8)
    short = made.state == cells.SHORT
    assert short.any()
    assert len(np.unique(made.junctions.rp_ohm[short])) == 1


def test_verification_repeats_what_it_sees():
    """Wrong cells that read as right ones, by their own resistance, get no second pulse."""
    bits = random_bits(8, 100, 100).astype(np.uint8)
    device = {"write_error_rate": 0.5, "tmr": 0.3, "sigma_diameter": 0.1}
    only = ["d2d", "write_error"]
    once = written(bits, only, **device)[0]
    thrice = written(bits, only, design={"write_attempts": 3}, **device)[0]
    meant = once.meant()
    first, left = once.state != meant, thrice.state != meant
    u = generators(1)("write_error").random(meant.shape)
    np.testing.assert_array_equal(first, u < 0.5)
    middle = (once.classes[P].total_ohm + once.classes[AP].total_ohm) / 2
    hidden = np.zeros(meant.shape, np.bool_)
    for at in zip(*np.nonzero(first), strict=True):
        looks_antiparallel = once.resistance_ohm[at] > middle
        hidden[at] = looks_antiparallel == (meant[at] == AP)
    assert 0.05 < hidden[first].mean() < 0.5
    np.testing.assert_array_equal(left, first & (hidden | (u < 0.125)))
    kept = left == first
    np.testing.assert_array_equal(once.resistance_ohm[kept], thrice.resistance_ohm[kept])


def test_one_attempt_and_no_write_errors_change_nothing():
    bits = random_bits(9, 20, 20).astype(np.uint8)
    for attempts, only in ((1, ["d2d", "write_error"]), (9, ["d2d"])):
        plain = written(bits, only, write_error_rate=0.2)[0]
        more = written(bits, only, design={"write_attempts": attempts}, write_error_rate=0.2)[0]
        np.testing.assert_array_equal(plain.state, more.state)
        np.testing.assert_array_equal(plain.resistance_ohm, more.resistance_ohm)
