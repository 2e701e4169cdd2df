"""Components: scaling rules, converter models, adder trees, digital nodes; closed forms."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mramsim as ms
from mramsim.cost.converter import conversion_j, conversion_s, converter_m2
from mramsim.cost.nodes import digital_nodes
from mramsim.cost.part import Part, memory, wire_j_per_bit_m
from mramsim.cost.sensing import decision_j
from mramsim.cost.tree import tree_activity
from mramsim.errors import InputError
from mramsim.network.graph import Network
from mramsim.network.nodes import Conv2d, Input, Linear, MaxPool2d, Output, Threshold

ADCS = [n for n in ms.list_cards("component") if n.startswith(("adc", "tdc"))]
QUICK = settings(max_examples=25, deadline=None, database=None, derandomize=True)


def part(name: str, node_m: float | None = None, vdd_v: float | None = None, **values) -> Part:
    card = ms.load_card("component", name, values or None)
    return Part(card, node_m or card.node_m, vdd_v or card.vdd_v)


def test_scaling_rules() -> None:
    own = part("logic_zigzag_28nm")
    half = part("logic_zigzag_28nm", 14e-9, 0.45)
    assert own.charge_j("adder_f") == pytest.approx(4.2e-15 * 0.81, rel=1e-12)
    assert half.charge_j("adder_f") == pytest.approx(own.charge_j("adder_f") / 8, rel=1e-12)
    assert half.area_m2("adder_m2") == pytest.approx(4.8e-12 / 4, rel=1e-12)
    assert own.delay_s("adder_s") == pytest.approx(1.44e-10, rel=1e-12)

    def slow(v: float) -> float:
        return v / math.log1p(math.exp((v - 0.35) / (2 * 1.5 * 0.02585))) ** 1.3

    expected = 1.44e-10 / 2 * slow(0.45) / slow(0.9)
    assert half.delay_s("adder_s") == pytest.approx(expected, rel=1e-9)
    analog = part("adc_sar_zigzag", 14e-9)
    assert analog.charge_j("adc_bit_f") == part("adc_sar_zigzag").charge_j("adc_bit_f")


@QUICK
@given(st.floats(0.3, 1.4), st.floats(1.02, 1.5))
def test_more_supply_is_faster_and_takes_more(vdd_v: float, more: float) -> None:
    low, high = (part("logic_zigzag_28nm", None, v) for v in (vdd_v, vdd_v * more))
    assert high.delay_s("adder_s") < low.delay_s("adder_s")
    assert high.charge_j("adder_f") > low.charge_j("adder_f")


def test_converters_by_hand() -> None:
    """5 bits: zigzag-imc 406 fJ at 0.9 V; NeuroSim (0.538 x 5 + 4.375) uW x 6 ns = 42 fJ."""
    assert conversion_j(part("adc_sar_zigzag"), 5) == pytest.approx(405.8e-15, rel=1e-3)
    assert conversion_s(part("adc_sar_zigzag"), 5, 64) == pytest.approx(
        5 * (0.64e-9 + 64 * 6.53e-12), rel=1e-9
    )
    assert converter_m2(part("adc_sar_zigzag"), 5) == pytest.approx(
        10 ** (1.206 - 0.0369 * 5) * 32e-12, rel=1e-3
    )
    assert conversion_j(part("adc_sar_neurosim_22nm"), 5) == pytest.approx(42.39e-15, rel=1e-3)
    assert conversion_j(part("adc_flash_neurosim_22nm"), 3) == pytest.approx(7 * 1.9e-15, rel=1e-9)
    survey = part("adc_murmann_survey")
    found = [conversion_j(survey, bits) for bits in (3, 4, 5, 6, 7, 8, 9)]
    assert found == pytest.approx([1.75e-12, 3.5e-12, 4e-12, 4e-12, 7e-12, 16e-12, 64e-12])
    assert conversion_j(part("tdc_counter_28nm"), 4) == pytest.approx(16 * 5.8e-15 * 0.81, rel=1e-9)


@pytest.mark.parametrize("name", ADCS)
def test_more_bits_never_take_less(name: str) -> None:
    adc = part(name)
    energy = [conversion_j(adc, bits) for bits in range(1, 13)]
    assert energy == sorted(energy)
    assert energy[-1] > energy[0]
    size = [converter_m2(adc, bits) for bits in range(1, 13)]
    assert size == sorted(size)


def test_a_bias_current_counts_as_long_as_the_decision_takes() -> None:
    sense = part("sense_current_neurosim_22nm")
    assert decision_j(sense) == pytest.approx(6.2e-15 * 0.85**2 + 2.2e-6 * 0.85 * 1e-9, rel=1e-12)


def test_memory_and_wires_follow_power_laws() -> None:
    sram = part("sram_horowitz_45nm")
    size, per_bit = memory(sram, 16 * 8192)  # 16 KiB, between 8 and 32
    assert size == 16384
    assert per_bit == pytest.approx(math.sqrt(10 * 20) / 64 * 1e-12, rel=1e-12)
    assert memory(sram, 1)[0] == 8192
    assert memory(sram, 1e12)[0] == 2**20
    wire = part("wire_keckler_2011", 20e-9)  # halfway from 10 to 40 nm on a logarithmic axis
    assert wire_j_per_bit_m(wire) == pytest.approx(math.sqrt(115 * 240) * 1e-12, rel=1e-9)
    assert wire_j_per_bit_m(part("wire_keckler_2011", 90e-9)) == pytest.approx(2.4e-10, rel=1e-12)


@pytest.mark.parametrize("ones", [0.0, 0.125, 0.5, 0.75, 1.0])
def test_tree_activity_by_enumeration(ones: float) -> None:
    """4 leaves: all 16 patterns; sums of two pairs (2 bits each) and of all (3 bits)."""
    weights = {
        bits: math.prod(ones if bit else 1 - ones for bit in bits)
        for bits in itertools.product((0, 1), repeat=4)
    }

    def charged(value, width: int) -> float:
        total = 0.0
        for bit in range(width):
            q = sum(p for bits, p in weights.items() if value(bits) >> bit & 1)
            total += q * (1 - q)
        return total

    nodes = charged(lambda b: b[0] + b[1], 2) + charged(lambda b: b[2] + b[3], 2)
    nodes += charged(sum, 3)
    assert tree_activity(4, ones) == pytest.approx(nodes / 7, rel=1e-9, abs=1e-15)


def test_few_ones_charge_little() -> None:
    found = [tree_activity(256, p) for p in (0.002, 0.016, 0.1, 0.5)]
    assert found == sorted(found)
    assert found[0] < 0.01
    assert found[-1] == pytest.approx(0.2, abs=0.01)


def test_digital_nodes_are_counted() -> None:
    """Pool: 2 x 2 x 2 windows of 4 bits: 3 gates each; scores: 3 multiply-adds."""
    ones = np.ones
    network = Network(
        (
            Input("x", (), (1, 4, 4)),
            Conv2d("c", ("x",), ones((2, 1, 1, 1)), size=(4, 4)),
            Threshold("t", ("c",), np.zeros(2, int), ones(2, int)),
            MaxPool2d("p", ("t",), (2, 2), (2, 2), np.zeros(2, bool)),
            Linear("fc", ("p",), ones((3, 8))),
            Output("out", ("fc",), ones(3, np.float32), np.zeros(3, np.float32)),
        )
    )
    found = digital_nodes(network)
    assert set(found) == {"p", "out"}
    assert found["p"].operations == {"compare": 8 * 3}
    assert found["p"].width == 1
    assert found["p"].moved_bits == 2 * 16 + 8
    assert found["out"].operations == {"mac_f32": 3}
    assert found["out"].moved_bits == 3 * 5 + 3 * 32  # counts of -8 to 8, scores of 32 bits
    assert found["out"].parameter_bits == 6 * 32


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("logic_zigzag_28nm", {"sa_f": 1e-15}, "has no sa_f"),
        ("adc_sar_zigzag", {"model": "flash"}, "needs adc_comparator_w"),
        ("sram_horowitz_45nm", {"sram_bytes": [8192]}, "sram_bytes has 1 entries"),
        ("wire_keckler_2011", {"wire_node_m": [4e-8, 1e-8]}, "rising values"),
        ("cell_foundry_28nm", {"cell_m2": 0.0}, "greater than 0"),
    ],
)
def test_wrong_component_cards_are_refused(name: str, values: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ms.load_card("component", name, values)
