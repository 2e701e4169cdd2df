"""Charge-domain popcount: each cell divides a voltage, the capacitors of a column share charge.

The two MTJs of a cell stand in series between the two levels of the input pair, 0 and V; their
middle charges the cell's capacitor to ``V u``. With the input swapped the levels are, and ``u``
becomes ``1 - u``. A match gives ``u = R_AP / (R_P + R_AP)``, any other cell ``R_P / (R_P + R_AP)``;
then all capacitors of the column are connected, so that the column stands at the mean

    V_column = V sum(C_i u_i) / sum(C_i)

(charge-domain computing: Valavi et al., IEEE J. Solid-State Circuits 54, 1789 (2019), doi
10.1109/JSSC.2019.2899730, there with SRAM cells). A count is ``V (u_1 - u_0) / rows`` volts; rows
that are not driven hold their capacitors at ``V u_0``. No current flows along the column while it
is read, so its wires do not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays import cells as cell_library
from mramsim.arrays import columns
from mramsim.arrays.card import MappingCard
from mramsim.arrays.cells import AP, Branch, Cells, Die, P
from mramsim.arrays.family import Family, Reads, Site
from mramsim.devices import flicker
from mramsim.devices.noise import thermal_shot_a2_per_hz
from mramsim.devices.spread import lognormal

if TYPE_CHECKING:
    from mramsim.kernels.records import AnalogTile

Floats = NDArray[np.float64]
_LEAST = 1e-9  # least difference of u that counts as a signal


def levels(classes: tuple[Branch, ...]) -> tuple[float, float, float]:
    """Return u of a cell that does not match, u of one count, and counts per match (1 or 0)."""
    p, ap = classes[P].total_ohm, classes[AP].total_ohm
    low, unit = p / (p + ap), (ap - p) / (p + ap)
    return (low, unit, 1.0) if unit >= _LEAST else (low, _LEAST, 0.0)


def junction_sensitivity(classes: tuple[Branch, ...]) -> Floats:
    """Return by how many counts a cell moves per relative change of its P and of its AP junction.

    ``du = u (1 - u) R_j / R dR_j / R_j``; by the states AP and P, in that order.
    """
    low, unit, _ = levels(classes)
    share = np.array([branch.junction_ohm / branch.total_ohm for branch in classes[:2]])
    return np.asarray(low * (1.0 - low) / unit * share)


def expected_spread(die: Die, mapping: MappingCard, classes: tuple[Branch, ...]) -> float:
    """Return the root mean square static deviation of a cell in counts, to first order.

    Of both branches, and of the capacitor, which matters where the cell holds charge.
    """
    low, unit, _ = levels(classes)
    total = np.array([classes[P].total_ohm, classes[AP].total_ohm])
    slow = flicker.slow_variance(die.card, die.conditions, die.inference_hz, die.effects)
    relative = die.spread_ohm2(classes) / total**2
    variance = (low * (1.0 - low) / unit) ** 2 * float(relative.sum())
    variance += float((junction_sensitivity(classes) ** 2).sum()) * slow
    if "d2d" in die.effects:
        variance += mapping.sigma_capacitor**2 / 2.0
    return float(np.sqrt(variance))


def noise_variance(die: Die, mapping: MappingCard, classes: tuple[Branch, ...]) -> float:
    """Return the noise of one read of one cell in counts squared, whatever it stores.

    Thermal and shot noise of both branches in parallel, filtered by the capacitor: ``(S_P + S_AP) R
    / (4 C)`` with R their parallel resistance, which is kT/C for Johnson noise. 1/f noise: the part
    of both junctions above the rate of inferences.
    """
    _, unit, _ = levels(classes)
    variance = float((junction_sensitivity(classes) ** 2).sum()) * die.fast_flicker(mapping)
    if "thermal_shot" not in die.effects:
        return variance
    branches = (classes[P], classes[AP])
    junction = np.array([branch.junction_ohm for branch in branches])
    series = np.array([branch.series_ohm for branch in branches])
    total = junction + series
    current = np.full(2, mapping.v_read_v / total.sum())
    spectrum = thermal_shot_a2_per_hz(current, junction, series, die.temperature_k, die.card.fano)
    parallel = float(total.prod() / total.sum())
    volts2 = float(spectrum.sum()) * parallel / (4.0 * mapping.capacitor_f)
    return variance + volts2 / (mapping.v_read_v * unit) ** 2


def weights(die: Die, mapping: MappingCard, site: Site, shape: tuple[int, ...]) -> Floats:
    """Return the capacitor of each cell over the mean of its column."""
    drawn = site.generator("capacitor").standard_normal(shape)
    sigma = mapping.sigma_capacitor if "d2d" in die.effects else 0.0
    capacitor = lognormal(drawn, 1.0, sigma)
    return np.asarray(capacitor / capacitor.mean(axis=0))


def program(cells: Cells, die: Die, mapping: MappingCard, site: Site) -> AnalogTile:
    """Make the record of a tile."""
    low, unit, gain = levels(cells.classes)
    true, other = cells.resistance_ohm
    raised = other / (true + other)  # u for input +1
    share = weights(die, mapping, site, cells.bits.shape)
    found = np.stack([raised - low, 1.0 - raised - low]) * share / unit
    count_v = mapping.v_read_v * unit / mapping.rows
    noise = noise_variance(die, mapping, cells.classes)
    slopes = np.append(junction_sensitivity(cells.classes), [0.0, 0.0])[cells.state]
    telegraph = (slopes**2 * cells.rtn_variance).sum(axis=0)
    offset = mapping.sigma_sa_offset_v / count_v
    analog = columns.Analog(
        gain=gain,
        deviation=found - gain * cells.meant(),
        spread=expected_spread(die, mapping, cells.classes),
        variances=np.full(len(cells.classes), noise),
        telegraph=np.stack([telegraph, telegraph]),
        decision=mapping.sigma_sa_noise_v / count_v if "sa_noise" in die.effects else 0.0,
        offset=offset * columns.offsets(die, mapping, site, cells.bits.shape[1]),
        reference=None,
    )
    return columns.record(cells, die, mapping, site, analog)


def read_j(mapping: MappingCard, classes: tuple[Branch, ...], reads: Reads) -> float:
    """Return the energy drawn through cells into capacitors, in J.

    Every driven cell divides ``v_read`` for `t_read_s`, from the supply, and charges its capacitor.
    """
    low, unit, _ = levels(classes)
    cells = reads.p + reads.ap
    divider = mapping.v_read_v / (classes[P].total_ohm + classes[AP].total_ohm)
    charge = mapping.capacitor_f * mapping.v_read_v
    held = reads.p * charge * (low + unit) + reads.ap * charge * low
    return mapping.vdd_v * (cells * divider * mapping.t_read_s + held)


FAMILY = Family(
    name="charge",
    what="cells divide a voltage, the capacitors of a column share their charge",
    gives="counts",
    modelled=cell_library.EFFECTS | {"sa_offset", "sa_noise", "adc"},
    absent=frozenset({"reference", "ir_drop"}),  # a capacitive divider; no current when read
    cells=("2t2mtj",),
    converters=("sense_amplifier", "sar", "flash"),
    rows_at_once="all",
    needs=("capacitor_f",),
    program=program,
    read_j=read_j,
)
