"""The cells of a programmed tile: two complementary MTJs or one, each behind its transistor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays import coding, mitigation
from mramsim.arrays.bias import read_pulse
from mramsim.arrays.card import MappingCard
from mramsim.arrays.wires import Junctions
from mramsim.devices import (
    disturb,
    flicker,
    resistance,
    retention,
    rtn,
    spread,
    spread_parts,
    stuck,
    write,
)
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions

AP, P, SHORT, OPEN = 0, 1, 2, 3
Generators = Callable[[str], np.random.Generator]
EFFECTS = frozenset(
    {
        "d2d",
        "write_error",
        "stuck",
        "retention",
        "read_disturb",
        "bias",
        "temperature",
        "thermal_shot",
        "flicker",
        "rtn",
    }
)


@dataclass(frozen=True)
class Die:
    """What all tiles of one chip share.

    Attributes
    ----------
    card : DeviceCard
    conditions : Conditions
    effects : frozenset of str
        Effects that act.
    ra_factor : float
        Wafer and die part of RA.
    inference_hz : float
        1 / length of an inference: 1/f noise below it is fixed, above it is new in every read.
    """

    card: DeviceCard
    conditions: Conditions
    effects: frozenset[str]
    ra_factor: float
    inference_hz: float

    @property
    def temperature_k(self) -> float:
        """Temperature of the devices in K."""
        return self.conditions.kelvin(self.card, self.effects)

    def spread_ohm2(self, classes: tuple[Branch, ...]) -> NDArray[np.float64]:
        """Return the variance of a branch's resistance in states P and AP, to first order.

        ``sigma_R^2 = R_j^2 (4 sigma_D^2 + sigma_RA^2) + (R_P sigma_TMR)^2 [AP] + sigma_series^2``.
        """
        card = self.card
        if "d2d" not in self.effects:
            return np.zeros(2)
        relative = 4.0 * card.sigma_diameter**2 + card.sigma_ra**2
        tmr = (classes[P].junction_ohm * card.sigma_tmr) ** 2
        parts = [classes[P].junction_ohm ** 2 * relative, classes[AP].junction_ohm ** 2 * relative]
        return np.array([parts[0], parts[1] + tmr]) + card.sigma_series_ohm**2

    def fast_flicker(self, mapping: MappingCard) -> float:
        """Return the relative variance of R that is new in every read."""
        return flicker.fast_variance(
            self.card, self.inference_hz, mapping.bandwidth_hz, self.effects
        )


@dataclass(frozen=True)
class Branch:
    """One class of branch: an MTJ in a state, and what stands in series.

    Attributes
    ----------
    junction_ohm, series_ohm : float
    """

    junction_ohm: float
    series_ohm: float

    @property
    def total_ohm(self) -> float:
        """Resistance of the branch."""
        return self.junction_ohm + self.series_ohm


@dataclass(frozen=True, eq=False)
class Cells:
    """All branches of a tile.

    Attributes
    ----------
    bits : uint8 array [rows, columns]
        Weights as they were meant.
    resistance_ohm : float64 array [MTJs, rows, columns]
        Of the true branch (P stores +1) and, if there is one, the complementary one, transistor
        included.
    state : int8 array [MTJs, rows, columns]
        `AP`, `P`, `SHORT` or `OPEN`.
    rtn_variance : float64 array [MTJs, rows, columns]
        Relative variance of each junction's resistance by telegraph noise.
    classes : tuple of Branch
        Nominal branch of each state, in that order.
    junctions : Junctions or None
        At zero bias, where they follow their own voltage behind wires.
    """

    bits: NDArray[np.uint8]
    resistance_ohm: NDArray[np.float64]
    state: NDArray[np.int8]
    rtn_variance: NDArray[np.float64]
    classes: tuple[Branch, Branch, Branch, Branch]
    junctions: Junctions | None = None

    def of_rows(self, start: int, stop: int) -> Cells:
        """Return the cells of rows `start` to `stop` (exclusive)."""
        if (start, stop) == (0, len(self.bits)):
            return self
        own = slice(start, stop)
        return replace(
            self,
            bits=self.bits[own],
            resistance_ohm=self.resistance_ohm[:, own],
            state=self.state[:, own],
            rtn_variance=self.rtn_variance[:, own],
            junctions=None if self.junctions is None else self.junctions.of_rows(start, stop),
        )

    def meant(self) -> NDArray[np.int8]:
        """Return the state each branch was meant to have, int8 [MTJs, rows, columns]."""
        return _meant(self.bits, len(self.state))


def _meant(bits: NDArray[np.uint8], mtjs: int) -> NDArray[np.int8]:
    return np.stack([bits, 1 - bits][:mtjs]).astype(np.int8)


def classes_of(
    card: DeviceCard, pulse: disturb.ReadPulse, conditions: Conditions, effects: frozenset[str]
) -> tuple[Branch, Branch, Branch, Branch]:
    """Return the nominal branch of the states AP, P, short and open under a read."""
    cell = resistance.nominal(card, pulse.parallel_v, conditions, effects)
    other = resistance.nominal(card, pulse.antiparallel_v, conditions, effects)
    return (
        Branch(other.rap_ohm, cell.series_ohm),
        Branch(cell.rp_ohm, cell.series_ohm),
        Branch(card.short_ohm, cell.series_ohm),
        Branch(card.open_ohm, cell.series_ohm),
    )


def program(
    die: Die, mapping: MappingCard, bits: NDArray[np.uint8], generators: Generators
) -> Cells:
    """Write a block of weights into freshly sampled cells and let time pass.

    Parameters
    ----------
    die : Die
    mapping : MappingCard
        Gives read voltage and time.
    bits : uint8 array [rows, columns]
    generators : callable
        Effect name to a generator at the start of its static draws in this tile.

    Returns
    -------
    Cells
    """
    card, effects, conditions = die.card, die.effects, die.conditions
    shape = (coding.mtjs(mapping), *bits.shape)
    rng = generators("d2d")
    rows, columns = bits.shape
    local = spread_parts.spatial_factor(card, rows, columns, generators("spatial"), effects)
    sample = spread.sample(card, shape, rng, effects, die.ra_factor * local)
    delta = spread_parts.sample_delta(card, shape, rng, effects)
    pulse = read_pulse(card, mapping, conditions, effects)
    parallel, antiparallel = _under_read(die, sample, pulse)
    classes = classes_of(card, pulse, conditions, effects)
    state = _meant(bits, shape[0])
    wrong = np.where(state == P, antiparallel, parallel) + sample.series_ohm
    middle = (classes[P].total_ohm + classes[AP].total_ohm) / 2.0
    state ^= write.flips(
        mitigation.writer(card, mapping),
        conditions,
        shape,
        generators("write_error"),
        effects,
        delta,
        seen=(wrong > middle) == (state == P),
    )
    lost = retention.flips(card, conditions, shape, generators("retention"), effects, delta)
    lost ^= disturb.flips(
        card,
        conditions,
        pulse,
        state == P,
        generators("read_disturb"),
        effects,
        delta,
    )
    state ^= lost
    junction = np.where(state == P, parallel, antiparallel)
    slow = flicker.slow_factor(
        card, conditions, shape, generators("flicker"), effects, die.inference_hz
    )
    junction *= slow
    defect = stuck.draw(card, shape, generators("stuck"), effects)
    junction = stuck.resistance(card, defect, junction)
    noisy = rtn.fluctuators(card, shape, generators("rtn"), effects) & (defect == stuck.FINE)
    state = np.where(defect > 0, defect + 1, state).astype(np.int8)
    return Cells(
        bits,
        junction + sample.series_ohm,
        state,
        rtn.relative_variance(card, noisy),
        classes,
        _junctions(die, mapping, sample, state, slow),
    )


def _under_read(
    die: Die, sample: spread.Sample, pulse: disturb.ReadPulse
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the junction of each cell in state P and in AP, each at its own voltage, in Ohm."""
    zero_bias = (sample.rp_ohm, sample.tmr, sample.series_ohm)

    def states(volts: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return resistance.cell_states(die.card, *zero_bias, volts, die.conditions, die.effects)

    parallel, antiparallel = states(pulse.parallel_v)
    if pulse.antiparallel_v == pulse.parallel_v:
        return parallel, antiparallel
    return parallel, states(pulse.antiparallel_v)[1]


def _junctions(
    die: Die,
    mapping: MappingCard,
    sample: spread.Sample,
    state: NDArray[np.int8],
    slow: NDArray[np.float64] | float,
) -> Junctions | None:
    """Return the cells at zero bias where they are to follow their own voltage behind wires."""
    if mapping.wire_bias != "newton" or not {"bias", "ir_drop"} <= die.effects:
        return None
    card = die.card
    still = die.effects - {"bias"}
    zero = 0.0 * sample.rp_ohm
    rp, rap = resistance.mtj_resistance(
        card, sample.rp_ohm, sample.tmr, zero, die.conditions, still
    )
    tmr = np.where(state == AP, rap / rp - 1.0, 0.0)
    rp = np.where(state == SHORT, card.short_ohm, np.where(state == OPEN, card.open_ohm, rp * slow))
    return Junctions(rp, tmr, sample.series_ohm, card.v_half_v, card.gp_curvature_per_v2)
