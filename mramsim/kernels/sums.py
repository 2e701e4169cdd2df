"""Matches and deviations of 32 inputs in the 16 columns of a panel, as the processor does it best.

Matches are counts of equal bits; deviations are looked up (VBMI) or multiplied. The integers are
the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction, kernel
from mramsim.kernels.lanes import I8, I32, I64, address, aligned
from mramsim.kernels.matches import STRIP, equal, equal_masked, strips
from mramsim.kernels.products import INPUTS, multiply, panels
from mramsim.kernels.tables import fill_index, has_tables, look_up, tables
from mramsim.kernels.words import pack_bits

LINE = INPUTS * 64  # bytes of the sums of a panel


class Planes(NamedTuple):
    """What is summed over the rows that carry bit 1, R rows and M columns.

    Attributes
    ----------
    cells : int8 [M / 16, D, R / 64, 16, 16, 4]
        Panels of bytes: the deviations, int8, or low and high byte of int16; none (D = 0) where
        they are looked up.
    strips : uint64 [M / 16, R / 64, 16]
        Weights as bits.
    ones : int32 [M / 16, 16]
        Bits set in each column.
    tables : int8 [M / 16, 16, R / 16, 64] or [0, ...]
        Deviations, where they are looked up.
    sums : int
        2, or 3 where deviations have two bytes.
    """

    cells: NDArray[np.int8]
    strips: NDArray[np.uint64]
    ones: NDArray[np.int32]
    tables: NDArray[np.int8]
    sums: int


def planes_of(weight: NDArray[np.uint64], deviation: NDArray[Any]) -> Planes:
    """Return what this processor wants.

    Parameters
    ----------
    weight : uint64 [W, M]
    deviation : int8 or int16 [R, M]
        int8: such that sums of four fit (`mramsim.kernels.tables.split`).
    """
    parts = [deviation]
    if deviation.dtype != np.int8:
        low = deviation.astype(np.int8)
        parts = [low, ((deviation.astype(np.int32) - low) >> 8).astype(np.int8)]
    sums = 1 + len(parts)
    own = strips(weight)
    count, size = own.shape[:2]
    ones = np.ascontiguousarray(np.bitwise_count(own).sum(axis=1, dtype=np.int32))
    if deviation.dtype == np.int8 and has_tables():
        no_cells = np.zeros((count, 0, size, 16, STRIP, 4), np.int8)
        return Planes(no_cells, own, ones, tables(deviation), sums)
    none = np.zeros((0, 16, 4 * size, 64), np.int8)
    return Planes(stacked(parts), own, ones, none, sums)


class Bits(NamedTuple):
    """What each row adds when it carries bit 1: -1, 0 or +1; R rows and M columns.

    Attributes
    ----------
    strips : uint64 [M / 16, R / 64, 16 or 32]
        Which are +1, and, where some are 0, which are not 0.
    ones : int32 [M / 16, 16]
        How many are +1.
    masked : bool
        Whether `strips` say which are 0.
    blocks : int
        R / 64.
    """

    strips: NDArray[np.uint64]
    ones: NDArray[np.int32]
    masked: bool
    blocks: int


def bits_of(added: NDArray[np.int8]) -> Bits:
    """Return -1, 0 and +1 (int8 [R, M]) as `Bits`."""
    own = strips(pack_bits(added.T > 0).T)
    count, blocks = own.shape[:2]
    ones = np.ascontiguousarray(np.bitwise_count(own).sum(axis=1, dtype=np.int32))
    masked = bool((added == 0).any())
    if masked:
        both = aligned((count, blocks, 2, STRIP), np.uint64)
        both[:, :, 0], both[:, :, 1] = own, strips(pack_bits(added.T != 0).T)
        own = both.reshape(count, blocks, 2 * STRIP)
    return Bits(own, ones, masked, blocks)


def stacked(planes: list[Any]) -> NDArray[np.int8]:
    """Return panels of several planes of cells [R, M]: int8 [M / 16, planes, R / 64, 16, 16, 4]."""
    made = [panels(plane) for plane in planes]
    count, *rest = made[0].shape
    cells = aligned((count, len(planes), *rest), np.int8)
    for at, plane in enumerate(made):
        cells[:, at] = plane
    return cells  # type: ignore[no-any-return]


def _plain_word(start: int) -> Any:
    bits = lanes.memory(start, (64,), np.uint8)
    return np.packbits(bits, bitorder="little").view("<u8")[0].astype(np.uint64)


@instruction(_plain_word)
def pack_word(typing_context: Any, start: Any) -> Any:
    """Return 64 bytes at an address as bits: set where a byte is not zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.VectorType(I8, 64)
        found = lanes.load(builder, arguments[0], ir.Constant(I64, 0), kind)
        return builder.bitcast(builder.icmp_unsigned("!=", found, ir.Constant(kind, None)), I64)

    return types.uint64(types.int64), generate


