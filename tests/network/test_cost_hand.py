"""Energy, latency and area of two tiny networks against numbers worked out by hand."""

import numpy as np
import pytest
from cost_case import cards as cards

import mramsim as ms
from mramsim.cost.model import cost_of
from mramsim.network.graph import Network
from mramsim.network.nodes import Input, Linear, Output, Threshold

FJ = 1e-15
COMMON = {"vdd_v": 1.0, "node_m": 28e-9, "bitline_f": 1e-13, "clock_s": 2e-9}
CSUM = {
    **COMMON,
    "rows": 4,
    "columns": 4,
    "rows_on": 4,
    "adc_bits": 2,
    "adc_range": "full",
    "v_read_v": 0.1,
    "t_read_s": 1e-8,
}
PCSA = {
    **COMMON,
    "rows": 2,
    "columns": 2,
    "t_precharge_s": 1e-9,
    "t_read_s": float(np.log(2.0)) * 1e4 * 1e-13,  # a P branch of 10 kOhm falls to half
}


def two_layers() -> Network:
    first = np.array([[1, 1, 1, 1], [0, 0, 1, 0]], dtype=np.uint8)
    last = np.array([[1, 0], [1, 1]], dtype=np.uint8)
    return Network(
        (
            Input("x", (), (4,)),
            Linear("fc1", ("x",), first),
            Threshold("t1", ("fc1",), np.array([0, 1]), np.array([1, 1])),
            Linear("fc2", ("t1",), last),
            Output("out", ("fc2",), np.ones(2), np.zeros(2)),
        )
    )


def two_planes() -> Network:
    weight = np.array([[1, 1, 1, 1, 1], [1, 0, 1, 0, 1], [0, 0, 0, 0, 0]], dtype=np.uint8)
    return Network(
        (
            Input("x", (), (5,), planes=2),
            Linear("fc", ("x",), weight, planes=2),
            Output("out", ("fc",), np.ones(3), np.zeros(3)),
        )
    )


def costs(network: Network, mapping: str, overrides: dict, x: list[int]):
    placement = ms.place(network, mapping, overrides)
    run = placement.sample("ideal", only=["none"]).run(np.array([x]))
    return cost_of(placement, ms.load_card("device", "ideal"), run.events)


def check(found: dict, expected: dict, unit: float) -> None:
    assert {key: value / unit for key, value in found.items()} == pytest.approx(expected, rel=1e-9)


