"""Any table as a data set: a CSV file with a header, whose last column is the class."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from mramsim.datasets.base import Dataset
from mramsim.datasets.encoders import encode_column, missing
from mramsim.datasets.split import SPLIT, split_off
from mramsim.errors import InputError

BITS = 32  # of a thermometer, arXiv:2412.00119
SHARE = 5  # one row in five is for testing


def load_table(path: str, seed: int = SPLIT) -> Dataset:
    """Read a table, hold a fifth of the rows out for testing, encode columns as bits.

    Numbers become thermometers of 32 bits at the quantiles of the training rows, words a bit each;
    missing entries ("", "?", "NA", ...) the column's most frequent one.

    Parameters
    ----------
    path : str
        CSV; the first line names the columns, the last column is the class.
    seed : int
        Of the shuffle before the split.

    Returns
    -------
    Dataset
        Of one bit plane, images [rows, 1, 1, bits].

    Raises
    ------
    InputError
        Missing or malformed file, fewer than five rows or two classes, more than 256 classes.
    """
    rows = _read(path)
    classes = sorted({row[-1] for row in rows})
    if not 2 <= len(classes) <= 256:
        raise InputError(f"{path}: {len(classes)} classes in the last column; 2 to 256 are allowed")
    if any(missing(name) for name in classes):
        raise InputError(f"{path}: a row has no class in its last column")
    labels = np.array([classes.index(row[-1]) for row in rows], dtype=np.uint8)
    numbers = np.arange(len(rows))
    empty = np.empty((0, 1, 1, 1), np.uint8)
    whole = Dataset(
        Path(path).name,
        *(empty, labels[:0], empty, labels[:0]),
        tuple(classes),
        levels=2,
        planes=1,
        citation=f"table {Path(path).name}",
    )
    chosen = split_off(whole, numbers, labels, len(rows) // SHARE, seed)
    parts = [
        encode_column(
            [rows[index][column] for index in chosen.x_train],
            [rows[index][column] for index in chosen.x_test],
            BITS,
        )
        for column in range(len(rows[0]) - 1)
    ]
    x_train, x_test = (np.concatenate(side, axis=1) for side in zip(*parts, strict=True))
    return Dataset(
        chosen.name,
        x_train[:, None, None],
        chosen.y_train,
        x_test[:, None, None],
        chosen.y_test,
        chosen.classes,
        chosen.levels,
        chosen.planes,
        chosen.citation,
    )


def _read(path: str) -> list[list[str]]:
    try:
        with open(path, newline="", encoding="utf-8") as file:
            lines = [[entry.strip() for entry in row] for row in csv.reader(file) if row]
    except OSError as error:
        raise InputError(f"data set '{path}': cannot be read ({error.strerror})") from None
    except (ValueError, csv.Error) as error:  # also a null byte in the name
        raise InputError(f"data set '{path}': not a CSV file ({error})") from None
    if len(lines) < 1 + SHARE or len(lines[0]) < 2:
        raise InputError(
            f"data set '{path}': a header, {SHARE} rows and 2 columns are the least that is allowed"
        )
    for number, row in enumerate(lines[1:], start=2):
        if len(row) != len(lines[0]):
            raise InputError(
                f"data set '{path}': row {number} has {len(row)} entries,"
                f" the header {len(lines[0])}"
            )
    return lines[1:]
