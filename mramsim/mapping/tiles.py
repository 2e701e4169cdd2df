"""Cut a binary matrix into tiles of the card's rows and columns."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Tile:
    """One array holding a block of one layer.

    Attributes
    ----------
    index : int
        Number in the layer: part of the key of all static draws.
    group : int
        Group of a grouped convolution.
    row_block : int
        Position among the row tiles of its neurons.
    row_start, row_stop : int
        Inputs of the group that it holds.
    column_start, column_stop : int
        Outputs of the layer that it holds.
    """

    index: int
    group: int
    row_block: int
    row_start: int
    row_stop: int
    column_start: int
    column_stop: int

    @property
    def rows(self) -> int:
        """Rows in use."""
        return self.row_stop - self.row_start

    @property
    def columns(self) -> int:
        """Columns in use."""
        return self.column_stop - self.column_start


@dataclass(frozen=True)
class Part:
    """Rows of a tile that are read at once, in one copy of it: what has a record of its own.

    Attributes
    ----------
    tile : Tile
    copy : int
        Which of the layer's copies.
    turn : int
        Number among the row groups of the tile.
    row_block : int
        Position among the parts of its neurons.
    row_start, row_stop : int
        Inputs of the group that it reads.
    """

    tile: Tile
    copy: int
    turn: int
    row_block: int
    row_start: int
    row_stop: int

    @property
    def group(self) -> int:
        """Group of a grouped convolution."""
        return self.tile.group

    @property
    def column_start(self) -> int:
        """First output that it holds."""
        return self.tile.column_start

    @property
    def column_stop(self) -> int:
        """Output after the last one that it holds."""
        return self.tile.column_stop

    @property
    def first(self) -> int:
        """Row of the tile that its first row is."""
        return self.row_start - self.tile.row_start

    @property
    def rows(self) -> int:
        """Rows read."""
        return self.row_stop - self.row_start

    @property
    def columns(self) -> int:
        """Columns in use."""
        return self.tile.columns


Span = tuple[int, int]


def row_spans(fan_in: int, rows: int, voting: bool) -> tuple[Span, ...]:
    """Return start and stop of each row tile.

    Parameters
    ----------
    fan_in : int
        Rows to hold.
    rows : int
        Rows of an array.
    voting : bool
        Tiles vote: they share the rows evenly and their number is odd, so that no small tile has a
        full vote and no vote ties.
    """
    count = -(-fan_in // rows)
    if not voting or count == 1:
        starts = range(0, fan_in, rows)
        return tuple((start, min(start + rows, fan_in)) for start in starts)
    count = min(count + 1 - count % 2, fan_in)
    edges = [round(index * fan_in / count) for index in range(count + 1)]
    return tuple(pairwise(edges))


def row_groups(fan_in: int, rows: int, rows_on: int, voting: bool) -> tuple[tuple[Span, ...], ...]:
    """Return for each row tile the start and stop of the groups that are read one after another.

    Parameters
    ----------
    fan_in, rows : int
        Rows to hold, and rows of an array.
    rows_on : int
        Rows read at once, at most `rows`.
    voting : bool
        Groups vote; see `row_spans`.
    """
    if voting:
        spans = row_spans(fan_in, rows_on, True)
        held = rows // rows_on
        return tuple(spans[at : at + held] for at in range(0, len(spans), held))
    return tuple(
        tuple((first, min(first + rows_on, stop)) for first in range(start, stop, rows_on))
        for start, stop in row_spans(fan_in, rows, False)
    )


def interleave(fan_in: int, spans: tuple[Span, ...]) -> NDArray[np.intp]:
    """Return which input each row takes when inputs are dealt to row groups in turn.

    Every group then sees an even sample of the input, as votes need.
    """
    free = [stop - start for start, stop in spans]
    places: list[list[int]] = [[] for _ in spans]
    tile = 0
    for row in range(fan_in):
        while free[tile] == 0:
            tile = (tile + 1) % len(spans)
        places[tile].append(row)
        free[tile] -= 1
        tile = (tile + 1) % len(spans)
    return np.array([row for place in places for row in place], dtype=np.intp)


def cut(fan_out: int, groups: int, spans: tuple[Span, ...], columns: int) -> tuple[Tile, ...]:
    """Cut ``groups`` matrices of ``fan_out / groups`` columns into tiles.

    Parameters
    ----------
    fan_out : int
        Outputs of all groups.
    groups : int
    spans : tuple of (start, stop)
        Row tiles of one group.
    columns : int
        Columns of an array.

    Returns
    -------
    tuple of Tile
        By group, then row block, then column block.
    """
    tiles: list[Tile] = []
    per_group = fan_out // groups
    for group in range(groups):
        for block, (start, stop) in enumerate(spans):
            for column in range(0, per_group, columns):
                first = group * per_group + column
                last = group * per_group + min(column + columns, per_group)
                tiles.append(Tile(len(tiles), group, block, start, stop, first, last))
    return tuple(tiles)
