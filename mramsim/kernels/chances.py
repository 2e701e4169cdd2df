"""Wrong bits of a cell left to chance, for 128 evaluations at a time.

Each evaluation has the byte of a shared draw. A cell is wrong where the byte lies below a limit
that depends on the input; where it equals the limit, the evaluation has to draw for itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction, kernel
from mramsim.kernels.lanes import I8, I64, address
from mramsim.kernels.squares import square

LANES = 128
_WIDTH = 64
TURNED = LANES + 16  # bytes of a row that may start at lane 15
NEVER = -1  # limit of an input that is never wrong


def _plain_wrong(
    x: Any, parts: Any, limit0: Any, limit1: Any, change0: Any, change1: Any, sums: Any, ties: Any
) -> None:
    bits, drawn = lanes.memory(x, (LANES,), np.uint8), lanes.memory(parts, (LANES,), np.uint8)
    limit = np.where(bits == 1, limit1, limit0)
    change = np.where(bits == 1, change1, change0)
    driven = bits != 2
    total = lanes.memory(sums, (LANES,), np.int16)
    total += np.where(driven & (drawn < limit), change, 0).astype(np.int16)
    equal = np.packbits(driven & (drawn == limit), bitorder="little")
    lanes.memory(ties, (LANES // _WIDTH,), np.uint64)[:] = equal.view("<u8")


@instruction(_plain_wrong)
def add_wrong(
    typing_context: Any,
    x: Any,
    parts: Any,
    limit0: Any,
    limit1: Any,
    change0: Any,
    change1: Any,
    sums: Any,
    ties: Any,
) -> Any:
    """Add wrong bits to `sums`, and mark undecided evaluations in `ties`.

    Parameters
    ----------
    x : address of uint8 [128]
        Bits of the row; 2 where undriven.
    parts : address of uint8 [128]
        Byte of each evaluation's draw.
    limit0, limit1, change0, change1 : int
        Limit (`NEVER` to 255), and what a wrong bit adds (-1 or 1), for either input.
    sums : address of int16 [128]
    ties : address of uint64 [2]
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _build(builder, *arguments)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 8), generate


def _build(
    builder: Any,
    x: Any,
    parts: Any,
    limit0: Any,
    limit1: Any,
    change0: Any,
    change1: Any,
    sums: Any,
    ties: Any,
) -> None:
    bytes_, pairs = ir.VectorType(I8, _WIDTH), ir.VectorType(ir.IntType(16), _WIDTH)

    def everywhere(value: Any) -> Any:
        return lanes.broadcast(builder, builder.trunc(value, I8), _WIDTH)

    def each(value: int) -> Any:
        return ir.Constant(bytes_, [value] * _WIDTH)

    zero = ir.Constant(I64, 0)
    flags, below, added = [], [], []
    for limit, change in ((limit0, change0), (limit1, change1)):
        open_ = builder.icmp_signed(">=", limit, zero)
        below.append(everywhere(builder.select(open_, limit, zero)))
        flags.append(everywhere(builder.zext(open_, I64)))
        added.append(everywhere(change))
    for at in range(LANES // _WIDTH):
        place = ir.Constant(I64, at * _WIDTH)
        bits, drawn = (lanes.load(builder, base, place, bytes_) for base in (x, parts))
        one = builder.icmp_unsigned("==", bits, each(1))
        driven = builder.icmp_unsigned("!=", bits, each(2))
        limit = builder.select(one, below[1], below[0])
        open_ = builder.icmp_unsigned("!=", builder.select(one, flags[1], flags[0]), each(0))
        wrong = builder.and_(driven, builder.icmp_unsigned("<", drawn, limit))
        equal = builder.and_(driven, builder.icmp_unsigned("==", drawn, limit))
        change = builder.select(one, added[1], added[0])
        change = builder.sext(builder.select(wrong, change, each(0)), pairs)
        target = lanes.at(builder, sums, ir.Constant(I64, 2 * at * _WIDTH), pairs)
        builder.store(builder.add(builder.load(target, align=2), change), target, align=2)
        mask = builder.bitcast(builder.and_(equal, open_), I64)
        builder.store(mask, lanes.at(builder, ties, ir.Constant(I64, 8 * at), I64), align=8)


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
