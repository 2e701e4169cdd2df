"""Resistance sum: the selected branches of a column stand in series, a converter times its delay.

After Jung et al., Nature 601, 211 (2022), doi 10.1038/s41586-021-04196-6. Each cell is two paths in
parallel, one conducting: the series-parallel XNOR cell. A column of ``n`` driven rows with ``p``
matches has ``R = n R_AP - p (R_AP - R_P)``, so a count is ``R_AP - R_P``, and the read-out
subtracts ``n R_AP``. The column charges the capacitance C of its sense node from the supply V; a
comparator trips at the fraction f of V, so that the delay is ``t = R C L``, ``L = -ln(1 - f)``.

What happens at the node turns into resistance by ``dR / R = dv / (V (1 - f) L)``. Read noise is
taken at the resistance of a column of which half the rows match.
"""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays import cells as cell_library
from mramsim.arrays import columns, drop
from mramsim.arrays.card import MappingCard
from mramsim.arrays.cells import AP, OPEN, SHORT, Branch, Cells, Die, P
from mramsim.arrays.family import Family, Reads, Site
from mramsim.devices import flicker
from mramsim.devices.noise import thermal_shot_a2_per_hz

if TYPE_CHECKING:
    from mramsim.kernels.records import AnalogTile

Floats = NDArray[np.float64]
_LEAST = 1e-9  # least difference of resistances, over R_P, that counts as a signal


def unit_ohm(classes: tuple[Branch, ...]) -> tuple[float, float]:
    """Return the resistance of one count, and how many counts a match is worth (1 or 0)."""
    p, ap = classes[P].total_ohm, classes[AP].total_ohm
    if ap - p < _LEAST * p:
        return _LEAST * p, 0.0
    return ap - p, 1.0


def delay_s(resistance_ohm: Floats, mapping: MappingCard) -> Floats:
    """Return the time at which the sense node of a column trips the comparator, in s."""
    return resistance_ohm * (mapping.bitline_f * -log(1.0 - mapping.trip_fraction))


def per_volt(mapping: MappingCard) -> float:
    """Return the relative error of the resistance per volt at the comparator: 1 / (V (1 - f) L)."""
    left = 1.0 - mapping.trip_fraction
    return 1.0 / (mapping.vdd_v * left * -log(left))


def junction_sensitivity(classes: tuple[Branch, ...]) -> Floats:
    """Return by how many counts a branch of each state moves per relative change of a junction."""
    unit, _ = unit_ohm(classes)
    return np.array([branch.junction_ohm for branch in classes]) / unit


def expected_spread(die: Die, classes: tuple[Branch, ...]) -> float:
    """Return the root mean square static deviation of a branch in counts, to first order."""
    unit, _ = unit_ohm(classes)
    slow = flicker.slow_variance(die.card, die.conditions, die.inference_hz, die.effects)
    junction = np.array([classes[P].junction_ohm, classes[AP].junction_ohm])
    variance = die.spread_ohm2(classes) + junction**2 * slow
    return float(np.sqrt(variance.mean())) / unit


def noise_variances(
    die: Die, mapping: MappingCard, classes: tuple[Branch, ...], rows: int
) -> Floats:
    """Return the noise of one read of one branch of each state, in counts squared.

    Thermal and shot noise: the voltage noise S of all branches in series, filtered by R C up to the
    trip, leaves ``sum(S) (1 - (1 - f)^2) / (4 R C)`` at the node. 1/f noise: its part above the
    rate of inferences, through the junction.
    """
    unit, _ = unit_ohm(classes)
    total = np.zeros(len(classes))
    if "thermal_shot" in die.effects:
        junction = np.array([branch.junction_ohm for branch in classes])
        series = np.array([branch.series_ohm for branch in classes])
        column = middle_ohm(classes, rows)
        current = np.full(len(classes), mapping.vdd_v / column)
        spectrum = thermal_shot_a2_per_hz(
            current, junction, series, die.temperature_k, die.card.fano
        )
        voltage = spectrum * (junction + series) ** 2
        passed = 1.0 - (1.0 - mapping.trip_fraction) ** 2
        node = voltage * passed / (4.0 * column * mapping.bitline_f)
        total += node * (column * per_volt(mapping) / unit) ** 2
    fast = junction_sensitivity(classes) ** 2 * die.fast_flicker(mapping)
    fast[[SHORT, OPEN]] = 0.0
    return total + fast


def middle_ohm(classes: tuple[Branch, ...], rows: int) -> float:
    """Return the resistance of a column of which half the rows match, in Ohm."""
    return rows * (classes[P].total_ohm + classes[AP].total_ohm) / 2.0


def program(cells: Cells, die: Die, mapping: MappingCard, site: Site) -> AnalogTile:
    """Make the record of a tile.

    A comparator's offset stretches the delay of its column, hence each of its resistances, by one
    factor.
    """
    classes = cells.classes
    unit, gain = unit_ohm(classes)
    nominal = np.array([branch.total_ohm for branch in classes])
    rows = int(site.driven.sum(axis=1).max())
    volts = mapping.sigma_sa_offset_v * columns.offsets(die, mapping, site, cells.bits.shape[1])
    seen = cells.resistance_ohm * (1.0 + per_volt(mapping) * volts)
    noise = per_volt(mapping) * middle_ohm(classes, rows) / unit * mapping.sigma_sa_noise_v
    analog = columns.Analog(
        gain=gain,
        deviation=(nominal[cells.meant()] - seen) / unit,
        spread=expected_spread(die, classes),
        variances=noise_variances(die, mapping, classes, rows),
        telegraph=junction_sensitivity(classes)[cells.state] ** 2 * cells.rtn_variance,
        decision=noise if "sa_noise" in die.effects else 0.0,
        offset=np.full(cells.bits.shape[1], -drop.series_ohm(die, mapping) / unit),
        reference=lambda p, ap: ((nominal[P] - p) / unit, (nominal[AP] - ap) / unit),
    )
    return columns.record(cells, die, mapping, site, analog)


def read_j(mapping: MappingCard, classes: tuple[Branch, ...], reads: Reads) -> float:
    """Return the energy drawn through columns, in J: ``C V^2 (1 - exp(-t / R C))`` each.

    R is that of an average column; it charges its sense node until the end of the read.
    """
    if reads.columns == 0:
        return 0.0
    total = reads.p * classes[P].total_ohm + reads.ap * classes[AP].total_ohm
    ratio = mapping.t_read_s * reads.columns / (total * mapping.bitline_f)
    return reads.columns * mapping.bitline_f * mapping.vdd_v**2 * (1.0 - exp(-ratio))


FAMILY = Family(
    name="resistance_sum",
    what="the resistances of a column add up, a converter times its RC delay",
    gives="counts",
    modelled=cell_library.EFFECTS | {"sa_offset", "sa_noise", "reference", "adc", "ir_drop"},
    absent=frozenset(),
    cells=("series_xnor",),
    converters=("tdc",),
    rows_at_once="all",
    needs=("trip_fraction",),
    program=program,
    read_j=read_j,
)
