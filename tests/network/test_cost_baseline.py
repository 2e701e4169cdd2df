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
from mramsim.network.nodes import Conv2d, Input, Linear, Output, Threshold

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

    Weights: 18 + 24 words of 32 bit; inputs: 4 patches of 9, then 8; outputs: 8, then 3. All fit
    in 8 KB: 5 pJ a word.
    """
    card = ms.load_card("baseline", "fp32_45nm_horowitz_2014")
    found = baseline_cost(conv_net(), card)
    assert found["macs"] == 32 + 24
    assert found["weight_bytes"] == 42 * 4
    scores = 3 * 4.6 + (3 * 5 + 3 * 32 + 6 * 32) * 5 / 32  # read, write, scale and offset
    expected = {
        "arithmetic": 56 * 4.6 * PJ,
        "weight_sram": 42 * 5 * PJ,
        "weight_dram": 0.0,
        "activation_sram": (36 + 8 + 8 + 3) * 5 * PJ,
        "digital_nodes": scores * PJ,
        "board": 0.0,
    }
    assert found["by_component"] == pytest.approx(expected, rel=1e-12)
    assert found["energy_j_per_image"] == pytest.approx((742.6 + scores) * PJ, rel=1e-12)
    assert sum(found["by_layer"].values()) == pytest.approx(found["energy_j_per_image"], rel=1e-12)
    cycles = 1 + 1 + 3 / 256  # one each, and the scores
    assert found["latency_s_per_image"] == pytest.approx(cycles * 2e-9, rel=1e-12)
    bits = 42 * 32 + (4 + 8) * 32  # weights, and the input and output of the larger layer
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
    memory = (500 + 100 + 5) * 156.25 * 28 / 45
    by_component = found["by_component"]
    assert by_component["arithmetic"] / 1e-15 == pytest.approx(0.25 * 5 * charge, rel=1e-12)
    rest = by_component["weight_sram"] + by_component["activation_sram"]
    assert rest / 1e-15 == pytest.approx(memory, rel=1e-12)
    assert found["macs"] == 500
    assert found["weight_bytes"] == 63


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
    found = baseline_cost(network, card)  # 2 MiB of weights, 1 MiB of memory
    half = 8 * 2**20
    assert found["by_component"]["weight_sram"] == pytest.approx(half * 100 / 64 * PJ, rel=1e-12)
    assert found["by_component"]["weight_dram"] == pytest.approx(half * 1300 / 64 * PJ, rel=1e-12)
    scores_s = 512 / 256 * 2e-9
    assert found["latency_s_per_image"] == pytest.approx(2**20 / 25.6e9 + scores_s, rel=1e-12)
    assert found["weights_from"] == "SRAM, 50% DRAM"


def test_memory_energy_follows_a_power_law_between_known_sizes() -> None:
    """16 KiB lies halfway between 8 and 32 KiB on a logarithmic axis: sqrt(10 x 20) pJ."""
    network = Network(
        (
            Input("x", (), (128,)),
            Linear("fc", ("x",), np.ones((128, 128))),
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
    seconds = 15 * 2**20 / 5.56e9 + 1024 / 1.6e10
    assert found["latency_s_per_image"] == pytest.approx(seconds, rel=1e-12)
    assert found["energy_j_per_image"] == pytest.approx(6 * seconds, rel=1e-12)
    assert found["weights_from"] == "cache, 94% DRAM"
    fast = baseline_cost(network, ms.load_card("baseline", "gpu_a100_roofline"))
    computing = (2 * 4096 * 1024 + 1024) / 1.95e13  # all weights in the cache
    assert fast["latency_s_per_image"] == pytest.approx(computing, rel=1e-12)


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
