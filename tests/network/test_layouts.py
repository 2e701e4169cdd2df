"""Row groups, copies and column order: what is read when, by what, and in which order."""

import numpy as np
import pytest
from designs import small

import mramsim as ms
from mramsim.cost.estimate import estimate
from mramsim.mapping.tiles import row_groups

JUNG = "stt_jung_nature_2022"
CSUM, VOTE, PCSA = "csum_deaville_jssc_2025", "csum_1bit", "pcsa_hirtzlin_nanoarch_2019"


def test_row_groups_fill_tiles_in_order():
    assert row_groups(23, 10, 4, False) == (
        ((0, 4), (4, 8), (8, 10)),
        ((10, 14), (14, 18), (18, 20)),
        ((20, 23),),
    )
    assert row_groups(23, 10, 10, False) == (((0, 10),), ((10, 20),), ((20, 23),))


@pytest.mark.parametrize(("rows", "rows_on"), [(10, 4), (10, 10), (12, 4), (7, 3), (64, 5), (3, 1)])
def test_groups_that_vote_are_even_and_their_number_is_odd(rows, rows_on):
    tiles = row_groups(23, rows, rows_on, True)
    spans = [span for groups in tiles for span in groups]
    sizes = [stop - start for start, stop in spans]
    assert len(spans) % 2 == 1
    assert max(sizes) <= rows_on
    assert max(sizes) - min(sizes) <= 1
    assert [start for start, _ in spans] == [0, *(stop for _, stop in spans[:-1])]
    assert spans[-1][1] == 23
    assert all(groups[-1][1] - groups[0][0] <= rows for groups in tiles)


