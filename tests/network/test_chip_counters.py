"""Counted events of two tiny networks, counted by hand, and their sums."""

import numpy as np
import pytest

import mramsim as ms
from mramsim.mapping.events import LAYER_EVENTS, TILE_EVENTS, Events
from mramsim.network.graph import Network
from mramsim.network.nodes import Conv2d, Input, Linear, Output, Threshold

ORDER = (
    *("reads_x1_w1", "reads_x1_w0", "reads_x0_w1", "reads_x0_w0", "row_drives", "steps"),
    *("column_reads", "decisions", "conversions", "counted_bits"),
)
DIGITAL = ("adder_ops", "register_bits", "compare_bits", "input_bits", "output_bits")


def output(source):
    return Output("out", (source,), np.ones(2), np.zeros(2))


def planes_network():
    """3 inputs of 2 bit planes, 2 neurons, 2 classes."""
    return Network(
        (
            Input("x", (), (3,), planes=2),
            Linear("fc", ("x",), np.array([[1, 0, 1], [0, 0, 1]], np.uint8), planes=2),
            Threshold("t", ("fc",), np.zeros(2, np.int32), np.array([1, -1], np.int8)),
            Linear("last", ("t",), np.array([[1, 1], [0, 1]], np.uint8)),
            output("last"),
        )
    )


def padded_network():
    """2 x 2 image, one 2 x 2 kernel with undriven padding, 9 positions, bits all 1, 2 classes."""
    kernel = np.array([[[[1, 0], [1, 1]]]], np.uint8)
    last = np.array([[1] * 9, [1, 0] * 4 + [1]], np.uint8)
    return Network(
        (
            Input("x", (), (1, 2, 2)),
            Conv2d("c", ("x",), kernel, size=(2, 2), padding=(1, 1)),
            Threshold("t", ("c",), np.array([-9], np.int32), np.ones(1, np.int8)),
            Linear("last", ("t",), last),
            output("last"),
        )
    )


def counted(network, mapping, image, **design):
    chip = ms.place(network, mapping, design).sample("ideal", only=["adc"])
    return chip.run(np.array([image])).events


def test_names_and_their_order():
    assert TILE_EVENTS == ORDER
    assert LAYER_EVENTS == DIGITAL


def test_sense_amplifiers_and_bit_planes():
    """Levels 3, 1, 0: plane 0 carries 1 1 0, plane 1 carries 1 0 0. Tiles of 2 rows, 1 column.

    fc, rows 0 and 1, first column (weights 1 0): row 0 carries 1 twice over a weight 1; row 1 over
    a weight 0 carries 1 once and 0 once. 2 rows x 2 planes are 4 word-line drives, 4 reads in
    sequence, 4 decisions, 4 counted bits. Second column (0 0): row 0 twice 1 over 0, row 1 both.
    Row 2 alone (weight 1 in both columns) carries 0 in both planes: 2 of everything.
    Accumulators span -9 to 9: 19 values, 5 bits. A neuron adds 2 row tiles x 2 planes: 3 additions
    of 5 bits; 2 neurons: 30. 5 register bits and 5 compare bits each. 3 inputs of 2 bits come in,
    2 bits go out.
    last: values 3 -1 -3 give sums 1 and -5, both bits 1 (the second by its negative polarity).
    Weights 1 1: two reads of 1 over 1; weights 0 1: one over 0, one over 1. -2 to 2: 5 values,
    3 bits; nothing to add or compare; scores of 2 x 3 bits go out.
    """
    events = counted(planes_network(), "pcsa_hirtzlin_nanoarch_2019", [3, 1, 0], rows=2, columns=1)
    assert events.images == 1
    assert events.layers["fc"].tiles.tolist() == [
        [2, 1, 0, 1, 4, 4, 4, 4, 0, 4],
        [0, 3, 0, 1, 4, 4, 4, 4, 0, 4],
        [0, 0, 2, 0, 2, 2, 2, 2, 0, 2],
        [0, 0, 2, 0, 2, 2, 2, 2, 0, 2],
    ]
    assert events.layers["fc"].digital.tolist() == [30, 10, 10, 6, 2]
    assert events.layers["last"].tiles.tolist() == [
        [2, 0, 0, 0, 2, 2, 2, 2, 0, 2],
        [1, 1, 0, 0, 2, 2, 2, 2, 0, 2],
    ]
    assert events.layers["last"].digital.tolist() == [0, 6, 0, 2, 6]
    assert events.layers["fc"].draws == 0


