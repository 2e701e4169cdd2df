"""Current sum: all driven rows of a column conduct at once into one read-out.

Unit of everything here is the count: the current by which one matching cell exceeds one that does
not match, ``V (G_P - G_AP)``. A column of ``n`` driven rows with ``p`` matches carries
``n V G_AP + p V (G_P - G_AP)``; the read-out subtracts the first part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays import cells as cell_library
from mramsim.arrays.card import MappingCard
from mramsim.arrays.cells import AP, OPEN, SHORT, Branch, Cells, Die, P
from mramsim.devices import flicker
from mramsim.devices.noise import thermal_shot_a2_per_hz
from mramsim.kernels.current_sum import CurrentSumTile
from mramsim.kernels.words import pack_bits

MODELLED = cell_library.EFFECTS | {"sa_offset", "sa_noise", "adc"}
GRID = 0.09  # step of stored deviations over their root mean square: adds 0.068 % of variance
_FINE = 2.0**-20  # step in counts where cells have no spread
_MOST = 2.0**40  # steps of one cell, so that no sum of them leaves int64
_LEAST = 1e-9  # least difference of conductances, over G_P, that counts as a signal


def unit_siemens(classes: tuple[Branch, ...]) -> tuple[float, float]:
    """Return the conductance of one count, and how many counts a match is worth (1 or 0)."""
    g_p, g_ap = 1.0 / classes[P].total_ohm, 1.0 / classes[AP].total_ohm
    least = _LEAST * g_p
    if g_p - g_ap < least:
        return least, 0.0
    return g_p - g_ap, 1.0


Floats = NDArray[np.float64]


def junction_sensitivity(classes: tuple[Branch, ...]) -> NDArray[np.float64]:
    """Return by how many counts a branch of each state moves per relative change of its junction.

    ``dG = -G R_j / R dR_j / R_j``; squared, it turns relative variances into counts squared.
    """
    unit, _ = unit_siemens(classes)
    return np.array([branch.junction_ohm / branch.total_ohm**2 / unit for branch in classes])


def expected_spread(die: Die, classes: tuple[Branch, ...]) -> float:
    """Return the root mean square static deviation of a branch in counts, to first order.

    Spread: ``sigma_G = sigma_R / R^2`` with ``sigma_R^2 = R_j^2 (4 sigma_D^2 + sigma_RA^2)
    + (R_P sigma_TMR)^2 [AP] + sigma_series^2``; and the slow part of 1/f noise. Mean over the
    states P and AP.
    """
    card = die.card
    slow = flicker.slow_variance(card, die.inference_hz, die.effects)
    total = float((junction_sensitivity(classes)[[P, AP]] ** 2).sum()) * slow
    if "d2d" in die.effects:
        unit, _ = unit_siemens(classes)
        relative = 4.0 * card.sigma_diameter**2 + card.sigma_ra**2
        for state in (P, AP):
            branch = classes[state]
            variance = branch.junction_ohm**2 * relative + card.sigma_series_ohm**2
            if state == AP:
                variance += (classes[P].junction_ohm * card.sigma_tmr) ** 2
            total += variance / branch.total_ohm**4 / unit**2
    return float(np.sqrt(total / 2.0))


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


def program(
    cells: Cells,
    die: Die,
    mapping: MappingCard,
    driven: NDArray[np.bool_],
    levels: NDArray[np.int32],
    polarity: NDArray[np.int8],
    offset: NDArray[np.float64],
    key: NDArray[np.uint32],
) -> CurrentSumTile:
    """Make the record of a tile.

    Parameters
    ----------
    cells : Cells
    die : Die
    mapping : MappingCard
    driven : bool array [positions, rows]
        Rows driven at each position.
    levels, polarity : int32, int8 array [columns]
        For votes: see `CurrentSumTile`.
    offset : float64 array [columns]
        Sense-amplifier offset in standard deviations.
    key : uint32 array [2]

    Returns
    -------
    CurrentSumTile
    """
    unit, gain = unit_siemens(cells.classes)
    conductance = np.array([1.0 / branch.total_ohm for branch in cells.classes])
    meant = cells.meant()
    deviation = (1.0 / cells.resistance_ohm - conductance[meant]) / unit
    effects = die.effects
    rms = expected_spread(die, cells.classes)
    step = GRID * rms if rms > 0.0 else _FINE
    step = max(step, float(np.abs(deviation).max(initial=0.0)) / _MOST)
    stored = np.rint(deviation / step).astype(np.int64)
    variances = noise_variances(die, mapping, cells.classes)
    telegraph = junction_sensitivity(cells.classes)[cells.state] ** 2 * cells.rtn_variance
    extra = variances[cells.state] - variances[meant] + telegraph
    added = stored[0] - stored[1]
    odd = (np.abs(added) > 127) | (extra[0] != 0.0) | (extra[1] != 0.0)
    rows, columns = np.nonzero(odd)
    count_v = mapping.readout_ohm * unit * mapping.v_read_v
    decision = mapping.sigma_sa_noise_v / count_v if "sa_noise" in effects else 0.0
    sigma_offset = mapping.sigma_sa_offset_v / count_v if "sa_offset" in effects else 0.0
    return CurrentSumTile(
        weight=pack_bits(cells.bits.T).T.copy(),
        driven=pack_bits(driven),
        rows_on=driven.sum(axis=1).astype(np.int32),
        gain=gain,
        step=step,
        base=(driven.astype(np.int64) @ stored[1]),
        deviation=np.where(odd, 0, added).astype(np.int8),
        odd_row=rows.astype(np.int32),
        odd_column=columns.astype(np.int32),
        odd_steps=added[odd],
        odd_variance_on=extra[0][odd],
        odd_variance_off=extra[1][odd],
        variance_match=float(variances[P]),
        variance_other=float(variances[AP]),
        variance_column=decision**2,
        offset=sigma_offset * offset,
        level=levels,
        polarity=polarity,
        key=key,
    )
