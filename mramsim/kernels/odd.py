"""What is added to the settling of a panel input by input: odd cells, rows on, given counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction, kernel
from mramsim.kernels.lanes import I8, I32, I64, address
from mramsim.kernels.products import COLUMNS, INPUTS
from mramsim.kernels.squares import square

F32 = ir.FloatType()


def _plain_column(
    x: Any, rows: Any, values: Any, changes: Any, count: Any, steps: Any, noise: Any
) -> None:
    row = lanes.memory(rows, (int(count),), np.int32)
    kinds = ((values, steps), (changes, noise))
    for start, out in kinds:
        number, total = lanes.memory(start, (int(count),), np.float32), np.zeros(INPUTS, np.float32)
        for k in range(int(count)):
            carried = lanes.memory(x + int(row[k]) * INPUTS, (INPUTS,), np.uint8) != 0
            total[carried] += number[k]
        lanes.memory(out, (INPUTS,), np.float32)[:] = total


@instruction(_plain_column)
def _fill_column(
    typing_context: Any,
    x: Any,
    rows: Any,
    values: Any,
    changes: Any,
    count: Any,
    steps: Any,
    noise: Any,
) -> Any:
    """Fill the sums over `count` cells for 32 inputs; all other arguments are addresses.

    `x` : uint8 [R, 32]; `rows` (int32), `values`, `changes` (float32) [count]; `steps`, `noise` :
    float32 [32].
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bits, row, value, change, cells, *out = arguments
        real, narrow = ir.VectorType(F32, INPUTS), ir.VectorType(I8, INPUTS)
        sums = lanes.accumulators(builder, real, 2)

        def body(k: Any) -> None:
            place = builder.mul(k, ir.Constant(I64, 4))
            line = builder.zext(lanes.load(builder, row, place, I32), I64)
            byte = builder.mul(line, ir.Constant(I64, INPUTS))
            found = lanes.load(builder, bits, byte, narrow)
            carried = builder.icmp_unsigned("!=", found, ir.Constant(narrow, None))
            for slot, numbers in zip(sums, (value, change), strict=True):
                number = lanes.broadcast(builder, lanes.load(builder, numbers, place, F32), INPUTS)
                total = builder.load(slot)
                more = builder.fadd(total, number)
                builder.store(builder.select(carried, more, total), slot)

        lanes.repeat(builder, cells, body)
        for slot, target in zip(sums, out, strict=True):
            builder.store(
                builder.load(slot), lanes.at(builder, target, ir.Constant(I64, 0), real), align=4
            )
        return context.get_dummy_value()

    return types.void(*[types.int64] * 7), generate


def _plain_turn(lines: Any, out: Any) -> None:
    found = lanes.memory(lines, (COLUMNS, INPUTS), np.float32)
    lanes.memory(out, (INPUTS, COLUMNS), np.float32)[:] = found.T


@instruction(_plain_turn)
def _turn_lines(typing_context: Any, lines: Any, out: Any) -> Any:
    """Write float32 [16, 32] at address `lines` as [32, 16] to `out`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.VectorType(F32, 16)
        for half in range(INPUTS // 16):
            places = [ir.Constant(I64, 4 * (INPUTS * row + 16 * half)) for row in range(COLUMNS)]
            found = [lanes.load(builder, arguments[0], place, kind) for place in places]
            for n, line in enumerate(lanes.transposed(builder, found)):
                place = ir.Constant(I64, 64 * (16 * half + n))
                builder.store(line, lanes.at(builder, arguments[1], place, kind), align=4)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 2), generate


@kernel
def turn_inputs(x: Any, turned: Any) -> Any:
    """Write bytes (uint8 [32, R], R a multiple of 16) row by row (uint8 [R, 32])."""
    size, start, target = np.int64(x.shape[1]), address(x), address(turned)
    for row in range(0, size, 16):
        for n in range(0, INPUTS, 16):
            place = np.int64(target + row * INPUTS + n)
            square(np.int64(start + n * size + row), size, place, np.int64(INPUTS))


@kernel
def fill_odd(
    x: Any, first: Any, row: Any, value: Any, change: Any, panel: Any, lines: Any, odd: Any
) -> Any:
    """Fill what the odd cells of a panel add, beyond their share when all rows carry bit 0.

    Parameters
    ----------
    x : address of uint8 [R, 32]
        Bits of 32 inputs.
    first : int32 [M + 1]
        First odd cell of each column.
    row : int32 [K]
    value, change : float32 [K]
        Codes, and variance beyond that of bit 0, which a cell adds when its row carries bit 1.
    panel : int
    lines : float32 [2, 16, 32]
        Working space.
    odd : float32 [2, 32, 16]
        Filled: codes and variance.
    """
    at_steps, at_noise = address(lines[0]), address(lines[1])
    at_row, at_value, at_change = address(row), address(value), address(change)
    for lane in range(COLUMNS):
        column = min(COLUMNS * panel + lane, first.size - 1)
        start, end = np.int64(first[column]), np.int64(first[min(column + 1, first.size - 1)])
        _fill_column(
            x,
            np.int64(at_row + 4 * start),
            np.int64(at_value + 4 * start),
            np.int64(at_change + 4 * start),
            np.int64(end - start),
            np.int64(at_steps + 4 * INPUTS * lane),
            np.int64(at_noise + 4 * INPUTS * lane),
        )
    _turn_lines(at_steps, address(odd[0]))
    _turn_lines(at_noise, address(odd[1]))


@kernel
def fill_given(given: Any, start: Any, count: Any, panel: Any, per_count: Any, odd: Any) -> Any:
    """Put counts found elsewhere in the place of the codes of odd cells.

    `given` : float64 [>= start + count, M]; `per_count` : float64 [M]; `odd` : as `fill_odd`.
    """
    first = COLUMNS * panel
    last = min(first + COLUMNS, given.shape[1])
    for n in range(count):
        odd[0, n] = 0.0
        for column in range(first, last):
            odd[0, n, column - first] = per_count[column] * given[start + n, column]


@kernel
def add_rows_on(on: Any, count: Any, factors: Any, odd: Any) -> Any:
    """Add codes and variance of the rows that conduct.

    `on` : float64 [>= count]; `factors` : float32 [2, 16], per row; `odd` : as `fill_odd`.
    """
    for n in range(count):
        rows = np.float32(on[n])
        for kind in range(2):
            for lane in range(COLUMNS):
                odd[kind, n, lane] += rows * factors[kind, lane]
