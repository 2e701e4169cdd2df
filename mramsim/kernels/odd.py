"""What is added to the settling of a panel input by input: odd cells, rows on, given counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction, kernel
from mramsim.kernels.lanes import I8, I64, address
from mramsim.kernels.products import COLUMNS, INPUTS
from mramsim.kernels.squares import square

F32 = ir.FloatType()


def _plain_cell(x: Any, driven: Any, value: Any, on: Any, off: Any, steps: Any, noise: Any) -> None:
    one, is_driven = (
        lanes.memory(start, (INPUTS,), np.uint8).astype(np.float32) for start in (x, driven)
    )
    added, extra = (lanes.memory(start, (INPUTS,), np.float32) for start in (steps, noise))
    added += one * value
    extra += one * on
    extra += (is_driven - one) * off


@instruction(_plain_cell)
def _add_cell(
    typing_context: Any,
    x: Any,
    driven: Any,
    value: Any,
    on: Any,
    off: Any,
    steps: Any,
    noise: Any,
) -> Any:
    """Add one cell for 32 inputs; `x`, `driven` (uint8), `steps`, `noise` (float32) addresses."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bits, is_driven, value_, on_, off_, added, extra = arguments
        real, zero = ir.VectorType(F32, INPUTS), ir.Constant(I64, 0)
        bytes_ = ir.VectorType(I8, INPUTS)
        one, up = (
            builder.uitofp(lanes.load(builder, start, zero, bytes_), real)
            for start in (bits, is_driven)
        )
        every = [lanes.broadcast(builder, number, INPUTS) for number in (value_, on_, off_)]
        target = lanes.at(builder, added, zero, real)
        total = builder.fadd(builder.load(target, align=4), builder.fmul(one, every[0]))
        builder.store(total, target, align=4)
        target = lanes.at(builder, extra, zero, real)
        total = builder.fadd(builder.load(target, align=4), builder.fmul(one, every[1]))
        total = builder.fadd(total, builder.fmul(builder.fsub(up, one), every[2]))
        builder.store(total, target, align=4)
        return context.get_dummy_value()

    kinds = [types.int64] * 2 + [types.float32] * 3 + [types.int64] * 2
    return types.void(*kinds), generate


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
def fill_driven(driven: Any, pattern: Any, lines: Any, turned: Any) -> Any:
    """Fill which rows are driven (uint8 [R, 32]) for 32 inputs.

    `driven` : uint8 [Q, R]; `pattern` : int32 [32]; `lines` : uint8 [32, R], working space.
    """
    for n in range(INPUTS):
        lines[n] = driven[pattern[n]]
    turn_inputs(lines, turned)


@kernel
def fill_odd(
    x: Any,
    driven: Any,
    first: Any,
    last: Any,
    row: Any,
    column: Any,
    value: Any,
    on: Any,
    off: Any,
    lines: Any,
    odd: Any,
) -> Any:
    """Fill what the odd cells `first` to `last` add to their panel.

    Parameters
    ----------
    x, driven : address of uint8 [R, 32]
        Bits of 32 inputs, and which rows are driven.
    first, last : int
    row, column : int32 [K]
    value, on, off : float32 [K]
        Codes that a cell adds when its row carries bit 1; variance for bit 1 and bit 0.
    lines : float32 [2, 16, 32]
        Working space.
    odd : float32 [2, 32, 16]
        Filled: codes and variance.
    """
    lines[:] = 0.0
    at_steps, at_noise = address(lines[0]), address(lines[1])
    for k in range(first, last):
        place, line = np.int64(row[k]) * INPUTS, np.int64(column[k] & 15) * (4 * INPUTS)
        _add_cell(
            np.int64(x + place),
            np.int64(driven + place),
            value[k],
            on[k],
            off[k],
            np.int64(at_steps + line),
            np.int64(at_noise + line),
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
