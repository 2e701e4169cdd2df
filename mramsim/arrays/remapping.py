"""Columns placed around stuck cells (effect ``stuck``): spare columns, and columns that swap.

The test of an array finds its shorted and open MTJs before weights are written. A stuck MTJ errs by
what it conducts beyond what the weight there asks for (in series cells: by what it resists), so the
same defect costs little under one weight and much under another. The place of each column is
the assignment of least cost; outputs are taken up at their new places.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays import cells as cell_library
from mramsim.arrays import coding
from mramsim.arrays.bias import read_pulse
from mramsim.arrays.card import MappingCard
from mramsim.arrays.cells import AP, OPEN, SHORT, Branch, Cells, Die, Generators, P, classes_of
from mramsim.arrays.wires import Junctions
from mramsim.devices import stuck

Floats = NDArray[np.float64]
_STEPS = 1024.0  # of a cost of one count squared: integers add exactly in any order
_MOST = 1e6  # counts squared of one cell, so that sums stay exact


def program(
    die: Die,
    mapping: MappingCard,
    bits: NDArray[np.uint8],
    generators: Generators,
    spares: Generators,
) -> Cells:
    """Write a block of weights into freshly sampled cells, around those that are stuck.

    Parameters
    ----------
    die : Die
    mapping : MappingCard
    bits : uint8 array [rows, columns]
    generators, spares : callable
        Effect name to a generator at the start of its static draws in this tile, and in its spare
        columns.

    Returns
    -------
    Cells
        In the order of `bits`, wherever the columns stand.
    """
    rows, columns = bits.shape
    if mapping.remapping == "none" or "stuck" not in die.effects:
        return cell_library.program(die, mapping, bits, generators)
    defects = [
        stuck.draw(die.card, (coding.mtjs(mapping), rows, count), found("stuck"), die.effects)
        for count, found in ((columns, generators), (mapping.spare_columns, spares))
    ]
    seen = (die.conditions, die.effects)
    classes = classes_of(die.card, read_pulse(die.card, mapping, *seen), *seen)
    cost = costs(bits, np.concatenate(defects, axis=2), deviations(classes, mapping))
    place = placed(cost, mapping.remapping)
    block = np.zeros((rows, columns + mapping.spare_columns), dtype=np.uint8)
    block[:, place] = bits
    written = cell_library.program(die, mapping, block[:, :columns], generators)
    if mapping.spare_columns == 0:
        return _taken([written], bits, place)
    more = cell_library.program(die, mapping, block[:, columns:], spares)
    return _taken([written, more], bits, place)


def deviations(classes: tuple[Branch, ...], mapping: MappingCard) -> Floats:
    """Return by how many counts a stuck MTJ errs, [short and open, meant AP and P].

    Parameters
    ----------
    classes : tuple of Branch
        Nominal branch of each state.
    mapping : MappingCard
        Its cell says whether conductances add or resistances.
    """
    ohm = np.array([branch.total_ohm for branch in classes])
    value = ohm if mapping.cell == "series_xnor" else 1.0 / ohm
    unit = max(abs(value[P] - value[AP]), 1e-9 * value[P])
    return np.asarray((value[[SHORT, OPEN], None] - value[[AP, P]]) / unit)


def costs(bits: NDArray[np.uint8], defect: NDArray[np.int8], errors: Floats) -> Floats:
    """Return what each column of weights loses at each place, float64 [columns, places].

    The sum of the squared errors of its stuck MTJs in counts, in whole steps of 1 / 1024.

    Parameters
    ----------
    bits : uint8 array [rows, columns]
    defect : int8 array [MTJs, rows, places]
        Of the true branch and, if there is one, the complementary one; see `mramsim.devices.stuck`.
    errors : float64 array [2, 2]
        See `deviations`.
    """
    step = np.rint(_STEPS * np.minimum(errors**2, _MOST))
    loss = np.vstack([np.zeros((1, 2)), step])  # by defect, and by the state that was meant
    one, zero = loss[defect[0], P], loss[defect[0], AP]  # weight bit 1: true branch P
    if len(defect) == 2:
        one, zero = one + loss[defect[1], AP], zero + loss[defect[1], P]
    return np.asarray(bits.T.astype(np.float64) @ (one - zero) + zero.sum(axis=0))


def placed(cost: Floats, way: str) -> NDArray[np.intp]:
    """Return the place of each column, intp [columns]: least cost, then fewest moves.

    Parameters
    ----------
    cost : float64 array [columns, places]
        Whole numbers; places beyond the columns are spare.
    way : {"spares", "swap"}
        ``spares``: a column stays or takes a spare place; ``swap``: any place.
    """
    from scipy.optimize import linear_sum_assignment

    columns, places = cost.shape
    moves = (np.arange(columns)[:, None] != np.arange(places)).astype(np.float64)
    wanted = cost * (columns + 1) + moves
    if way == "spares":
        wanted[(moves == 1.0) & (np.arange(places) < columns)] = np.inf
    return np.asarray(linear_sum_assignment(wanted)[1], dtype=np.intp)


def _taken(blocks: list[Cells], bits: NDArray[np.uint8], place: NDArray[np.intp]) -> Cells:
    """Return the cells of several blocks of columns in the order of `place`."""

    def side_by_side(name: str) -> NDArray[Any]:
        parts = [getattr(block, name) for block in blocks]
        return np.ascontiguousarray(np.concatenate(parts, axis=2)[:, :, place])

    found = [block.junctions for block in blocks]
    return replace(
        blocks[0],
        bits=bits,
        resistance_ohm=side_by_side("resistance_ohm"),
        state=side_by_side("state"),
        rtn_variance=side_by_side("rtn_variance"),
        junctions=_junctions([part for part in found if part is not None], place),
    )


def _junctions(blocks: list[Junctions], place: NDArray[np.intp]) -> Junctions | None:
    if not blocks:
        return None
    parts: list[Any] = [
        np.concatenate([np.asarray(getattr(block, name)) for block in blocks], axis=2)[:, :, place]
        for name in ("rp_ohm", "tmr", "series_ohm")
    ]
    return replace(blocks[0], rp_ohm=parts[0], tmr=parts[1], series_ohm=parts[2])