def test_fewer_rows_a_step_take_more_steps_and_conversions(networks):
    network = networks["mlp"]
    whole, groups = (
        ms.place(network, CSUM, {**small(CSUM, 32, 16), "rows_on": on}) for on in (32, 8)
    )
    for one, many in zip(whole.table(), groups.table(), strict=True):
        fan_in = one["fan_in"]
        assert many["tiles"] == one["tiles"]
        assert many["steps"] == one["planes"] * -(-min(fan_in, 32) // 8)
        assert many["cycles"] == many["steps"] * many["positions"]
        assert many["rows_on"] == 8
    before, after = (estimate(placed, device="ideal", baselines=()) for placed in (whole, groups))
    reads = [
        sum(layer.node.planes * part.columns for layer in placed.layers for part in layer.parts)
        for placed in (whole, groups)
    ]
    joules = [
        found["energy_j_per_image"]["by_component"]["converters"] for found in (before, after)
    ]
    assert joules[1] / joules[0] == pytest.approx(reads[1] / reads[0], rel=1e-9)
    assert reads[1] > 2 * reads[0]
    assert after["latency_s_per_image"]["total"] > before["latency_s_per_image"]["total"]


def test_row_groups_share_amplifiers_and_have_noise_and_cells_of_their_own(networks):
    placed = ms.place(networks["mlp"], CSUM, {**small(CSUM, 16, 64), "rows_on": 4})
    chip = placed.sample(JUNG)
    layer = placed.layers[0]
    records = chip.records[layer.name]
    by_tile = {}
    for part, record in zip(layer.parts, records, strict=True):
        by_tile.setdefault(part.tile.index, []).append(record)
    for found in by_tile.values():
        for record in found[1:]:
            np.testing.assert_array_equal(record.offset, found[0].offset)
        fours = [record.deviation for record in found if len(record.deviation) == 4]
        assert len(fours) < 2 or (fours[0] != fours[1]).any()
    assert len({tuple(record.key) for record in records}) == len(records)


def test_row_groups_of_a_tile_are_rows_of_the_same_cells(networks):
    """The cells do not know how they are read; but a longer inference freezes less of 1/f noise."""
    together, apart = (
        ms.place(networks["mlp"], CSUM, {**small(CSUM, 16, 64), "rows_on": on}).sample(
            JUNG, without=["flicker"]
        )
        for on in (16, 4)
    )
    layers = [chip.placement.layers[0] for chip in (together, apart)]
    whole = together.records[layers[0].name][0].deviation
    parts = zip(layers[1].parts, apart.records[layers[1].name], strict=True)
    found = [record.deviation for part, record in parts if part.tile.index == 0]
    np.testing.assert_array_equal(np.concatenate(found), whole)


def test_fewer_rows_a_step_lose_less_on_wires(networks, images):
    network = networks["mlp"]
    x = images(network, 30)

    def wrong(rows_on):
        design = {"rows_on": rows_on, "cascode_gain": 1.0, "reference_wires": "none"}
        placed = ms.place(network, CSUM, {**small(CSUM, 64, 16), **design, "column_wire_ohm": 30.0})
        run = placed.sample("ideal", only=["ir_drop"]).run(x)
        return float(np.abs(run.scores - network.scores(x)).mean())

    found = [wrong(rows_on) for rows_on in (64, 16, 4)]
    assert found[0] > found[1] > found[2] > 0.0


def test_copies_share_positions_then_images(networks, images):
    network = networks["conv0"]
    x = images(network, 6)
    names = [node.name for node in network.products()]
    layers = {names[0]: {"copies": 4}, names[-1]: {"copies": 2}}
    placed = ms.place(network, PCSA, layers=layers)
    first, last = placed.layer(names[0]), placed.layer(names[-1])
    assert (first.sharing, first.images_at_once) == (4, 1)
    assert (last.sharing, last.images_at_once) == (1, 2)
    assert first.cycles == first.steps * -(-first.positions // 4)
    rows = {row["layer"]: row for row in placed.table()}
    assert rows[names[0]]["tiles"] == 4 * len(first.tiles)
    assert rows[names[0]]["cycles"] == first.cycles
    wide = {"overrides": {"sigma_diameter": 0.3, "sigma_ra": 0.5}, "without": ["flicker"]}
    chip, alike = placed.sample(JUNG, **wide), ms.place(network, PCSA).sample(JUNG, **wide)
    own, plain = chip.records[names[0]], alike.records[names[0]]
    np.testing.assert_array_equal(own[0].wrong_on, plain[0].wrong_on)  # copy 0 is the plain array
    assert len({record.wrong_on.tobytes() for record in own}) == len(own)
    again = chip.run(x, batch=1).scores
    np.testing.assert_array_equal(chip.run(x).scores, again)


def test_more_copies_than_positions_and_an_uneven_rest(networks):
    network = networks["conv0"]
    name = network.products()[0].name
    positions = ms.place(network, PCSA).layer(name).positions
    layer = ms.place(network, PCSA, {"copies": 2 * positions + 1}).layer(name)
    assert (layer.sharing, layer.images_at_once, layer.copies) == (positions, 2, 2 * positions)
    images = np.arange(5, dtype=np.int64)
    taken = np.zeros((5, positions), int)
    for copy in range(layer.copies):
        chosen, where = layer.taken(copy, images)
        taken[chosen, where] += 1
    np.testing.assert_array_equal(taken, 1)
    assert layer.wasted_cells > len(layer.tiles) * layer.card.rows * layer.card.columns - 1


def test_columns_by_popcount_and_by_hand(networks):
    network = networks["mlp"]
    node = network.products()[0]
    layer = ms.place(network, CSUM, {"column_order": "popcount"}).layer(node.name)
    ones = layer.matrix.sum(axis=2).ravel()
    assert (np.diff(ones.astype(int)) <= 0).all()
    turned = list(range(node.fan_out))[::-1]
    placed = ms.place(network, CSUM, layers={node.name: {"column_order": turned}})
    np.testing.assert_array_equal(placed.layer(node.name).matrix, node.matrix()[:, ::-1])
    for wrong in ([0, 0], turned[1:], "tallest"):
        with pytest.raises(ms.InputError, match="column_order"):
            ms.place(network, CSUM, layers={node.name: {"column_order": wrong}})


def test_columns_stay_within_their_group():
    from mramsim.network.graph import Network
    from mramsim.network.nodes import Conv2d, Input, Linear, Output, Threshold

    rng = np.random.default_rng(0)
    weight = rng.integers(0, 2, (6, 2, 3, 3), dtype=np.uint8)
    network = Network(
        (
            Input("x", (), (4, 5, 5)),
            Conv2d("c", ("x",), weight, size=(5, 5), groups=2),
            Threshold("t", ("c",), np.zeros(6, np.int32), np.ones(6, np.int8)),
            Linear("l", ("t",), rng.integers(0, 2, (2, 54), dtype=np.uint8)),
            Output("out", ("l",), np.ones(2), np.zeros(2)),
        )
    )
    with pytest.raises(ms.InputError, match="between groups"):
        ms.place(network, CSUM, layers={"c": {"column_order": [3, 1, 2, 0, 4, 5]}})
    order = ms.place(network, CSUM, {"column_order": "popcount"}).layer("c").column_order
    assert sorted(order[:3]) == [0, 1, 2]
    x = rng.integers(0, 2, (7, 4, 5, 5))
    for wanted in ("popcount", [2, 0, 1, 5, 3, 4]):
        placed = ms.place(network, CSUM, layers={"c": {"column_order": wanted}})
        run = placed.sample(JUNG, only=["none"]).run(x)
        np.testing.assert_array_equal(run.scores, network.scores(x))
