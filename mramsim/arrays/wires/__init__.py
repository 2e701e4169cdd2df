"""Exact wires: currents and node voltages of arrays whose lines have resistance.

Passive arrays (`passive`), gated columns of transistor cells (`gated`), series columns (`series`),
and bias-dependent junctions around the first two (`nonlinear`). Equations: ``docs/wires.md``.
"""

from mramsim.arrays.wires.elimination import NodeVoltages
from mramsim.arrays.wires.gated import Rails, gated_currents, gated_voltages
from mramsim.arrays.wires.junctions import Junctions
from mramsim.arrays.wires.nonlinear import solve_junction_columns, solve_junction_crossbar
from mramsim.arrays.wires.passive import (
    node_voltages,
    solve_crossbar,
    transfer_matrix,
)
from mramsim.arrays.wires.series import series_resistance

__all__ = [
    "Junctions",
    "NodeVoltages",
    "Rails",
    "gated_currents",
    "gated_voltages",
    "node_voltages",
    "series_resistance",
    "solve_crossbar",
    "solve_junction_columns",
    "solve_junction_crossbar",
    "transfer_matrix",
]
