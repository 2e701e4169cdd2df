"""Integer products of input bits with stored bytes: many inputs against 16 columns at a time.

Bytes are stored in panels of 16 columns and 64 rows, four rows of one column beside each other,
which is what the dot-product instructions of processors take. One block is 32 inputs times 32
columns; it runs on matrix tiles (AMX), on VNNI, on AVX2 or on anything, with the same integers.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction, kernel
from mramsim.kernels.lanes import I8, I32, I64, POINTER, address

INPUTS = 32  # of a block
COLUMNS = 16  # of a panel
ROWS = 64  # of a panel
_TILE = 1024  # bytes of a panel
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


def _plain_tiles(*_: Any) -> None:
    raise NotImplementedError("matrix tiles need compiled kernels")


def _plain_dots(x: Any, stride: Any, b: Any, blocks: Any, out: Any) -> None:
    size = int(blocks) * ROWS
    cells = lanes.memory(b, (size // 4, COLUMNS, 4), np.int8).astype(np.int32)
    columns = cells.transpose(0, 2, 1).reshape(size, COLUMNS)
    for row in range(8):
        inputs = lanes.memory(x + row * stride, (size,), np.uint8).astype(np.int32)
        lanes.memory(out + row * _LINE, (COLUMNS,), np.int32)[:] = inputs @ columns


_SIGNATURE = types.void(*[types.int64] * 7)


@instruction(_plain_tiles)
def _tiles(
    typing_context: Any, x: Any, stride: Any, b0: Any, b1: Any, blocks: Any, o0: Any, o1: Any
) -> Any:
    """Fill blocks (addresses `o0`, `o1`; int32 [32, 16]) by matrix tiles, where there are any."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if "amx-int8" in lanes.features(context):
            _build_tiles(builder, *arguments)
        return context.get_dummy_value()

    return _SIGNATURE, generate


def _build_tiles(
    builder: Any, x: Any, stride: Any, b0: Any, b1: Any, blocks: Any, o0: Any, o1: Any
) -> None:
    void = ir.VoidType()
    load = lanes.declared(builder, "llvm.x86.tileloadd64", void, [I8, POINTER, I64])
    save = lanes.declared(builder, "llvm.x86.tilestored64", void, [I8, POINTER, I64])
    zero = lanes.declared(builder, "llvm.x86.tilezero", void, [I8])
    dot = lanes.declared(builder, "llvm.x86.tdpbssd", void, [I8, I8, I8])
    line, half = ir.Constant(I64, _LINE), builder.mul(stride, ir.Constant(I64, 16))

    def number(value: int) -> Any:
        return ir.Constant(I8, value)

    for tile in range(4):
        builder.call(zero, [number(tile)])

    def step(k: Any) -> None:
        left = builder.mul(k, ir.Constant(I64, ROWS))
        right = builder.mul(k, ir.Constant(I64, _TILE))
        builder.call(load, [number(4), lanes.at(builder, x, left, I8), stride])
        low = builder.add(left, half)
        builder.call(load, [number(5), lanes.at(builder, x, low, I8), stride])
        builder.call(load, [number(6), lanes.at(builder, b0, right, I8), line])
        builder.call(load, [number(7), lanes.at(builder, b1, right, I8), line])
        for tile, (left_tile, right_tile) in enumerate(((4, 6), (5, 6), (4, 7), (5, 7))):
            builder.call(dot, [number(tile), number(left_tile), number(right_tile)])

    lanes.repeat(builder, blocks, step)
    for tile, base in enumerate((o0, o0, o1, o1)):
        place = ir.Constant(I64, _TILE * (tile % 2))
        builder.call(save, [number(tile), lanes.at(builder, base, place, I8), line])


