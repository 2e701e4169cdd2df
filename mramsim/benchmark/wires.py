"""Arrays with wires: a transfer matrix and the product with it, and ladders of gated cells."""

from __future__ import annotations

import importlib
import logging
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from mramsim.arrays.wires import transfer_matrix
from mramsim.arrays.wires.threads import one_thread
from mramsim.benchmark.clock import alternate, seconds
from mramsim.benchmark.peers import peers
from mramsim.benchmark.row import measure
from mramsim.kernels.subsets import subset_sums

SEGMENT_OHM = 1.0
THEIR_INPUTS = 64  # of badcrossbar


def linear_row(size: int, images: int, threads: int, repeats: int) -> dict[str, Any]:
    """Time the exact currents of a passive array once its transfer matrix is made.

    Images are shared out to `threads`; the factorisation takes one.
    """
    rng = np.random.default_rng(0)
    cells = rng.choice([1 / 5e3, 1 / 1e4], (size, size))
    made = alternate({"made": lambda: transfer_matrix(cells, SEGMENT_OHM, SEGMENT_OHM)}, 3)["made"]
    transfer = transfer_matrix(cells, SEGMENT_OHM, SEGMENT_OHM)
    bits = rng.integers(0, 2, (images, size)).astype(np.uint8)
    currents = np.empty((images, size))
    parts = list(zip(np.array_split(bits, threads), np.array_split(currents, threads), strict=True))
    few = 0.1 * bits[:THEIR_INPUTS]
    with ThreadPoolExecutor(threads) as pool, one_thread():
        own = alternate({"few": lambda: few @ transfer}, 101)["few"]
        row = measure(
            f"linear_ir_drop_{size}",
            images * size * size,
            lambda: list(pool.map(lambda part: subset_sums(transfer, *part), parts)),
            peers(images, (size, size)),
            repeats,
            bytes=bits.nbytes + transfer.nbytes + currents.nbytes,
            factorisation_s=made,
        )
    return {**row, **_beside_badcrossbar(cells, few, made, own)}


def _beside_badcrossbar(cells: Any, volts: Any, made: float, own: float) -> dict[str, Any]:
    """Time badcrossbar once on the same array and inputs."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its plotting needs cairo and warns without
            theirs: Any = importlib.import_module("badcrossbar")
    except ImportError:
        return {"badcrossbar": "skipped: not installed (extra 'oracles')"}
    logging.disable(logging.INFO)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            taken = seconds(
                lambda: theirs.compute(volts.T, 1.0 / cells, None, SEGMENT_OHM, SEGMENT_OHM)
            )
    finally:
        logging.disable(logging.NOTSET)
    return {
        "badcrossbar_s": taken,
        "over_badcrossbar_with_factorisation": taken / (made + own),
        "over_badcrossbar": taken / own,
    }


def gated_row(size: int, images: int, threads: int, repeats: int) -> dict[str, Any]:
    """Time the exact currents of gated cells behind wires: a ladder per image and column."""
    from mramsim.arrays.wires.gated import Rails, gated_currents

    rng = np.random.default_rng(0)
    cells = rng.choice([1 / 5e3, 1 / 1e4], (2, size, size))
    select = rng.integers(0, 2, (images, size))
    rails = Rails(
        bit_wire_ohm=SEGMENT_OHM,
        source_wire_ohm=SEGMENT_OHM,
        driver_ohm=0.0,
        sense_ohm=0.0,
        returns="opposite",
    )
    parts = np.array_split(select, threads)
    with ThreadPoolExecutor(threads) as pool:
        return measure(
            f"gated_ir_drop_{size}",
            images * size * size,
            lambda: list(pool.map(lambda part: gated_currents(cells, part, 0.1, rails), parts)),
            peers(images, (size, size)),
            repeats,
            bytes=cells.nbytes + select.nbytes,
        )
