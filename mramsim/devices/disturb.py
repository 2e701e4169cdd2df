"""Bits that flip because they are read.

The read current favours one state: cells in the other one see their barrier lowered to
Delta (1 - i)^n with i = I / Ic0, those in the favoured state see it raised. A VCMA device sees its
barrier lowered by the read voltage in both states. The exposure is the number of reads times their
length.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.devices.resistance import nominal
from mramsim.devices.stability import (
    barrier_factor,
    delta_factor,
    escape_rate_per_s,
    two_state_probability,
    voltage_barrier_change,
)

Array = NDArray[np.float64]


def overdrives(
    card: DeviceCard, conditions: Conditions, v_read_v: float, effects: frozenset[str]
) -> tuple[float, float]:
    """Return i = I / Ic0 of a read, for a cell in the parallel and in the antiparallel state.

    Positive drives out of the state. Only an STT device with `ic0_a` has one: in a SOT device Ic0
    belongs to the write line, which a read does not use.
    """
    if card.kind != "stt" or card.ic0_a is None:
        return 0.0, 0.0
    cell = nominal(card, v_read_v, conditions, effects)
    critical = card.ic0_a * barrier_factor(card, conditions.kelvin(card, effects))
    i_p = abs(v_read_v) / (cell.rp_ohm + cell.series_ohm) / critical
    i_ap = abs(v_read_v) / (cell.rap_ohm + cell.series_ohm) / critical
    return (-i_p, i_ap) if card.read_favours == "parallel" else (i_p, -i_ap)


def flip_probabilities(
    card: DeviceCard,
    conditions: Conditions,
    v_read_v: float,
    t_read_s: float,
    effects: frozenset[str],
    delta: Array | None = None,
) -> tuple[Array, Array]:
    """Return the probability that `age_reads` reads flipped a parallel and an antiparallel cell.

    Parameters
    ----------
    card : DeviceCard
    conditions : Conditions
    v_read_v : float
        Across the cell, in V; its direction is the card's `read_favours`.
    t_read_s : float
        Length of one read, in s.
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
    kelvin = conditions.kelvin(card, effects)
    i_p, i_ap = overdrives(card, conditions, v_read_v, effects)
    barrier = base * delta_factor(card, kelvin)
    if card.kind == "vcma":
        change = voltage_barrier_change(card, abs(v_read_v), kelvin)
        barrier = np.maximum(barrier + change, 0.0)
    softer = card.delta / base
    out_p = escape_rate_per_s(card, barrier, i_p * softer)
    out_ap = escape_rate_per_s(card, barrier, i_ap * softer)
    seconds = float(conditions.age_reads) * t_read_s
    return (
        two_state_probability(out_p, out_ap, seconds),
        two_state_probability(out_ap, out_p, seconds),
    )


def flips(
    card: DeviceCard,
    conditions: Conditions,
    v_read_v: float,
    t_read_s: float,
    parallel: NDArray[np.bool_],
    rng: np.random.Generator,
    effects: frozenset[str],
    delta: Array | None = None,
) -> NDArray[np.bool_]:
    """Draw which cells were flipped by reads, by one uniform number per cell.

    Parameters
    ----------
    card, conditions, v_read_v, t_read_s, effects, delta
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
    from_p, from_ap = flip_probabilities(card, conditions, v_read_v, t_read_s, effects, delta)
    if not (from_p.any() or from_ap.any()):
        return np.zeros(parallel.shape, dtype=np.bool_)
    return rng.random(parallel.shape) < np.where(parallel, from_p, from_ap)
