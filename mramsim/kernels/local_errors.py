"""Training by local binary error signals: XNOR, popcount and integer increments, no real number.

Colombo, Pittorino, Roveri, arXiv:2412.00119. Signs are two words each: `sign` (bit set: +1) and
`live` (bit clear: the value is 0). `tie` is 1 where the sign of 0 is +1 and 0 where it is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mramsim.kernels.jit import kernel
from mramsim.kernels.words import popcount


@kernel(inline="always")
def sign_of(value: Any, tie: Any) -> Any:
    """Return -1, 0 or +1; +1 for 0 where `tie` is 1."""
    return np.int32(value > -tie) - np.int32(value < 0)


@kernel
def pack_signs(values: Any, tie: Any, sign: Any, live: Any) -> Any:
    """Pack the signs of values (int32 [n]) into sign and live (uint64 [ceil(n / 64)])."""
    for position in range(sign.size):
        up = np.uint64(0)
        there = np.uint64(0)
        start = position * 64
        for bit in range(min(64, values.size - start)):
            value = values[start + bit]
            up |= np.uint64(value > -tie) << np.uint64(bit)
            there |= np.uint64((value != 0) | (tie == 1)) << np.uint64(bit)
        sign[position] = up
        live[position] = there


@kernel
def unpack_signs(sign: Any, live: Any, values: Any) -> Any:
    """Write the signs in sign and live (uint64 [W]) to values (int8 [n]) as -1, 0 or +1."""
    for position in range(sign.size):
        up = sign[position]
        there = live[position]
        start = position * 64
        for bit in range(min(64, values.size - start)):
            shift = np.uint64(bit)
            one = np.int8((up >> shift) & np.uint64(1))
            values[start + bit] = (one + one - 1) * np.int8((there >> shift) & np.uint64(1))


@kernel
def signed_sums(x: Any, x_live: Any, w: Any, w_live: Any, sums: Any) -> Any:
    """Fill sums (int32 [K]) with the products of one row (uint64 [W]) and columns ([W, K])."""
    sums[:] = 0
    for position in range(x.size):
        word = x[position]
        there = x_live[position]
        for column in range(sums.size):
            both = there & w_live[position, column]
            unequal = (word ^ w[position, column]) & both
            sums[column] += np.int32(popcount(both)) - np.int32(2) * np.int32(popcount(unequal))


@kernel
def forward(x: Any, x_live: Any, w: Any, w_live: Any, tie: Any, sums: Any, votes: Any) -> Any:
    """Compute a layer of committees; one member each is an ordinary layer.

    Parameters
    ----------
    x, x_live : uint64 [N, W]
    w, w_live : uint64 [W, K]
    tie : int
    sums : int32 [N, K]
        Filled: one per neuron.
    votes : int32 [N, V]
        Filled: the sum of the signs of K / V neighbours.
    """
    members = sums.shape[1] // votes.shape[1]
    for n in range(x.shape[0]):
        signed_sums(x[n], x_live[n], w, w_live, sums[n])
        for unit in range(votes.shape[1]):
            total = 0
            for neuron in range(unit * members, (unit + 1) * members):
                total += sign_of(sums[n, neuron], tie)
            votes[n, unit] = total


@kernel
def products(x: Any, x_live: Any, w: Any, w_live: Any, sums: Any) -> Any:
    """Fill sums (int32 [N, K]) with all products of rows ([N, W]) and columns ([W, K])."""
    for n in range(x.shape[0]):
        signed_sums(x[n], x_live[n], w, w_live, sums[n])


@kernel
def pack_rows(values: Any, tie: Any, sign: Any, live: Any) -> Any:
    """Pack the signs of values (int32 [N, n]) into sign and live (uint64 [N, ceil(n / 64)])."""
    for n in range(values.shape[0]):
        pack_signs(values[n], tie, sign[n], live[n])


@kernel
def find_weak(scores: Any, labels: Any, margin: Any, weak: Any) -> Any:
    """Mark samples that are wrong or win by less than `margin`.

    Parameters
    ----------
    scores : int32 [N, C]
        At least two classes; the lowest class wins a tie.
    labels : int64 [N]
    margin : int
        Compared with the largest minus the second largest score.
    weak : bool [N]
        Filled.

    Returns
    -------
    int
        Samples whose class is right.
    """
    right = 0
    for n in range(scores.shape[0]):
        winner = 0
        second = np.iinfo(np.int32).min
        for c in range(1, scores.shape[1]):
            if scores[n, c] > scores[n, winner]:
                second = scores[n, winner]
                winner = c
            elif scores[n, c] > second:
                second = scores[n, c]
        right += winner == labels[n]
        weak[n] = winner != labels[n] or scores[n, winner] - second < margin
    return right


@kernel
def pick(sums: Any, votes: Any, labels: Any, desired: Any, weak: Any, tie: Any, picks: Any) -> Any:
    """Pick the neuron of each group that needs the least change.

    Parameters
    ----------
    sums : int32 [N, K]
    votes : int32 [N, V]
    labels : int64 [N]
    desired : int8 [C, V]
        Signs that the classifier wants from each unit, per class.
    weak : bool [N]
    tie : int
    picks : int32 [N, groups]
        A group is a whole number of units. Filled for weak samples: of the neurons with the wrong
        sign, in units with the wrong vote, the first with the smallest sum; -1 where there is none.
    """
    members = sums.shape[1] // votes.shape[1]
    units = votes.shape[1] // picks.shape[1]
    for n in range(sums.shape[0]):
        if weak[n]:
            want = desired[labels[n]]
            for index in range(picks.shape[1]):
                first = index * units
                picks[n, index] = pick_one(sums[n], votes[n], want, first, units, members, tie)


@kernel
def pick_one(
    sums: Any, votes: Any, want: Any, first: Any, units: Any, members: Any, tie: Any
) -> Any:
    """Return the pick among the neurons of `units` units from the one called `first`."""
    found = -1
    least = np.iinfo(np.int32).max
    for unit in range(first, first + units):
        if want[unit] * sign_of(votes[unit], tie) < 0:
            for neuron in range(unit * members, (unit + 1) * members):
                size = abs(sums[neuron])
                if size < least and want[unit] * sign_of(sums[neuron], tie) < 0:
                    found = neuron
                    least = size
    return found


@kernel
def increment(
    hidden: Any, x: Any, x_live: Any, labels: Any, desired: Any, weak: Any, picks: Any, rows: Any
) -> Any:
    """Add twice the wanted sign times the input to the integers of each picked neuron.

    Parameters
    ----------
    hidden : int32 [K, d]
        Changed. The order of additions does not matter.
    x, x_live : uint64 [N, W]
    labels : int64 [N]
    desired : int8 [C, V]
    weak : bool [N]
    picks : int32 [N, groups]
    rows : int8 [N, d]
        Overwritten.
    """
    members = hidden.shape[0] // desired.shape[1]
    for n in range(x.shape[0]):
        if weak[n]:
            unpack_signs(x[n], x_live[n], rows[n])
    for index in range(picks.shape[1]):
        for n in range(picks.shape[0]):
            if weak[n] and picks[n, index] >= 0:
                neuron = picks[n, index]
                twice = np.int32(2) * np.int32(desired[labels[n], neuron // members])
                for position in range(hidden.shape[1]):
                    hidden[neuron, position] += twice * np.int32(rows[n, position])