@kernel
def pack_inputs(x: Any, bits: Any, index: Any) -> Any:
    """Fill packed rows (uint64 [N, R / 64]) and places (uint32 [R / 16, N] or [0, N]) of `x`."""
    start, size = address(x), bits.shape[1]
    for n in range(bits.shape[0]):
        for word in range(size):
            bits[n, word] = pack_word(start + np.int64((n * size + word) * 64))
    fill_index(bits, index)


@kernel
def panel_sums(
    x: Any,
    bits: Any,
    index: Any,
    cells: Any,
    strips_: Any,
    ones: Any,
    tables_: Any,
    panel: Any,
    depth: Any,
    blocks: Any,
    looked_up: Any,
    out: Any,
) -> Any:
    """Fill the sums (int32 [2 or 3, 32, 16]) of one panel; all but the numbers are addresses.

    `depth` planes of cells of `blocks` times 64 rows; `looked_up`: whether there are tables.
    """
    equal(bits, INPUTS, strips_ + panel * blocks * 128, blocks, ones + panel * 64, out, 64)
    if looked_up:
        steps = np.int64(4 * blocks)
        look_up(index, np.int64(tables_ + panel * 1024 * steps), steps, np.int64(out + LINE))
    else:
        own = cells + panel * depth * blocks * 1024
        multiply(x, INPUTS, own, depth, blocks, out + LINE)


def _plain_line(one: Any, other: Any, target: Any, shift: Any) -> None:
    found = [lanes.memory(start, (STRIP,), np.int32) for start in (one, other, target)]
    found[2] += (found[0] + found[1]) << int(shift)


@instruction(_plain_line)
def add_line(typing_context: Any, one: Any, other: Any, target: Any, shift: Any) -> Any:
    """Add ``(one + other) 2^shift`` to `target`: 16 int32 each, by addresses."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.VectorType(I32, STRIP)
        values = [
            builder.load(lanes.at(builder, at, ir.Constant(I64, 0), kind), align=4)
            for at in arguments[:3]
        ]
        added = builder.shl(
            builder.add(values[0], values[1]), lanes.broadcast(builder, arguments[3], STRIP)
        )
        place = lanes.at(builder, arguments[2], ir.Constant(I64, 0), kind)
        builder.store(builder.add(values[2], added), place, align=4)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 3, types.int32), generate


@kernel
def bit_sums(
    bits: Any,
    count: Any,
    strips_: Any,
    ones: Any,
    panel: Any,
    blocks: Any,
    masked: Any,
    out: Any,
) -> Any:
    """Fill the sums (int32 [count, 16]) of one panel of `Bits`; all but the numbers are addresses.

    `count` is rounded up to what the processor takes at a time, at most to a multiple of 32.
    """
    if masked:
        equal_masked(
            bits, count, strips_ + panel * blocks * 256, blocks, ones + panel * 64, out, 64
        )
    else:
        equal(bits, count, strips_ + panel * blocks * 128, blocks, ones + panel * 64, out, 64)