@instruction(_plain_tiles)
def _tiles_on(typing_context: Any, config: Any) -> Any:
    """Configure the matrix tiles of this thread from 64 bytes at address `config`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if "amx-int8" in lanes.features(context):
            set_ = lanes.declared(builder, "llvm.x86.ldtilecfg", ir.VoidType(), [POINTER])
            zero = ir.Constant(I64, 0)
            builder.call(set_, [lanes.at(builder, arguments[0], zero, I8)])
        return context.get_dummy_value()

    return types.void(types.int64), generate


@instruction(_plain_tiles)
def _tiles_off(typing_context: Any) -> Any:
    """Give the matrix tiles of this thread back."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if "amx-int8" in lanes.features(context):
            builder.call(lanes.declared(builder, "llvm.x86.tilerelease", ir.VoidType(), []), [])
        return context.get_dummy_value()

    return types.void(), generate


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
def tiles_on(tiles: Any) -> Any:
    """Take the matrix tiles of this thread; `tiles` as in `products`."""
    if tiles.size > 0:
        _tiles_on(address(tiles))


@kernel
def tiles_off(tiles: Any) -> Any:
    """Give the matrix tiles of this thread back."""
    if tiles.size > 0:
        _tiles_off()


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
def multiply(
    left: Any, count: Any, right: Any, panels_: Any, blocks: Any, use_tiles: Any, target: Any
) -> Any:
    """Multiply as `products` does, by addresses; between `tiles_on` and `tiles_off`."""
    size, stride = np.int64(count * _LINE), np.int64(blocks * ROWS)
    for panel in range(0, panels_, 2):
        other = min(panel + 1, panels_ - 1)
        b0 = np.int64(right + panel * blocks * _TILE)
        b1 = np.int64(right + other * blocks * _TILE)
        o0, o1 = np.int64(target + panel * size), np.int64(target + other * size)
        if use_tiles > 0:
            for n in range(0, count, INPUTS):
                at = n * _LINE
                _tiles(left + n * stride, stride, b0, b1, np.int64(blocks), o0 + at, o1 + at)
            continue
        for n in range(0, count, 8):
            at = n * _LINE
            _dots(left + n * stride, stride, b0, np.int64(blocks), o0 + at)
            if other != panel:
                _dots(left + n * stride, stride, b1, np.int64(blocks), o1 + at)


@kernel
def products(x: Any, cells: Any, tiles: Any, out: Any) -> Any:
    """Multiply inputs with stored bytes.

    Parameters
    ----------
    x : uint8 [N, R]
        Small numbers, at most 127; ``N`` is a multiple of 32, ``R`` of 64.
    cells : int8 [T, R / 64, 16, 16, 4]
        From `panels`.
    tiles : uint8 [64] or [0]
        Configuration of matrix tiles (`tile_configuration`); empty: do not use them.
    out : int32 [T, N, 16]
        Filled.
    """
    tiles_on(tiles)
    multiply(
        address(x),
        x.shape[0],
        address(cells),
        cells.shape[0],
        cells.shape[1],
        tiles.size,
        address(out),
    )
    tiles_off(tiles)


@cache
def tile_configuration() -> NDArray[np.uint8]:
    """Return the configuration of matrix tiles, or nothing where there are none to use.

    Linux hands the tiles out on request, once per process (`arch_prctl`); ``MRAMSIM_TILES=0`` does
    without them.
    """
    none = np.zeros(0, dtype=np.uint8)
    if os.environ.get("MRAMSIM_TILES") == "0" or not sys.platform.startswith("linux"):
        return none
    import numba
    from numba.core.registry import cpu_target

    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return none
    if "amx-int8" not in lanes.features(cpu_target.target_context):
        return none
    request, permission, data = 158, 0x1023, 18  # arch_prctl, ARCH_REQ_XCOMP_PERM, XTILEDATA
    if ctypes.CDLL(None).syscall(request, permission, data) != 0:
        return none
    tiles = lanes.aligned((64,), np.uint8)
    tiles[0] = 1  # palette; then bytes per row and rows of each of eight tiles
    tiles[16:32:2] = 64
    tiles[48:56] = 16
    return tiles  # type: ignore[no-any-return]
