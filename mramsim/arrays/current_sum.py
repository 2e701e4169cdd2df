"""Current sum: all driven rows of a column conduct at once into one read-out.

Unit of everything here is the count: the current by which one matching cell exceeds one that does
not match, ``V (G_P - G_AP)``. A column of ``n`` driven rows with ``p`` matches carries
``n V G_AP + p V (G_P - G_AP)``; the read-out subtracts the first part. With gated
rows (`mramsim.arrays.coding`) n are those whose transistors are on, and p those of them that store
+1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays import cells as cell_library
from mramsim.arrays import coding, columns, drop
from mramsim.arrays.card import MappingCard
from mramsim.arrays.cells import AP, OPEN, SHORT, Branch, Cells, Die, P
from mramsim.arrays.family import Family, Reads, Site
from mramsim.devices import flicker
from mramsim.devices.noise import thermal_shot_a2_per_hz

if TYPE_CHECKING:
    from mramsim.kernels.records import AnalogTile

Floats = NDArray[np.float64]
_LEAST = 1e-9  # least difference of conductances, over G_P, that counts as a signal


def unit_siemens(classes: tuple[Branch, ...]) -> tuple[float, float]:
    """Return the conductance of one count, and how many counts a match is worth (1 or 0)."""
    g_p, g_ap = 1.0 / classes[P].total_ohm, 1.0 / classes[AP].total_ohm
    least = _LEAST * g_p
    if g_p - g_ap < least:
        return least, 0.0
    return g_p - g_ap, 1.0


def junction_sensitivity(classes: tuple[Branch, ...]) -> NDArray[np.float64]:
    """Return by how many counts a branch of each state moves per relative change of its junction.

    ``dG = -G R_j / R dR_j / R_j``; squared, it turns relative variances into counts squared.
    """
    unit, _ = unit_siemens(classes)
    return np.array([branch.junction_ohm / branch.total_ohm**2 / unit for branch in classes])


def expected_spread(die: Die, classes: tuple[Branch, ...]) -> float:
    """Return the root mean square static deviation of a branch in counts, to first order.

    Spread: ``sigma_G = sigma_R / R^2``; and the slow part of 1/f noise. Mean over states P and AP.
    """
    unit, _ = unit_siemens(classes)
    total = np.array([classes[P].total_ohm, classes[AP].total_ohm])
    slow = flicker.slow_variance(die.card, die.conditions, die.inference_hz, die.effects)
    variance = die.spread_ohm2(classes) / total**4 / unit**2
    variance += junction_sensitivity(classes)[[P, AP]] ** 2 * slow
    return float(np.sqrt(variance.mean()))


def noise_variances(die: Die, mapping: MappingCard, classes: tuple[Branch, ...]) -> Floats:
    """Return the noise of one read of one branch of each state, in counts squared.

    Thermal and shot noise: the one-sided current spectrum times the bandwidth, over the current of
    a count squared. 1/f noise: its part above the rate of inferences, through the junction.
    """
    total = np.zeros(len(classes))
    if "thermal_shot" in die.effects:
        unit, _ = unit_siemens(classes)
        junction = np.array([branch.junction_ohm for branch in classes])
        series = np.array([branch.series_ohm for branch in classes])
        current = mapping.v_read_v / (junction + series)
        spectrum = thermal_shot_a2_per_hz(
            current, junction, series, die.temperature_k, die.card.fano
        )
        total += spectrum * mapping.bandwidth_hz / (unit * mapping.v_read_v) ** 2
    fast = junction_sensitivity(classes) ** 2 * die.fast_flicker(mapping)
    fast[[SHORT, OPEN]] = 0.0
    return total + fast


def _always(array: Cells, die: Die, mapping: MappingCard) -> Floats | None:
    """Return the noise of each column of a passive array, all of whose MTJs conduct, or None.

    That of rows at 0 V is taken as that of driven ones, which is more.
    """
    if mapping.input_coding != "bipolar":
        return None
    classes, state = array.classes, array.state[0]
    telegraph = junction_sensitivity(classes)[state] ** 2 * array.rtn_variance[0]
    return np.asarray((noise_variances(die, mapping, classes)[state] + telegraph).sum(axis=0))


def program(cells: Cells, die: Die, mapping: MappingCard, site: Site) -> AnalogTile:
    """Make the record of a tile."""
    classes = cells.classes
    unit, gain = unit_siemens(classes)
    nominal = np.array([1.0 / branch.total_ohm for branch in classes])
    slopes = junction_sensitivity(classes)[cells.state]
    count_v = mapping.readout_ohm * unit * mapping.v_read_v
    sigma_offset = mapping.sigma_sa_offset_v / count_v
    analog = columns.Analog(
        gain=gain,
        deviation=coding.carried(
            mapping, (1.0 / cells.resistance_ohm - nominal[cells.meant()]) / unit
        ),
        spread=expected_spread(die, classes),
        variances=noise_variances(die, mapping, classes),
        telegraph=slopes**2 * cells.rtn_variance,
        decision=mapping.sigma_sa_noise_v / count_v if "sa_noise" in die.effects else 0.0,
        offset=sigma_offset * columns.offsets(die, mapping, site, cells.bits.shape[1]),
        wires=drop.wires(cells, die, mapping, site, unit),
        reference=lambda p, ap: ((1.0 / p - nominal[P]) / unit, (1.0 / ap - nominal[AP]) / unit),
        always=_always(site.array or cells, die, mapping),
    )
    return columns.record(cells, die, mapping, site, analog)


def read_j(mapping: MappingCard, classes: tuple[Branch, ...], reads: Reads) -> float:
    """Return the energy drawn through cells and bit lines, in J.

    ``vdd v_read G t_read`` per driven branch, as the regulated bit line takes its current from the
    supply, and ``C v_read vdd`` per column read to charge the bit line.
    """
    pulse = mapping.vdd_v * mapping.v_read_v * mapping.t_read_s
    lines = reads.columns * mapping.bitline_f * mapping.v_read_v * mapping.vdd_v
    p_j, ap_j = pulse / classes[P].total_ohm, pulse / classes[AP].total_ohm
    return reads.p * p_j + reads.ap * ap_j + lines


FAMILY = Family(
    name="current_sum",
    what="the currents of a column add up",
    gives="counts",
    modelled=cell_library.EFFECTS | {"sa_offset", "sa_noise", "reference", "adc", "ir_drop"},
    absent=frozenset(),
    cells=("2t2mtj", "1t1mtj", "1mtj"),
    converters=("sense_amplifier", "sar", "flash"),
    rows_at_once="any",
    needs=("readout_ohm",),
    program=program,
    read_j=read_j,
)
