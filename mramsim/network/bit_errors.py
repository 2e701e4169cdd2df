"""A network whose stored weights are partly wrong, whatever the reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mramsim.errors import InputError
from mramsim.network.graph import Network
from mramsim.network.nodes import Node, Product


def with_bit_errors(network: Network, rate: float, seed: int = 0, draw: int = 0) -> Network:
    """Return the network with each binary weight inverted with probability `rate`.

    What a whole memory does to a network, in one number (Hirtzlin et al., NANOARCH 2019): no
    circuit, no device. Higher rates invert the weights of lower ones too, and more.

    Parameters
    ----------
    network : Network
    rate : float
        0 to 1.
    seed, draw : int
        The same two give the same errors; draws are independent.

    Returns
    -------
    Network

    Raises
    ------
    InputError
        For a rate out of range.
    """
    if not 0 <= rate <= 1:
        raise InputError(f"bit error rate = {rate}; 0 to 1 is allowed")
    if seed < 0 or draw < 0:
        raise InputError(f"seed = {seed}, draw = {draw}; 0 or more is allowed")
    return replace(
        network,
        nodes=tuple(
            _inverted(node, rate, np.random.SeedSequence(seed, spawn_key=(draw, index)))
            for index, node in enumerate(network.nodes)
        ),
    )


def _inverted(node: Node, rate: float, key: np.random.SeedSequence) -> Node:
    if not isinstance(node, Product):
        return node
    drawn = np.random.Generator(np.random.PCG64(key)).random(node.weight.shape)
    return replace(node, weight=node.weight ^ (drawn < rate).astype(np.uint8))
