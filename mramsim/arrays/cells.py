"""The cells of a programmed tile: two complementary MTJs, each behind its transistor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mramsim.devices import resistance, spread, stuck
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions

AP, P, SHORT, OPEN = 0, 1, 2, 3
Generators = Callable[[str], np.random.Generator]


@dataclass(frozen=True)
class Branch:
    """One class of branch: an MTJ in a state, and what stands in series.

    Attributes
    ----------
    junction_ohm, series_ohm : float
    """

    junction_ohm: float
    series_ohm: float

    @property
    def total_ohm(self) -> float:
        """Resistance of the branch."""
        return self.junction_ohm + self.series_ohm


@dataclass(frozen=True, eq=False)
class Cells:
    """All branches of a tile.

    Attributes
    ----------
    bits : uint8 array [rows, columns]
        Weights as they were meant.
    resistance_ohm : float64 array [2, rows, columns]
        Of the true branch (P stores +1) and the complementary one, transistor included.
    state : int8 array [2, rows, columns]
        `AP`, `P`, `SHORT` or `OPEN`.
    classes : tuple of Branch
        Nominal branch of each state, in that order.
    """

    bits: NDArray[np.uint8]
    resistance_ohm: NDArray[np.float64]
    state: NDArray[np.int8]
    classes: tuple[Branch, Branch, Branch, Branch]

    def meant(self) -> NDArray[np.int8]:
        """Return the state each branch was meant to have, int8 [2, rows, columns]."""
        return np.stack([self.bits, 1 - self.bits]).astype(np.int8)


def classes_of(
    card: DeviceCard, v_read_v: float, conditions: Conditions, effects: frozenset[str]
) -> tuple[Branch, Branch, Branch, Branch]:
    """Return the nominal branch of the states AP, P, short and open at the read voltage."""
    cell = resistance.nominal(card, v_read_v, conditions, effects)
    series = cell.series_ohm
    return (
        Branch(cell.rap_ohm, series),
        Branch(cell.rp_ohm, series),
        Branch(card.short_ohm, series),
        Branch(card.open_ohm, series),
    )


def program(
    card: DeviceCard,
    bits: NDArray[np.uint8],
    v_read_v: float,
    conditions: Conditions,
    effects: frozenset[str],
    generators: Generators,
) -> Cells:
    """Write a block of weights into freshly sampled cells and let time pass.

    Parameters
    ----------
    card : DeviceCard
    bits : uint8 array [rows, columns]
    v_read_v : float
        Voltage across a branch while it is read, in V.
    conditions : Conditions
    effects : frozenset of str
        Effects that act.
    generators : callable
        Effect name to the generator of its static draws in this tile.

    Returns
    -------
    Cells
    """
    shape = (2, *bits.shape)
    sample = spread.sample(card, shape, generators("d2d"), effects)
    state = np.stack([bits, 1 - bits]).astype(np.int8)
    parallel, antiparallel = resistance.cell_states(
        card, sample.rp_ohm, sample.tmr, sample.series_ohm, v_read_v, conditions, effects
    )
    defect = stuck.draw(card, shape, generators("stuck"), effects)
    junction = stuck.resistance(card, defect, np.where(state == P, parallel, antiparallel))
    state = np.where(defect > 0, defect + 1, state).astype(np.int8)
    classes = classes_of(card, v_read_v, conditions, effects)
    return Cells(bits, junction + sample.series_ohm, state, classes)
