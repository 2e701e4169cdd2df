"""Converters: transfer curves with gain, offset and nonlinearity; comparators; noise; sharing."""

import numpy as np
import pytest
from scipy import stats
from test_kernel_analog import random_tile
from tiles import CHARGE, CSUM, FLASH, RSUM, VOTE, make, random_bits, read, read_record

import mramsim as ms
from mramsim.arrays.converter import NONE, Range, draw, fit_range
from mramsim.kernels.converters import CODES, Converter
from mramsim.kernels.converters import VOTE as VOTING

SCALE = Range(10.0, 2.0, 32)
NOTHING = dict.fromkeys(
    ("sigma_adc_gain", "sigma_adc_offset_lsb", "sigma_adc_inl_lsb", "sigma_adc_noise_lsb"), 0.0
)


def card(**values):
    return ms.load_card("mapping", CSUM, {**NOTHING, "columns_per_converter": 1, **values})


def turns(errors, columns, scale=SCALE, fine=2000):
    """Counts at which the code of each column steps, from a ramp of analog counts."""
    ramp = np.linspace(scale.low - 4, scale.low + scale.step * scale.codes + 4, fine * 8 + 1)
    count = len(ramp)  # every column once for each count
    rng = np.random.default_rng(0)
    tile, _ = random_tile(rng, 1, columns * count, odd=0.0, noise=0.0, spread=0.0)
    moved = tile._replace(
        gain=0.0,
        offset=np.repeat(ramp, columns),
        bend=np.tile(errors.bend, count),
        comparators=np.tile(errors.comparators, (count, 1)),
    )
    converter = Converter(CODES, scale.low, scale.step, scale.codes)
    sums, _ = read_record(moved, converter, np.ones((1, 1)), [0])
    codes = (((sums[0] + 1) / 2 - scale.low) / scale.step).reshape(count, columns)
    found = np.full((columns, scale.codes - 1), np.nan)
    for code in range(1, scale.codes):
        reached = codes >= code - 1e-9
        found[:, code - 1] = np.where(reached.any(axis=0), ramp[reached.argmax(axis=0)], np.nan)
    return found, ramp[1] - ramp[0]


def test_without_errors_codes_turn_half_way_between_counts():
    errors = draw(card(), SCALE, 3, np.random.default_rng(0), None)
    assert errors.bend.size == errors.comparators.size == 0
    found, step = turns(NONE, 3)
    np.testing.assert_allclose(found, np.tile(SCALE.levels(), (3, 1)), atol=step)


@pytest.mark.parametrize("key", ["sigma_adc_gain", "sigma_adc_offset_lsb", "sigma_adc_inl_lsb"])
def test_each_error_bends_the_transfer_curve_in_its_own_way(key):
    """End-point fit of the code transitions: slope, offset in the middle, and what is left."""
    value = 0.05 if key == "sigma_adc_gain" else 1.5
    rng = np.random.default_rng(1)
    errors = draw(card(**{key: value}), SCALE, 4, rng, None)
    z = np.random.default_rng(1).standard_normal(12).reshape(3, 4)
    found, step = turns(errors, 4)
    ideal = SCALE.levels()
    for column in range(4):
        moved = ideal - found[column]  # a later turn is a smaller reading
        inside = np.isfinite(moved)
        u = (found[column] - SCALE.middle) / SCALE.half
        if key == "sigma_adc_gain":
            expected = value * z[0, column] * (found[column] - SCALE.middle)
        elif key == "sigma_adc_offset_lsb":
            expected = np.full(31, value * SCALE.step * z[1, column])
        else:
            expected = value * SCALE.step * z[2, column] * (1 - np.clip(u, -1, 1) ** 2)
        assert inside.sum() > 25
        np.testing.assert_allclose(moved[inside], expected[inside], atol=1.2 * step)


def test_codes_saturate_at_both_ends():
    errors = draw(card(sigma_adc_gain=0.1, sigma_adc_inl_lsb=2.0), SCALE, 6, _rng(3), None)
    found, _ = turns(errors, 6)
    assert (np.diff(found, axis=1) >= 0)[np.isfinite(np.diff(found, axis=1))].all()
    tile, _ = random_tile(_rng(0), 1, 6, odd=0.0, noise=0.0, spread=0.0)
    for value, code in ((-1e6, 0), (1e6, 31)):
        moved = tile._replace(offset=np.full(6, value), gain=0.0, bend=errors.bend)
        converter = Converter(CODES, SCALE.low, SCALE.step, SCALE.codes)
        sums, _ = read_record(moved, converter, np.ones((1, 1)), [0])
        np.testing.assert_allclose((sums + 1) / 2, SCALE.low + SCALE.step * code)