def test_current_sum_by_hand(cards) -> None:
    """The first example of docs/cost.md."""
    cost = costs(two_layers(), "csum_deaville_jssc_2025", {**CSUM, **cards}, [1, 0, 1, 1])
    area = {
        "cells": 2 * 16 * 2 * 0.01,
        "drivers": 2 * (4 * 2 * 5 + 4 * 10),
        "sense_amplifiers": 0.0,
        "converters": 2 * 4 * 100.0,
        "counters": 0.0,
        "adders": 2 * 4 * 4.0,  # the comparator of fc1
        "registers": (2 * 4 + 2 * 3) * 2.0,
        "buffers": 2 * 8192 * 8 * 0.1,
    }
    check(cost.area_m2["by_component"], area, 1e-12)
    um2 = sum(area.values())
    assert um2 == pytest.approx(14127.84, rel=1e-12)
    side_m = np.sqrt(um2) * 1e-6
    per_bit = 2 / 3 * side_m * 1e-10 / FJ  # 7.924 fJ for 79.24 um
    moved = (4 + 2 + 2 + 2 * 3) * per_bit
    nodes = 2 * 5000 + (2 * 3 + 2 * 32) * 20 + 4 * 32 * 20
    around = 24 + 12 + 864 + 6 + 28 + 280 + moved + nodes
    leakage = (um2 - 0.64) * 1e-12 * 100.0 * 30e-9 / FJ
    expected = {
        "array_read": (5 * 100 + 3 * 50 + 2 * 10) + (3 * 100 + 1 * 50 + 2 * 10),
        "word_lines": 4 * 4 + 2 * 4,
        "drivers": 12,
        "sense_amplifiers": 0,
        "converters": 4 * 216,
        "popcount": 0,
        "adders": 2 * 4 * 3 / 4,
        "registers": (2 * 4 + 2 * 3) * 2,
        "buffers": (4 + 2 + 2 + 2 * 3) * 20,
        "data_movement": moved,
        "digital_nodes": nodes,
        "control": 0.25 * around,
        "leakage": leakage,
    }
    check(cost.energy_j_per_image["by_component"], expected, FJ)
    layers = cost.energy_j_per_image["by_layer"]
    assert list(layers) == ["fc1", "fc2", "out"]
    total = sum(expected.values())
    assert cost.energy_j_per_image["total"] / FJ == pytest.approx(total, rel=1e-12)
    assert f"{total:.1f}" == "20188.6"
    # 10 ns read, two bits of (0.3 + 4 x 0.05) ns with a margin of 2, one clock of 2 ns
    check(cost.latency_s_per_image["by_layer"], {"fc1": 14, "fc2": 14, "out": 2}, 1e-9)
    assert cost.latency_s_per_image["interval"] == pytest.approx(14e-9, rel=1e-12)
    assert cost.operations_per_image == 2 * (8 + 4)
    assert cost.tops_per_watt == pytest.approx(24 / (total * FJ) * 1e-12, rel=1e-12)
    assert cost.tops_per_mm2 == pytest.approx(24 / 30e-9 / (um2 * 1e-6) * 1e-12, rel=1e-12)


def test_pcsa_by_hand(cards) -> None:
    """The second example of docs/cost.md."""
    cost = costs(two_planes(), "pcsa_hirtzlin_nanoarch_2019", {**PCSA, **cards}, [3, 0, 1, 2, 3])
    area = {
        "cells": 6 * 4 * 2 * 0.01,
        "drivers": 6 * (2 * 2 * 5 + 2 * 10),
        "sense_amplifiers": 6 * 2 * 3.0,
        "converters": 0.0,
        "counters": 6 * 2 * 2 * (4.0 + 2.0),
        "adders": 3 * 5 * 3 * 4.0,  # two tree adders and one accumulator over planes
        "registers": 3 * 5 * 2.0,
        "buffers": 8192 * 8 * 0.1,
    }
    check(cost.area_m2["by_component"], area, 1e-12)
    um2 = sum(area.values())
    moved = (5 * 2 + 3 * 5) * 2 / 3 * np.sqrt(um2) * 1e-6 * 1e-10 / FJ
    nodes = 3 * 5000 + (3 * 5 + 3 * 32) * 20 + 6 * 32 * 20
    around = 40 + 20 + 150 + 180 + 56.25 + 30 + 500 + moved + nodes
    leakage = (um2 - 0.48) * 1e-12 * 100.0 * cost.latency_s_per_image["total"] / FJ
    expected = {
        "array_read": 30 * 79.28932188134526,
        "word_lines": 5 * 2 * 2 * 2,  # rows, planes, column tiles, cells of 1 fJ
        "drivers": 20,
        "sense_amplifiers": 30 * (4 + 1),  # 4 fF, and 2 uA for 0.5 ns at 1 V
        "converters": 0,
        "popcount": 18 * 10,
        "adders": 3 * 5 * 5 * 3 / 4,
        "registers": 3 * 5 * 2,
        "buffers": (5 * 2 + 3 * 5) * 20,
        "data_movement": moved,
        "digital_nodes": nodes,
        "control": 0.25 * around,
        "leakage": leakage,
    }
    check(cost.energy_j_per_image["by_component"], expected, FJ)
    total = sum(expected.values())
    assert f"{total:.1f}" == "30114.1"
    assert cost.energy_j_per_image["total"] / FJ == pytest.approx(total, rel=1e-9)
    # 2 planes x 2 rows of (1 + 0.693147 + 2 x 0.5) ns, then 1 + 2 clocks of 2 ns; then the scores
    assert cost.latency_s_per_image["total"] / 1e-9 == pytest.approx(18.7725887222, rel=1e-11)


