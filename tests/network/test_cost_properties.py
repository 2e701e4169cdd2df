"""What must hold for every network and card: sums, linearity, monotony, no effect of batches."""

import designs
import numpy as np
import pytest
from designs import MAPPINGS
from hypothesis import given, settings
from hypothesis import strategies as st

import mramsim as ms
from mramsim.cost.estimate import estimate
from mramsim.cost.expected import activity_of, expected_events
from mramsim.cost.model import NOT_COUNTED, cost_of
from mramsim.errors import InputError
from mramsim.mapping.events import Events, LayerEvents
from mramsim.network.graph import Network
from mramsim.network.nodes import Conv2d, Input, Linear, MaxPool2d, Output, Threshold

QUICK = settings(max_examples=15, deadline=None, database=None, derandomize=True)


def small(mapping: str) -> dict:
    return designs.small(mapping, 16, 8)


def conv_net(seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)

    def bits(*shape: int) -> np.ndarray:
        return rng.integers(0, 2, shape).astype(np.uint8)

    def threshold(name: str, source: str, size: int) -> Threshold:
        return Threshold(name, (source,), rng.integers(-3, 4, size), rng.choice([-1, 1], size))

    return Network(
        (
            Input("x", (), (2, 6, 6), planes=2),
            Conv2d("c1", ("x",), bits(6, 2, 3, 3), planes=2, size=(6, 6), padding=(1, 1)),
            threshold("t1", "c1", 6),
            MaxPool2d("p1", ("t1",), (2, 2), (2, 2), np.zeros(6, bool)),
            Conv2d("c2", ("p1",), bits(4, 3, 2, 2), groups=2, size=(3, 3)),
            threshold("t2", "c2", 4),
            Linear("fc", ("t2",), bits(5, 16)),
            Output("out", ("fc",), np.ones(5), np.zeros(5)),
        )
    )


def one_layer(rows: int, columns: int = 3, weight: int | None = None) -> Network:
    rng = np.random.default_rng(rows)
    value = rng.integers(0, 2, (columns, rows)) if weight is None else np.full((columns, rows), 1)
    return Network(
        (
            Input("x", (), (rows,)),
            Linear("fc", ("x",), value.astype(np.uint8)),
            Output("out", ("fc",), np.ones(columns), np.zeros(columns)),
        )
    )


def images(count: int = 6, ones: float = 0.5) -> np.ndarray:
    return (np.random.default_rng(1).random((count, 2, 6, 6)) < ones).astype(np.uint8) * 3


def total_j(network: Network, mapping: str, device="ideal", activity=0.5, **overrides) -> float:
    placement = ms.place(network, mapping, overrides)
    found = estimate(placement, device=device, activity=activity, baselines=())
    return found["energy_j_per_image"]["total"]


@pytest.fixture(scope="module", params=MAPPINGS)
def run(request):
    placement = ms.place(conv_net(), request.param, small(request.param)).calibrate(images())
    return placement, placement.sample().run(images()).events


def test_parts_sum_to_totals(run) -> None:
    placement, events = run
    found = cost_of(placement, ms.load_card("device", "stt_jung_nature_2022"), events).as_dict()
    energy, latency, area = (
        found[key] for key in ("energy_j_per_image", "latency_s_per_image", "area_m2")
    )
    assert energy["total"] > 0
    assert sum(energy["by_component"].values()) == pytest.approx(energy["total"], rel=1e-12)
    assert sum(energy["by_layer"].values()) == pytest.approx(energy["total"], rel=1e-12)
    assert sum(latency["by_layer"].values()) == pytest.approx(latency["total"], rel=1e-12)
    assert sum(area["by_component"].values()) == pytest.approx(area["total"], rel=1e-12)
    assert list(energy["by_layer"]) == ["c1", "p1", "c2", "fc", "out"] == list(latency["by_layer"])
    assert max(latency["by_layer"].values()) == latency["interval"]
    assert found["conditions"]["vdd_v"] == placement.card.vdd_v
    assert found["cost_not_counted"] == list(NOT_COUNTED)


def test_doubled_events_double_the_energy(run) -> None:
    placement, events = run
    device = ms.load_card("device", "ideal")
    twice = Events(
        events.images,
        {
            name: LayerEvents(2 * layer.tiles, 2 * layer.digital)
            for name, layer in events.layers.items()
        },
    )
    once_j = cost_of(placement, device, events).energy_j_per_image
    twice_j = cost_of(placement, device, twice).energy_j_per_image
    fixed = {"digital_nodes", "control", "leakage"}  # per image, a share of others, and of time
    for name, value in once_j["by_component"].items():
        if name not in fixed:
            assert twice_j["by_component"][name] == pytest.approx(2 * value, rel=1e-12)
            assert value >= 0.0
    moving = [name for name in once_j["by_component"] if name not in (*fixed, "array_read")]
    share = ms.load_card("component", placement.card.logic_card).control_share
    added = sum(once_j["by_component"][name] for name in moving)
    more = twice_j["by_component"]["control"] - once_j["by_component"]["control"]
    assert more == pytest.approx(share * added, rel=1e-9)


