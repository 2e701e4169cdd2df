"""Integer layers with their fixed random classifiers, and what a mini-batch does to them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels import local_errors as kernels
from mramsim.kernels.reinforcement import strengthen

SPREAD = 64  # standard deviation of initial integers, arXiv:2412.00119, authors' code
WEIGHTS, CLASSIFIERS, ORDERS, REINFORCEMENT = range(4)  # spawn keys of a seed
Words = tuple[NDArray[np.uint64], NDArray[np.uint64]]


def stream(seed: int, *key: int) -> np.random.Generator:
    """Return the generator of one purpose."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def initial(rng: np.random.Generator, shape: tuple[int, int], tie: int) -> NDArray[np.int32]:
    """Draw normal integers of spread 64: truncated, or the odd neighbour where `tie` is 1."""
    drawn = rng.normal(0, SPREAD, shape)
    whole = 2 * np.floor(drawn / 2) + 1 if tie else np.trunc(drawn)
    return whole.astype(np.int32)


def packed(values: NDArray[np.int32], tie: int) -> Words:
    """Return the signs of values [K, d] as two arrays of words, uint64 [ceil(d / 64), K]."""
    shape = (-(-values.shape[1] // 64), values.shape[0])
    words = np.zeros(shape, np.uint64), np.zeros(shape, np.uint64)
    for neuron, row in enumerate(values):
        kernels.pack_signs(row, tie, words[0][:, neuron], words[1][:, neuron])
    return words


@dataclass(frozen=True)
class Rule:
    """What all layers of a training share.

    Attributes
    ----------
    classes : int
    group : int
        Neurons of which one is changed per weak sample.
    members : int
        Neurons that vote on one activation; 1 but for committees.
    margin : int
        A sample is weak where the largest score leads by less.
    clip : int
        Largest magnitude of integers; 0 for none.
    tie : int
        1 where the sign of 0 is +1, 0 where it is 0.
    seed : int
    """

    classes: int
    group: int
    members: int
    margin: int
    clip: int
    tie: int
    seed: int


@dataclass(frozen=True, eq=False)
class HiddenLayer:
    """Integers of one layer, its classifier, and the signs of both.

    Attributes
    ----------
    hidden : int32 array [neurons, inputs]
    classifier : int8 array [classes, units]
        -1, 0 or +1; one unit per committee.
    rule : Rule
    index : int
        Position in the network.
    """

    hidden: NDArray[np.int32]
    classifier: NDArray[np.int8]
    rule: Rule
    index: int
    w: Words = field(init=False)
    r: Words = field(init=False)
    key: NDArray[np.uint32] = field(init=False)

    def __post_init__(self) -> None:
        tie = self.rule.tie
        object.__setattr__(self, "w", packed(self.hidden, tie))
        object.__setattr__(self, "r", packed(self.classifier.astype(np.int32), tie))
        seeds = np.random.SeedSequence(self.rule.seed, spawn_key=(REINFORCEMENT,))
        object.__setattr__(self, "key", seeds.generate_state(2))

    @classmethod
    def draw(cls, neurons: int, inputs: int, rule: Rule, index: int) -> HiddenLayer:
        """Return a layer before training."""
        hidden = initial(stream(rule.seed, WEIGHTS, index), (neurons, inputs), rule.tie)
        shape = (rule.classes, neurons // rule.members)
        fixed = initial(stream(rule.seed, CLASSIFIERS, index), shape, rule.tie)
        return cls(hidden, np.sign(fixed).astype(np.int8), rule, index)

    def restore(self, hidden: NDArray[np.int32]) -> None:
        """Put back stored integers [neurons, inputs]."""
        self.hidden[:] = hidden
        for words, fresh in zip(self.w, packed(self.hidden, self.rule.tie), strict=True):
            words[:] = fresh

    def apply(self, x: Words) -> tuple[NDArray[np.int32], NDArray[np.int32], Words]:
        """Return sums, votes and activations of packed inputs."""
        neurons, units = len(self.hidden), self.classifier.shape[1]
        sums = np.empty((len(x[0]), neurons), np.int32)
        votes = np.empty((len(x[0]), units), np.int32)
        kernels.forward(*x, *self.w, self.rule.tie, sums, votes)
        shape = (len(votes), -(-units // 64))
        a = np.empty(shape, np.uint64), np.empty(shape, np.uint64)
        kernels.pack_rows(votes, self.rule.tie, *a)
        return sums, votes, a

    def scores(self, a: Words) -> NDArray[np.int32]:
        """Return the classifier's scores of packed activations, int32 [samples, classes]."""
        found = np.empty((len(a[0]), self.rule.classes), np.int32)
        kernels.products(*a, *self.r, found)
        return found

    def zeros(self) -> int:
        """Return how many weights have the sign 0."""
        return 0 if self.rule.tie else int((self.hidden == 0).sum())

    def learn(
        self, x: Words, labels: NDArray[np.int64], gaps: NDArray[np.uint32], step: int
    ) -> tuple[Words, int]:
        """Change the layer by one mini-batch.

        Parameters
        ----------
        x : two uint64 arrays [samples, words]
        labels : int64 array [samples]
        gaps : uint32 array
            `gap_table` of the reinforcement.
        step : int
            Number of the mini-batch, counted from the start of the training.

        Returns
        -------
        a : two uint64 arrays [samples, words]
            Activations before the change.
        right : int
            Samples that the classifier gave their label, before the change.
        """
        rule = self.rule
        sums, votes, a = self.apply(x)
        weak = np.empty(len(labels), np.bool_)
        right = kernels.find_weak(self.scores(a), labels, rule.margin, weak)
        if weak.any():
            picks = np.empty((len(labels), len(self.hidden) // rule.group), np.int32)
            kernels.pick(sums, votes, labels, self.classifier, weak, rule.tie, picks)
            rows = np.empty((len(labels), self.hidden.shape[1]), np.int8)
            kernels.increment(self.hidden, *x, labels, self.classifier, weak, picks, rows)
            strengthen(self.hidden, gaps, rule.clip, rule.tie, step, self.index, self.key, *self.w)
        return a, int(right)
