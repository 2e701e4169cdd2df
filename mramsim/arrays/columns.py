"""The record of a tile whose columns give analog counts, whatever they sum.

Currents, resistances and charges alike are ``gain * matches + deviations + offset`` in counts, with
a variance by the state of each branch. A family fills in an `Analog` from its own physics; storing,
references and converters are the same for all and stand here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays import coding
from mramsim.arrays import converter as converters
from mramsim.arrays import reference as references
from mramsim.arrays.card import MappingCard
from mramsim.arrays.cells import Cells, Die, P
from mramsim.arrays.family import CODING, Site

if TYPE_CHECKING:
    from mramsim.kernels.records import AnalogTile, Wires

Floats = NDArray[np.float64]
GRID = 0.09  # step of stored deviations over their root mean square: adds 0.068 % of variance
_FINE = 2.0**-20  # step in counts where cells have no spread
_MOST = 2.0**40  # steps of one cell, so that no sum of them leaves int64
_FEW = 0.02  # share of cells beyond int8 up to which int8 stays the cheaper store
WIDEST = 127 * 256 + 127  # steps that fit two signed bytes


@dataclass(frozen=True, eq=False)
class Analog:
    """What a family says of a tile of R rows and M columns; unit: counts.

    Attributes
    ----------
    gain : float
        Counts per match: 1, or 0 where the device has no TMR.
    deviation : float64 array [2, R, M]
        What a row adds beyond its nominal 0 or 1 when it carries bit 1, and when it carries bit 0.
    spread : float
        Expected root mean square of it: sets the grid it is stored on.
    variances : float64 array [4]
        Noise variance of a row by the state of the branch it reads (see `mramsim.arrays.cells`).
    telegraph : float64 array [MTJs, R, M]
        Noise variance that each MTJ has beside it.
    decision : float
        Noise of one decision, standard deviation.
    offset : float64 array [M]
        Of each column's comparator.
    reference : callable or None
        See `mramsim.arrays.reference.draw`; None: no reference made of cells.
    wires : Wires, optional
        See `mramsim.arrays.drop`.
    always : float64 array [M], optional
        Passive arrays: noise variance of each column whatever its input, in the place of
        `variances` and `telegraph`.
    """

    gain: float
    deviation: Floats
    spread: float
    variances: Floats
    telegraph: Floats
    decision: float
    offset: Floats
    reference: references.Deviations | None
    wires: Wires | None = None
    always: Floats | None = None


def record(cells: Cells, die: Die, mapping: MappingCard, site: Site, analog: Analog) -> AnalogTile:
    """Make the record of a tile.

    Deviations are stored once as integers on a grid; those of cells that do not fit go to a list,
    and so does the noise of cells that have one of their own.
    """
    from mramsim.kernels.records import NO_WIRES, AnalogTile
    from mramsim.kernels.words import pack_bits

    meant = cells.meant()
    step = GRID * analog.spread if analog.spread > 0.0 else _FINE
    step = max(step, float(np.abs(analog.deviation).max(initial=0.0)) / _MOST)
    stored = np.rint(analog.deviation / step).astype(np.int64)
    own = analog.variances[cells.state] - analog.variances[meant] + analog.telegraph
    passive = analog.always is not None
    extra = np.zeros(stored.shape) if passive else coding.carried(mapping, own)
    added = stored[0] - stored[1]
    narrow = bool((np.abs(added) > 127).mean() <= _FEW)
    wide = np.abs(added) > (127 if narrow else WIDEST)
    odd = wide | (extra[0] != 0.0) | (extra[1] != 0.0)
    rows, columns = np.nonzero(odd)
    kept = np.where(wide, 0, added)
    reference = _reference(die, mapping, site, cells, analog)
    errors = _errors(die, mapping, site, cells, reference)
    match, other, fixed = _noise(cells, mapping, site, analog)
    compared = site.reading in ("vote", "sweep")
    decision = analog.decision**2
    if site.scale is not None and "adc" in die.effects:
        decision += (mapping.sigma_adc_noise_lsb * site.scale.step) ** 2
    return AnalogTile(
        weight=pack_bits(cells.bits.T).T.copy(),
        driven=pack_bits(site.driven),
        rows_on=site.driven.sum(axis=1).astype(np.int32),
        gain=analog.gain,
        step=step,
        base=(site.driven.astype(np.int64) @ stored[1]),
        deviation=kept.astype(np.int8) if narrow else kept.astype(np.int16),
        odd_row=rows.astype(np.int32),
        odd_column=columns.astype(np.int32),
        odd_steps=(added - kept)[odd],
        odd_variance_on=extra[0][odd],
        odd_variance_off=extra[1][odd],
        variance_match=match,
        variance_other=other,
        variance_column=decision,
        offset=analog.offset,
        reference_match=reference.match if compared else references.IDEAL.match,
        reference_other=reference.other if compared else references.IDEAL.other,
        reference_shared=reference.shared if compared else references.IDEAL.shared,
        bend=errors.bend,
        comparators=errors.comparators,
        level=site.levels,
        polarity=site.polarity,
        key=site.key,
        wires=analog.wires or NO_WIRES,
        gated=mapping.input_coding == "gated",
        variance_fixed=fixed,
    )


def _noise(
    cells: Cells, mapping: MappingCard, site: Site, analog: Analog
) -> tuple[float, float, Floats]:
    """Return the noise variance of a matching row, of another row, and of each column always.

    A reference that is compared with is read along: as many cells, half of them matching.
    """
    from mramsim.kernels.records import NO_FIXED

    match, other = float(analog.variances[P]), float(analog.variances[1 - P])
    share = 0.0
    if site.reading in ("vote", "sweep") and analog.reference is not None:
        share = (match + other) / 2.0 / mapping.reference_columns
    if analog.always is None:
        return match + share, other + share, NO_FIXED
    return 0.0, 0.0, analog.always + share * len((site.array or cells).bits)


def _reference(
    die: Die, mapping: MappingCard, site: Site, cells: Cells, analog: Analog
) -> references.Reference:
    if analog.reference is None or "reference" not in die.effects:
        return references.IDEAL
    rows, columns = cells.bits.shape
    rng = site.generator("reference")
    span = (site.first, site.first + rows)
    held = rows if site.array is None else len(site.array.bits)
    found = references.draw(die, mapping, held, span, columns, rng, analog.reference)
    return found if found.match.any() or found.other.any() else references.IDEAL


def _errors(
    die: Die, mapping: MappingCard, site: Site, cells: Cells, reference: references.Reference
) -> converters.Errors:
    """Return the errors of the converters, those of their references included."""
    if site.scale is None:
        return converters.NONE
    rows, columns = cells.bits.shape
    quantised = "adc" in die.effects
    ends = None
    if len(reference.match):
        levels = np.array([site.scale.low, site.scale.low + 2.0 * site.scale.half])
        if quantised and mapping.converter == "flash":
            levels = site.scale.levels()
        ends = reference.missed(rows, levels, columns)
    if not quantised:
        return converters.NONE if ends is None else converters.line(site.scale, ends)
    return converters.draw(mapping, site.scale, columns, site.generator("adc"), ends)


def offsets(die: Die, mapping: MappingCard, site: Site, columns: int) -> Floats:
    """Return the comparator offset of each column in standard deviations of the card.

    One draw per comparator: columns that share a converter share its comparator.
    """
    drawn = site.generator("sa_offset").standard_normal(columns)
    if "sa_offset" not in die.effects:
        return np.zeros(columns)
    if mapping.converter in CODING:
        return drawn[np.arange(columns) // mapping.columns_per_converter]
    return drawn