def test_same_energy_for_any_batch_and_shard(run) -> None:
    placement, events = run
    device = ms.load_card("device", "ideal")
    chip = placement.sample()
    whole = cost_of(placement, device, events)
    assert cost_of(placement, device, chip.run(images(), batch=1).events) == whole
    assert cost_of(placement, device, chip.run(images(), batch=2, threads=2).events) == whole
    parts = chip.run(images()[:4], batch=3).events + chip.run(images()[4:], first=4).events
    assert cost_of(placement, device, parts) == whole


def test_estimate_with_the_activity_of_a_run_is_near_it(run) -> None:
    placement, events = run
    device = ms.load_card("device", "stt_jung_nature_2022")
    counted = cost_of(placement, device, events)
    expected = cost_of(placement, device, expected_events(placement, activity_of(events)))
    ratio = expected.energy_j_per_image["total"] / counted.energy_j_per_image["total"]
    assert ratio == pytest.approx(1.0, abs=0.05)
    latency = [cost.latency_s_per_image["total"] for cost in (expected, counted)]
    assert latency[0] == pytest.approx(latency[1], rel=1e-12)
    assert expected.operations_per_image == counted.operations_per_image


def test_expected_events_equal_counted_ones_where_activity_is_certain() -> None:
    for level, activity in ((0, 0.0), (3, 1.0)):
        placement = ms.place(conv_net(), MAPPINGS[0], small(MAPPINGS[0]))
        first = placement.layers[0].name
        counted = placement.sample(only=["none"]).run(np.full((1, 2, 6, 6), level)).events
        expected = expected_events(placement, {first: activity})
        scaled = expected.layers[first].tiles // expected.images
        assert (scaled == counted.layers[first].tiles).all()
        assert (expected.layers[first].digital // expected.images).tolist() == counted.layers[
            first
        ].digital.tolist()


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_activity_is_real(mapping: str) -> None:
    """All weights +1: input +1 meets P branches, input -1 AP branches, which take less.

    In a passive array every cell conducts, whatever the input.
    """
    network = one_layer(40, weight=1)
    shares = (0.5, 0.02) if designs.family_of(mapping).popcount == "tree" else (0.9, 0.1)
    found = [
        estimate(network, "ideal", mapping, share, ())["energy_j_per_image"] for share in shares
    ]
    if designs.card_of(mapping).input_coding == "bipolar":
        assert found[0]["total"] == found[1]["total"]
        return
    assert found[0]["total"] > found[1]["total"]
    moving = ("array_read", "popcount")
    dense, sparse = (sum(one["by_component"][name] for name in moving) for one in found)
    assert dense > 1.001 * sparse


def test_a_precharged_branch_pair_costs_the_same_for_any_input() -> None:
    network = one_layer(40, weight=1)
    found = [
        estimate(network, "ideal", "pcsa_hirtzlin_nanoarch_2019", share, ())["energy_j_per_image"]
        for share in (0.1, 0.9)
    ]
    assert found[0]["by_component"]["array_read"] == found[1]["by_component"]["array_read"]
    assert found[0]["by_component"]["popcount"] < found[1]["by_component"]["popcount"]


@pytest.mark.parametrize("mapping", MAPPINGS)
@QUICK
@given(rows=st.integers(1, 300), more=st.integers(1, 200))
def test_energy_grows_with_rows(mapping: str, rows: int, more: int) -> None:
    assert total_j(one_layer(rows + more, weight=1), mapping) > total_j(
        one_layer(rows, weight=1), mapping
    )


@pytest.mark.parametrize("mapping", MAPPINGS)
@QUICK
@given(vdd_v=st.floats(0.3, 1.5), factor=st.floats(1.01, 2.0))
def test_energy_grows_with_the_supply(mapping: str, vdd_v: float, factor: float) -> None:
    network = one_layer(20)
    low = total_j(network, mapping, "stt_jung_nature_2022", vdd_v=vdd_v)
    assert total_j(network, mapping, "stt_jung_nature_2022", vdd_v=vdd_v * factor) > low


@QUICK
@given(v_read_v=st.floats(0.01, 0.5), factor=st.floats(1.01, 3.0))
def test_energy_grows_with_the_read_voltage(v_read_v: float, factor: float) -> None:
    network = one_layer(20)
    arguments = ("csum_deaville_jssc_2025", "stt_jung_nature_2022")
    low = total_j(network, *arguments, v_read_v=v_read_v)
    assert total_j(network, *arguments, v_read_v=v_read_v * factor) > low


