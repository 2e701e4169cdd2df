"""Digital baselines against hand counts, and the ``mramsim energy`` object."""

import json
from pathlib import Path

import numpy as np
import pytest

import mramsim as ms
from mramsim.cost.baseline import baseline_cost
from mramsim.cost.estimate import estimate
from mramsim.errors import InputError
from mramsim.network.graph import Network
from mramsim.network.nodes import (
    Conv2d,
    Input,
    LevelValue,
    Linear,
    Output,
    RealLinear,
    Sign,
    Threshold,
)

PJ = 1e-12


def conv_net(pad_value: int = 0) -> Network:
    ones = np.ones
    return Network(
        (
            Input("x", (), (1, 2, 2), planes=2),
            Conv2d(
                "c", ("x",), ones((2, 1, 3, 3)), 2, 1, (2, 2), padding=(1, 1), pad_value=pad_value
            ),
            Threshold("t", ("c",), np.zeros(2, int), ones(2, int)),
            Linear("fc", ("t",), ones((3, 8))),
            Output("out", ("fc",), ones(3), np.zeros(3)),
        )
    )


def test_float_engine_by_hand() -> None:
    """Padded 3x3 on 2x2: each of 4 positions drives 4 of 9 rows: 2 x 16 = 32 MACs; then 24.

    Weights: 18 + 24 + 6 words of 32 bit; inputs: 4 patches of 9, then 8; outputs: 8, then
    3. All fit in 8 KB: 5 pJ a word.
    """
    card = ms.load_card("baseline", "fp32_45nm_horowitz_2014")
    found = baseline_cost(conv_net(), card)
    assert found["macs"] == 32 + 24
    assert found["weight_bytes"] == 48 * 4  # with scales and offsets of the scores
    scores = 3 * 4.6 + (3 * 5 + 3 * 32) * 5 / 32  # read and write
    expected = {
        "arithmetic": 56 * 4.6 * PJ,
        "weight_sram": 48 * 5 * PJ,
        "weight_dram": 0.0,
        "activation_sram": (36 + 8 + 8 + 3) * 5 * PJ,
        "digital_nodes": scores * PJ,
        "board": 0.0,
    }
    assert found["by_component"] == pytest.approx(expected, rel=1e-12)
    assert found["energy_j_per_image"] == pytest.approx((772.6 + scores) * PJ, rel=1e-12)
    assert sum(found["by_layer"].values()) == pytest.approx(found["energy_j_per_image"], rel=1e-12)
    cycles = 1 + 1 + 1  # one each, and the scores
    assert found["latency_s_per_image"] == pytest.approx(cycles * 2e-9, rel=1e-12)
    bits = 48 * 32 + (4 + 8) * 32  # weights, and the input and output of the larger layer
    area = 256 * 1.1884e-8 + bits * 6e-13
    assert found["area_m2"] == pytest.approx(area, rel=1e-12)
    assert found["weights_from"] == "SRAM"


def test_driven_padding_is_work() -> None:
    card = ms.load_card("baseline", "int8_45nm_horowitz_2014")
    assert baseline_cost(conv_net(-1), card)["macs"] == 4 * 9 * 2 + 24


def test_popcount_engine_by_hand() -> None:
    """fc, 100 rows, 64-bit trees: (64 - 7) + (36 - 6) = 87 adders, and 2 x 8 to accumulate."""
    network = Network(
        (
            Input("x", (), (100,)),
            Linear("fc", ("x",), np.ones((5, 100))),
            Output("out", ("fc",), np.ones(5), np.zeros(5)),
        )
    )
    found = baseline_cost(network, ms.load_card("baseline", "xnor_28nm_zigzag"))
    charge = 0.81 * (100 * 1.05 + (87 + 16) * 4.2 + 16 * 2.1)  # fF at 0.9 V
    memory = (500 + 10 * 32 + 100 + 5) * 156.25 * 28 / 45
    by_component = found["by_component"]
    assert by_component["arithmetic"] / 1e-15 == pytest.approx(0.25 * 5 * charge, rel=1e-12)
    rest = by_component["weight_sram"] + by_component["activation_sram"]
    assert rest / 1e-15 == pytest.approx(memory, rel=1e-12)
    assert found["macs"] == 500
    assert found["weight_bytes"] == 103


def test_bit_planes_are_work_for_the_binary_engine_only() -> None:
    binary, integer = (
        baseline_cost(conv_net(), ms.load_card("baseline", name))["macs"]
        for name in ("xnor_28nm_zigzag", "int8_45nm_horowitz_2014")
    )
    assert (binary, integer) == (2 * 32 + 24, 32 + 24)


def test_weights_beyond_the_memory_come_from_dram() -> None:
    network = Network(
        (
            Input("x", (), (1024,)),
            Linear("fc", ("x",), np.ones((512, 1024))),
            Output("out", ("fc",), np.ones(512), np.zeros(512)),
        )
    )
    card = ms.load_card("baseline", "fp32_45nm_horowitz_2014")
    found = baseline_cost(network, card)  # 2 MiB and 1024 more of weights, 1 MiB of memory
    held, fetched = 2**20, 2**20 + 4096
    assert found["by_component"]["weight_sram"] / held == pytest.approx(12.5 * PJ, rel=1e-12)
    assert found["by_component"]["weight_dram"] / fetched == pytest.approx(162.5 * PJ, rel=1e-12)
    assert found["latency_s_per_image"] == pytest.approx(fetched / 25.6e9, rel=1e-12)
    assert found["weights_from"] == "SRAM, 50% DRAM"


