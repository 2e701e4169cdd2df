"""Each effect alone changes the analog quantity at the decision; at zero it changes nothing."""

import naive
import naive_cells
import numpy as np
import pytest
from designs import counts_bits, family_of
from effect_cases import LARGE, ZERO
from tiles import CHARGE, CSUM, DIGITAL, PCSA, RSUM, VOTE, make, parts

BITS = np.random.default_rng(1).integers(0, 2, (48, 12))
X = np.random.default_rng(2).integers(0, 2, 48)
DESIGNS = (CSUM, PCSA, RSUM, CHARGE, DIGITAL)
CASES = [
    pytest.param(mapping, effect, id=f"{family_of(mapping).name}-{effect}")
    for mapping in DESIGNS
    for effect in sorted(family_of(mapping).modelled - {"adc", "ir_drop", "reference"})
]


def built(mapping, only, case):
    device = {"write_error_rate": 1e-3, **case.device}
    return make(BITS, only, mapping, conditions=case.conditions, design=case.design, **device)


def column(made):
    """What a column of a design sums, in A, Ohm or V."""
    if made.mapping.sensing == "resistance_sum":
        return naive_cells.column_ohm(made.cells, X, np.ones(48))
    if made.mapping.sensing == "charge":
        return naive_cells.charge_v(made.cells, X, np.ones(BITS.shape), made.mapping.v_read_v)
    return naive_cells.column_current(made.cells, X, np.ones(48), made.mapping.v_read_v)


def analog(made):
    """Static input of each decision, and its noise."""
    if counts_bits(made.mapping.name):
        record = made.record
        chances = np.zeros((2, *BITS.shape))
        chances[0, record.odd_row, record.odd_column] = record.wrong_on
        chances[1, record.odd_row, record.odd_column] = record.wrong_off
        return np.stack([naive_cells.latch_input_v(made.cells, X, made.mapping), *chances])
    read = [naive.analog_column(made.record, list(X), 0, column) for column in range(12)]
    return np.array([column(made), *np.transpose(read)[:2]])


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(parts(one), parts(other), strict=True))


@pytest.mark.parametrize(("mapping", "effect"), CASES)
def test_alone_it_changes_the_analog_quantity(mapping, effect):
    case = LARGE[effect]
    assert not np.array_equal(
        analog(built(mapping, [effect], case)), analog(built(mapping, [], case))
    )


@pytest.mark.parametrize(("mapping", "effect"), CASES)
def test_at_zero_it_equals_off_beside_all_others(mapping, effect):
    others = family_of(mapping).modelled - {effect}
    zero = ZERO[effect]
    on, off = built(mapping, others | {effect}, zero), built(mapping, others, zero)
    assert same(on.record, off.record)
    np.testing.assert_array_equal(on.cells.resistance_ohm, off.cells.resistance_ohm)


@pytest.mark.parametrize("mapping", DESIGNS)
@pytest.mark.parametrize("effect", ["write_error", "stuck", "retention", "read_disturb", "rtn"])
def test_its_draws_move_no_other_effect(mapping, effect):
    """Cells that keep their state keep their resistance, whatever else is on."""
    alone = built(mapping, ["d2d"], LARGE[effect]).cells
    beside = built(mapping, ["d2d", effect], LARGE[effect]).cells
    kept = alone.state == beside.state
    assert 0.4 < kept.mean() < 1.0 or effect == "rtn"
    np.testing.assert_array_equal(alone.resistance_ohm[kept], beside.resistance_ohm[kept])


def test_huge_deviations_stay_within_the_sums_of_the_kernel():
    """A short in a device without any TMR is 1e13 counts; nothing may leave int64."""
    made = make(BITS, ["stuck"], CSUM, name="ideal", tmr=0.0, short_rate=0.3, open_rate=0.1)
    record = made.record
    assert record.gain == 0.0
    assert np.abs(record.odd_steps).max() <= 2**41
    unit = 1e-9 / made.cells.classes[1].total_ohm
    current = naive_cells.column_current(made.cells, X, np.ones(48), 1.0)
    background = 48 / made.cells.classes[0].total_ohm
    found = [naive.analog_column(record, list(X), 0, column)[0] for column in range(12)]
    np.testing.assert_allclose(found, (current - background) / unit, rtol=1e-6, atol=1e3)


def test_no_tmr_leaves_no_signal():
    for mapping in DESIGNS:
        one = make(np.ones((5, 3)), [], mapping, tmr=0.0).cells.resistance_ohm
        zero = make(np.zeros((5, 3)), [], mapping, tmr=0.0).cells.resistance_ohm
        np.testing.assert_array_equal(one, zero)


def test_reference_cells_move_the_reference_and_nothing_else():
    case = LARGE["reference"]
    ideal, real = built(VOTE, ["d2d"], case), built(VOTE, ["d2d", "reference"], case)
    assert ideal.record.reference_match.size == 0
    assert np.abs(real.record.reference_match).max() > 1.0
    for name in ("base", "deviation", "offset", "variance_match"):
        np.testing.assert_array_equal(getattr(ideal.record, name), getattr(real.record, name))
    zero = built(VOTE, ["reference"], ZERO["reference"])
    assert same(zero.record, built(VOTE, [], ZERO["reference"]).record)
