"""Which output stands in which column: neighbours share converters, references and wires."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mramsim.errors import InputError
from mramsim.network.nodes import Product


def column_order(
    wanted: Literal["natural", "popcount"] | Sequence[int], node: Product
) -> NDArray[np.intp] | None:
    """Return the output that each column gives, intp [fan_out]; None: in order.

    Parameters
    ----------
    wanted : {"natural", "popcount"} or sequence of int
        In order; by weights +1, most first, so that neighbours draw alike; or output by output.
    node : Product
        Outputs of a grouped convolution stay within their group.

    Raises
    ------
    InputError
        A list that does not name every output of the layer once, or leaves a group.
    """
    if wanted == "natural":
        return None
    share = node.fan_out // node.groups
    if wanted == "popcount":
        ones = node.matrix().sum(axis=2, dtype=np.int64)
        within = np.argsort(-ones, axis=1, kind="stable")
        return np.asarray((within + share * np.arange(node.groups)[:, None]).ravel(), np.intp)
    order = np.array(wanted, dtype=np.intp)
    if not np.array_equal(np.sort(order), np.arange(node.fan_out)):
        raise InputError(
            f"layer '{node.name}': column_order lists {len(order)} outputs; each of 0 to "
            f"{node.fan_out - 1} once is needed"
        )
    if (order // share != np.arange(node.fan_out) // share).any():
        raise InputError(f"layer '{node.name}': column_order moves outputs between groups")
    return order