@QUICK
@given(bits=st.integers(1, 15))
def test_energy_grows_with_converter_bits(bits: int) -> None:
    network = one_layer(20)
    low, high = (
        total_j(network, "csum_deaville_jssc_2025", adc_bits=value) for value in (bits, bits + 1)
    )
    assert high > low


def test_shared_converters_take_turns() -> None:
    def found(sharing: int):
        placement = ms.place(
            one_layer(8, columns=6), "csum_deaville_jssc_2025", {"columns_per_converter": sharing}
        )
        return estimate(placement, device="ideal", baselines=())

    alone, shared = found(1), found(4)
    waited = 3 * 6 * (0.640e-9 + 256 * 0.00653e-9) * 1.4  # zigzag-imc, with the timing margin
    difference = shared["latency_s_per_image"]["total"] - alone["latency_s_per_image"]["total"]
    assert difference == pytest.approx(waited, rel=1e-9)
    parts = [one["area_m2"]["by_component"]["converters"] for one in (alone, shared)]
    assert parts[1] == pytest.approx(parts[0] / 4, rel=1e-12)
    before, after = (one["energy_j_per_image"]["by_component"] for one in (alone, shared))
    assert before["converters"] == after["converters"]


@pytest.mark.parametrize(("bits", "sharing"), [(4, 1), (8, 1), (6, 3)])
def test_a_counter_runs_while_its_column_settles(bits: int, sharing: int) -> None:
    """29 ns to settle, or steps of 0.25 ns at 0.9 V, slower by (V / (V - 0.35)^1.3) at others."""
    values = {"adc_bits": bits, "columns_per_converter": sharing}
    placement = ms.place(one_layer(8, columns=3), "rsum_jung_nature_2022", values)
    found = estimate(placement, device="ideal", baselines=())["latency_s_per_image"]["by_layer"]
    step = 0.25e-9 * (1.0 / 0.65**1.3) / (0.9 / 0.55**1.3)
    settling = max(2.9e-8, 2**bits * step * 1.4)
    assert (settling > 2.9e-8) == (bits == 8)
    assert found["fc"] == pytest.approx(sharing * settling + 2e-9, rel=1e-3)


def test_bad_events_and_activities_are_refused() -> None:
    placement = ms.place(one_layer(4), MAPPINGS[0])
    device = ms.load_card("device", "ideal")
    with pytest.raises(InputError, match="at least 1 image and layers fc"):
        cost_of(placement, device, Events())
    with pytest.raises(InputError, match="0 to 1"):
        expected_events(placement, 1.5)
    with pytest.raises(InputError, match="'fcc' is unknown; nearest: fc"):
        expected_events(placement, {"fcc": 0.5})


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_copies_share_positions_or_take_other_images(mapping: str) -> None:
    """4 copies of c1 read its 36 positions in 9 rounds; fc has one: only the next image gains."""
    layers = {"c1": {"copies": 4}, "fc": {"copies": 2}}
    plain = ms.place(conv_net(), mapping, small(mapping))
    copied = ms.place(conv_net(), mapping, small(mapping), layers)
    one, many = (estimate(placed, device="ideal", baselines=()) for placed in (plain, copied))
    before, after = (found["latency_s_per_image"]["by_layer"] for found in (one, many))
    clocks = plain.card.clock_s * (1 + np.ceil(np.log2(plain.layer("c1").row_blocks)))
    assert after["c1"] - clocks == pytest.approx((before["c1"] - clocks) / 4, rel=1e-9)
    assert after["fc"] == before["fc"]
    cells = [found["area_m2"]["by_component"]["cells"] for found in (one, many)]
    tiles = {layer.name: len(layer.tiles) for layer in plain.layers}
    assert cells[1] / cells[0] == pytest.approx(
        (4 * tiles["c1"] + tiles["c2"] + 2 * tiles["fc"]) / sum(tiles.values()), rel=1e-12
    )
    assert many["programming"]["mtjs"] > one["programming"]["mtjs"]
    assert many["latency_s_per_image"]["interval"] < one["latency_s_per_image"]["interval"]


def test_components_are_replaced_by_key_and_checked() -> None:
    network = one_layer(20)
    low = ms.place(network, MAPPINGS[0], components={"register_f": 0.0})
    found = estimate(low, device="ideal", baselines=())["energy_j_per_image"]["by_component"]
    assert found["registers"] == 0.0
    with pytest.raises(InputError, match="'component.adder_ff' is unknown; nearest: adder_f"):
        estimate(ms.place(network, MAPPINGS[0], components={"adder_ff": 0.0}), device="ideal")
    wrong = {"logic_card": "sense_latch_28nm"}
    with pytest.raises(InputError, match="is of kind 'sense'; 'logic' is needed"):
        estimate(ms.place(network, MAPPINGS[0], wrong), device="ideal")