def test_memory_energy_follows_a_power_law_between_known_sizes() -> None:
    """128 x 126 weights and 256 of scores, 16 KiB.

    It lies halfway between 8 and 32 KiB on a logarithmic axis: sqrt(10 x 20) pJ.
    """
    network = Network(
        (
            Input("x", (), (126,)),
            Linear("fc", ("x",), np.ones((128, 126))),
            Output("out", ("fc",), np.ones(128), np.zeros(128)),
        )
    )
    card = ms.load_card("baseline", "int8_45nm_horowitz_2014")
    found = baseline_cost(network, card)["by_component"]["weight_sram"]
    assert found == pytest.approx(16384 * 8 * np.sqrt(200) / 64 * PJ, rel=1e-12)


@pytest.mark.parametrize("name", ms.list_cards("baseline"))
def test_shipped_cards_have_sources_and_references(name: str) -> None:
    card = ms.load_card("baseline", name)
    used = set(card.sources.values())
    text = " ".join(used)
    assert all(key in text for key in card.references)
    assert "assumed" in card.title


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "xnor_popcount"}, "needs logic_card, popcount_bits"),
        ({"power_w": 1.0}, "has no power_w"),
        ({"clock_hz": 0.0}, "greater than 0"),
        ({"clock_ghz": 1.0}, "nearest: clock_hz"),
    ],
)
def test_wrong_cards_are_refused(change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ms.load_card("baseline", "int8_45nm_horowitz_2014", change)


def test_roofline_by_hand() -> None:
    """4096 x 1024 weights of 4 bytes, 1 MiB of cache: 15/16 of 16 MiB at 5.56 GB/s, at 6 W."""
    network = Network(
        (
            Input("x", (), (4096,)),
            Linear("fc", ("x",), np.ones((1024, 4096))),
            Output("out", ("fc",), np.ones(1024), np.zeros(1024)),
        )
    )
    found = baseline_cost(network, ms.load_card("baseline", "cpu_cortex_a72_roofline"))
    seconds = (15 * 2**20 + 8192) / 5.56e9  # of which the scores' scales and offsets
    assert found["latency_s_per_image"] == pytest.approx(seconds, rel=1e-12)
    assert found["energy_j_per_image"] == pytest.approx(6 * seconds, rel=1e-12)
    assert found["weights_from"] == "cache, 94% DRAM"
    fast = baseline_cost(network, ms.load_card("baseline", "gpu_a100_roofline"))
    computing = (2 * 4096 * 1024 + 2 * 1024) / 1.95e13  # all weights in the cache
    assert fast["latency_s_per_image"] == pytest.approx(computing, rel=1e-12)


def real_net() -> Network:
    """A real layer of 100 inputs and 640 outputs in front of a binary one."""
    return Network(
        (
            Input("x", (), (100,)),
            LevelValue("value", ("x",)),
            RealLinear("real", ("value",), np.ones((640, 100)), np.zeros(640, np.float32)),
            Sign("sign", ("real",)),
            Linear("fc", ("sign",), np.ones((4, 640))),
            Output("out", ("fc",), np.ones(4), np.zeros(4)),
        )
    )


@pytest.mark.parametrize(
    ("name", "per_cycle", "each", "bits", "binary"),
    [
        ("fp32_45nm_horowitz_2014", (256, 256), 4.6, 32, 32),
        ("int8_45nm_horowitz_2014", (1024, 1024), 0.3, 8, 8),
        ("xnor_28nm_zigzag", (256, 8192), 4.6 * 28 / 45, 32, 1),
    ],
)
def test_real_layers_run_at_the_rate_and_width_of_their_numbers(
    name, per_cycle, each, bits, binary
) -> None:
    found = baseline_cost(real_net(), ms.load_card("baseline", name))
    weights = (640 * 100 + 640 + 8) * bits + 4 * 640 * binary
    assert found["weight_bytes"] == weights // 8
    comparing = -(-640 // 256)
    cycles = 64000 // per_cycle[0] + (64000 % per_cycle[0] > 0) + -(-2560 // per_cycle[1])
    assert found["latency_s_per_image"] == pytest.approx((cycles + comparing + 1) * 2e-9, rel=1e-9)
    other = baseline_cost(real_net(), ms.load_card("baseline", name, {"macs_per_cycle": 64}))
    assert other["energy_j_per_image"] == pytest.approx(found["energy_j_per_image"], rel=1e-12)
    assert found["by_layer"]["real"] > 64000 * each * PJ
    assert found["by_layer"]["real"] < 2.0 * (64000 * (each + 12 * bits / 32)) * PJ


def test_a_roofline_counts_two_operations_for_a_multiply_add() -> None:
    found = baseline_cost(real_net(), ms.load_card("baseline", "gpu_a100_roofline"))
    operations = 2 * 64000 + 640 + 2 * 2560 + 2 * 4
    assert found["latency_s_per_image"] == pytest.approx(operations / 1.95e13, rel=1e-9)
    assert found["weight_bytes"] == 4 * (64000 + 640 + 2560 + 8)


def test_estimate_object(tmp_path: Path) -> None:
    found = estimate(conv_net(), "ideal", baselines=["xnor_28nm_zigzag"])
    data = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert data["schema"] == "mramsim.energy/1"
    assert [row["name"] for row in data["baselines"]] == ["xnor_28nm_zigzag"]
    assert "10.1109/ISSCC.2014.6757323" in data["citations"]
    assert len(estimate(conv_net())["baselines"]) == len(ms.list_cards("baseline"))
    text = str(found)
    assert "xnor_28nm_zigzag" in text
    assert "array_read" in text.replace(" ", "_").lower()
    with pytest.raises(InputError, match="nearest"):
        estimate(conv_net(), baselines=["xnor_28nm_zigza"])
