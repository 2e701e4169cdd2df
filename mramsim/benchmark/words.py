"""Packed products of signs, without any cells."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from mramsim.benchmark.peers import peers
from mramsim.benchmark.row import measure
from mramsim.kernels.matches import strips, xnor_popcount
from mramsim.kernels.words import pack_bits


def packed_product(size: int, threads: int, repeats: int) -> dict[str, Any]:
    """Time the product of two square matrices of signs, packed in words of 64."""
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (2, size, size)).astype(np.uint8)
    x, w = pack_bits(bits[0]), strips(pack_bits(bits[1]).T)
    driven = pack_bits(np.ones((1, size), np.uint8))
    counts = np.zeros((size, size), np.int32)
    parts = np.array_split(np.arange(size), threads)

    def part(rows: Any) -> None:
        own = slice(int(rows[0]), int(rows[-1]) + 1)
        xnor_popcount(x[own], w, driven, counts[own])

    with ThreadPoolExecutor(threads) as pool:
        return measure(
            f"xnor_popcount_{size}",
            size**3,
            lambda: list(pool.map(part, parts)),
            peers(size, (size, size)),
            repeats,
            bytes=x.nbytes + w.nbytes + counts.nbytes,
        )
