"""Packed products of signs, without any cells."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from mramsim.benchmark.clock import Job, alternate, seconds
from mramsim.benchmark.peers import peers
from mramsim.benchmark.row import measure
from mramsim.kernels.jit import kernel
from mramsim.kernels.lanes import address, aligned
from mramsim.kernels.matches import STRIP, equal, strips, xnor_popcount
from mramsim.kernels.words import pack_bits

NARROW = {  # what an AVX2 processor without AVX-512 has
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "+avx2,+avx,+fma,+popcnt,+ssse3,+sse4.2",
}
_CHILD = "from mramsim.benchmark.words import narrow; narrow({}, {}, {})"


def packed_product(size: int, threads: int, repeats: int, narrow: bool = True) -> dict[str, Any]:
    """Time the product of two square matrices of signs, packed in words of 64.

    Both are packed before the clock starts. ``limit_macs_per_s`` is the same kernel on a block in
    the first cache; ``naive_macs_per_s`` a loop over rows, columns and float32 numbers on one
    thread, as the BNN paper compares with (arXiv:1602.02830, section 4), on some of the rows.
    """
    with ThreadPoolExecutor(threads) as pool:
        ours, moved = _ours(size, threads, pool)
        limit, naive = _limit(size, threads, pool), _naive(size)
        row = measure(
            f"xnor_popcount_{size}",
            size**3,
            ours,
            peers(size, (size, size)),
            repeats,
            bytes=moved,
            packed_before=True,
            limit_macs_per_s=limit,
            naive_macs_per_s=naive,
        )
    row["share_of_limit"] = row["macs_per_s"] / limit
    row["over_naive"] = row["macs_per_s"] / naive
    if narrow:
        row["avx2_macs_per_s"] = _narrow(size, threads, repeats)
    return row


def _ours(size: int, threads: int, pool: ThreadPoolExecutor) -> tuple[Job, int]:
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (2, size, size)).astype(np.uint8)
    x, w = pack_bits(bits[0]), strips(pack_bits(bits[1]).T)
    driven = pack_bits(np.ones((1, size), np.uint8))
    counts = np.zeros((size, size), np.int32)
    parts = np.array_split(np.arange(size), threads)

    def part(rows: Any) -> None:
        own = slice(int(rows[0]), int(rows[-1]) + 1)
        xnor_popcount(x[own], w, driven, counts[own])

    return lambda: list(pool.map(part, parts)), x.nbytes + w.nbytes + counts.nbytes


@kernel
def _again(x: Any, cells: Any, most: Any, out: Any, rounds: Any) -> Any:
    """Multiply the same block `rounds` times."""
    for _ in range(rounds):
        equal(
            address(x),
            x.shape[0],
            address(cells),
            x.shape[1],
            address(most),
            address(out),
            4 * STRIP,
        )


def _limit(size: int, threads: int, pool: ThreadPoolExecutor) -> float:
    """Return the products per second of a block that stays in the first cache."""
    words, rows, rounds = -(-size // 64), 16, max(1, 20_000_000_000 // (16 * STRIP * size))
    x, cells = aligned((rows, words), np.uint64), aligned((words, STRIP), np.uint64)
    outs = [aligned((rows, STRIP), np.int32) for _ in range(threads)]
    most = aligned((STRIP,), np.int32)

    def part(out: Any) -> None:
        _again(x, cells, most, out, rounds)

    taken = alternate({"limit": lambda: list(pool.map(part, outs))}, 5)
    return threads * rounds * rows * STRIP * words * 64 / taken["limit"]


@kernel
def _loops(x: Any, w: Any, out: Any) -> Any:
    """Multiply by three plain loops."""
    for n in range(x.shape[0]):
        for column in range(w.shape[0]):
            total = np.float32(0.0)
            for row in range(x.shape[1]):
                total += x[n, row] * w[column, row]
            out[n, column] = total


def _naive(size: int) -> float:
    """Return the products per second of plain loops over float32."""
    rng, rows = np.random.default_rng(0), 16
    x, w = (rng.choice([-1, 1], (count, size)).astype(np.float32) for count in (rows, size))
    out = np.empty((rows, size), np.float32)
    _loops(x[:1], w[:1], out[:1, :1])
    return rows * size * size / seconds(lambda: _loops(x, w, out))


def narrow(size: int, threads: int, repeats: int) -> None:
    """Print the products per second of this process as JSON."""
    with ThreadPoolExecutor(threads) as pool:
        ours, _ = _ours(size, threads, pool)
        print(json.dumps(size**3 / alternate({"ours": ours}, repeats)["ours"]))


def _narrow(size: int, threads: int, repeats: int) -> float | str:
    """Return the products per second of code made for a processor with AVX2 only."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return "skipped: not an x86 processor"
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", _CHILD.format(size, threads, repeats)],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, **NARROW, "NUMBA_CACHE_DIR": folder},
        )
    return float(json.loads(done.stdout))
