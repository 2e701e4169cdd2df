"""References made of real cells: sampled per chip, read like the column they stand beside.

The reference for a level of ``b`` counts among ``n`` driven rows is a column of ``b`` cells in the
matching and ``n - b`` in the other state; half a count is the mean of the two levels around it. Its
cells deviate like any others, so a reference swept over all levels has steps of unequal height. The
mean of several such columns deviates less.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays.card import MappingCard
from mramsim.arrays.cells import Die
from mramsim.devices import resistance, spread

Floats = NDArray[np.float64]


class Reference(NamedTuple):
    """Deviations of the reference columns of a tile, summed from the first row on, in counts.

    Attributes
    ----------
    match, other : float64 array [K, R + 1]
        Sum over the first rows when they are in the matching, and in the other state; K = 0: ideal.
    shared : int
        Neighbouring columns that compare with the same reference.
    """

    match: Floats
    other: Floats
    shared: int

    def missed(self, on: int, levels: Floats, columns: int) -> Floats:
        """Return by how many counts each column's reference misses levels, [levels, columns].

        Parameters
        ----------
        on : int
            Driven rows.
        levels : float64 array [levels]
            Cut at 0 and `on`; straight lines between whole counts.
        columns : int
        """
        cut = np.clip(levels, 0.0, on)
        below = np.minimum(np.floor(cut), max(on - 1, 0)).astype(np.intp)
        part = (cut - below)[:, None]
        at = self.match.T + self.other[:, on] - self.other.T
        return (at[below] * (1.0 - part) + at[np.minimum(below + 1, on)] * part)[
            :, np.arange(columns) // self.shared
        ]


IDEAL = Reference(np.zeros((0, 1)), np.zeros((0, 1)), 1)
Deviations = Callable[[Floats, Floats], tuple[Floats, Floats]]


def draw(
    die: Die,
    mapping: MappingCard,
    rows: int,
    span: tuple[int, int],
    columns: int,
    rng: np.random.Generator,
    deviations: Deviations,
) -> Reference:
    """Sample the reference columns of a tile.

    Parameters
    ----------
    die : Die
    mapping : MappingCard
        Gives `columns_per_reference`, and `reference_columns`, whose mean is one reference.
    rows, columns : int
        Of the tile.
    span : (start, stop)
        Rows of it that are read.
    rng : numpy.random.Generator
        Of this chip, layer, tile and the effect ``reference``.
    deviations : callable
        Resistances of cells in state P and AP in Ohm to what each lacks to its nominal value, in
        counts: (matching, other).

    Returns
    -------
    Reference
    """
    card, effects = die.card, die.effects | {"d2d"}
    count = -(-columns // mapping.columns_per_reference)
    shape = (mapping.reference_columns, count, rows)
    sample = spread.sample(card, shape, rng, effects, die.ra_factor)
    p_ohm, ap_ohm = resistance.cell_states(
        card,
        sample.rp_ohm,
        sample.tmr,
        sample.series_ohm,
        mapping.v_read_v,
        die.conditions,
        die.effects,
    )
    found = deviations(p_ohm + sample.series_ohm, ap_ohm + sample.series_ohm)
    sums = []
    for value in found:
        mean = value.mean(axis=0)[:, slice(*span)]
        start = np.zeros((count, 1))
        sums.append(np.concatenate([start, np.cumsum(mean, axis=1)], axis=1))
    return Reference(sums[0], sums[1], mapping.columns_per_reference)
