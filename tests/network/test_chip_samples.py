"""Dies: the same number the same bytes, other numbers other dies, sweeps on common draws."""

import naive
import naive_networks
import numpy as np
import pytest
from designs import MAPPINGS, counts_bits, small
from tiles import parts

import mramsim as ms

JUNG = "stt_jung_nature_2022"
CHEAP = {"write_error_rate": 0.0}


def sampled(network, mapping, seed=0, number=0, layers=None, **values):
    placed = ms.place(network, mapping, small(mapping, 16, 9), layers)
    return placed.sample(JUNG, seed, number=number, overrides={**CHEAP, **values})


def all_bytes(chip):
    return [
        b"".join(np.asarray(part).tobytes() for part in parts(record))
        for records in chip.records.values()
        for record in records
    ]


def keys(chip):
    return [tuple(record.key) for records in chip.records.values() for record in records]


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_same_number_same_bytes(networks, mapping):
    network = networks["mlp"]
    assert all_bytes(sampled(network, mapping, 3, 4)) == all_bytes(sampled(network, mapping, 3, 4))


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_seeds_numbers_layers_and_tiles_have_their_own_draws(networks, images, mapping):
    network = networks["mlp"]
    chips = [sampled(network, mapping, seed, number) for seed in range(3) for number in range(3)]
    found = [key for chip in chips for key in keys(chip)]
    assert len(found) > 9 * 20
    assert len(set(found)) == len(found)
    x = images(network, 6)
    scores = {chip.run(x).scores.tobytes() for chip in chips}
    assert len(scores) == len(chips)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_the_point_of_a_sweep_is_in_no_key(networks, mapping):
    network = networks["tiny"]
    assert keys(sampled(network, mapping)) == keys(sampled(network, mapping, tmr=0.5))


def test_spread_and_offsets_scale_on_common_draws(networks):
    """Twice a small sigma of the series path moves every cell twice as far."""
    network = networks["tiny"]
    placed = ms.place(network, "csum_1bit")
    small, large = (
        placed.sample(
            JUNG,
            only=["d2d", "sa_offset"],
            overrides={"sigma_diameter": 0.0, "sigma_tmr": 0.0, "sigma_series_ohm": sigma},
        )
        for sigma in (1.0, 2.0)
    )
    for name, records in small.records.items():
        for one, other in zip(records, large.records[name], strict=True):
            np.testing.assert_array_equal(one.offset, other.offset)
            assert other.step == pytest.approx(2 * one.step, rel=1e-6)
            assert np.abs(one.deviation.astype(int) - other.deviation).max() <= 2  # roundings
            assert np.abs(one.deviation.astype(int)).max() > 20


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_more_defects_keep_the_first_ones(networks, mapping):
    network = networks["mlp"]

    def odd(**values):
        chip = ms.place(network, mapping).sample("ideal", only=["stuck"], overrides=values)
        found = set()
        for name, records in chip.records.items():
            for index, record in enumerate(records):
                cells = zip(record.odd_row, record.odd_column, strict=True)
                if not counts_bits(mapping):
                    cells = [*cells, *np.argwhere(record.deviation)]
                found |= {(name, index, int(row), int(column)) for row, column in cells}
        return found

    assert odd(short_rate=0.01) < odd(short_rate=0.03) < odd(short_rate=0.03, open_rate=0.05)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_defects_of_a_chip_are_as_frequent_as_asked(networks, mapping):
    """Shorts only, opens only: cells with a defect in either of two branches, over all tiles."""
    network = networks["mlp"]
    cells = network.weight_bits()
    for rates in ({"short_rate": 0.05}, {"open_rate": 0.03}):
        chip = ms.place(network, "csum_1bit").sample("ideal", only=["stuck"], overrides=rates)
        found = sum(record.odd_row.size for records in chip.records.values() for record in records)
        rate = 1 - (1 - next(iter(rates.values()))) ** 2
        assert abs(found - cells * rate) < 4 * np.sqrt(cells * rate * (1 - rate))


def test_a_layer_of_its_own_design_leaves_the_others_alone(networks):
    network = networks["mlp"]
    plain = sampled(network, "csum_deaville_jssc_2025")
    own = sampled(network, "csum_deaville_jssc_2025", layers={"fc0": {"columns": 5}})
    assert len(own.records["fc0"]) > len(plain.records["fc0"])
    assert keys(plain)[-4:] == keys(own)[-4:]


def test_records_hold_weights_and_masks_of_every_tile(networks):
    """Columns of all tiles together are the weights of the layer, groups included."""
    network = networks["conv0"]
    for mapping in MAPPINGS:
        chip = sampled(network, mapping)
        for layer in chip.placement.layers:
            node = layer.node
            flat = node.weight.reshape(node.fan_out, -1)
            names = [[(out, row) for row in range(node.fan_in)] for out in range(node.fan_out)]
            seen = []
            for tile, record in zip(layer.tiles, chip.records[layer.name], strict=True):
                for column in range(tile.columns):
                    own = naive_networks.held(layer, tile, names[tile.column_start + column])
                    bits = [naive.bit_of(record.weight[:, column], k) for k in range(len(own))]
                    assert bits == [flat[cell] for cell in own]
                    seen += own
                for place in range(len(record.driven)):
                    on = naive_networks.driven_rows(node, place)
                    on = naive_networks.held(layer, tile, on)
                    assert record.driven[place].tolist() == naive.packed(on)
                    assert record.rows_on[place] == sum(on)
            assert len(seen) == len(set(seen)) == flat.size