def test_converters_and_padding():
    """Image 1 0 / 1 1. Tiles of 4 rows and 2 columns, all rows at once, SAR of 3 bits.

    c: every cell of the kernel sees each of the 4 pixels once over the 9 positions and padding
    5 times, undriven. Each of 4 rows carries 1 three times and 0 once; three weights are 1.
    Corners drive 1 row, edges 2, the middle 4: 4 + 8 + 4 = 16 drives. 9 reads, 9 conversions of 3
    decisions. Sums -4 to 4: 9 values, 4 bits; 9 x 4 register and compare bits; patches of 9 x 4
    bits come in, padding included; 9 bits go out.
    last: all bits 1. Rows 0 to 3 with weights 1 1 1 1 and 1 0 1 0: six 1 over 1, two over 0; one
    step, 2 columns, 2 conversions, 6 decisions. Rows 4 to 7 alike. Row 8: 1 and 1.
    -9 to 9: 5 bits; 3 row tiles: 2 additions x 2 classes x 5 bits.
    """
    events = counted(
        padded_network(),
        "csum_deaville_jssc_2025",
        [[[1, 0], [1, 1]]],
        rows=4,
        rows_on=4,
        columns=2,
        adc_bits=3,
    )
    assert events.layers["c"].tiles.tolist() == [[9, 3, 3, 1, 16, 9, 9, 27, 9, 0]]
    assert events.layers["c"].digital.tolist() == [0, 36, 36, 36, 9]
    assert events.layers["last"].tiles.tolist() == [
        [6, 2, 0, 0, 4, 1, 2, 6, 2, 0],
        [6, 2, 0, 0, 4, 1, 2, 6, 2, 0],
        [2, 0, 0, 0, 1, 1, 2, 6, 2, 0],
    ]
    assert events.layers["last"].digital.tolist() == [20, 10, 0, 9, 10]


def test_votes_and_swept_references():
    """The same with one sense amplifier per column.

    c votes: 9 decisions, no conversion; one row tile: a vote is 1 bit wide, no comparison.
    last is swept: one decision per driven row and column: 4 x 2, 4 x 2 and 1 x 2, each counted.
    """
    events = counted(
        padded_network(),
        "csum_1bit",
        [[[1, 0], [1, 1]]],
        rows=4,
        rows_on=4,
        columns=2,
        row_order="natural",
    )
    assert events.layers["c"].tiles.tolist() == [[9, 3, 3, 1, 16, 9, 9, 9, 0, 0]]
    assert events.layers["c"].digital.tolist() == [0, 9, 0, 36, 9]
    assert events.layers["last"].tiles.tolist() == [
        [6, 2, 0, 0, 4, 1, 2, 8, 0, 8],
        [6, 2, 0, 0, 4, 1, 2, 8, 0, 8],
        [2, 0, 0, 0, 1, 1, 2, 2, 0, 2],
    ]


@pytest.mark.parametrize("mapping", ms.list_cards("mapping"))
@pytest.mark.parametrize("name", ["mlp", "conv0"])
def test_cells_are_read_once_per_position_and_plane(networks, images, name, mapping):
    """All four kinds of reads together are driven rows x columns; ones follow the inputs."""
    network = networks[name]
    x = images(network, 5)
    events = ms.place(network, mapping).sample("ideal", only=["none"]).run(x).events
    values = network.values(x)
    for node in network.products():
        layer = events.layers[node.name]
        rows = node.rows(values[node.inputs[0]])
        mask = node.mask()
        driven = rows[0, :, 0].size * 5 if mask is None else mask.sum() * 5
        cells = driven * node.planes * node.fan_out
        kinds = [layer.total(kind) for kind in ORDER[:4]]
        assert sum(kinds) == cells
        ones = sum(((rows >> plane) & 1).sum() for plane in range(node.planes))
        assert kinds[0] + kinds[1] == ones * node.fan_out // node.groups


def test_events_add():
    network, image = planes_network(), [3, 1, 0]
    chip = ms.place(network, "csum_1bit").sample("ideal", only=["none"])
    one, many = chip.run(np.array([image])).events, chip.run(np.array([image] * 5), batch=2).events
    total = Events()
    for _ in range(5):
        total = total + one
    assert total.images == many.images == 5
    for name, layer in many.layers.items():
        np.testing.assert_array_equal(total.layers[name].tiles, layer.tiles)
        np.testing.assert_array_equal(total.layers[name].digital, layer.digital)
        assert layer.tiles.dtype == np.int64


def test_counted_bits_that_vote():
    """Three row tiles of 2 rows, 2 planes: each adds its planes, compares, and votes.

    Sums reach 6 * 3 = 18, so they are 6 bits wide; three votes need 2 bits. Per output: 3 tiles x
    1 addition x 6 bits + 2 additions of votes x 2 bits = 22 adder steps; 3 comparisons of 6 bits
    and one of 2 bits = 20; one sum of 6 bits is kept. 3 outputs, 12 input bits.
    """
    network = Network(
        (
            Input("x", (), (6,), planes=2),
            Linear("a", ("x",), np.ones((3, 6), dtype=np.uint8), planes=2),
            Threshold("t", ("a",), np.zeros(3, dtype=np.int32), np.ones(3, dtype=np.int8)),
            Linear("b", ("t",), np.ones((2, 3), dtype=np.uint8)),
            Output("out", ("b",), np.ones(2), np.zeros(2)),
        )
    )
    design = {"rows": 2, "columns": 8, "partial_sums": "majority"}
    placed = ms.place(network, "pcsa_hirtzlin_nanoarch_2019", design)
    chip = placed.sample("ideal", only=["adc"])
    events = chip.run(np.full((1, 6), 3, dtype=np.uint8)).events
    assert events.layers["a"].digital.tolist() == [66, 18, 60, 12, 3]
