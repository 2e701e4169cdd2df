"""The current-sum kernel against the cell-by-cell twin, bit for bit, on arbitrary records."""

import naive
import numpy as np
import pytest
from tiles import read_record

from mramsim.kernels import lines
from mramsim.kernels.converters import CODES, EXACT, SWEEP, VOTE, Converter, border_of
from mramsim.kernels.prepared import prepare
from mramsim.kernels.records import NO_WIRES, AnalogTile
from mramsim.kernels.words import pack_bits

SHAPES = [(1, 1), (1, 5), (63, 1), (64, 3), (65, 4), (130, 7), (257, 3), (300, 2), (600, 2)]
EXACTLY = Converter(EXACT, 0.0, 1.0, 1)
MODES = [
    pytest.param(Converter(EXACT, 0.0, 1.0, 1), id="exact"),
    pytest.param(Converter(CODES, 0.0, 1.0, 64), id="codes"),
    pytest.param(Converter(CODES, 3.0, 2.7, 8), id="coarse"),
    pytest.param(Converter(CODES, -2.0, 0.5, 4096), id="fine"),
    pytest.param(Converter(VOTE, 0.0, 1.0, 1), id="vote"),
    pytest.param(Converter(SWEEP, 0.0, 1.0, 1), id="sweep"),
]


def random_tile(rng, rows, columns, positions=1, odd=0.05, noise=0.02, spread=0.01):
    """A record that no programming made: every field is used."""
    driven = np.ones((1, rows), bool) if positions == 1 else rng.random((positions, rows)) < 0.8
    odd_row, odd_column = np.nonzero(rng.random((rows, columns)) < odd)
    count = odd_row.size
    deviation = rng.integers(-127, 128, (rows, columns)).astype(np.int8)
    deviation[odd_row, odd_column] = 0
    on = driven.sum(axis=1)
    level = rng.integers(-8, 9, columns)
    level[: columns // 3] = rng.choice([-(1 << 30), 1 << 30], columns // 3)
    return AnalogTile(
        weight=pack_bits(rng.integers(0, 2, (columns, rows))).T.copy(),
        driven=pack_bits(driven),
        rows_on=on.astype(np.int32),
        gain=1.0,
        step=spread,
        base=rng.integers(-400, 400, (len(driven), columns)),
        deviation=deviation,
        odd_row=odd_row.astype(np.int32),
        odd_column=odd_column.astype(np.int32),
        odd_steps=rng.integers(-3000, 3000, count),
        odd_variance_on=rng.random(count) * noise,
        odd_variance_off=rng.random(count) * noise,
        variance_match=noise,
        variance_other=noise / 3,
        variance_column=noise,
        offset=rng.normal(size=columns) * (noise > 0),
        reference_match=np.zeros((0, 1)),
        reference_other=np.zeros((0, 1)),
        reference_shared=1,
        bend=np.zeros((3, 0)),
        comparators=np.zeros((0, 0)),
        level=level.astype(np.int32),
        polarity=rng.choice([-1, 1], columns).astype(np.int8),
        key=rng.integers(0, 1 << 32, 2, dtype=np.uint64).astype(np.uint32),
    ), driven


def both(tile, driven, converter, rng, images=2, plane=0):
    positions = len(driven)
    x = rng.integers(0, 2, (images * positions, driven.shape[1])) & np.tile(driven, (images, 1))
    indices = rng.integers(0, 1 << 31, images)
    sums, made = read_record(tile, converter, x, indices, positions, plane)
    return sums, naive.read_analog(tile, converter, x, indices, positions, plane), made


@pytest.mark.parametrize("converter", MODES)
@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_equals_the_twin(rows, columns, converter):
    rng = np.random.default_rng([rows, columns, converter.mode, converter.codes])
    tile, driven = random_tile(rng, rows, columns)
    found, expected, _ = both(tile, driven, converter, rng)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("converter", MODES)
@pytest.mark.parametrize(("plane", "gated"), [(0, False), (7, False), (0, True), (7, True)])
def test_equals_the_twin_with_masks_and_planes(converter, plane, gated):
    rng = np.random.default_rng([plane, converter.mode])
    tile, driven = random_tile(rng, 70, 6, positions=5)
    tile = tile._replace(gated=gated)
    found, expected, _ = both(tile, driven, converter, rng, images=12, plane=plane)
    np.testing.assert_array_equal(found, expected)


def wired(rng, tile, rows, gated, passive):
    """The tile behind lines: one or two MTJs to a cell, or the transfer of a passive array."""
    columns = tile.weight.shape[1] + 2
    low, high = 1e-4, 2e-4
    cells = rng.choice([low, high], (1 if gated else 2, rows, columns))
    cells *= np.exp(0.1 * rng.normal(size=cells.shape))
    cells[:, :, -2:] = low, high
    found = NO_WIRES._replace(
        siemens=NO_WIRES.siemens if passive else cells,
        transfer=cells[0] if passive else NO_WIRES.transfer,
        rails_ohm=np.array([2.0, 1.0, 30.0, 10.0]),
        v_read_v=0.1,
        nominal_s=np.array([low, high]),
        unit_s=high - low,
    )
    fixed = 0.1 * rng.random(columns - 2) if passive else tile.variance_fixed
    return tile._replace(wires=found, gated=gated, variance_fixed=fixed)


@pytest.mark.parametrize("converter", [mode for mode in MODES if mode.values[0].mode != EXACT])
@pytest.mark.parametrize("kind", ["complementary", "gated", "passive", "bent", "tilted"])
def test_equals_the_twin_behind_wires(converter, kind):
    rng = np.random.default_rng([converter.mode, converter.codes, len(kind)])
    plain, driven = random_tile(rng, 70, 6, positions=3)
    tile = wired(rng, plain, 70, kind == "gated", kind == "passive")
    if kind in ("bent", "tilted"):
        bow = 1.0 if kind == "bent" else 0.0
        tile = tile._replace(bend=rng.normal(size=(3, 6)) * [[2.0], [0.1], [bow]])
    found, expected, _ = both(tile, driven, converter, rng, images=8)
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(found)) > 1


