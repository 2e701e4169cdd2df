"""Bits that flip because they are read.

The read current favours one state: cells in the other one see their barrier lowered to
Delta (1 - i)^2 with i = I / Ic0. A VCMA device sees its barrier lowered by the read voltage in both
states. Each read is a pulse of its own, with time to relax before the next; what one of them does
comes from the Fokker-Planck equation (`mramsim.devices.pulse_escape`), as reads are often shorter
than the relaxation. Cards with an empirical law (`attempt_time_s`, or a `barrier_exponent` of 1)
have their escape rate times the length instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.devices.pulse_escape import flip_probability
from mramsim.devices.resistance import nominal
from mramsim.devices.stability import (
    barrier_factor,
    damping_rate_per_s,
    delta_factor,
    escape_rate_per_s,
    two_state_probability,
    voltage_barrier_change,
)

Array = NDArray[np.float64]
_STEPS = 16  # barriers per factor of 2 at which pulses are computed; between, log P is linear
_LEAST = 1e-300


@dataclass(frozen=True)
class ReadPulse:
    """What a read puts on a cell.

    Attributes
    ----------
    parallel_v, antiparallel_v : float
        Across a cell (MTJ and series path) in either state, in V.
    length_s : float
        In s.
    both_ways : bool
        Half of the reads drive the current one way, half the other; else it favours the state that
        the device card names (`read_favours`).
    """

    parallel_v: float
    antiparallel_v: float
    length_s: float
    both_ways: bool = False


def overdrives(
    card: DeviceCard, conditions: Conditions, pulse: ReadPulse, effects: frozenset[str]
) -> tuple[float, float]:
    """Return |I| / Ic0 of a read, for a cell in the parallel and in the antiparallel state.

    Only an STT device with `ic0_a` has one: in a SOT device Ic0 belongs to the write line, which a
    read does not use.
    """
    if card.kind != "stt" or card.ic0_a is None:
        return 0.0, 0.0
    critical = card.ic0_a * barrier_factor(card, conditions.kelvin(card, effects))
    p = nominal(card, pulse.parallel_v, conditions, effects)
    ap = nominal(card, pulse.antiparallel_v, conditions, effects)
    return (
        abs(pulse.parallel_v) / (p.rp_ohm + p.series_ohm) / critical,
        abs(pulse.antiparallel_v) / (ap.rap_ohm + ap.series_ohm) / critical,
    )


def flip_probabilities(
    card: DeviceCard,
    conditions: Conditions,
    pulse: ReadPulse,
    effects: frozenset[str],
    delta: Array | None = None,
) -> tuple[Array, Array]:
    """Return the probability that `age_reads` reads flipped a parallel and an antiparallel cell.

    Parameters
    ----------
    card : DeviceCard
    conditions : Conditions
    pulse : ReadPulse
    effects : frozenset of str
        ``"read_disturb"`` decides whether bits flip.
    delta : float64 array, optional
        Barrier of each device at `t0_k`. Ic0 of a device is proportional to its barrier.

    Returns
    -------
    from_parallel, from_antiparallel : float64 [] or as `delta`
    """
    base = np.full((), card.delta if card.delta is not None else 0.0) if delta is None else delta
    if "read_disturb" not in effects or card.delta is None or conditions.age_reads == 0:
        return np.zeros(base.shape), np.zeros(base.shape)
    i_p, i_ap = overdrives(card, conditions, pulse, effects)
    sign = 1.0 if card.read_favours == "parallel" else -1.0
    signs = (sign, -sign) if pulse.both_ways else (sign,)

    def one_read(volts: float, drive: float) -> Array:
        parts = [
            _one_way(card, conditions.kelvin(card, effects), volts, pulse.length_s, base, s * drive)
            for s in signs
        ]
        return np.asarray(np.mean(parts, axis=0))

    out_p = one_read(pulse.parallel_v, -i_p)
    out_ap = one_read(pulse.antiparallel_v, i_ap)
    reads = float(conditions.age_reads)
    return after_reads(out_p, out_ap, reads), after_reads(out_ap, out_p, reads)


def after_reads(leave: Array, back: Array, reads: float) -> Array:
    """Return the probability of the other state after reads that flip with these probabilities.

    As `two_state_probability`, in steps: what one read leaves of the distance to equilibrium is
    1 - leave - back, or nothing where both are likely.
    """
    total = np.minimum(leave + back, 1.0 - 1e-16)
    rate = -np.log1p(-total)
    share = np.divide(leave, leave + back, out=np.zeros(total.shape), where=total > 0.0)
    return two_state_probability(share * rate, (1.0 - share) * rate, reads)


def _one_way(
    card: DeviceCard, kelvin: float, volts: float, length_s: float, base: Array, drive: float
) -> Array:
    """Return the probability that one read flips each device, `drive` at the card's barrier."""
    assert card.delta is not None
    scale, middle = delta_factor(card, kelvin), card.delta
    vcma = card.kind == "vcma"
    change = voltage_barrier_change(card, abs(volts), kelvin) if vcma else 0.0
    if card.attempt_time_s is not None or card.barrier_exponent != 2:
        barrier = np.maximum(base * scale + change, 0.0)
        rate = escape_rate_per_s(card, barrier, drive * middle / base)
        return np.asarray(-np.expm1(-rate * length_s))
    tau = length_s * damping_rate_per_s(card)

    def at(barrier: float) -> float:
        height = barrier * scale
        stiffness = max(1.0 + change / height, 0.0)
        return flip_probability(height, tau, drive * middle / barrier, stiffness)

    if base.ndim == 0:
        return np.asarray(at(float(base)))
    place = _STEPS * np.log2(base / middle)
    first, last = math.floor(place.min()), math.ceil(place.max())
    nodes = np.arange(first, last + 1)
    logs = [math.log(max(at(middle * 2.0 ** (node / _STEPS)), _LEAST)) for node in nodes.tolist()]
    return np.asarray(np.exp(np.interp(place, nodes, logs)))


def flips(
    card: DeviceCard,
    conditions: Conditions,
    pulse: ReadPulse,
    parallel: NDArray[np.bool_],
    rng: np.random.Generator,
    effects: frozenset[str],
    delta: Array | None = None,
) -> NDArray[np.bool_]:
    """Draw which cells were flipped by reads, by one uniform number per cell.

    Parameters
    ----------
    card, conditions, pulse, effects, delta
        As in `flip_probabilities`.
    parallel : bool array
        True where the MTJ was written parallel.
    rng : numpy.random.Generator
        Of this chip, layer, tile and the effect ``read_disturb``.

    Returns
    -------
    bool, as `parallel`
        Monotone in the number of reads.
    """
    from_p, from_ap = flip_probabilities(card, conditions, pulse, effects, delta)
    if not (from_p.any() or from_ap.any()):
        return np.zeros(parallel.shape, dtype=np.bool_)
    return rng.random(parallel.shape) < np.where(parallel, from_p, from_ap)
