"""References of real cells: every level against the column of cells it is, and what it shifts."""

import naive
import numpy as np
import pytest
from tiles import CSUM, FLASH, PASSIVE, RSUM, VOTE, make, random_bits, read

import mramsim as ms
from mramsim import effects as table
from mramsim.arrays import cells, reference
from mramsim.arrays.cells import AP, P
from mramsim.arrays.current_sum import noise_variances
from mramsim.arrays.family import CODING
from mramsim.devices import spread
from mramsim.kernels.converters import EXACT, SWEEP, Converter

ROWS = 40


def sampled(card, columns, count, seed=0, rows=ROWS):
    """Reference cells of a tile, as the effect's own generator draws them: P and AP in Ohm."""
    rng = np.random.default_rng([seed, table.number("reference")])
    found = spread.sample(card, (count, columns, rows), rng, frozenset({"d2d"}))
    p = found.rp_ohm + found.series_ohm
    return p, found.rp_ohm * (1 + found.tmr) + found.series_ohm


def counts_of(mapping, card, p, ap, matching):
    """Count that a reference column reads, its first `matching` cells in the matching state."""
    chosen = np.where(np.arange(p.shape[-1]) < matching, p, ap)
    ohm_p = card.rp_ohm + card.series_ohm
    ohm_ap = card.rp_ohm * (1 + card.tmr) + card.series_ohm
    rows = p.shape[-1]
    if mapping == RSUM:
        return (rows * ohm_ap - chosen.sum(axis=-1)) / (ohm_ap - ohm_p)
    return ((1 / chosen).sum(axis=-1) - rows / ohm_ap) / (1 / ohm_p - 1 / ohm_ap)


