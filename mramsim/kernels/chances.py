"""Bits that differ, of cells left to chance, for 128 evaluations at a time.

Each evaluation has the byte of a shared draw. A cell differs where the byte lies below a limit
that depends on the input; where it equals the limit, the evaluation has to draw for itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction, kernel
from mramsim.kernels.lanes import I8, I32, I64, address
from mramsim.kernels.philox import philox
from mramsim.kernels.shared_draws import shared_lines, spread, words_at
from mramsim.kernels.squares import square

LANES = 128
RUN = 64  # most cells of one call
NEVER = 256  # limit of a cell that never differs
_WIDTH = 64
TURNED = LANES + 16  # bytes of a row that may start at lane 15


def _plain_differing(
    turned: Any,
    groups: Any,
    cells: Any,
    count: Any,
    step: Any,
    column: Any,
    k0: Any,
    k1: Any,
    sums: Any,
    words: Any,
    ties: Any,
) -> None:
    group = lanes.memory(groups, (2, LANES // 16), np.uint32)
    total = lanes.memory(sums, (LANES,), np.int16)
    drawn = lanes.memory(words, (count, LANES), np.uint8)
    equal = lanes.memory(ties, (count, LANES // _WIDTH), np.uint64)
    for k, cell in enumerate(lanes.memory(cells, (count, 6), np.int32)):
        row, own, limit0, limit1, change0, change1 = (int(value) for value in cell)
        closed = np.array([limit0, limit1]) == NEVER
        limit0, limit1 = limit0 % 256, limit1 % 256
        bits = lanes.memory(turned + row * TURNED, (LANES,), np.uint8)
        calls = [philox(low, high, step | np.uint32(own), column, k0, k1) for low, high in group.T]
        drawn[k] = np.array(calls, np.uint32).reshape(-1).view(np.uint8)
        limit = np.where(bits == 1, limit1, limit0)
        change = np.where(bits == 1, change1, change0)
        driven = bits != 2
        total += np.where(driven & (drawn[k] < limit), change, 0).astype(np.int16)
        open_ = driven & (drawn[k] == limit) & ~closed[(bits == 1).astype(int)]
        equal[k] = np.packbits(open_, bitorder="little").view("<u8")


@instruction(_plain_differing)
def add_differing(
    typing_context: Any,
    turned: Any,
    groups: Any,
    cells: Any,
    count: Any,
    step: Any,
    column: Any,
    k0: Any,
    k1: Any,
    sums: Any,
    words: Any,
    ties: Any,
) -> Any:
    """Add the bits that differ of cells of one column to `sums`; mark open evaluations in `ties`.

    Parameters
    ----------
    turned : address of uint8 [R, TURNED]
        Bits of the rows; 2 where undriven.
    groups : address of uint32 [2, 8]
        Low and high words of the number of each 16 evaluations.
    cells : address of int32 [K, 6]
        Row of the matrix and of the cell's own tile; for input 0 and 1 the limit (0 to 255, or
        `NEVER`); for input 0 and 1 what a bit that differs adds (-1 or 1).
    count : int
        K, at most `RUN`: sums of one call are kept in bytes.
    step, column, k0, k1 : uint32
        The rest of counter and key of the shared draws; the counter's third word is `step` with the
        own row.
    sums : address of int16 [128]
    words : address of uint8 [K, 128]
        Filled with the byte of each evaluation's draw.
    ties : address of uint64 [K, 2]
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _build(builder, *arguments)
        return context.get_dummy_value()

    whole, word = types.int64, types.uint32
    return types.void(*[whole] * 4, *[word] * 4, *[whole] * 3), generate


def _build(
    builder: Any,
    turned: Any,
    groups: Any,
    cells: Any,
    count: Any,
    step: Any,
    column: Any,
    k0: Any,
    k1: Any,
    sums: Any,
    words: Any,
    ties: Any,
) -> None:
    bytes_, pairs = ir.VectorType(I8, _WIDTH), ir.VectorType(ir.IntType(16), _WIDTH)
    ends = [words_at(builder, groups, ir.Constant(I64, half)) for half in (0, 1)]
    column, *key = (spread(builder, value) for value in (column, k0, k1))
    totals = lanes.accumulators(builder, bytes_, LANES // _WIDTH)

    def each(value: int) -> Any:
        return ir.Constant(bytes_, [value] * _WIDTH)

    def body(k: Any) -> None:
        def field(number: int) -> Any:
            byte = builder.mul(k, ir.Constant(I64, 24))
            return lanes.load(builder, cells, builder.add(byte, ir.Constant(I64, 4 * number)), I32)

        def everywhere(number: int) -> Any:
            return lanes.broadcast(builder, builder.trunc(field(number), I8), _WIDTH)

        def differs_at_all(number: int) -> Any:
            never = builder.lshr(field(number), ir.Constant(I32, 8))
            return builder.sub(builder.zext(never, I64), ir.Constant(I64, 1))

        own = spread(builder, builder.or_(step, field(1)))
        lines = shared_lines(builder, [*ends, own, column], key)
        limits, changes = [everywhere(2), everywhere(3)], [everywhere(4), everywhere(5)]
        varies = [differs_at_all(2), differs_at_all(3)]
        row = builder.mul(builder.zext(field(0), I64), ir.Constant(I64, TURNED))
        for part, total in enumerate(totals):
            place = ir.Constant(I64, part * _WIDTH)
            drawn = builder.bitcast(lines[part], bytes_)
            bits = lanes.load(builder, turned, builder.add(row, place), bytes_)
            one = builder.icmp_unsigned("==", bits, each(1))
            driven = builder.icmp_unsigned("!=", bits, each(2))
            limit = builder.select(one, limits[1], limits[0])
            change = builder.select(one, changes[1], changes[0])
            differs = builder.and_(driven, builder.icmp_unsigned("<", drawn, limit))
            equal = builder.and_(driven, builder.icmp_unsigned("==", drawn, limit))
            change = builder.select(differs, change, each(0))
            builder.store(builder.add(builder.load(total), change), total)
            byte = builder.add(builder.mul(k, ir.Constant(I64, LANES)), place)
            builder.store(drawn, lanes.at(builder, words, byte, bytes_), align=1)
            byte = builder.add(builder.mul(k, ir.Constant(I64, 16)), ir.Constant(I64, 8 * part))
            ones = builder.bitcast(one, I64)
            kept = builder.and_(builder.not_(ones), varies[0])
            kept = builder.or_(builder.and_(ones, varies[1]), kept)
            kept = builder.and_(builder.bitcast(equal, I64), kept)
            builder.store(kept, lanes.at(builder, ties, byte, I64), align=8)

    lanes.repeat(builder, count, body)
    for part, total in enumerate(totals):
        target = lanes.at(builder, sums, ir.Constant(I64, 2 * part * _WIDTH), pairs)
        change = builder.sext(builder.load(total), pairs)
        builder.store(builder.add(builder.load(target, align=2), change), target, align=2)


@kernel
def turn(x: Any, first: Any, turned: Any) -> Any:
    """Write inputs (uint8 [128, R]) one row of the array after the other.

    `turned` : uint8 [R, TURNED], filled from lane `first` (0 to 15) on; R a multiple of 16.
    """
    size, line = np.int64(x.shape[1]), np.int64(turned.shape[1])
    start, target = address(x), np.int64(address(turned) + first)
    for row in range(0, size, 16):
        for n in range(0, LANES, 16):
            square(start + n * size + row, size, target + row * line + n, line)
