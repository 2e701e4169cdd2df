"""Energy, latency and area of two tiny networks against numbers worked out by hand."""

import numpy as np
import pytest

import mramsim as ms
from mramsim.cost.model import cost_of
from mramsim.network.graph import Network
from mramsim.network.nodes import Input, Linear, Output, Threshold

FJ = 1e-15
COMMON = {
    "vdd_v": 1.0,
    "wordline_f": 1e-15,
    "bitline_f": 1e-13,
    "sa_j": 5 * FJ,
    "sa_s": 5e-10,
    "adder_j": 3 * FJ,
    "register_j": 2 * FJ,
    "wire_j_per_bit": 100 * FJ,
    "clock_s": 2e-9,
    "cell_m2": 1e-14,
    "sa_m2": 3e-12,
    "adder_m2": 4e-12,
    "register_m2": 2e-12,
}
CSUM = {
    **COMMON,
    "rows": 4,
    "columns": 4,
    "rows_on": 4,
    "adc_bits": 2,
    "adc_range": "full",
    "v_read_v": 0.1,
    "t_read_s": 1e-8,
    "adc_bit_f": 1e-13,
    "adc_level_f": 1e-15,
    "adc_bit_s": 1e-9,
    "adc_m2": 1e-10,
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
    assert {key: value / unit for key, value in found.items()} == pytest.approx(expected, rel=1e-12)


def test_current_sum_by_hand() -> None:
    """Matching cells take 0.1 V / 10 kOhm x 1 V x 10 ns = 100 fJ, others 50 fJ.

    fc1, x = 1 0 1 1 against 1 1 1 1 and 0 0 1 0: 5 matches, 3 others. Decisions: sums 2 and 0
    against 0 and 1 give bits 1 0. fc2 against 1 0 and 1 1: 3 matches, 1 other. Each column read
    charges 0.1 pF to 0.1 V: 10 fJ; each row drive 4 cells of 1 fF: 4 fJ; each 2-bit conversion
    2 x 100 + 16 x 1 = 216 fJ. Sums of fc1 have 4 bits (-4 to 4), of fc2 3 bits.
    """
    cost = costs(two_layers(), "csum_deaville_jssc_2025", CSUM, [1, 0, 1, 1])
    expected = {
        "array_read": (5 * 100 + 3 * 50 + 2 * 10) + (3 * 100 + 1 * 50 + 2 * 10),
        "word_lines": 4 * 4 + 2 * 4,
        "sense_amplifiers": 0,
        "converters": 4 * 216,
        "popcount": 0,
        "adders": 2 * 4 * 3,
        "registers": (2 * 4 + 2 * 3) * 2,
        "data_movement": (4 + 2 + 2 + 2 * 3) * 100,
    }
    check(cost.energy_j_per_image["by_component"], expected, FJ)
    check(cost.energy_j_per_image["by_layer"], {"fc1": 1758, "fc2": 1622}, FJ)
    assert cost.energy_j_per_image["total"] / FJ == pytest.approx(3380, rel=1e-12)
    # 10 ns read, two bits of 1 ns, one clock of 2 ns
    check(cost.latency_s_per_image["by_layer"], {"fc1": 14, "fc2": 14}, 1e-9)
    assert cost.operations_per_image == 2 * (8 + 4)
    assert cost.tops_per_watt == pytest.approx(24 / (3380 * FJ) * 1e-12, rel=1e-12)
    area = {
        "cells": 2 * 16 * 2 * 0.01,
        "sense_amplifiers": 0.0,
        "converters": 2 * 4 * 100.0,
        "counters": 0.0,
        "adders": 2 * 4 * 4.0,  # the comparator of fc1
        "registers": (2 * 4 + 2 * 3) * 2.0,
    }
    check(cost.area_m2["by_component"], area, 1e-12)
    mm2 = sum(area.values()) * 1e-6
    assert cost.tops_per_mm2 == pytest.approx(24 / 28e-9 / mm2 * 1e-12, rel=1e-12)


def test_pcsa_by_hand() -> None:
    """Each cell read draws 0.1 pF x 1 V x (1/2 + 1 - 1/sqrt 2) V = 79.289 fJ, whatever the bits.

    5 rows in tiles of 2, 2 and 1; 3 columns in tiles of 2 and 1; levels 3 0 1 2 3 have the planes
    1 0 1 0 1 and 1 0 0 1 1. Matches: 3 + 3, 5 + 3, 2 + 2 = 18 of 30 cells. Each match toggles two
    bits of its counter: 2 (3 + 2) fJ. Sums reach +-15: 5 bits; 3 row tiles x 2 planes are 6 parts.
    """
    cost = costs(two_planes(), "pcsa_hirtzlin_nanoarch_2019", PCSA, [3, 0, 1, 2, 3])
    expected = {
        "array_read": 30 * 79.28932188134526,
        "word_lines": 5 * 2 * 2 * 2,  # rows, planes, column tiles, cells of 1 fJ
        "sense_amplifiers": 30 * 5,
        "converters": 0,
        "popcount": 18 * 10,
        "adders": 3 * 5 * 5 * 3,
        "registers": 3 * 5 * 2,
        "data_movement": (5 * 2 + 3 * 5) * 100,
    }
    check(cost.energy_j_per_image["by_component"], expected, FJ)
    assert cost.energy_j_per_image["total"] / FJ == pytest.approx(5503.6796564404, rel=1e-12)
    # 2 planes x 2 rows of (1 + 0.693147 + 0.5) ns, then 1 + 2 clocks of 2 ns
    assert cost.latency_s_per_image["total"] / 1e-9 == pytest.approx(14.7725887222, rel=1e-11)
    area = {
        "cells": 6 * 4 * 2 * 0.01,
        "sense_amplifiers": 6 * 2 * 3.0,
        "converters": 0.0,
        "counters": 6 * 2 * 2 * (4.0 + 2.0),
        "adders": 3 * 5 * 3 * 4.0,  # two tree adders and one accumulator over planes
        "registers": 3 * 5 * 2.0,
    }
    check(cost.area_m2["by_component"], area, 1e-12)


def test_one_sense_amplifier_per_column_by_hand() -> None:
    """fc1 votes: 2 decisions; fc2 is swept: one decision per driven row and column, 4 in all."""
    overrides = {**COMMON, "rows": 4, "columns": 4, "rows_on": 4, "v_read_v": 0.1}
    cost = costs(two_layers(), "csum_1bit", overrides, [1, 0, 1, 1])
    found = cost.energy_j_per_image["by_component"]
    assert found["sense_amplifiers"] / FJ == pytest.approx((2 + 4) * 5, rel=1e-12)
    assert found["popcount"] / FJ == pytest.approx(3 * 10, rel=1e-12)  # 3 matches in fc2
    # fc1: read, one decision, one clock; fc2: read, two decisions in turn, one clock
    check(cost.latency_s_per_image["by_layer"], {"fc1": 12.5, "fc2": 13.0}, 1e-9)
