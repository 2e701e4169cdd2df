"""Gated columns: cells of one MTJ and one transistor between a bit line and a source line.

Word lines carry no direct current, but the input decides which cells conduct, so each image has its
own circuit. Columns are independent ladders (`mramsim.kernels.ladder`), O(conducting cells).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mramsim.arrays.wires import check
from mramsim.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rails:
    """The two lines of every column and what is at their ends.

    Drivers are at the top of the bit lines, with one segment before the first cell. Each source
    line ends in its sense node at 0 V: below the last cell (``opposite``) or above the first one
    (``same``), one segment away.

    Attributes
    ----------
    bit_wire_ohm, source_wire_ohm : float
        One segment of bit line and source line, in Ohm.
    driver_ohm, sense_ohm : float
        Of each driver and of each sense node, in Ohm.
    returns : {"opposite", "same"}
        Side of the sense nodes, as seen from the drivers.

    Raises
    ------
    InputError
        A resistance that is negative or not finite, or another side.
    """

    bit_wire_ohm: float
    source_wire_ohm: float
    driver_ohm: float = 0.0
    sense_ohm: float = 0.0
    returns: Literal["opposite", "same"] = "opposite"

    def __post_init__(self) -> None:
        for name in ("bit_wire_ohm", "source_wire_ohm", "driver_ohm", "sense_ohm"):
            object.__setattr__(self, name, check.resistance(name, getattr(self, name)))
        if self.returns not in ("opposite", "same"):
            raise InputError(f"returns = {self.returns!r}: 'opposite' or 'same' is allowed")

    @property
    def ohms(self) -> tuple[float, float, float, float]:
        """Bit line, source line, driver, sense node, in Ohm."""
        return self.bit_wire_ohm, self.source_wire_ohm, self.driver_ohm, self.sense_ohm


def branches(name: str, value: ArrayLike) -> Floats:
    """Return cells as float64 [branches, rows, columns]; one branch may leave out its axis."""
    if np.ndim(value) == 3:
        return check.not_negative(name, value, ("branches", "rows", "columns"))
    return check.not_negative(name, value, ("rows", "columns"))[None]


def gated_currents(conductance_s: ArrayLike, select: Any, v_read_v: float, rails: Rails) -> Floats:
    """Return the current of every column for every image, exactly.

    Parameters
    ----------
    conductance_s : array [rows, columns] or [branches, rows, columns]
        Of each cell with its transistor on, transistor included, in S.
    select : integer array [images, rows]
        Branch of each row whose transistor is on; -1 where none is.
    v_read_v : float
        Voltage of the drivers in V.
    rails : Rails

    Returns
    -------
    float64 array [images, columns]
        Currents into the sense nodes, in A. An image's bytes do not depend on the others.

    Raises
    ------
    InputError
        NaN, negative values or a wrong shape.

    Notes
    -----
    Equations: ``docs/wires.md``, section 2. Two branches describe complementary cells.
    """
    from mramsim.kernels.column_currents import column_currents

    g = branches("conductance_s", conductance_s)
    chosen = check.selection("select", select, g.shape[1], len(g))
    v_read = float(check.finite("v_read_v", v_read_v, ()))
    currents = np.empty((len(chosen), g.shape[2]))
    column_currents(g, chosen, v_read, *rails.ohms, rails.returns == "opposite", currents)
    return currents


def gated_voltages(
    conductance_s: ArrayLike, select: Any, v_read_v: float, rails: Rails
) -> tuple[Floats, Floats]:
    """Return the node voltages of every column for every image.

    Parameters and errors as `gated_currents`.

    Returns
    -------
    bit_v, source_v : float64 array [images, rows, columns]
        Either side of each cell, in V.
    """
    from mramsim.kernels.ladder import fill_nodes

    g = branches("conductance_s", conductance_s)
    chosen = check.selection("select", select, g.shape[1], len(g))
    v_read = float(check.finite("v_read_v", v_read_v, ()))
    bit, source = np.empty((2, len(chosen), *g.shape[1:]))
    fill_nodes(g, chosen, v_read, rails.ohms, rails.returns == "opposite", bit, source)
    return bit, source
