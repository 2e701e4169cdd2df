"""Transfer matrix of an array with wires, and the product with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from mramsim.arrays.wires import transfer_matrix
from mramsim.benchmark.clock import seconds
from mramsim.benchmark.peers import peers
from mramsim.benchmark.row import measure


def linear_row(size: int, images: int, repeats: int) -> dict[str, Any]:
    """Time the exact currents of a passive array once its transfer matrix is made."""
    import torch

    rng = np.random.default_rng(0)
    cells = rng.choice([1 / 5e3, 1 / 1e4], (size, size))
    transfer_matrix(cells[:8, :8], 1.0, 1.0)  # compiled before the clock starts
    factorisation = seconds(lambda: transfer_matrix(cells, 1.0, 1.0))
    transfer = transfer_matrix(cells, 1.0, 1.0)
    volts = rng.choice([0.0, 0.1], (images, size))
    x, w = torch.from_numpy(volts).float(), torch.from_numpy(transfer).float()
    return measure(
        f"linear_ir_drop_{size}",
        images * size * size,
        lambda: volts @ transfer,
        {"float32": lambda: x @ w, "bf16": lambda: x.bfloat16() @ w.bfloat16()},
        repeats,
        bytes=volts.nbytes + transfer.nbytes,
        factorisation_s=factorisation,
    )


def gated_row(size: int, images: int, repeats: int) -> dict[str, Any]:
    """Time the exact currents of gated cells behind wires: a ladder per image and column."""
    from mramsim.arrays.wires.gated import Rails, gated_currents

    rng = np.random.default_rng(0)
    cells = rng.choice([1 / 5e3, 1 / 1e4], (2, size, size))
    select = rng.integers(0, 2, (images, size))
    rails = Rails(
        bit_wire_ohm=1.0, source_wire_ohm=1.0, driver_ohm=0.0, sense_ohm=0.0, returns="opposite"
    )
    return measure(
        f"gated_ir_drop_{size}",
        images * size * size,
        lambda: gated_currents(cells, select, 0.1, rails),
        peers(images, (size, size)),
        repeats,
        bytes=cells.nbytes + select.nbytes,
    )