def test_one_sense_amplifier_per_column_by_hand(cards) -> None:
    """fc1 votes: 2 decisions; fc2 is swept: one decision per driven row and column, 4 in all."""
    overrides = {**COMMON, **cards, "rows": 4, "columns": 4, "rows_on": 4, "v_read_v": 0.1}
    cost = costs(two_layers(), "csum_1bit", overrides, [1, 0, 1, 1])
    found = cost.energy_j_per_image["by_component"]
    assert found["sense_amplifiers"] / FJ == pytest.approx((2 + 4) * 5, rel=1e-12)
    assert found["popcount"] / FJ == pytest.approx(3 * 10, rel=1e-12)  # 3 matches in fc2
    # fc1: read, one decision of 2 x 0.5 ns, one clock; fc2: two decisions in turn; scores
    check(cost.latency_s_per_image["by_layer"], {"fc1": 13, "fc2": 14, "out": 2}, 1e-9)


def test_programming_by_hand(cards) -> None:
    """8 + 4 cells, 3 pulses each; I^2 R t = (100 uA)^2 x 15 kOhm x 10 ns = 1.5 pJ, half lost.

    fc1: 4 rows of 2 columns, written 2 at a time: 4 groups; fc2: 2 rows. Two phases of 20 ns each.
    Error rate 1/2 and two attempts: 1.5 times the pulses; a pair needs 1 + (1 - 1/4) rounds.
    """
    placement = ms.place(two_layers(), "csum_deaville_jssc_2025", {**CSUM, **cards})
    pulse = {"i_write_a": 1e-4, "t_write_s": 1e-8}
    once = ms.load_card("device", "ideal", {**pulse, "write_error_rate": 0.0})
    events = placement.sample("ideal", only=["none"]).run(np.array([[1, 0, 1, 1]])).events
    found = cost_of(placement, once, events).programming
    assert found["mtjs"] == 24
    assert found["energy_j"] == pytest.approx(36 * 1.5e-12 / 0.5, rel=1e-12)
    assert found["time_s"] == pytest.approx((4 + 2) * 2 * 20e-9, rel=1e-12)
    verified = {"write_error_rate": 0.5, "write_attempts": 2, "t_verify_s": 4e-9}
    twice = ms.load_card("device", "ideal", {**pulse, **verified, "verify_energy_j": 1e-13})
    found = cost_of(placement, twice, events).programming
    assert found["pulses_per_mtj"] == 36 * 1.5 / 24
    assert found["energy_j"] == pytest.approx(36 * 1.5 * (1.5e-12 / 0.5 + 1e-13), rel=1e-12)
    assert found["time_s"] == pytest.approx(6 * 2 * 1.75 * 24e-9, rel=1e-12)
    assert found["residual_error_rate"] == pytest.approx(0.25, rel=1e-12)


