"""Pre-charge sense amplifier with XNOR: two branches race, the faster one decides.

Both nodes start at the supply and discharge through their branch; at the strobe the latch compares
them. A branch of resistance R on capacitance C stands at ``V exp(-t / R C)``. The input swaps the
branches before the latch, so a cell's signal changes sign with the input and the latch's offset
does not.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays import cells as cell_library
from mramsim.arrays import drop
from mramsim.arrays.card import MappingCard
from mramsim.arrays.cells import AP, OPEN, SHORT, Branch, Cells, Die, P
from mramsim.arrays.family import Family, Reads, Site
from mramsim.arrays.latch import undecided_v
from mramsim.devices.noise import thermal_shot_a2_per_hz

if TYPE_CHECKING:
    from mramsim.kernels.records import PcsaTile

Floats = NDArray[np.float64]
_NODES = 64  # quadrature points of the noise integral


def node_v(resistance_ohm: NDArray[np.float64], mapping: MappingCard) -> NDArray[np.float64]:
    """Return the voltage of a discharging node at the strobe, in V."""
    return mapping.vdd_v * np.exp(-mapping.t_read_s / (resistance_ohm * mapping.bitline_f))


@cache
def _quadrature() -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights


def thermal_shot_variance(die: Die, mapping: MappingCard, branch: Branch) -> float:
    """Return thermal and shot noise of a node at the strobe, in V squared.

    White noise of one-sided spectrum S(t') charges the node through the time constant RC:
    ``var = 1 / (2 C^2) int_0^t S(t') exp(-2 (t - t') / RC) dt'``. For pure Johnson noise this is
    ``kT / C (1 - exp(-2 t / RC))``.
    """
    nodes, weights = _quadrature()
    duration, capacitance = mapping.t_read_s, mapping.bitline_f
    tau = branch.total_ohm * capacitance
    start = max(0.0, duration - 20.0 * tau)  # older noise has decayed
    times = start + (duration - start) * (nodes + 1.0) / 2.0
    current = mapping.vdd_v * np.exp(-times / tau) / branch.total_ohm
    spectrum = thermal_shot_a2_per_hz(
        current, branch.junction_ohm, branch.series_ohm, die.temperature_k, die.card.fano
    )
    kernel = np.exp(-2.0 * (duration - times) / tau)
    integral = float((weights * spectrum * kernel).sum()) * (duration - start) / 2.0
    return integral / (2.0 * capacitance**2)


def junction_sensitivity(mapping: MappingCard, classes: tuple[Branch, ...]) -> Floats:
    """Return by how many volts a node moves at the strobe per relative change of its junction.

    ``dv = V exp(-x) x R_j / R dR_j / R_j`` with ``x = t / RC``.
    """
    total = np.array([branch.total_ohm for branch in classes])
    junction = np.array([branch.junction_ohm for branch in classes])
    ratio = mapping.t_read_s / (total * mapping.bitline_f)
    return np.asarray(node_v(total, mapping) * ratio * junction / total)


def noise_variances(die: Die, mapping: MappingCard, classes: tuple[Branch, ...]) -> Floats:
    """Return the noise of a node at the strobe for each state of its branch, in V squared.

    Thermal and shot noise, and the part of 1/f noise above the rate of inferences.
    """
    total = np.zeros(len(classes))
    if "thermal_shot" in die.effects:
        total += [thermal_shot_variance(die, mapping, branch) for branch in classes]
    flicker = junction_sensitivity(mapping, classes) ** 2 * die.fast_flicker(mapping)
    flicker[[SHORT, OPEN]] = 0.0
    return total + flicker


def signal_v(cells: Cells, mapping: MappingCard, wire_ohm: Floats) -> Floats:
    """Return the latch input for input +1, [rows, columns] in V: positive reads 1.

    `wire_ohm` [rows] stands in series with both branches of a cell.
    """
    true, complement = cells.resistance_ohm + wire_ohm[:, None]
    return node_v(complement, mapping) - node_v(true, mapping)


def probability_of_one(
    input_v: NDArray[np.float64], sigma_v: NDArray[np.float64], undecided_v: float = 0.0
) -> NDArray[np.float64]:
    """Return the probability that a latch reads 1; 0 or 1 beyond 8 sigma, and without noise.

    Parameters
    ----------
    input_v, sigma_v : float64 array
        Mean and standard deviation of its input.
    undecided_v : float
        Inputs up to this size are read as either bit: ``(Phi((v - u) / sigma) + Phi((v + u) /
        sigma)) / 2``, which is ``Phi(v / sigma)`` for 0.
    """
    low = _beyond(input_v - undecided_v, sigma_v)
    return low if undecided_v == 0.0 else (low + _beyond(input_v + undecided_v, sigma_v)) / 2.0


def _beyond(input_v: NDArray[np.float64], sigma_v: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import ndtr

    from mramsim.kernels.converters import REACH

    with np.errstate(divide="ignore", invalid="ignore"):
        margin = np.where(sigma_v > 0.0, input_v / sigma_v, np.where(input_v >= 0, np.inf, -np.inf))
    result = ndtr(margin)
    result = np.where(margin > REACH, 1.0, result)
    return np.where(margin < -REACH, 0.0, result)


def program(cells: Cells, die: Die, mapping: MappingCard, site: Site) -> PcsaTile:
    """Make the record of a tile whose columns have one sense amplifier each."""
    offset = site.generator("sa_offset").standard_normal((1, cells.bits.shape[1]))
    return decided(cells, die, mapping, site, offset)


def decided(
    cells: Cells, die: Die, mapping: MappingCard, site: Site, offset: NDArray[np.float64]
) -> PcsaTile:
    """Make the record of a tile from the offsets of its sense amplifiers.

    Parameters
    ----------
    cells : Cells
    die : Die
    mapping : MappingCard
    site : Site
    offset : float64 array [1 or rows, columns]
        In standard deviations of the card.

    Returns
    -------
    PcsaTile
    """
    from mramsim.kernels.records import PcsaTile
    from mramsim.kernels.words import pack_bits

    effects = die.effects
    variances = noise_variances(die, mapping, cells.classes)
    telegraph = junction_sensitivity(mapping, cells.classes)[cells.state] ** 2 * cells.rtn_variance
    noisy = "sa_noise" in effects
    decision, window = (mapping.sigma_sa_noise_v, undecided_v(mapping)) if noisy else (0.0, 0.0)
    sigma_offset = mapping.sigma_sa_offset_v if "sa_offset" in effects else 0.0
    sigma = np.sqrt((variances[cells.state] + telegraph).sum(axis=0) + decision**2)
    signal = signal_v(cells, mapping, drop.row_ohm(die, mapping, cells.bits.shape[0]))
    shift = sigma_offset * offset
    one_on = probability_of_one(shift + signal, sigma, window)
    one_off = probability_of_one(shift - signal, sigma, window)
    stored = cells.bits.astype(np.bool_)
    wrong_on = np.where(stored, 1.0 - one_on, one_on)
    wrong_off = np.where(stored, one_off, 1.0 - one_off)
    rows, columns = np.nonzero((wrong_on > 0.0) | (wrong_off > 0.0))
    return PcsaTile(
        weight=pack_bits(cells.bits.T).T.copy(),
        driven=pack_bits(site.driven),
        rows_on=site.driven.sum(axis=1).astype(np.int32),
        odd_row=rows.astype(np.int32),
        odd_column=columns.astype(np.int32),
        wrong_on=wrong_on[rows, columns],
        wrong_off=wrong_off[rows, columns],
        key=site.key,
    )


def read_j(mapping: MappingCard, classes: tuple[Branch, ...], reads: Reads) -> float:
    """Return the energy drawn through cells and bit lines, in J.

    Both branches of a cell are charged to the supply and discharge to ``vdd exp(-t / R C)``; the
    supply gives ``C vdd (vdd - v_end)`` for each, whatever the input.
    """
    ohm = np.array([classes[P].total_ohm, classes[AP].total_ohm])
    drawn_j = mapping.bitline_f * mapping.vdd_v * (mapping.vdd_v - node_v(ohm, mapping))
    return (reads.p + reads.ap) * float(drawn_j.sum())


FAMILY = Family(
    name="pcsa",
    what="each cell is read by a pre-charge sense amplifier with XNOR, bits are counted",
    gives="bits",
    modelled=cell_library.EFFECTS | {"sa_offset", "sa_noise", "adc", "ir_drop"},
    absent=frozenset({"reference"}),  # a differential cell is its own reference
    cells=("2t2mtj",),
    converters=("sense_amplifier",),
    rows_at_once="one",
    needs=(),
    program=program,
    read_j=read_j,
)
