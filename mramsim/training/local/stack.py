"""A stack of layers with local errors: epochs, classes, and the network it becomes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mramsim.kernels.reinforcement import gap_table
from mramsim.kernels.words import pack_bits
from mramsim.network.nodes import Input
from mramsim.training.local.layers import ORDERS, HiddenLayer, Rule, Words, stream

CHUNK = 1000  # samples classified at a time


@dataclass(frozen=True)
class Samples:
    """Packed inputs and their labels.

    Attributes
    ----------
    sign, live : uint64 array [samples, words]
    labels : int64 array [samples]
    """

    sign: NDArray[np.uint64]
    live: NDArray[np.uint64]
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, record: Input, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Samples:
        """Pack raw images by an input record of one plane."""
        bits = record.forward(images).reshape(len(images), -1)
        sign = pack_bits(bits)
        live = np.repeat(pack_bits(np.ones((1, bits.shape[1]))), len(bits), axis=0)
        return cls(sign, live, labels.astype(np.int64))

    def words(self, chosen: NDArray[np.intp] | slice) -> Words:
        """Return some of the inputs."""
        return self.sign[chosen], self.live[chosen]


@dataclass(frozen=True)
class Stack:
    """Layers that learn one after the other, without a backward path between them.

    Attributes
    ----------
    layers : tuple of HiddenLayer
    """

    layers: tuple[HiddenLayer, ...]

    @classmethod
    def draw(cls, inputs: int, widths: Sequence[int], rule: Rule) -> Stack:
        """Return the stack before training."""
        fans = [inputs, *(width // rule.members for width in widths[:-1])]
        pairs = zip(widths, fans, strict=True)
        return cls(tuple(HiddenLayer.draw(*pair, rule, index) for index, pair in enumerate(pairs)))

    def learn(
        self,
        samples: Samples,
        epoch: int,
        batch: int,
        reinforcement: float,
        accuracy: float,
        threads: int = 1,
    ) -> float:
        """Train for one epoch.

        Parameters
        ----------
        samples : Samples
        epoch : int
            From 0; decides the order of the samples.
        batch : int
        reinforcement : float
            Probability p_r; that of a layer with d inputs is
            ``p_r sqrt(1 - accuracy) sqrt(2 / (pi d))``.
        accuracy : float
            What the epoch before returned; 0 for the first.
        threads : int
            Layers that work at the same time, each on a mini-batch of its own; does not change the
            result.

        Returns
        -------
        float
            Share of samples that were right when their turn came.
        """
        order = stream(self.layers[0].rule.seed, ORDERS, epoch).permutation(len(samples.labels))
        parts = [order[start : start + batch] for start in range(0, len(order), batch)]
        tables = self._gap_tables(reinforcement * math.sqrt(1 - accuracy))
        first, depth = epoch * len(parts), len(self.layers)
        waiting = [samples.words(parts[0])] * depth

        def advance(index: int, part: int) -> tuple[Words, int]:
            labels = samples.labels[parts[part]]
            return self.layers[index].learn(waiting[index], labels, tables[index], first + part)

        right = 0
        with ThreadPoolExecutor(min(threads, depth)) as pool:
            for tick in range(len(parts) + depth - 1):  # layer i is i mini-batches behind
                if tick < len(parts):
                    waiting[0] = samples.words(parts[tick])
                active = [i for i in range(depth) if 0 <= tick - i < len(parts)]
                run = pool.map if threads > 1 and len(active) > 1 else map
                found = list(run(advance, active, [tick - i for i in active]))
                for i, (a, hits) in zip(active, found, strict=True):
                    if i + 1 < depth:
                        waiting[i + 1] = a
                    else:
                        right += hits
        return right / len(order)

    def _gap_tables(self, rate: float) -> list[NDArray[np.uint32]]:
        fans = [layer.hidden.shape[1] for layer in self.layers]
        return [gap_table(rate * math.sqrt(2 / (math.pi * fan))) for fan in fans]

    def classify(self, samples: Samples) -> NDArray[np.intp]:
        """Return the class of each sample; the lowest class wins a tie."""
        found = []
        for start in range(0, len(samples.labels), CHUNK):
            a = samples.words(slice(start, start + CHUNK))
            for layer in self.layers:
                a = layer.apply(a)[2]
            found.append(self.layers[-1].scores(a).argmax(axis=1))
        return np.concatenate(found)

    def accuracy(self, samples: Samples) -> float:
        """Return the share of samples that get their label."""
        return float((self.classify(samples) == samples.labels).mean())
