"""Columns of a table as bits: thermometers for numbers, one bit per word for words.

The encoding of Colombo, Pittorino, Roveri (arXiv:2412.00119) for tables. Everything is learned from
the training rows alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MISSING = ("", "?", "na", "nan", "null", "none")


@dataclass(frozen=True, eq=False)
class Thermometer:
    """Bit i of a number is whether it is above level i.

    Attributes
    ----------
    levels : float64 array [bits]
        Ascending.
    """

    levels: NDArray[np.float64]

    @classmethod
    def learn(cls, column: Sequence[str], bits: int) -> Thermometer:
        """Take the ``i / (bits + 1)`` quantiles of the numbers present, i from 1."""
        numbers = np.array([float(text) for text in column if not missing(text)])
        share = np.arange(1, bits + 1) / (bits + 1)
        return cls(np.quantile(numbers, share) if len(numbers) else np.zeros(bits))

    def encode(self, column: Sequence[str], fill: str) -> NDArray[np.uint8]:
        """Return bits [rows, bits]; missing entries are read as `fill`."""
        numbers = np.array([float(fill if missing(text) else text) for text in column])
        return (numbers[:, None] > self.levels).astype(np.uint8)


@dataclass(frozen=True)
class OneHot:
    """Bit i of a word is whether it is the i-th known one; unknown words have no bit.

    Attributes
    ----------
    words : tuple of str
        Sorted.
    """

    words: tuple[str, ...]

    @classmethod
    def learn(cls, column: Sequence[str]) -> OneHot:
        """Take the words present."""
        return cls(tuple(sorted({text for text in column if not missing(text)})))

    def encode(self, column: Sequence[str], fill: str) -> NDArray[np.uint8]:
        """Return bits [rows, words]; missing entries are read as `fill`."""
        filled = np.array([fill if missing(text) else text for text in column])
        bits: NDArray[np.uint8] = np.equal(filled[:, None], np.array(self.words)).astype(np.uint8)
        return bits


def encode_column(
    train: Sequence[str], test: Sequence[str], bits: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the bits of a column's training and test rows.

    Parameters
    ----------
    train, test : sequence of str
        Entries; where every present one is a number, the column is numeric.
    bits : int
        Of a thermometer.

    Returns
    -------
    uint8 array [training rows, n], uint8 array [test rows, n]
        Missing entries count as the most frequent one of the training rows.
    """
    present = [text for text in train if not missing(text)]
    fill = mode(present)
    numeric = all(is_number(text) for text in (*present, *test) if not missing(text))
    encoder = Thermometer.learn(train, bits) if numeric else OneHot.learn(train)
    return encoder.encode(train, fill), encoder.encode(test, fill)


def missing(text: str) -> bool:
    """Return whether an entry stands for no value."""
    return text.strip().lower() in MISSING


def is_number(text: str) -> bool:
    """Return whether an entry is a finite number."""
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def mode(entries: Sequence[str]) -> str:
    """Return the most frequent entry, the least one of several; "0" where there is none."""
    if not entries:
        return "0"
    found, counts = np.unique(np.array(entries), return_counts=True)
    return str(found[counts.argmax()])