def _rng(seed):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("shared", [1, 8])
def test_columns_share_their_converter(shared):
    values = {"sigma_adc_gain": 0.02, "sigma_adc_offset_lsb": 0.5, "sigma_adc_inl_lsb": 0.25}
    errors = draw(card(columns_per_converter=shared, **values), SCALE, 4000, _rng(5), None)
    count = 4000 // shared
    for row, sigma in zip(errors.bend, (1.0, 0.02, 0.5), strict=True):  # offset, gain, bow
        groups = row.reshape(count, shared)
        assert (groups == groups[:, :1]).all()
        assert abs(groups[:, 0].std() / sigma - 1) * np.sqrt(2 * count) < 4
        assert len(np.unique(groups[:, 0])) == count


def test_a_flash_converter_turns_at_its_comparators():
    scale = Range(4.0, 3.0, 8)
    values = {"converter": "flash", "adc_bits": 3, "sigma_adc_offset_lsb": 0.2}
    errors = draw(card(**values), scale, 500, _rng(2), None)
    assert errors.comparators.shape == (500, 7)
    moved = errors.comparators - scale.levels()
    assert abs(moved.std() / (0.2 * 3.0) - 1) * np.sqrt(2 * moved.size) < 4
    assert abs(np.corrcoef(moved.T)[0, 1]) < 4 / np.sqrt(500)
    found, step = turns(draw(card(**values), scale, 500, _rng(2), None), 500, scale, 300)
    order = np.sort(errors.comparators, axis=1)
    np.testing.assert_allclose(found, order, atol=1.01 * step)


@pytest.mark.parametrize("mapping", [CSUM, FLASH, CHARGE, RSUM])
def test_codes_of_a_noisy_converter_follow_its_margins(mapping):
    """Noise of 0.8 steps per conversion: P(code >= k) at 8 levels k around one value."""
    rows = 64
    design = {**NOTHING, "sigma_adc_noise_lsb": 0.8, "rows": rows, "rows_on": rows, "adc_bits": 6}
    made = make(random_bits(1, rows, 1), ("adc",), mapping, design=design)
    x, reads = random_bits(2, rows), 40_000
    count = x @ made.cells.bits[:, 0] + (1 - x) @ (1 - made.cells.bits[:, 0])
    scale = made.site.scale
    converter = Converter(CODES, scale.low, scale.step, scale.codes)
    found = read(made, np.tile(x, (reads, 1)), converter)[:, 0]
    levels = scale.levels()
    nearest = levels[np.argsort(np.abs(levels - count))[:8]]
    tested = 0
    for level in nearest:
        chance = stats.norm.sf((level - count) / (0.8 * scale.step))
        if reads * min(chance, 1 - chance) < 5:
            continue
        above = (found > level).sum()
        assert abs(above - reads * chance) / np.sqrt(reads * chance * (1 - chance)) < 4
        tested += 1
    assert tested >= 6


def test_votes_of_a_column_follow_their_margins():
    """Current sum into one comparator, noise of 1.2 counts, 8 margins."""
    rows, reads = 64, 40_000
    count_v = 2e3 * 0.05 * (1 / 1.3e4 - 1 / 2.6e4)
    design = {"sigma_sa_noise_v": 1.2 * count_v, "rows": rows, "rows_on": rows}
    bits = np.repeat(random_bits(1, rows, 1), 8, axis=1)
    x = random_bits(2, rows)
    count = x @ bits[:, 0] + (1 - x) @ (1 - bits[:, 0])
    margins = np.array([-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5])
    signed = (2 * (count + margins + 0.5) - rows).astype(np.int32)
    made = make(bits, ("sa_noise",), VOTE, design=design, levels=signed)
    found = read(made, np.tile(x, (reads, 1)), Converter(VOTING, 0.0, 1.0, 1))
    above = (found * 2 - rows > 0).sum(axis=0)
    chance = stats.norm.sf(margins / 1.2)
    z = (above - reads * chance) / np.sqrt(reads * chance * (1 - chance))
    assert (np.abs(z) < 4).all()


def test_a_range_is_never_finer_than_a_count():
    assert fit_range(0.0, 256.0, 6) == Range(0.0, 256 / 63, 64)
    assert fit_range(100.0, 120.0, 6).step == 1.0
    assert fit_range(0.0, 256.0, 6).middle == pytest.approx(128.0)
