"""Cells whose resistance depends on their voltage.

    R(v) = R_P / (1 + c v^2) (1 + TMR / (1 + (v / V_h)^2))

with v the voltage across the junction, in series with a constant resistance (transistor, contacts);
the law of `mramsim.devices.resistance`, per cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mramsim.arrays.wires.gated import branches
from mramsim.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Junctions:
    """The junctions of an array.

    Attributes
    ----------
    rp_ohm : array [rows, columns] or [branches, rows, columns]
        Parallel state at zero bias, above 0, in Ohm.
    tmr : array of the same shape
        At zero bias for a junction in the antiparallel state; 0 for a parallel one.
    series_ohm : array of the same shape, or float
        Transistor and contacts, in Ohm.
    v_half_v : float, optional
        Voltage at which the TMR has halved, in V; None for no dependence.
    gp_curvature_per_v2 : float
        c of the parallel conductance, in 1/V^2.

    Raises
    ------
    InputError
        NaN, negative values, shapes that differ.
    """

    rp_ohm: ArrayLike
    tmr: ArrayLike
    series_ohm: ArrayLike = 0.0
    v_half_v: float | None = None
    gp_curvature_per_v2: float = 0.0

    def __post_init__(self) -> None:
        rp, tmr = branches("rp_ohm", self.rp_ohm), branches("tmr", self.tmr)
        if rp.shape != tmr.shape:
            raise InputError(f"tmr has shape {tmr.shape}; that of rp_ohm, {rp.shape}, is needed")
        if rp.min() == 0.0:
            raise InputError("rp_ohm holds 0; resistances above 0 are needed")
        series = self.series_ohm
        series = branches(
            "series_ohm", np.full(rp.shape, series) if np.ndim(series) == 0 else series
        )
        if series.shape != rp.shape:
            raise InputError(
                f"series_ohm has shape {series.shape}; a number or that of rp_ohm, {rp.shape}, is "
                f"needed"
            )
        if self.v_half_v is not None and not (self.v_half_v > 0.0):
            raise InputError(f"v_half_v = {self.v_half_v:g}: a voltage above 0 is needed")
        curvature = self.gp_curvature_per_v2
        if not (math.isfinite(curvature) and curvature >= 0.0):
            raise InputError(f"gp_curvature_per_v2 = {curvature:g}: 0 or more is needed")
        for name, value in (("rp_ohm", rp), ("tmr", tmr), ("series_ohm", series)):
            object.__setattr__(self, name, value)

    @cached_property
    def parts(self) -> tuple[Floats, Floats, Floats, float, float]:
        """What kernels take: R_P, TMR, series [branches, rows, columns]; c, 1 / V_h."""
        inverse_half = 0.0 if self.v_half_v is None else 1.0 / self.v_half_v
        rp, tmr, series = (np.asarray(part) for part in (self.rp_ohm, self.tmr, self.series_ohm))
        return rp, tmr, series, float(self.gp_curvature_per_v2), inverse_half

    def of_rows(self, start: int, stop: int) -> Junctions:
        """Return the junctions of rows `start` to `stop` (exclusive)."""
        rp, tmr, series, curvature, _ = self.parts
        own = (slice(None), slice(start, stop))
        return Junctions(rp[own], tmr[own], series[own], self.v_half_v, curvature)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Branches, rows, columns."""
        branch, row, column = np.shape(self.rp_ohm)
        return branch, row, column

    def middle_s(self) -> Floats:
        """Return the middle of the slopes dI/dv a cell can have, [branches, rows, columns] in S.

        With c = 0 and x = (v / V_h)^2, R_P dI/dv = 1 + TMR (x - 1 - TMR) / (x + 1 + TMR)^2: least
        at 0 V, 1 / (1 + TMR), and largest at x = 3 (1 + TMR), 1 + TMR / (8 (1 + TMR)).
        """
        rp, tmr, series, _, _ = self.parts
        least = 1.0 / (rp * (1.0 + tmr) + series)
        most = 1.0 / (rp / (1.0 + tmr / (8.0 * (1.0 + tmr))) + series)
        middle: Floats = 0.5 * (least + most)
        return middle

    def currents(self, cell_v: Floats) -> Floats:
        """Return the currents of cells of one branch at their voltages.

        Parameters
        ----------
        cell_v : float64 array [images, rows, columns]
            Across junction and series resistance, in V.

        Returns
        -------
        float64 array [images, rows, columns]
            In A.
        """
        from mramsim.kernels.junctions import fill_linearised

        rp, tmr, series, curvature, inverse_half = self.parts
        shape = cell_v.shape
        rp, tmr, series = (np.broadcast_to(part, shape).ravel() for part in (rp, tmr, series))
        current, slope = np.empty((2, cell_v.size))
        volts = cell_v.ravel()
        fill_linearised(volts, rp, tmr, series, curvature, inverse_half, current, slope)
        return current.reshape(shape)
