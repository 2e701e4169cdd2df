"""Columns measured after programming, and the trims that follow."""

from dataclasses import replace

import naive_networks
import numpy as np
import pytest
from designs import MAPPINGS, codes, counts_bits, small
from scipy import stats
from test_rules_walk import DEVICE, JUNG, NETWORK, inputs, placed
from tiles import parts

import mramsim as ms
from mramsim.errors import InputError
from mramsim.mapping import trimming
from mramsim.network.graph import Network
from mramsim.network.nodes import Input, Linear, Output, Threshold
from mramsim.sampling import _known

CSUM, VOTE, RSUM = "csum_deaville_jssc_2025", "csum_1bit", "rsum_jung_nature_2022"


def options(mapping, **more):
    """Everything that is measured, where the design has it."""
    analog = {} if counts_bits(mapping) else {"trim_bits": 4, "trim_range_counts": 3.0}
    return {"threshold_calibration": True, "calibration_reads": 6, **analog, **more}


def laid(mapping, x=None, **design):
    layout = ms.place(NETWORK, mapping, small(mapping, 11, 4, **design))
    return layout if x is None else layout.calibrate(x)


@pytest.mark.parametrize("kind", ["images", "random"])
@pytest.mark.parametrize("mapping", MAPPINGS)
def test_exact_chips_are_left_alone(mapping, kind):
    x = inputs(12)
    design = options(mapping, calibration_inputs=kind, write_attempts=3)
    design |= {"remapping": "swap", "spare_columns": 1}
    chip = laid(mapping, inputs(20, 9), **design).sample(JUNG, only=["none"])
    np.testing.assert_array_equal(chip.run(x).scores, NETWORK.scores(x))
    ideal = laid(mapping, inputs(20, 9)).with_ideal_converters()
    kept = laid(mapping, inputs(20, 9), **design).with_ideal_converters()
    found = [one.sample(JUNG, only=["adc"]).run(x).scores for one in (ideal, kept)]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_other_draws_stay_and_the_twin_reads_the_same(mapping):
    x = inputs(20, 9)
    design = options(mapping)
    before = laid(mapping, x).sample(JUNG, overrides=DEVICE, seed=2)
    after = laid(mapping, x, **design).sample(JUNG, overrides=DEVICE, seed=2)
    again = laid(mapping, x, **design).sample(JUNG, overrides=DEVICE, seed=2)
    own = {"offset", "level"}
    for name, records in before.records.items():
        for old, new, same in zip(records, after.records[name], again.records[name], strict=True):
            for field in set(old._fields) - own:
                for one, other in zip(
                    parts((getattr(old, field),)), parts((getattr(new, field),)), strict=True
                ):
                    np.testing.assert_array_equal(one, other)
            for one, other in zip(parts(new), parts(same), strict=True):
                np.testing.assert_array_equal(one, other)
    tested = inputs(1)
    expected = naive_networks.forward(after.placement, after.records, tested, 5, True)
    np.testing.assert_array_equal(after.run(tested, first=5).scores, expected)


@pytest.mark.parametrize("mapping", [CSUM, VOTE, "pcsa_hirtzlin_nanoarch_2019"])
def test_copies_and_row_groups_are_measured_each_for_itself(mapping):
    design, x = options(mapping), inputs(20, 9)
    layout = placed((mapping, "arranged"), **design).calibrate(x)
    loud = DEVICE | {"sigma_diameter": 0.2}
    chip = layout.sample(JUNG, overrides=loud, seed=2)
    conv = chip.placement.layer("conv")
    assert len(conv.moved) == 3
    assert len({copy.tobytes() for copy in conv.moved}) == 3
    tested = inputs(3)
    expected = naive_networks.forward(chip.placement, chip.records, tested, 5, True)
    np.testing.assert_array_equal(chip.run(tested, first=5).scores, expected)
    exact = layout.sample(JUNG, only=["none"])
    np.testing.assert_array_equal(exact.run(tested).scores, NETWORK.scores(tested))


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_thresholds_move_by_what_the_twin_measures(mapping):
    x = inputs(5, 9)
    layout = laid(mapping, x, threshold_calibration=True, calibration_reads=5)
    chip = layout.sample(JUNG, overrides=DEVICE, seed=3)
    plain = laid(mapping, x).sample(JUNG, overrides=DEVICE, seed=3)
    values = NETWORK.values(x)
    for layer in chip.placement.layers:
        source = layout.layer(layer.name)
        keys = _known(layout, source, (3, 0)).keys
        records = [
            record._replace(key=key)
            for record, key in zip(plain.records[layer.name], keys, strict=True)
        ]
        levels = values[layer.node.inputs[0]]
        found = naive_networks.measured(source, records, levels, 5, True)
        blocks = layer.row_blocks if layer.votes else 1
        sums = np.zeros((blocks, layer.node.fan_out))
        for part, mean in zip(layer.parts, found, strict=True):
            block = part.row_block if layer.votes else 0
            sums[block, part.column_start : part.column_stop] += mean
        np.testing.assert_array_equal(layer.moved[0], 2 * np.rint(sums / 2))


