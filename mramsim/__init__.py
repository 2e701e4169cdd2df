"""Binary neural networks on simulated MTJ/MRAM crossbars.

Names are imported when they are first used, so that ``import mramsim`` is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "Network": "mramsim.network.graph",
    "find_network": "mramsim.network.library",
    "list_pretrained": "mramsim.network.library",
    "load_network": "mramsim.network.file",
    "save_network": "mramsim.network.file",
    "to_torch": "mramsim.network.exporters.torch_module",
    "to_qonnx": "mramsim.network.exporters.qonnx",
    "save_program": "mramsim.network.exporters.torch_program",
    "dump_arrays": "mramsim.mapping.dump",
    "from_torch": "mramsim.network.importers.torch_module",
    "from_state_dict": "mramsim.network.importers.torch_file",
    "from_qonnx": "mramsim.network.importers.qonnx",
    "from_keras": "mramsim.network.importers.keras",
    "from_npz": "mramsim.network.importers.packed",
    "import_network": "mramsim.network.importers.any_file",
    "check_network": "mramsim.network.importers.any_file",
    "load_card": "mramsim.cards",
    "list_cards": "mramsim.cards",
    "load_dataset": "mramsim.datasets",
    "Dataset": "mramsim.datasets",
    "train": "mramsim.training",
    "with_bit_errors": "mramsim.network.bit_errors",
    "place": "mramsim.mapping.placement",
    "Placement": "mramsim.mapping.placement",
    "sample_chip": "mramsim.sampling",
    "Chip": "mramsim.chip",
    "evaluate": "mramsim.evaluation",
    "compare_sensing": "mramsim.comparison",
    "comparison_table": "mramsim.comparison",
    "Result": "mramsim.result",
    "Conditions": "mramsim.devices.conditions",
    "estimate": "mramsim.cost.estimate",
    "sweep": "mramsim.sweeps.run",
    "search": "mramsim.explore.run",
    "load_plan": "mramsim.sweeps.plan",
    "solve_crossbar": "mramsim.arrays.wires",
    "transfer_matrix": "mramsim.arrays.wires",
    "InputError": "mramsim.errors",
}

__all__ = ["__version__", *sorted(_HOME)]

if TYPE_CHECKING:
    from mramsim.arrays.wires import solve_crossbar, transfer_matrix
    from mramsim.cards import list_cards, load_card
    from mramsim.chip import Chip
    from mramsim.comparison import compare_sensing, comparison_table
    from mramsim.cost.estimate import estimate
    from mramsim.datasets import Dataset, load_dataset
    from mramsim.devices.conditions import Conditions
    from mramsim.errors import InputError
    from mramsim.evaluation import evaluate
    from mramsim.explore.run import search
    from mramsim.mapping.dump import dump_arrays
    from mramsim.mapping.placement import Placement, place
    from mramsim.network.bit_errors import with_bit_errors
    from mramsim.network.exporters.qonnx import to_qonnx
    from mramsim.network.exporters.torch_module import to_torch
    from mramsim.network.exporters.torch_program import save_program
    from mramsim.network.file import load_network, save_network
    from mramsim.network.graph import Network
    from mramsim.network.importers.any_file import check_network, import_network
    from mramsim.network.importers.keras import from_keras
    from mramsim.network.importers.packed import from_npz
    from mramsim.network.importers.qonnx import from_qonnx
    from mramsim.network.importers.torch_file import from_state_dict
    from mramsim.network.importers.torch_module import from_torch
    from mramsim.network.library import find_network, list_pretrained
    from mramsim.result import Result
    from mramsim.sampling import sample_chip
    from mramsim.sweeps.plan import load_plan
    from mramsim.sweeps.run import sweep
    from mramsim.training import train


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'mramsim' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