def test_writing_and_measuring_of_the_array_by_hand(cards) -> None:
    """The array's own write-verify as above; a verifying read without figures is an ordinary one.

    Read of one MTJ: 0.5 V x 0.1 V x 10 ns times the mean of 1 / 10 kOhm and 1 / 20 kOhm. Columns
    are measured twice with 7 inputs each: 14 images in all, without control and leakage.
    """
    own = {"write_attempts": 2, "threshold_calibration": True, "calibration_inputs": "random"}
    own |= {"trim_bits": 2, "trim_range_counts": 1.0, "calibration_reads": 7}
    own |= {"v_read_v": 0.1, "vdd_v": 0.5, "t_read_s": 1e-8, "t_precharge_s": 1e-9}
    values = {"write_error_rate": 0.5, "i_write_a": 1e-4, "t_write_s": 1e-8}
    values |= {"rp_ohm": 1e4, "tmr": 1.0, "series_ohm": 0.0}
    device = ms.load_card("device", "ideal", values)
    placement = ms.place(two_layers(), "csum_deaville_jssc_2025", {**CSUM, **cards, **own})
    events = placement.sample("ideal", only=["none"]).run(np.array([[1, 0, 1, 1]])).events
    cost = cost_of(placement, device, events)
    found = cost.programming
    read_j = 0.5 * 0.1 * 1e-8 * (1e-4 + 5e-5) / 2
    assert found["pulses_per_mtj"] == 36 * 1.5 / 24
    assert found["energy_j"] == pytest.approx(36 * 1.5 * (1.5e-12 / 0.5 + read_j), rel=1e-12)
    assert found["time_s"] == pytest.approx(6 * 2 * 1.75 * (20e-9 + 11e-9), rel=1e-12)
    by_layer = cost.energy_j_per_image["by_layer_component"]
    drawn = sum(
        value
        for name in ("fc1", "fc2")
        for key, value in by_layer[name].items()
        if key not in ("control", "leakage")
    )
    assert found["measuring_energy_j"] == pytest.approx(14 * drawn, rel=1e-12)
    latency = cost.latency_s_per_image["by_layer"]
    assert found["measuring_time_s"] == pytest.approx(14 * (latency["fc1"] + latency["fc2"]))


def test_voting_columns_are_measured_with_a_sweep(cards) -> None:
    """fc1: 4 rows x 2 columns of decisions for each input; fc2, always swept: 2 x 2."""
    own = {"threshold_calibration": True, "calibration_inputs": "random", "calibration_reads": 3}
    overrides = {**COMMON, **cards, "rows": 4, "columns": 4, "rows_on": 4, "v_read_v": 0.1}
    placement = ms.place(two_layers(), "csum_1bit", {**overrides, **own})
    device = ms.load_card("device", "ideal")
    events = placement.sample("ideal", only=["none"]).run(np.array([[1, 0, 1, 1]])).events
    cost = cost_of(placement, device, events)
    vote = cost.energy_j_per_image["by_layer_component"]["fc1"]["sense_amplifiers"]
    drawn = sum(
        value
        for name in ("fc1", "fc2")
        for key, value in cost.energy_j_per_image["by_layer_component"][name].items()
        if key not in ("control", "leakage", "popcount", "sense_amplifiers")
    )
    rest = cost.programming["measuring_energy_j"] / 3 - drawn
    popcount = rest - (8 + 4) * 5 * FJ
    assert vote == pytest.approx(2 * 5 * FJ, rel=1e-12)
    assert popcount > 0


def test_spare_columns_cost_area_and_no_reads(cards) -> None:
    plain = ms.place(two_layers(), "csum_deaville_jssc_2025", {**CSUM, **cards, "columns": 2})
    spare = {"columns": 4, "spare_columns": 2, "remapping": "spares"}
    spared = ms.place(two_layers(), "csum_deaville_jssc_2025", {**CSUM, **cards, **spare})
    assert [len(layer.tiles) for layer in spared.layers] == [
        len(layer.tiles) for layer in plain.layers
    ]
    wasted = [[row["wasted_cells"] for row in layout.table()] for layout in (plain, spared)]
    rows = plain.layers[0].card.rows
    more = [2 * rows * len(layer.tiles) for layer in plain.layers]
    np.testing.assert_array_equal(np.subtract(wasted[1], wasted[0]), more)
    device = ms.load_card("device", "ideal")
    events = plain.sample("ideal", only=["none"]).run(np.array([[1, 0, 1, 1]])).events
    areas = [cost_of(layout, device, events).area_m2["by_component"] for layout in (plain, spared)]
    assert areas[1]["cells"] == pytest.approx(2 * areas[0]["cells"])