def wide(columns=400, rows=32, seed=0):
    """One layer of many columns and an output."""
    rng = np.random.default_rng(seed)
    return Network(
        (
            Input("x", (), (rows,), planes=1),
            Linear("fc", ("x",), rng.integers(0, 2, (columns, rows), dtype=np.uint8)),
            Threshold("t", ("fc",), np.zeros(columns, np.int32), np.ones(columns, np.int8)),
            Linear("last", ("t",), rng.integers(0, 2, (3, columns), dtype=np.uint8)),
            Output("out", ("last",), np.ones(3), np.zeros(3)),
        )
    )


def offsets_of(sigma_v, columns=400, **design):
    """Offsets of a chip's first layer in counts, before and after its trim."""
    found = []
    for options in ({}, {"calibration_inputs": "random", **design}):
        keys = small(CSUM, 32, columns, sigma_sa_offset_v=sigma_v, **options)
        chip = ms.place(wide(columns), CSUM, keys).sample(JUNG, only=["sa_offset"])
        found.append(chip.records["fc"][0].offset)
    return found


def test_a_trim_leaves_an_even_spread_within_half_a_step():
    bits, span = 6, 100.0
    before, after = offsets_of(0.1, trim_bits=bits, trim_range_counts=span)
    step = 2 * span / 2**bits
    inside = np.abs(before) < span - step
    assert inside.mean() > 0.9
    assert before.std() > 3 * step
    assert np.abs(after[inside]).max() <= step / 2 * (1 + 1e-9)
    assert stats.kstest(after[inside] / step + 0.5, "uniform").pvalue > 1e-3
    steps = (before - after) / step
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)


def test_a_trim_ends_at_its_range():
    before, after = offsets_of(0.1, trim_bits=4, trim_range_counts=8.0)
    moved = before - after
    np.testing.assert_allclose(moved[before > 8.0], 7.0)
    np.testing.assert_allclose(moved[before < -8.5], -8.0)


def test_columns_that_share_a_trim_move_by_their_mean():
    before, after = offsets_of(0.1, trim_bits=12, trim_range_counts=16.0, trim_columns=100)
    moved = (before - after).reshape(4, 100)
    np.testing.assert_allclose(moved, moved[:, [0] * 100], atol=1e-9)
    step = 32.0 / 2**12
    assert np.abs(moved[:, 0]).min() > 10 * step
    assert np.abs(moved[:, 0] - before.reshape(4, 100).mean(axis=1)).max() <= step / 2 + 1e-9


@pytest.mark.parametrize("reads", [4, 64])
def test_noise_averages_out_over_the_reads(reads):
    keys = small(CSUM, 32, 400, sigma_sa_noise_v=0.05, calibration_reads=reads)
    keys |= {"threshold_calibration": True, "calibration_inputs": "random"}
    layout = ms.place(wide(), CSUM, keys)
    layer = layout.layer("fc")
    chip = layout.sample(JUNG, only=["sa_noise"])
    sigma = np.sqrt(chip.records["fc"][0].variance_column)
    known = _known(layout, layer, (0, 0))
    mean = trimming.measured(layer, chip.records["fc"], known, chip.effects, 0)[0, 0, 0]
    ratio = mean.std() * np.sqrt(reads) / sigma
    assert abs(ratio - 1) < 4 / np.sqrt(2 * len(mean))


def test_random_inputs_are_those_of_every_chip():
    layout = laid(CSUM, calibration_inputs="random", threshold_calibration=True)
    layer = layout.layers[0]
    one, other = (_known(layout, layer, (1, number)) for number in (0, 7))
    first, second = (known.generator().integers(0, 9, 50) for known in (one, other))
    np.testing.assert_array_equal(first, second)
    assert (one.keys != other.keys).any()


def test_images_must_have_been_seen():
    layout = laid(CSUM, threshold_calibration=True)
    with pytest.raises(InputError, match=r"Placement\.calibrate"):
        layout.sample(JUNG)


@pytest.mark.parametrize("mapping", [name for name in MAPPINGS if codes(name)] + [VOTE])
@pytest.mark.parametrize("key", ["threshold_calibration", "trim_bits"])
def test_trims_help_where_columns_are_off(mapping, key):
    """Offsets of comparators alone; those of delays stretch them, which depends on the input."""
    design = {"sigma_sa_offset_v": 0.1, "calibration_inputs": "random"}
    on = {"threshold_calibration": True}
    if key == "trim_bits":
        on = {"trim_bits": 10, "trim_range_counts": 300.0}
    x, rate = inputs(100, 3), []
    for more in ({}, on):
        layout = laid(mapping, inputs(50, 9), **design, **more)
        chip = layout.sample(JUNG, only=["sa_offset", "none"])
        run = chip.run(x, checked=100)
        bad, total = np.sum(list(run.decision_errors.values()), axis=0)
        rate.append(bad / total)
    assert rate[1] < rate[0] * (0.8 if mapping == RSUM else 0.33)


def test_flat_keys_turn_it_on_for_a_run_and_for_a_layer():
    layout = ms.place(NETWORK, CSUM, layers={"fc": {"threshold_calibration": True}})
    assert [layer.card.measures for layer in layout.layers] == [False, True, False]
    chip = layout.calibrate(inputs(8)).sample(JUNG)
    assert [layer.moved is not None for layer in chip.placement.layers] == [False, True, False]
    assert replace(chip.placement.layers[1], moved=None).total_moved().sum() == 0