@pytest.mark.parametrize(("shared", "averaged"), [(1, 1), (3, 4)])
def test_every_level_of_a_swept_reference_is_a_column_of_cells(shared, averaged):
    design = {"columns_per_reference": shared, "reference_columns": averaged}
    made = make(
        random_bits(1, ROWS, 7), ("reference",), VOTE, design=design, reading="sweep", v_half_v=None
    )
    card = made.die.card
    p, ap = sampled(card, -(-7 // shared), averaged)
    for column in range(7):
        for matching in range(ROWS):
            around = [
                counts_of(VOTE, card, p, ap, matching + side).mean(axis=0)[column // shared]
                for side in (0, 1)
            ]
            missed = naive.missed_by(made.record, ROWS, matching + 0.5, column)
            assert missed == pytest.approx(np.mean(around) - (matching + 0.5), abs=1e-9)
    found = read(made, random_bits(2, 30, ROWS), Converter(SWEEP, 0.0, 1.0, 1))
    x = random_bits(2, 30, ROWS)
    matches = x @ made.cells.bits + (1 - x) @ (1 - made.cells.bits)
    levels = np.array(
        [
            [
                np.mean(
                    [
                        counts_of(VOTE, card, p, ap, level + side).mean(axis=0)[column // shared]
                        for side in (0, 1)
                    ]
                )
                for level in range(ROWS)
            ]
            for column in range(7)
        ]
    )
    expected = (matches[:, :, None] > levels[None]).sum(axis=2)
    np.testing.assert_array_equal(found, expected)
    assert (found != matches).any()


def test_the_mean_of_several_columns_misses_less():
    def rms(averaged):
        design = {"columns_per_reference": 1, "reference_columns": averaged}
        bits = random_bits(1, ROWS, 400)
        made = make(bits, ("reference",), VOTE, design=design)
        return np.std([naive.missed_by(made.record, ROWS, 19.5, c) for c in range(400)])

    assert rms(1) / rms(16) == pytest.approx(4.0, rel=0.15)


@pytest.mark.parametrize("mapping", [CSUM, RSUM])
def test_ends_of_a_range_stand_where_the_reference_cells_put_them(mapping):
    """The lowest and highest codes turn at the counts of all-AP and all-P reference columns."""
    none = {"sigma_adc_gain": 0.0, "sigma_adc_offset_lsb": 0.0, "sigma_adc_inl_lsb": 0.0}
    design = {**none, "reference_columns": 1, "columns_per_reference": 1, "adc_bits": 3}
    design |= {"rows": ROWS, "rows_on": ROWS}
    bits = random_bits(1, ROWS, 5)
    made = make(bits, ("reference", "adc"), mapping, design=design, v_half_v=None)
    card = made.die.card
    p, ap = sampled(card, 5, 1)
    ends = [counts_of(mapping, card, p, ap, matching)[0] for matching in (0, ROWS)]
    offset, gain, bow = made.record.bend
    middle, half = made.site.scale.middle, made.site.scale.half
    assert (bow == 0).all()
    for end, sign in zip(ends, (-1, 1), strict=True):
        seen = end + offset + gain * (end - middle)
        np.testing.assert_allclose(seen, middle + sign * half, rtol=0, atol=1e-9)
        assert np.abs(end - (middle + sign * half)).max() > 0.2


def test_levels_of_a_flash_converter_are_columns_of_reference_cells():
    none = {"sigma_adc_offset_lsb": 0.0, "reference_columns": 2, "columns_per_reference": 64}
    size = {"rows": 64, "rows_on": 64}
    bits = random_bits(1, 64, 8)
    made = make(bits, ("reference", "adc"), FLASH, design={**none, **size}, v_half_v=None)
    card = made.die.card
    p, ap = sampled(card, 1, 2, rows=64)
    for level, turn in zip(made.site.scale.levels(), made.record.comparators[0], strict=True):
        whole = int(np.floor(level))
        around = [counts_of(FLASH, card, p, ap, whole + side).mean() for side in (0, 1)]
        expected = around[0] + (level - whole) * (around[1] - around[0])
        assert turn == pytest.approx(expected, abs=1e-9)


def test_ideal_references_miss_nothing():
    assert reference.IDEAL.match.shape[0] == 0
    assert {"sar", "flash", "tdc"} == set(CODING)
    die = cells.Die(
        ms.load_card("device", "ideal"), ms.Conditions(), frozenset({"reference"}), 1.0, 1e6
    )
    card = ms.load_card("mapping", VOTE)
    found = reference.draw(
        die, card, 5, (0, 5), 3, np.random.default_rng(0), lambda p, ap: (p - p, ap - ap)
    )
    np.testing.assert_array_equal(found.missed(5, np.array([0.5, 3.25]), 3), np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("mapping", "reading"), [(CSUM, "codes"), (FLASH, "codes"), (VOTE, "sweep")]
)
def test_references_act_where_nothing_is_quantised(mapping, reading):
    """What all cells have in common goes to the reference, too, and drops out of the difference."""
    bits, x = random_bits(1, 64, 30), random_bits(2, 40, 64)
    matches = x @ bits + (1 - x) @ (1 - bits)
    means = []
    for effects in (("d2d",), ("d2d", "reference")):
        design = {"reference_columns": 8, "columns_per_reference": 1}
        common = {"design": design, "reading": reading, "sigma_diameter": 0.06, "tmr": 1.0}
        made = make(bits, effects, mapping, **common)
        exactly = Converter(EXACT, 0.0, 1.0, 1)
        if made.site.scale is not None:
            exactly = Converter(EXACT, *vars(made.site.scale).values())
        means.append((read(made, x, exactly) - matches).mean())
    assert abs(means[1]) < abs(means[0]) / 2


@pytest.mark.parametrize("columns", [1, 4])
@pytest.mark.parametrize("mapping", [CSUM, PASSIVE])
def test_a_reference_that_is_compared_with_makes_noise_of_its_own(mapping, columns):
    """As many cells as a column has, half of them matching; the mean of several has less."""
    rows = 12
    bits = np.random.default_rng(1).integers(0, 2, (rows, 5))
    design = {"reference_columns": columns}
    plain, compared = (
        make(bits, ["thermal_shot"], mapping, reading=reading, design=design)
        for reading in ("codes", "vote")
    )
    classes = plain.cells.classes
    variances = noise_variances(plain.die, plain.mapping, classes)
    share = (variances[P] + variances[AP]) / 2.0 / columns
    assert share > 0.0
    if mapping == CSUM:
        for name in ("variance_match", "variance_other"):
            more = getattr(compared.record, name) - getattr(plain.record, name)
            assert more == pytest.approx(share, rel=1e-9)
        return
    more = compared.record.variance_fixed - plain.record.variance_fixed
    np.testing.assert_allclose(more, rows * share, rtol=1e-9)
