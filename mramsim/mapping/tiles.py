"""Cut a binary matrix into tiles of the card's rows and columns."""

from __future__ import annotations

from dataclasses import dataclass


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


def cut(fan_in: int, fan_out: int, groups: int, rows: int, columns: int) -> tuple[Tile, ...]:
    """Cut ``groups`` matrices of ``fan_in`` rows and ``fan_out / groups`` columns into tiles.

    Parameters
    ----------
    fan_in : int
        Rows of one group.
    fan_out : int
        Outputs of all groups.
    groups : int
    rows, columns : int
        Size of an array.

    Returns
    -------
    tuple of Tile
        By group, then row block, then column block.
    """
    tiles: list[Tile] = []
    per_group = fan_out // groups
    for group in range(groups):
        for block, row in enumerate(range(0, fan_in, rows)):
            for column in range(0, per_group, columns):
                first = group * per_group + column
                last = group * per_group + min(column + columns, per_group)
                stop = min(row + rows, fan_in)
                tiles.append(Tile(len(tiles), group, block, row, stop, first, last))
    return tuple(tiles)
