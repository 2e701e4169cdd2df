"""What every way of sensing offers: one `Family` per file, listed in `mramsim.arrays.families`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays.card import MappingCard
from mramsim.arrays.cells import Branch, Cells, Die, Generators
from mramsim.arrays.converter import Range

if TYPE_CHECKING:
    from mramsim.kernels.records import AnalogTile, PcsaTile

    Record = AnalogTile | PcsaTile


@dataclass(frozen=True, eq=False)
class Site:
    """What a tile brings beside its cells.

    Attributes
    ----------
    driven : bool array [positions, rows]
        Rows driven at each position.
    levels, polarity : int32, int8 array [columns]
        For votes: see `mramsim.kernels.records.AnalogTile`.
    reading : {"count", "codes", "vote", "sweep"}
        What the tile hands on; see `mramsim.mapping.layer.LayerPlacement`.
    scale : Range or None
        Of the converter, for ``codes``.
    generator : callable
        Effect name to a generator at the start of its static draws in this tile.
    key : uint32 array [2]
        Of the per-read draws.
    first : int
        Row of the array that the first row stands in.
    array : Cells or None
        All cells of the array, those of rows that are read at other times included; None: there are
        none.
    solved : dict
        What all parts of the array have in common and the first of them has found, by name.
    """

    driven: NDArray[np.bool_]
    levels: NDArray[np.int32]
    polarity: NDArray[np.int8]
    reading: str
    scale: Range | None
    generator: Generators
    key: NDArray[np.uint32]
    first: int = 0
    array: Cells | None = None
    solved: dict[str, NDArray[np.float64]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reads:
    """Events of a layer that draw current from the array.

    Attributes
    ----------
    p, ap : int
        Branches that conducted in state P, and in state AP.
    columns : int
        Columns read.
    """

    p: int
    ap: int
    columns: int


@dataclass(frozen=True)
class Family:
    """One way of sensing.

    Attributes
    ----------
    name : str
        Value of ``sensing`` on the mapping card.
    what : str
        One line for people.
    gives : {"bits", "counts"}
        Whether every cell gives a bit that is counted digitally, or a column an analog count.
    modelled : frozenset of str
        Effects that the simulation has.
    absent : frozenset of str
        Effects that a real chip of this kind does not have.
    cells : tuple of str
        Values of ``cell`` that it reads.
    converters : tuple of str
        Values of ``converter`` that it takes.
    rows_at_once : {"one", "any", "all"}
        Rows of a tile that can be read in one step.
    needs : tuple of str
        Keys of the mapping card that it cannot do without.
    program : callable
        (cells, die, mapping card, site) to the record that kernels see.
    read_j : callable
        (mapping card, classes of branches, reads) to the energy drawn through cells and bit lines
        in J.
    amplifiers : {"column", "cell"}
        Where the sense amplifiers stand, if it has any.
    popcount : {"counter", "tree"}
        How digital bits are counted: one by one, or all of a column at once by full adders.
    """

    name: str
    what: str
    gives: Literal["bits", "counts"]
    modelled: frozenset[str]
    absent: frozenset[str]
    cells: tuple[str, ...]
    converters: tuple[str, ...]
    rows_at_once: Literal["one", "any", "all"]
    needs: tuple[str, ...]
    program: Callable[[Cells, Die, MappingCard, Site], Record]
    read_j: Callable[[MappingCard, tuple[Branch, ...], Reads], float]
    amplifiers: Literal["column", "cell"] = "column"
    popcount: Literal["counter", "tree"] = "counter"

    def check(self, card: MappingCard) -> None:
        """Raise ValueError with one line where the card does not describe such a design."""
        for key, allowed in (("cell", self.cells), ("converter", self.converters)):
            if getattr(card, key) not in allowed:
                raise ValueError(
                    f"{key} = '{getattr(card, key)}' with sensing = '{self.name}'; allowed: "
                    f"{', '.join(allowed)}"
                )
        if self.rows_at_once == "one" and card.rows_on != 1:
            raise ValueError(f"rows_on = {card.rows_on}: a {self.name} reads one row at a time")
        if self.rows_at_once == "all" and card.rows_on != card.rows:
            raise ValueError(
                f"rows_on = {card.rows_on} with rows = {card.rows}: a {self.name} reads all rows "
                "of a tile at once; set both to the same number"
            )
        missing = sorted({*self.needs, *_NEEDS.get(card.converter, ())} - card.model_fields_set)
        if self.gives == "counts" and missing:
            raise ValueError(f"sensing = '{self.name}' needs {', '.join(missing)}")


_CODED = ("adc_bits", "adc_card")
_NEEDS = {"sar": _CODED, "flash": _CODED, "tdc": _CODED}
CODING = tuple(_NEEDS)  # converters that give codes
