"""Slow, obvious twins of the digital nodes: loops over images, places and members of a window."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np


def real_product(rows: Any, matrix: Any, bias: Any) -> Any:
    """``rows [evaluations, groups, n] @ matrix [groups, n, columns] + bias``, in that order."""
    evaluations, groups, size = rows.shape
    columns = matrix.shape[2]
    found = np.zeros((evaluations, groups * columns), np.float32)
    for place, group, column in product(range(evaluations), range(groups), range(columns)):
        total = 0.0  # a Python float is a float64
        for row in range(size):
            total += float(rows[place, group, row]) * float(matrix[group, row, column])
        total += float(bias[group * columns + column])
        found[place, group * columns + column] = np.float32(total)
    return found


def window(values: Any, at: Any, kernel: Any, stride: Any, before: Any, outside: float) -> Any:
    """Members of one window of a map [*size], in the order of the kernel's axes."""
    found = []
    for shift in np.ndindex(*kernel):
        place = [
            i * step + by - pad for i, step, by, pad in zip(at, stride, shift, before, strict=True)
        ]
        inside = all(0 <= i < size for i, size in zip(place, values.shape, strict=True))
        found.append(float(values[tuple(place)]) if inside else outside)
    return found


def convolution(values: Any, weight: Any, bias: Any, node: Any) -> Any:
    """A real convolution, one output at a time."""
    share, per_group = weight.shape[1], len(weight) // node.groups
    size = node.windows.output
    found = np.zeros((len(values), len(weight), *size), np.float32)
    for image, output in product(range(len(values)), range(len(weight))):
        first = output // per_group * share
        for at in np.ndindex(*size):
            total = 0.0
            for channel in range(share):
                members = window(
                    values[image, first + channel],
                    at,
                    weight.shape[2:],
                    node.stride,
                    node.padding,
                    0.0,
                )
                for member, factor in zip(members, weight[output, channel].ravel(), strict=True):
                    total += member * float(factor)
            found[(image, output, *at)] = np.float32(total + float(bias[output]))
    return found


def pooled(values: Any, kernel: Any, stride: Any, before: Any, outside: float, join: Any) -> Any:
    """`join` of the members of every window of maps [images, channels, *size]."""
    size = [
        (n + 2 * pad - k) // step + 1
        for n, k, step, pad in zip(values.shape[2:], kernel, stride, before, strict=True)
    ]
    found = np.zeros((*values.shape[:2], *size))
    for image, channel in np.ndindex(*values.shape[:2]):
        for at in np.ndindex(*size):
            members = window(values[image, channel], at, kernel, stride, before, outside)
            found[(image, channel, *at)] = join(members)
    return found
