"""What a column's converter adds of its own: range, gain, offset, nonlinearity, comparators.

Errors are in least significant bits (LSB), one LSB being one step of the range. A ``sar`` or
``tdc`` converter turns the count ``v`` into the code of

    v + offset + gain (v - middle) + bow (1 - u^2),   u = (v - middle) / half range, cut at -1 and 1

so that the gain turns about the middle and the integral nonlinearity is the bow of an end-point fit
(IEEE Std 1241). A ``flash`` converter has one comparator for each step, each with its own offset;
its code is the number of comparators below the count, so that bubbles do no harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays.card import MappingCard

Floats = NDArray[np.float64]
CONVERTER_ERRORS = (
    "sigma_adc_gain",
    "sigma_adc_offset_lsb",
    "sigma_adc_inl_lsb",
    "sigma_adc_noise_lsb",
)  # keys of the mapping card
STEEP = 0.9  # most that gain and bow may take from the slope of the transfer curve


@dataclass(frozen=True)
class Range:
    """A quantiser over counts: ``low + step * code``, codes from 0 to ``codes - 1``."""

    low: float
    step: float
    codes: int

    @property
    def half(self) -> float:
        """Half of what the codes span, in counts; half a step where there is one code."""
        return max(self.codes - 1, 1) * self.step / 2.0

    @property
    def middle(self) -> float:
        """Count in the middle of the codes."""
        return self.low + (self.codes - 1) * self.step / 2.0

    def levels(self) -> Floats:
        """Return the counts at which the code changes, [codes - 1]."""
        return self.low + self.step * (np.arange(self.codes - 1, dtype=np.float64) + 0.5)

    def quantise(self, counts: Floats) -> Floats:
        """Return `counts` rounded to the next step and cut at both ends."""
        code = np.floor((counts - self.low) / self.step + 0.5)
        return self.low + self.step * np.clip(code, 0.0, self.codes - 1.0)


def fit_range(low: float, high: float, bits: int) -> Range:
    """Return the range of ``2**bits`` codes that covers counts `low` to `high`.

    A step is never below one count: with room to spare the codes are exact counts around the
    middle.
    """
    codes = 1 << bits
    if high - low <= codes - 1:
        first = np.floor((low + high - (codes - 1)) / 2)
        return Range(float(max(first, 0.0) if low >= 0 else first), 1.0, codes)
    return Range(float(low), float((high - low) / (codes - 1)), codes)


class Errors(NamedTuple):
    """Static errors of the converters of a tile, as the kernels take them.

    Attributes
    ----------
    bend : float64 [3, M]
        Offset in counts, gain error, and bow in counts of each column; [3, 0]: none.
    comparators : float64 [M, codes - 1]
        Count at which each comparator of a flash converter turns; [0, 0]: no flash converter.
    """

    bend: Floats
    comparators: Floats


NONE = Errors(np.zeros((3, 0)), np.zeros((0, 0)))


def draw(
    card: MappingCard, scale: Range, columns: int, rng: np.random.Generator, ends: Floats | None
) -> Errors:
    """Draw the converters of a tile.

    Parameters
    ----------
    card : MappingCard
    scale : Range
    columns : int
    rng : numpy.random.Generator
        Of this chip, layer, tile and the effect ``adc``.
    ends : float64 array [codes - 1 or 2, columns] or None
        By how many counts the reference misses each level (``flash``), or the lowest and the
        highest one (others). None: ideal reference.

    Returns
    -------
    Errors
    """
    shared = np.arange(columns) // card.columns_per_converter
    count = int(shared[-1]) + 1
    gain = (card.sigma_adc_gain * rng.standard_normal(count))[shared]
    offset = (card.sigma_adc_offset_lsb * scale.step * rng.standard_normal(count))[shared]
    bow = (card.sigma_adc_inl_lsb * scale.step * rng.standard_normal(count))[shared]
    if card.converter == "flash":
        levels = scale.levels()[:, None]
        u = (levels - scale.middle) / scale.half
        own = card.sigma_adc_offset_lsb * scale.step * rng.standard_normal((count, len(levels)))
        turns = levels - gain * (levels - scale.middle) - bow * (1.0 - u**2) + own[shared].T
        turns = turns if ends is None else turns + ends
        return Errors(NONE.bend, np.ascontiguousarray(turns.T))
    if ends is not None:
        shift, slope, _ = line(scale, ends).bend
        offset, gain = offset + (1.0 + gain) * shift, (1.0 + gain) * (1.0 + slope) - 1.0
    gain = np.maximum(gain, -STEEP)
    most = STEEP * (1.0 + gain) * scale.half / 2.0
    bend = np.stack([offset, gain, np.clip(bow, -most, most)])
    return Errors(bend if bend.any() else NONE.bend, NONE.comparators)


def line(scale: Range, ends: Floats) -> Errors:
    """Return what real references make of the ends of a range, and between them in proportion.

    Parameters
    ----------
    scale : Range
    ends : float64 array [2, columns]
        By how many counts the reference misses the lowest and the highest level: ``low + ends[0]``
        reads as ``low``, ``high + ends[1]`` as ``high``.

    Returns
    -------
    Errors
        Without a bow.
    """
    wide = np.maximum(scale.half + (ends[1] - ends[0]) / 2.0, scale.half * (1.0 - STEEP))
    stretch = scale.half / wide
    shift = -stretch * (ends[0] + ends[1]) / 2.0
    return Errors(np.stack([shift, stretch - 1.0, np.zeros(len(shift))]), NONE.comparators)
