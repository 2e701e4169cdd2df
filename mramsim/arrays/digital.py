"""Digital near-memory: every cell multiplies and digitises by itself, an adder tree counts.

After Li et al., Nature Electronics (2025), doi 10.1038/s41928-025-01479-y: complementary cells
whose product with one input bit is decided in the cell, bits summed by a digital tree in the same
cycle, inputs bit by bit. The decision is the race of two branches that `mramsim.arrays.pcsa`
describes, with a sense amplifier, hence an offset, for each cell instead of each column.
"""

from __future__ import annotations

from math import ceil, log2
from typing import TYPE_CHECKING

from mramsim.arrays import cells as cell_library
from mramsim.arrays import pcsa
from mramsim.arrays.card import MappingCard
from mramsim.arrays.cells import Cells, Die
from mramsim.arrays.family import Family, Site

if TYPE_CHECKING:
    from mramsim.kernels.records import PcsaTile


def program(cells: Cells, die: Die, mapping: MappingCard, site: Site) -> PcsaTile:
    """Make the record of a tile whose cells have one sense amplifier each."""
    offset = site.generator("sa_offset").standard_normal(cells.bits.shape)
    return pcsa.decided(cells, die, mapping, site, offset)


def tree_adders(rows: int) -> int:
    """Return the full adders of a tree that counts `rows` bits.

    Each takes three bits of one weight and gives two, so ``rows - ceil(log2(rows + 1))`` of them.
    """
    return rows - ceil(log2(rows + 1))


FAMILY = Family(
    name="digital",
    what="every cell decides its product, an adder tree counts the bits",
    gives="bits",
    modelled=cell_library.EFFECTS | {"sa_offset", "sa_noise", "adc"},
    absent=frozenset({"reference", "ir_drop"}),  # complementary cells; no shared analog line
    cells=("2t2mtj",),
    converters=("sense_amplifier",),
    rows_at_once="all",
    needs=(),
    program=program,
    read_j=pcsa.read_j,
    amplifiers="cell",
    popcount="tree",
)
