"""Sums of the rows of a real matrix whose bits are set, looked up four rows at a time.

The idea of `mramsim.kernels.tables` for float64: the sums of all 16 subsets of four rows are made
once for a block of inputs, and an input adds one of them in the place of up to four rows. The order
of additions depends on the shape of the matrix alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction, kernel
from mramsim.kernels.lanes import I8, I64, address
from mramsim.kernels.products import aligned_lines

GROUP = 4  # rows of a group
_GROUPS = 8  # groups looked up together: their tables stay in the first cache
_COLUMNS = 32
_INPUTS = 256
_LANES = 8
_LINE = 8 * _COLUMNS  # bytes
_TABLE = 16 * _LINE


def _plain_add(tables: Any, index: Any, stride: Any, sums: Any, count: Any) -> None:
    table = lanes.memory(tables, (_GROUPS, 16, _COLUMNS), np.float64)
    total = lanes.memory(sums, (int(count), _COLUMNS), np.float64)
    for n in range(int(count)):
        own = lanes.memory(int(index) + n * int(stride), (_GROUPS,), np.uint8)
        for group in range(_GROUPS):
            total[n] += table[group, own[group]]


@instruction(_plain_add)
def add_subsets(
    typing_context: Any, tables: Any, index: Any, stride: Any, sums: Any, count: Any
) -> Any:
    """Add one line of each of 8 tables to the sums of each input, table after table.

    All arguments are int64, the first two and `sums` addresses.

    Parameters
    ----------
    tables : float64 [8, 16, 32]
    index : uint8 [count, stride]
        Line of each table, in the first 8.
    stride : int
    sums : float64 [count, 32]
    count : int
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _build_add(builder, *arguments)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 5), generate


def _build_add(builder: Any, tables: Any, index: Any, stride: Any, sums: Any, count: Any) -> None:
    real = ir.VectorType(ir.DoubleType(), _LANES)
    parts = [ir.Constant(I64, 8 * _LANES * k) for k in range(_COLUMNS // _LANES)]

    def body(n: Any) -> None:
        own = builder.add(index, builder.mul(n, stride))
        line = builder.add(sums, builder.mul(n, ir.Constant(I64, _LINE)))
        totals = [lanes.load(builder, line, part, real) for part in parts]
        for group in range(_GROUPS):
            chosen = lanes.load(builder, own, ir.Constant(I64, group), I8)
            place = builder.mul(builder.zext(chosen, I64), ir.Constant(I64, _LINE))
            place = builder.add(place, ir.Constant(I64, group * _TABLE))
            start = builder.add(tables, place)
            for k, part in enumerate(parts):
                totals[k] = builder.fadd(totals[k], lanes.load(builder, start, part, real))
        for total, part in zip(totals, parts, strict=True):
            builder.store(total, lanes.at(builder, line, part, real), align=8)

    lanes.repeat(builder, count, body)


def _plain_fill(rows: Any, stride: Any, tables: Any) -> None:
    table = lanes.memory(tables, (_GROUPS, 16, _COLUMNS), np.float64)
    table[:, 0] = 0.0
    for row in range(_GROUPS * GROUP):
        value = lanes.memory(int(rows) + row * int(stride), (_COLUMNS,), np.float64)
        group, half = row // GROUP, 1 << (row % GROUP)
        table[group, half : 2 * half] = table[group, :half] + value


@instruction(_plain_fill)
def fill_subsets(typing_context: Any, rows: Any, stride: Any, tables: Any) -> Any:
    """Fill the sums of the subsets of 8 groups of rows (float64 [8, 16, 32]).

    All arguments are int64.

    Parameters
    ----------
    rows : address of float64 [32, >= 32]
    stride : int
        Bytes from row to row.
    tables : address
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _build_fill(builder, *arguments)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 3), generate


def _build_fill(builder: Any, rows: Any, stride: Any, tables: Any) -> None:
    real = ir.VectorType(ir.DoubleType(), _LANES)

    def body(group: Any) -> None:
        first = builder.mul(group, ir.Constant(I64, GROUP))
        table = builder.add(tables, builder.mul(group, ir.Constant(I64, _TABLE)))
        for k in range(_COLUMNS // _LANES):
            part = ir.Constant(I64, 8 * _LANES * k)
            found = [ir.Constant(real, [0.0] * _LANES)]
            for row in range(GROUP):
                at = builder.mul(builder.add(first, ir.Constant(I64, row)), stride)
                value = lanes.load(builder, builder.add(rows, at), part, real)
                found += [builder.fadd(below, value) for below in found]
            for entry, total in enumerate(found):
                place = builder.add(part, ir.Constant(I64, entry * _LINE))
                builder.store(total, lanes.at(builder, table, place, real), align=8)

    lanes.repeat(builder, ir.Constant(I64, _GROUPS), body)


@kernel
def _fill_index(bits: Any, index: Any) -> Any:
    """Fill the subset of each group of rows (uint8 [N, groups]) from bits (uint8 [N, R])."""
    for n in range(bits.shape[0]):
        index[n] = 0
        for row in range(bits.shape[1]):
            index[n, row >> 2] |= bits[n, row] << (row & 3)


@kernel
def subset_sums(matrix: Any, bits: Any, sums: Any) -> Any:
    """Fill ``bits @ matrix``, the same bytes for any number of inputs.

    Parameters
    ----------
    matrix : float64 [R, M]
    bits : uint8 [N, R]
        0 or 1.
    sums : float64 [N, M]
        Filled.
    """
    rows, columns = matrix.shape
    groups = -(-rows // (GROUP * _GROUPS)) * _GROUPS
    width = -(-columns // _COLUMNS) * _COLUMNS
    padded = aligned_lines(GROUP * groups, width)
    padded[:rows, :columns] = matrix
    tables, own = aligned_lines(16 * _GROUPS, _COLUMNS), aligned_lines(_INPUTS, _COLUMNS)
    index = np.zeros((_INPUTS, groups), dtype=np.uint8)
    stride = np.int64(groups)
    for start in range(0, bits.shape[0], _INPUTS):
        count = min(_INPUTS, bits.shape[0] - start)
        _fill_index(bits[start : start + count], index)
        for column in range(0, columns, _COLUMNS):
            own[:] = 0.0
            for group in range(0, groups, _GROUPS):
                # addresses are taken here: an array that is not named again is freed
                at = address(padded) + 8 * (GROUP * group * width + column)
                chosen, at_tables, at_own = address(index) + group, address(tables), address(own)
                fill_subsets(at, np.int64(8 * width), at_tables)
                add_subsets(at_tables, chosen, stride, at_own, np.int64(count))
            last = min(column + _COLUMNS, columns)
            sums[start : start + count, column:last] = own[:count, : last - column]
    return np.int64(sums.size)
