"""Nodes that run digitally: pooling, sums, thresholds behind them, real layers, class scores.

`mramsim.network.nodes.base.Node.operations` gives the number of each kind of operation for one
image. Inputs and outputs pass through SRAM; the real parameters of a node are read once per image.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2, prod

from mramsim.cost.components import Components
from mramsim.cost.part import Part, memory
from mramsim.network.graph import Network
from mramsim.network.nodes import Input, LevelValue, Node, Product, RealInput, Threshold

REAL_BITS = 32
_OPERATIONS = {
    "mac_f32": ("add_f32_j", "mul_f32_j"),
    "mac_int8": ("add_int_j", "mul_int8_j"),
    "add_f32": ("add_f32_j",),
    "mul_f32": ("mul_f32_j",),
    "add_int": ("add_int_j",),
    "function": ("function_j",),
}


@dataclass(frozen=True)
class Work:
    """What one node does for one image.

    Attributes
    ----------
    operations : dict of str to int
        By name; see `mramsim.network.nodes.base.Node.operations`. ``mac_int8`` in place of
        ``mac_f32`` where real values have 8 bits.
    width : int
        Bits of each input value.
    moved_bits : int
        Inputs read and outputs written.
    parameter_bits : int
        Real parameters.
    """

    operations: dict[str, int]
    width: int
    moved_bits: int
    parameter_bits: int


def digital_nodes(network: Network, real_bits: int = REAL_BITS) -> dict[str, Work]:
    """Return the work of every node that is no binary product, by name.

    A threshold that alone follows a product is part of it.

    Parameters
    ----------
    network : Network
    real_bits : {32, 8}
        Of a real value or parameter.
    """
    found = {}
    for node in network.nodes:
        if _part_of_product(network, node) or isinstance(node, Input | RealInput | Product):
            continue
        operations = node.operations(*(network.shapes[name] for name in node.inputs))
        if real_bits == 8 and "mac_f32" in operations:
            operations["mac_int8"] = operations.pop("mac_f32")
        if any(operations.values()):
            found[node.name] = Work(
                operations,
                _width(network, node.inputs[0], real_bits),
                _moved(network, node, real_bits),
                _real_count(node) * real_bits,
            )
    return found


def _part_of_product(network: Network, node: Node) -> bool:
    if not isinstance(node, Threshold):
        return False
    source = network.node(node.inputs[0])
    return isinstance(source, Product) and len(network.consumers(source.name)) == 1


def operations_j(work: Work, arithmetic: Part) -> float:
    """Return the energy of the operations of one node for one image, in J.

    A comparison is a chain of gates as wide as its inputs.
    """
    return sum(
        count * _each_j(name, work.width, arithmetic) for name, count in work.operations.items()
    )


def passed_j(bits: int, sram: Part) -> float:
    """Return the energy of bits that pass once through a memory as large as they are, in J."""
    return bits * memory(sram, bits)[1] if bits else 0.0


def node_s(work: Work, parts: Components, clock_s: float) -> float:
    """Return the time of one node for one image, in s."""
    per_cycle = parts.arithmetic.value("operations_per_cycle")
    return ceil(sum(work.operations.values()) / per_cycle) * clock_s


def _each_j(name: str, width: int, arithmetic: Part) -> float:
    if name == "compare":
        return width * arithmetic.energy_j("gate_j")
    return sum(arithmetic.energy_j(key) for key in _OPERATIONS[name])


def _width(network: Network, name: str, real_bits: int) -> int:
    """Return the bits of a value of a node."""
    kind = network.types[name]
    if kind == "levels":
        return network.planes(name)
    if kind == "counts":
        return _count_bits(network, name)
    return real_bits


def _count_bits(network: Network, name: str) -> int:
    """Return the bits of a node's counts: those of its product, one more for each sum.

    A level of b planes as an odd integer has a sign more.
    """
    node = network.node(name)
    if isinstance(node, Product):
        return ceil(log2(2 * node.reach + 1))
    if isinstance(node, LevelValue):
        return node.planes + 1
    widest = max(_count_bits(network, source) for source in node.inputs)
    return widest + len(node.inputs) - 1


def _moved(network: Network, node: Node, real_bits: int) -> int:
    return sum(
        prod(network.shapes[name]) * _width(network, name, real_bits)
        for name in (*node.inputs, node.name)
    )


def _real_count(node: Node) -> int:
    return sum(array.size for array in node.arrays().values() if array.dtype.kind == "f")
