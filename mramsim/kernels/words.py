"""Packed words: 64 bits of one sign each, bit 0 first, spare bits zero."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from mramsim.kernels.jit import instruction, kernel


@instruction(lambda word: np.uint64(int(word).bit_count()))
def popcount(typing_context: Any, word: Any) -> Any:
    """Return the number of set bits of a uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@instruction(lambda word: np.uint64((int(word) & -int(word)).bit_length() - 1))
def lowest_bit(typing_context: Any, word: Any) -> Any:
    """Return the index of the lowest set bit of a uint64 that is not zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), generate


@kernel
def count_ones(levels: Any, planes: Any, ones: Any) -> Any:
    """Add to `ones` (int64 [R]) how many bits of each column of levels (uint8 [N, R]) are set."""
    few = np.zeros(ones.size, dtype=np.int32)
    for n in range(levels.shape[0]):
        row = levels[n]
        if planes == 1:
            for r in range(few.size):
                few[r] += np.int32(row[r])
        else:
            for plane in range(planes):
                for r in range(few.size):
                    few[r] += np.int32((row[r] >> plane) & 1)
    for r in range(few.size):
        ones[r] += few[r]


@kernel
def fill_numbers(codes: Any, slope: Any, low: Any, step: Any, zero: Any, numbers: Any) -> Any:
    """Fill accumulators: ``slope (low + step code) - zero``.

    Parameters
    ----------
    codes : int32 [N / 32, M / 16, 32, 16]
    slope, low, step : float
    zero : float64 [N, 1 or M]
    numbers : float64 [N, M]
    """
    columns = numbers.shape[1]
    one = zero.shape[1] == 1
    for block in range(codes.shape[0]):
        start = block * codes.shape[2]
        for panel in range(codes.shape[1]):
            first = 16 * panel
            width = min(16, columns - first)
            for n in range(min(codes.shape[2], numbers.shape[0] - start)):
                row, target, taken = codes[block, panel, n], numbers[start + n], zero[start + n]
                for lane in range(width):
                    value = slope * (low + step * np.float64(row[lane]))
                    target[first + lane] = value - taken[0 if one else first + lane]


def pack_bits(bits: NDArray[Any]) -> NDArray[np.uint64]:
    """Pack bits [N, rows] (bool or 0 and 1) into words, uint64 [N, ceil(rows / 64)]."""
    flat = np.packbits(np.asarray(bits, dtype=np.bool_), axis=-1, bitorder="little")
    width = -(-bits.shape[-1] // 64) * 8
    padded = np.zeros((*flat.shape[:-1], width), dtype=np.uint8)
    padded[..., : flat.shape[-1]] = flat
    return padded.view("<u8").astype(np.uint64, copy=False)


def unpack_bits(words: NDArray[np.uint64], rows: int) -> NDArray[np.uint8]:
    """Return the first `rows` bits of packed words [N, W] as uint8 [N, rows]."""
    flat = np.ascontiguousarray(words).astype("<u8", copy=False).view(np.uint8)
    return np.unpackbits(flat, axis=1, count=rows, bitorder="little")