@pytest.mark.parametrize("converter", MODES)
@pytest.mark.parametrize("change", ["no noise", "no gain", "no odd cells", "loud"])
def test_equals_the_twin_at_the_edges(converter, change):
    rng = np.random.default_rng(converter.mode)
    noise = {"no noise": 0.0, "loud": 9.0}.get(change, 0.02)
    tile, driven = random_tile(
        rng, 40, 6, odd=0.0 if change == "no odd cells" else 0.1, noise=noise
    )
    if change == "no gain":
        tile = tile._replace(gain=0.0)
    found, expected, made = both(tile, driven, converter, rng, images=8)
    np.testing.assert_array_equal(found, expected)
    assert change != "no noise" or made == 0


def referred(rng, tile, rows, shared):
    """The tile with real reference columns, one for `shared` of its own."""
    count = -(-tile.weight.shape[1] // shared)
    sums = np.cumsum(rng.normal(size=(2, count, rows + 1)) * 0.3, axis=2)
    sums[:, :, 0] = 0.0
    return tile._replace(reference_match=sums[0], reference_other=sums[1], reference_shared=shared)


@pytest.mark.parametrize("converter", MODES)
@pytest.mark.parametrize(("shared", "gated"), [(1, False), (4, False), (4, True)])
def test_equals_the_twin_with_real_references(converter, shared, gated):
    rng = np.random.default_rng([shared, converter.mode])
    tile, driven = random_tile(rng, 70, 6, positions=4)
    real = referred(rng, tile, 70, shared)._replace(gated=gated)
    found, expected, _ = both(real, driven, converter, rng, images=9)
    np.testing.assert_array_equal(found, expected)


def test_references_that_miss_move_votes_and_swept_counts():
    rng = np.random.default_rng(3)
    tile, _ = random_tile(rng, 64, 30, odd=0.0, noise=0.0, spread=0.0)
    for converter in (Converter(VOTE, 0.0, 1.0, 1), Converter(SWEEP, 0.0, 1.0, 1)):
        real = referred(rng, tile, 64, 1)
        x = rng.integers(0, 2, (20, 64))
        sums = [read_record(one, converter, x, np.arange(20))[0] for one in (tile, real)]
        assert (sums[0] != sums[1]).mean() > 0.01


CODED = [mode for mode in MODES if mode.values[0].mode == CODES]


@pytest.mark.parametrize("converter", CODED)
@pytest.mark.parametrize("kind", ["bend", "tilt", "comparators"])
def test_equals_the_twin_with_errors_of_the_converters(converter, kind):
    converter = converter._replace(codes=min(converter.codes, 64))
    rng = np.random.default_rng([converter.codes, len(kind)])
    tile, driven = random_tile(rng, 70, 6, positions=2)
    if kind in ("bend", "tilt"):
        bow = 1.0 if kind == "bend" else 0.0
        tile = tile._replace(bend=rng.normal(size=(3, 6)) * [[2.0], [0.1], [bow]])
    else:
        levels = converter.low + converter.step * (np.arange(converter.codes - 1) + 0.5)
        tile = tile._replace(comparators=levels + rng.normal(size=(6, converter.codes - 1)))
    found, expected, made = both(tile, driven, converter, rng, images=12)
    np.testing.assert_array_equal(found, expected)
    assert made > 0


@pytest.mark.parametrize("bow", [0.0, 0.5])
def test_equals_the_twin_where_nearly_all_columns_draw(bow):
    """More open columns in a block than are decided together."""
    rng = np.random.default_rng(11)
    tile, driven = random_tile(rng, 12, 70, odd=0.2, noise=9.0)
    if bow:
        tile = tile._replace(bend=rng.normal(size=(3, 70)) * [[2.0], [0.1], [bow]])
    found, expected, made = both(tile, driven, Converter(CODES, -20.0, 0.05, 1024), rng, images=45)
    np.testing.assert_array_equal(found, expected)
    assert made > 0.7 * found.size > 1024


@pytest.mark.parametrize("odd_panel", [0, 1])
@pytest.mark.parametrize("bow", [0.0, 0.5])
def test_odd_cells_of_one_panel_do_not_reach_another(odd_panel, bow):
    rng = np.random.default_rng([odd_panel, 12])
    tile, driven = random_tile(rng, 40, 32, odd=0.2)
    tile = tile._replace(deviation=tile.deviation // 16)  # none of them join the list
    own = tile.odd_column // 16 == odd_panel
    fields = ("odd_row", "odd_column", "odd_steps", "odd_variance_on", "odd_variance_off")
    tile = tile._replace(**{name: getattr(tile, name)[own] for name in fields})
    tile = tile._replace(bend=rng.normal(size=(3, 32)) * [[2.0], [0.1], [bow]])
    found, expected, _ = both(tile, driven, Converter(CODES, 0.0, 0.5, 200), rng, images=35)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("count", [1, 3, 33])
def test_draws_are_those_of_the_inputs_one_by_one(count):
    rng = np.random.default_rng(13)
    tile, _ = random_tile(rng, 40, 20, noise=9.0)
    x, converter = rng.integers(0, 2, (count, 40)), Converter(CODES, 0.0, 0.5, 100)
    _, made = read_record(tile, converter, x, np.arange(count))
    single = [read_record(tile, converter, x[n : n + 1], np.array([n]))[1] for n in range(count)]
    assert made == sum(single) > count


@pytest.mark.parametrize("converter", MODES)
def test_wide_deviations_equal_the_twin(converter):
    rng = np.random.default_rng(8)
    tile, driven = random_tile(rng, 300, 5)
    wide = rng.integers(-32639, 32640, (300, 5)).astype(np.int16)
    wide[tile.odd_row, tile.odd_column] = 0
    tile = tile._replace(deviation=wide, step=1e-4)
    found, expected, _ = both(tile, driven, converter, rng, images=4)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("sign", [-127, 127, -32639, 32639])
@pytest.mark.parametrize("rows", [255, 256, 257, 259, 513, 1024])
def test_lanes_do_not_overflow(rows, sign):
    rng = np.random.default_rng(rows)
    tile, _ = random_tile(rng, rows, 3, odd=0.0, noise=0.0)
    kind = np.int8 if abs(sign) < 128 else np.int16
    tile = tile._replace(deviation=np.full((rows, 3), sign, kind), step=1.0)
    sums, _ = read_record(tile, EXACTLY, np.ones((1, rows), bool), [0])
    weight = [[naive.bit_of(tile.weight[:, c], r) for r in range(rows)] for c in range(3)]
    count = np.sum(weight, axis=1) + tile.base[0] + rows * sign
    assert sums[0].tolist() == (2.0 * count - rows).tolist()


def test_draws_are_made_only_where_eight_sigma_could_matter():
    """The same numbers with fewer draws; the twin above always draws."""
    rng = np.random.default_rng(5)
    tile, _ = random_tile(rng, 64, 40, odd=0.0, noise=1e-6)
    x = rng.integers(0, 2, (5, 64))
    for converter, least in ((Converter(CODES, 0.0, 1.0, 65), 1), (Converter(VOTE, 0, 1.0, 1), 0)):
        sums, made = read_record(tile, converter, x, np.arange(5))
        needed = 0
        for n, column in np.ndindex(sums.shape):
            value, sigma, on = naive.analog_column(tile, list(x[n]), 0, column)
            if converter.mode == CODES:
                ends = [naive.code_of(value + side * 8 * sigma, converter) for side in (-1, 1)]
                needed += ends[0] != ends[1]
            else:
                border = naive.vote_border(
                    on, 2, int(tile.level[column]), int(tile.polarity[column])
                )
                needed += abs(value - border) <= 8 * sigma
        assert least <= made <= needed < sums.size / 4


@pytest.mark.parametrize("on", [0, 1, 6, 7])
@pytest.mark.parametrize("polarity", [-1, 1])
def test_border_of_a_vote_separates_the_counts(on, polarity):
    for level in range(-on - 4, on + 5):
        border = border_of(float(on), np.int32(level), np.int8(polarity))
        for count in range(on + 1):
            one = (count - border) * polarity > 0
            assert one == (polarity * (2 * count - on) >= level)


def test_negative_variances_by_rounding_are_no_noise():
    """Cells without noise of their own may leave -1e-17 in place of 0."""
    rng = np.random.default_rng(0)
    tile, driven = random_tile(rng, 3, 1, odd=0.0, noise=0.0)
    tile = tile._replace(
        odd_row=np.zeros(1, np.int32),
        odd_column=np.zeros(1, np.int32),
        odd_steps=np.zeros(1, np.int64),
        odd_variance_on=np.full(1, -1e-17),
        odd_variance_off=np.full(1, -1e-17),
    )
    for converter in (Converter(EXACT, 0.0, 1.0, 1), Converter(SWEEP, 0.0, 1.0, 1)):
        found, expected, made = both(tile, driven, converter, rng)
        np.testing.assert_array_equal(found, expected)
        assert made == 0


@pytest.mark.parametrize("field", ["odd_steps", "odd_variance_on", "odd_variance_off"])
def test_slack_allows_for_sums_over_odd_cells(field):
    rng = np.random.default_rng(14)
    tile, _ = random_tile(rng, 60, 4, odd=0.5, noise=1.0)
    slack = []
    for factor in (1, 1000):
        louder = tile._replace(**{field: factor * getattr(tile, field)})
        slack.append(prepare(louder, Converter(CODES, 0.0, 1.0, 64)).factors[0, 3, :4])
    assert (slack[1] > 2.0 * slack[0]).all()


@pytest.mark.parametrize(
    "converter", [Converter(CODES, 0.0, 1.0, 64), Converter(VOTE, 0.0, 1.0, 1)]
)
@pytest.mark.parametrize("gated", [False, True])
def test_noise_of_odd_cells_goes_unseen_where_it_hardly_matters(monkeypatch, converter, gated):
    """Settled codes are those found when the noise of each odd cell is followed."""
    rng = np.random.default_rng(15)
    tile, driven = random_tile(rng, 60, 20, positions=2, odd=0.1, noise=1.0)
    on, off = tile.odd_variance_on, tile.odd_variance_off
    least = tile.variance_column + (0.0 if gated else 1.0) * driven.sum(axis=1).min() / 3
    share = 0.4 * least / np.bincount(tile.odd_column, np.abs(on - off)).max()
    tile = tile._replace(odd_variance_on=on * share, odd_variance_off=off * share, gated=gated)
    x = rng.integers(0, 2, (6000, 60)) & np.tile(driven, (3000, 1))
    change = (on - off) * share
    middle = np.bincount(tile.odd_column, change, minlength=20) / 2.0
    found, noise = [], []
    for quiet in (0.0, 0.3):
        monkeypatch.setattr(lines, "QUIET", quiet)
        ready = prepare(tile, converter)
        if ready.linear:
            loud = ready.odd_row.size if quiet == 0.0 else np.count_nonzero(ready.odd_steps)
            assert ready.seen_row.size == loud
            noise.append(ready.noise.transpose(1, 0, 2).reshape(2, -1)[:, :20])
        found.append(read_record(tile, converter, x, np.arange(3000), 2)[0])
    np.testing.assert_array_equal(*found)
    if noise:
        np.testing.assert_allclose(noise[1] - noise[0], [middle, middle], atol=1e-4)
