"""What changes the counts of 16 columns in 128 evaluations, and its way into their sums.

Cells are looked at column by column, for many evaluations at a time; sums lie evaluation by
evaluation. So changes are gathered per column and turned once for all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from mramsim.kernels import lanes
from mramsim.kernels.chances import LANES, TURNED
from mramsim.kernels.jit import instruction
from mramsim.kernels.lanes import I8, I32, I64

_SIDE = 16
_I16 = ir.IntType(16)


def _plain_ones(turned: Any, rows: Any, count: Any, changes: Any) -> None:
    total = lanes.memory(changes, (LANES,), np.int16)
    for row in lanes.memory(rows, (int(count),), np.int32):
        total += lanes.memory(turned + int(row) * TURNED, (LANES,), np.uint8) & 1


@instruction(_plain_ones)
def add_ones(typing_context: Any, turned: Any, rows: Any, count: Any, changes: Any) -> Any:
    """Add 1 to the changes (int16 [128]) for each of some rows (int32 [count]) that carries bit 1.

    All but the number are addresses; `turned` : uint8 [R, TURNED], 2 where undriven.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        turned, rows, count, changes = arguments
        half = LANES // 2
        bytes_, wide = ir.VectorType(I8, half), ir.VectorType(_I16, half)
        totals = lanes.accumulators(builder, wide, 2)

        def body(k: Any) -> None:
            byte = builder.mul(k, ir.Constant(I64, 4))
            row = builder.zext(lanes.load(builder, rows, byte, I32), I64)
            start = builder.mul(row, ir.Constant(I64, TURNED))
            for part, total in enumerate(totals):
                place = builder.add(start, ir.Constant(I64, part * half))
                bits = lanes.load(builder, turned, place, bytes_)
                ones = builder.and_(bits, ir.Constant(bytes_, [1] * half))
                builder.store(builder.add(builder.load(total), builder.zext(ones, wide)), total)

        lanes.repeat(builder, count, body)
        for part, total in enumerate(totals):
            target = lanes.at(builder, changes, ir.Constant(I64, LANES * part), wide)
            added = builder.add(builder.load(target, align=2), builder.load(total))
            builder.store(added, target, align=2)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4), generate


def _plain_turned(changes: Any, first: Any, sums: Any) -> None:
    lines = lanes.memory(changes, (_SIDE, TURNED), np.int16)
    lanes.memory(sums, (LANES, _SIDE), np.int32)[:] += lines[:, first : first + LANES].T


@instruction(_plain_turned)
def add_turned(typing_context: Any, changes: Any, first: Any, sums: Any) -> Any:
    """Add changes (int16 [16, TURNED]) from lane `first` on to sums (int32 [128, 16])."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        changes, first, sums = arguments
        narrow, wide = ir.VectorType(_I16, _SIDE), ir.VectorType(I32, _SIDE)

        def body(part: Any) -> None:
            lane = builder.add(first, builder.mul(part, ir.Constant(I64, _SIDE)))
            byte = builder.mul(lane, ir.Constant(I64, 2))
            lines = []
            for column in range(_SIDE):
                place = builder.add(byte, ir.Constant(I64, 2 * TURNED * column))
                found = lanes.load(builder, changes, place, narrow)
                lines.append(builder.sext(found, wide))
            start = builder.mul(part, ir.Constant(I64, 64 * _SIDE))
            for n, line in enumerate(lanes.transposed(builder, lines)):
                place = builder.add(start, ir.Constant(I64, 64 * n))
                target = lanes.at(builder, sums, place, wide)
                builder.store(builder.add(builder.load(target, align=4), line), target, align=4)

        lanes.repeat(builder, ir.Constant(I64, LANES // _SIDE), body)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 3), generate


def _plain_at_most(parts: Any, limit: Any, half: Any) -> Any:
    bits = lanes.memory(parts, (LANES,), np.uint8) <= np.uint8(limit)
    return np.packbits(bits, bitorder="little").view("<u8")[int(half)].astype(np.uint64)


@instruction(_plain_at_most)
def at_most(typing_context: Any, parts: Any, limit: Any, half: Any) -> Any:
    """Return which of the first or second 64 bytes are at most `limit`, a bit each."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        parts, limit, half = arguments
        bytes_ = ir.VectorType(I8, 64)
        found = lanes.load(builder, parts, builder.mul(half, ir.Constant(I64, 64)), bytes_)
        below = builder.icmp_unsigned("<=", found, lanes.broadcast(builder, limit, 64))
        return builder.bitcast(below, I64)

    return types.uint64(types.int64, types.uint8, types.int64), generate
