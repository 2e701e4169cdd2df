"""Training by local binary error signals: XNOR, popcount and integer increments, no real number.

Colombo, Pittorino, Roveri, arXiv:2412.00119. Signs are two words each: `sign` (bit set: +1) and
`live` (bit clear: the value is 0). `tie` is 1 where the sign of 0 is +1 and 0 where it is 0.
Random draws have counters of their own per neuron, so threads cannot matter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from mramsim.kernels.jit import kernel
from mramsim.kernels.philox import philox
from mramsim.kernels.words import popcount


@kernel(inline="always")
def sign_of(value: Any, tie: Any) -> Any:
    """Return -1, 0 or +1; +1 for 0 where `tie` is 1."""
    if value > -tie:
        return 1
    return -1 if value < 0 else 0


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


@kernel(parallel=True)
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
    for n in prange(x.shape[0]):
        signed_sums(x[n], x_live[n], w, w_live, sums[n])
        for unit in range(votes.shape[1]):
            total = 0
            for neuron in range(unit * members, (unit + 1) * members):
                total += sign_of(sums[n, neuron], tie)
            votes[n, unit] = total


@kernel(parallel=True)
def classify(votes: Any, tie: Any, r: Any, r_live: Any, a: Any, a_live: Any, scores: Any) -> Any:
    """Sign the votes and ask the fixed classifier.

    Parameters
    ----------
    votes : int32 [N, V]
    tie : int
    r, r_live : uint64 [ceil(V / 64), C]
    a, a_live : uint64 [N, ceil(V / 64)]
        Filled: what the next layer reads.
    scores : int32 [N, C]
        Filled.
    """
    for n in prange(votes.shape[0]):
        pack_signs(votes[n], tie, a[n], a_live[n])
        signed_sums(a[n], a_live[n], r, r_live, scores[n])


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


@kernel(parallel=True)
def pick(
    sums: Any, votes: Any, labels: Any, desired: Any, weak: Any, tie: Any, picks: Any
) -> Any:
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
    picks : int32 [N, K / group]
        Filled for weak samples: of the neurons with the wrong sign, in units with the wrong vote,
        the first with the smallest sum; -1 where there is none.
    """
    group = sums.shape[1] // picks.shape[1]
    members = sums.shape[1] // votes.shape[1]
    for n in prange(sums.shape[0]):
        if not weak[n]:
            continue
        for index in range(picks.shape[1]):
            found = -1
            least = np.iinfo(np.int32).max
            for neuron in range(index * group, (index + 1) * group):
                unit = neuron // members
                want = desired[labels[n], unit]
                if (
                    want * sign_of(sums[n, neuron], tie) < 0
                    and want * sign_of(votes[n, unit], tie) < 0
                    and abs(sums[n, neuron]) < least
                ):
                    found = neuron
                    least = abs(sums[n, neuron])
            picks[n, index] = found


@kernel(parallel=True)
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
    picks : int32 [N, K / group]
    rows : int8 [N, d]
        Overwritten.
    """
    members = hidden.shape[0] // desired.shape[1]
    for n in prange(x.shape[0]):
        if weak[n]:
            unpack_signs(x[n], x_live[n], rows[n])
    for index in prange(picks.shape[1]):
        for n in range(picks.shape[0]):
            if weak[n] and picks[n, index] >= 0:
                neuron = picks[n, index]
                twice = np.int32(2) * np.int32(desired[labels[n], neuron // members])
                for position in range(hidden.shape[1]):
                    hidden[neuron, position] += twice * np.int32(rows[n, position])


@kernel(parallel=True)
def strengthen(
    hidden: Any, gaps: Any, clip: Any, tie: Any, step: Any, layer: Any, key: Any, w: Any, w_live: Any
) -> Any:
    """Move random integers away from 0, clip all, and pack their signs.

    Parameters
    ----------
    hidden : int32 [K, d]
        Changed.
    gaps : uint32 [G]
        `gap_table` of the probability; empty leaves all as they are.
    clip : int
        Largest magnitude; 0 for none.
    tie, step, layer : int
    key : uint32 [2]
    w, w_live : uint64 [W, K]
        Filled.
    """
    for neuron in prange(hidden.shape[0]):
        row = hidden[neuron]
        if gaps.size > 0:
            strengthen_row(row, gaps, neuron, step, layer, key)
        if clip > 0:
            for position in range(row.size):
                row[position] = min(max(row[position], -clip), clip)
        pack_signs(row, tie, w[:, neuron], w_live[:, neuron])


@kernel
def strengthen_row(row: Any, gaps: Any, neuron: Any, step: Any, layer: Any, key: Any) -> Any:
    """Add 2 sign(h) to randomly chosen integers; the gaps between them are drawn.

    A gap beyond the table is walked without a success and drawn on: it has no memory.
    """
    position = 0
    block = 0
    while position < row.size:
        for word in philox(
            np.uint32(block),
            np.uint32(neuron),
            np.uint32(step),
            np.uint32(layer),
            key[0],
            key[1],
        ):
            gap = np.searchsorted(gaps, np.uint32(word), side="right")
            position += gap
            if position >= row.size:
                return
            if gap < gaps.size:
                row[position] += 2 * sign_of(row[position], 0)
                position += 1
        block += 1
