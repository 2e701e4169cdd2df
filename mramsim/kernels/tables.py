"""Sums of small integers over set bits, looked up four rows at a time.

Four rows have 16 subsets, and for one column the sums of all of them are 16 bytes. One permutation
(VBMI) looks up 4 such groups for 16 inputs, one dot product with ones (VNNI) adds them: 256
products in two instructions, where dot products alone take four. The integers are those of
`mramsim.kernels.products`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction, kernel
from mramsim.kernels.lanes import I8, I32, I64
from mramsim.kernels.products import COLUMNS, INPUTS

GROUP = 4  # rows of a group
STEP = 16  # rows of one permutation
_COLUMNS = 4  # columns whose sums are in registers at a time
_NEEDED = frozenset({"avx512vbmi", "avx512vnni", "avx512bw"})


@cache
def has_tables() -> bool:
    """Return whether this processor looks sums up."""
    import numba
    from numba.core.registry import cpu_target

    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return False
    return lanes.features(cpu_target.target_context) >= _NEEDED


def split(cells: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which cells (int8 [R, M]) have to go so that sums of a group fit a byte, bool [R, M].

    The largest of a group that does not fit goes, then the next; of int16 none goes. The same on
    all processors, whether or not they look sums up.
    """
    rows, columns = cells.shape
    gone = np.zeros(cells.shape, dtype=np.bool_)
    if cells.dtype != np.int8:
        return gone
    size = -(-rows // GROUP) * GROUP
    left = np.zeros((size, columns), dtype=np.int16)
    left[:rows] = cells
    groups = left.reshape(-1, GROUP, columns)
    while True:
        above = np.maximum(groups, 0).sum(axis=1) > 127
        below = np.minimum(groups, 0).sum(axis=1) < -128
        group, column = np.nonzero(above | below)
        if not group.size:
            np.not_equal(left[:rows], cells, out=gone)
            return gone
        largest = np.abs(groups[group, :, column]).argmax(axis=1)
        groups[group, largest, column] = 0


def tables(cells: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return the sums of the subsets of each group of cells [R, M], int8 [M / 16, 16, R / 16, 64].

    Bytes ``16 j`` to ``16 j + 15`` of a line are the sums of group ``j``: entry ``s`` is the sum
    over the rows whose bits are set in ``s``. All sums must fit; see `split`.
    """
    rows, columns = cells.shape
    count, steps = -(-columns // COLUMNS), -(-rows // 64) * 4
    padded = np.zeros((steps * STEP, count * COLUMNS), dtype=np.int8)
    padded[:rows, :columns] = cells
    out = lanes.aligned((count, COLUMNS, steps, 4, 16), np.int8)
    fill_tables(padded, out)
    return out.reshape(count, COLUMNS, steps, 64)  # type: ignore[no-any-return]


@kernel
def fill_tables(cells: Any, out: Any) -> Any:
    """Fill the sums of subsets (int8 [T, 16, G, 4, 16]) of cells (int8 [16 G, 16 T])."""
    for panel in range(out.shape[0]):
        for column in range(16):
            for step in range(out.shape[2]):
                for group in range(4):
                    own = out[panel, column, step, group]
                    for row in range(4):
                        value = cells[16 * step + 4 * group + row, 16 * panel + column]
                        for below in range(1 << row):
                            own[(1 << row) + below] = own[below] + value


@kernel
def fill_index(bits: Any, index: Any) -> Any:
    """Fill the places to look up (uint32 [R / 16, N]) from packed rows (uint64 [N, R / 64])."""
    for step in range(index.shape[0]):
        word, shift = step >> 2, np.uint64(16 * (step & 3))
        own = index[step]
        for n in range(own.size):
            two = np.uint32((bits[n, word] >> shift) & np.uint64(0xFFFF))
            two = (two | (two << np.uint32(8))) & np.uint32(0x00FF00FF)
            two = (two | (two << np.uint32(4))) & np.uint32(0x0F0F0F0F)
            own[n] = two | np.uint32(0x30201000)


def _plain(*_: Any) -> None:
    raise NotImplementedError("tables need compiled kernels")


@instruction(_plain)
def look_up(typing_context: Any, index: Any, tables_: Any, steps: Any, out: Any) -> Any:
    """Fill sums (address `out`; int32 [32, 16]) of 32 inputs in the 16 columns of a panel.

    `index` : address of uint32 [steps, 32] from `fill_index`; `tables_` : of int8 [16, steps, 64].
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if lanes.features(context) >= _NEEDED:
            _build(builder, *arguments)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4), generate


def _build(builder: Any, index: Any, tables_: Any, steps: Any, out: Any) -> None:
    bytes_, whole = ir.VectorType(I8, 64), ir.VectorType(I32, 16)
    find = lanes.declared(builder, "llvm.x86.avx512.permvar.qi.512", bytes_, [bytes_, bytes_])
    dot = lanes.declared(builder, "llvm.x86.avx512.vpdpbusd.512", whole, [whole] * 3)
    ones = ir.Constant(whole, [0x01010101] * 16)
    table = builder.mul(steps, ir.Constant(I64, 64))
    halves = INPUTS // 16
    lines: list[list[Any]] = [[] for _ in range(halves)]
    for first in range(0, COLUMNS, _COLUMNS):
        slots = lanes.accumulators(builder, whole, _COLUMNS * halves)

        def step(k: Any, first: int = first, slots: Any = slots) -> None:
            place = builder.mul(k, ir.Constant(I64, 64 * halves))
            wanted = [
                lanes.load(builder, index, builder.add(place, ir.Constant(I64, 64 * h)), bytes_)
                for h in range(halves)
            ]
            line = builder.mul(k, ir.Constant(I64, 64))
            for column in range(_COLUMNS):
                away = builder.mul(table, ir.Constant(I64, first + column))
                sums = lanes.load(builder, tables_, builder.add(away, line), bytes_)
                for h in range(halves):
                    slot = slots[column * halves + h]
                    found = builder.bitcast(builder.call(find, [sums, wanted[h]]), whole)
                    builder.store(builder.call(dot, [builder.load(slot), ones, found]), slot)

        lanes.repeat(builder, steps, step)
        for h in range(halves):
            lines[h] += [builder.load(slots[c * halves + h]) for c in range(_COLUMNS)]
    for h in range(halves):
        for n, line in enumerate(lanes.transposed(builder, lines[h])):
            place = ir.Constant(I64, 64 * (16 * h + n))
            builder.store(line, lanes.at(builder, out, place, whole), align=4)
