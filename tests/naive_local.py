"""Slow, obvious twin of training by local errors: dense integers, loops over samples and groups."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from naive_random import philox
from numpy.typing import NDArray

Array = NDArray[np.int64]


@dataclass
class Case:
    """Everything but the integers: hidden [inputs, neurons] and classifiers [units, classes]."""

    strict: bool
    group: int
    members: int
    robustness: float
    reinforcement: float
    clip: int
    key: tuple[int, int]


def sign(case: Case, value: Any) -> Array:
    """Sign, of 0 as the case has it."""
    found = np.sign(value).astype(np.int64)
    return np.where(found == 0, 1, found) if case.strict else found


def forward(case: Case, hidden: Array, x: Array) -> tuple[Array, Array]:
    """Sums, and activations after the vote of neighbours."""
    z = x @ sign(case, hidden)
    own = sign(case, z)
    if case.members == 1:
        return z, own
    return z, sign(case, own.reshape(len(z), -1, case.members).sum(axis=2))


def classes(case: Case, hidden: list[Array], fixed: list[Array], x: Array) -> Array:
    """Class of each sample by the last classifier."""
    for integers in hidden:
        x = forward(case, integers, x)[1]
    return (x @ sign(case, fixed[-1])).argmax(axis=1)


def epoch(
    case: Case,
    hidden: list[Array],
    fixed: list[Array],
    x: Array,
    labels: Array,
    order: Array,
    batch: int,
    accuracy: float,
    step: int,
) -> float:
    """Change the integers in place by one epoch; return the share of right samples."""
    right = 0
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        a = x[chosen]
        for index, (integers, classifier) in enumerate(zip(hidden, fixed, strict=True)):
            a, hits = mini_batch(
                case, integers, classifier, a, labels[chosen], accuracy, step, index
            )
        right += hits
        step += 1
    return right / len(order)


def mini_batch(
    case: Case,
    hidden: Array,
    classifier: Array,
    x: Array,
    labels: Array,
    accuracy: float,
    step: int,
    index: int,
) -> tuple[Array, int]:
    """Change one layer by one mini-batch; return its activations before that, and the hits."""
    z, a = forward(case, hidden, x)
    r = sign(case, classifier)
    scores = a @ r
    change = np.zeros_like(hidden)
    any_weak = False
    for n, label in enumerate(labels):
        largest = sorted(scores[n])[::-1]
        wrong = scores[n].argmax() != label
        if not wrong and largest[0] - largest[1] >= math.floor(case.robustness * a.shape[1]):
            continue
        any_weak = True
        for first in range(0, hidden.shape[1], case.group):
            neuron = pick(case, z[n], a[n], r[:, label], first)
            if neuron is not None:
                change[:, neuron] += 2 * x[n] * r[neuron // case.members, label]
    if any_weak:
        hidden += change
        reinforce(case, hidden, accuracy, step, index)
        if case.clip:
            np.clip(hidden, -case.clip, case.clip, out=hidden)
    return a, int((scores.argmax(axis=1) == labels).sum())


def pick(case: Case, z: Array, a: Array, desired: Array, first: int) -> int | None:
    """Of one group, the wrong neuron with the smallest sum; its unit must be wrong, too."""
    found = None
    for neuron in range(first, first + case.group):
        unit = neuron // case.members
        wrong = sign(case, z[neuron]) * desired[unit] < 0 and a[unit] * desired[unit] < 0
        if wrong and (found is None or abs(z[neuron]) < abs(z[found])):
            found = neuron
    return found


def reinforce(case: Case, hidden: Array, accuracy: float, step: int, index: int) -> None:
    """Move integers away from 0 where the drawn gaps end."""
    inputs, neurons = hidden.shape
    p = case.reinforcement * math.sqrt(1 - accuracy) * math.sqrt(2 / (math.pi * inputs))
    if p == 0:
        return
    for neuron in range(neurons):
        position = 0
        for number in range(inputs + 1):  # at most one word per integer, and one to end
            words = philox((number // 4, neuron, step, index), case.key)
            word = int(words[number % 4])
            gap = 0
            while gap < 1024 and word >= math.floor(2**32 * (1 - (1 - p) ** (gap + 1))):
                gap += 1
            position += gap
            if position >= inputs:
                break
            if gap < 1024:
                hidden[position, neuron] += 2 * int(np.sign(hidden[position, neuron]))
                position += 1
