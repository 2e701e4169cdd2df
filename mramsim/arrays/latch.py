"""The latch of a sense amplifier: how long it takes, and when it has not decided in time.

After the strobe the difference of its nodes grows as ``v exp(t / tau)`` (cross-coupled
transconductances g on capacitances C, ``tau = C / g``; Veendrick, IEEE J. Solid-State Circuits 15,
169 (1980), doi 10.1109/JSSC.1980.1051359). It has decided when half the supply separates them. An
input smaller than ``(vdd / 2) exp(-sa_s / tau)`` has not by then, and is read as either bit.
"""

from __future__ import annotations

from math import exp

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mramsim.arrays.card import MappingCard

SWING = 0.5  # of the supply


def decision_time_s(input_v: ArrayLike, mapping: MappingCard) -> NDArray[np.float64]:
    """Return the time from the start of a read to the decision, in s.

    Parameters
    ----------
    input_v : float or array
        Difference of the nodes at the strobe in V; 0 never decides.
    mapping : MappingCard

    Returns
    -------
    float64 array
        ``t_read + tau ln(vdd / 2 / |input|)``, not less than `t_read_s`.
    """
    size = np.abs(np.asarray(input_v, dtype=np.float64))
    with np.errstate(divide="ignore"):
        growth = np.log(SWING * mapping.vdd_v / size)
    regeneration = mapping.sa_tau_s * np.maximum(growth, 0.0) if mapping.sa_tau_s else 0.0 * size
    return np.asarray(mapping.t_read_s + regeneration)


def undecided_v(mapping: MappingCard) -> float:
    """Return the input below which the latch has not decided after `sa_s`, in V."""
    if mapping.sa_tau_s == 0.0 or mapping.sa_s is None:
        return 0.0
    return SWING * mapping.vdd_v * exp(-mapping.sa_s / mapping.sa_tau_s)
