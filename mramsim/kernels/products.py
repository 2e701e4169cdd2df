"""Integer products of input bits with stored bytes: many inputs against 16 columns at a time.

Bytes are stored in panels of 16 columns and 64 rows, four rows of one column beside each other,
which is what the dot-product instructions of processors take. It runs on VNNI, on AVX2 or on
anything, with the same integers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction, kernel
from mramsim.kernels.lanes import I8, I32, I64, address

INPUTS = 32  # of a block
COLUMNS = 16  # of a panel
ROWS = 64  # of a panel
_PANEL = 1024  # bytes of a panel
_LINE = 64


def panels(cells: NDArray[np.int8]) -> NDArray[np.int8]:
    """Arrange cells [rows, columns] in panels, int8 [panels, row blocks, 16, 16, 4]."""
    rows, columns = cells.shape
    blocks, count = -(-rows // ROWS), -(-columns // COLUMNS)
    padded = np.zeros((blocks * ROWS, count * COLUMNS), dtype=np.int8)
    padded[:rows, :columns] = cells
    out = lanes.aligned((count, blocks, 16, COLUMNS, 4), np.int8)
    out[...] = padded.reshape(blocks, 16, 4, count, COLUMNS).transpose(3, 0, 1, 4, 2)
    return out  # type: ignore[no-any-return]


def _plain_dots(x: Any, stride: Any, b: Any, blocks: Any, out: Any) -> None:
    size = int(blocks) * ROWS
    cells = lanes.memory(b, (size // 4, COLUMNS, 4), np.int8).astype(np.int32)
    columns = cells.transpose(0, 2, 1).reshape(size, COLUMNS)
    for row in range(8):
        inputs = lanes.memory(x + row * stride, (size,), np.uint8).astype(np.int32)
        lanes.memory(out + row * _LINE, (COLUMNS,), np.int32)[:] = inputs @ columns


@instruction(_plain_dots)
def _dots(typing_context: Any, x: Any, stride: Any, b: Any, blocks: Any, out: Any) -> Any:
    """Fill a block (address `out`; int32 [8, 16]) of 8 inputs by dot products of four bytes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _build_dots(builder, lanes.features(context), *arguments)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 5), generate


def _build_dots(
    builder: Any, has: frozenset[str], x: Any, stride: Any, b: Any, blocks: Any, out: Any
) -> None:
    width = 16 if "avx512vnni" in has and "avx512bw" in has else 8
    parts = COLUMNS // width
    rows = 8 if width == 16 else 4
    kind = ir.VectorType(I32, width)
    for first in range(0, 8, rows):
        slots = lanes.accumulators(builder, kind, rows * parts)

        def step(k: Any, first: int = first, slots: Any = slots) -> None:
            place = builder.mul(k, ir.Constant(I64, _LINE))
            cells = [
                lanes.load(builder, b, builder.add(place, ir.Constant(I64, 4 * width * p)), kind)
                for p in range(parts)
            ]
            for row in range(rows):
                away = builder.mul(stride, ir.Constant(I64, first + row))
                byte = builder.add(away, builder.mul(k, ir.Constant(I64, 4)))
                four = lanes.broadcast(builder, lanes.load(builder, x, byte, I32), width)
                for p in range(parts):
                    slot = slots[row * parts + p]
                    builder.store(
                        _dot(builder, has, width, builder.load(slot), four, cells[p]), slot
                    )

        lanes.repeat(builder, builder.mul(blocks, ir.Constant(I64, 16)), step)
        for row in range(rows):
            for p in range(parts):
                place = ir.Constant(I64, _LINE * (first + row) + 4 * width * p)
                target = lanes.at(builder, out, place, kind)
                builder.store(builder.load(slots[row * parts + p]), target, align=1)


def _dot(builder: Any, has: frozenset[str], width: int, total: Any, x: Any, cells: Any) -> Any:
    """Return `total` plus four products of bytes per lane: `x` unsigned, `cells` signed."""
    kind = ir.VectorType(I32, width)
    if width == 16:
        dot = lanes.declared(builder, "llvm.x86.avx512.vpdpbusd.512", kind, [kind] * 3)
        return builder.call(dot, [total, x, cells])
    if "avx2" in has:
        bytes_, words = ir.VectorType(I8, 32), ir.VectorType(ir.IntType(16), 16)
        pairs = lanes.declared(builder, "llvm.x86.avx2.pmadd.ub.sw", words, [bytes_, bytes_])
        sums = lanes.declared(builder, "llvm.x86.avx2.pmadd.wd", kind, [words, words])
        two = builder.call(pairs, [builder.bitcast(x, bytes_), builder.bitcast(cells, bytes_)])
        ones = ir.Constant(words, [1] * 16)
        return builder.add(total, builder.call(sums, [two, ones]))
    for byte in range(4):
        up = ir.Constant(kind, [24 - 8 * byte] * width)
        down = ir.Constant(kind, [24] * width)
        cell = builder.ashr(builder.shl(cells, up), down)
        value = builder.lshr(builder.shl(x, up), down)
        total = builder.add(total, builder.mul(cell, value))
    return total


@kernel
def aligned_bytes(size: Any) -> Any:
    """Return `size` bytes (uint8) that start on a cache line."""
    raw = np.zeros(size + _LINE, dtype=np.uint8)
    start = (-address(raw)) & (_LINE - 1)
    return raw[start : start + size]


@kernel
def aligned_lines(rows: Any, columns: Any) -> Any:
    """Return zeros (float64 [rows, columns]) that start on a cache line."""
    return aligned_bytes(8 * rows * columns).view(np.float64).reshape(rows, columns)


@kernel
def fetch(rows: Any, plane: Any, x: Any) -> Any:
    """Write bit `plane` of levels (uint8 [n, R]) to the first n rows of `x` (uint8 [N, >= R])."""
    for n in range(rows.shape[0]):
        for row in range(rows.shape[1]):
            x[n, row] = (rows[n, row] >> plane) & 1


@kernel
def multiply(left: Any, count: Any, right: Any, panels_: Any, blocks: Any, target: Any) -> Any:
    """Multiply inputs with stored bytes; all but the numbers are addresses.

    Parameters
    ----------
    left : uint8 [count, 64 blocks]
        At most 127; `count` is a multiple of 8.
    count : int
    right : int8 [panels, blocks, 16, 16, 4]
        From `panels`.
    panels_, blocks : int
    target : int32 [panels, count, 16]
        Filled.
    """
    stride = np.int64(blocks * ROWS)
    for panel in range(panels_):
        cells = np.int64(right + panel * blocks * _PANEL)
        for n in range(0, count, 8):
            out = np.int64(target + (panel * count + n) * _LINE)
            _dots(left + n * stride, stride, cells, np.int64(blocks), out)
