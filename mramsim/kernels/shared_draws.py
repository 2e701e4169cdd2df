"""Philox for several counters at a time, and the draw that 16 neighbouring columns share."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction, kernel
from mramsim.kernels.lanes import I32, I64, address
from mramsim.kernels.philox import philox


def rounds_of(builder: Any, counter: list[Any], key: list[Any]) -> list[Any]:
    """Return the four words of Philox4x32-10 in the low halves of lanes of 64 bits.

    `counter` (four vectors of int64) and `key` (two) have their words in the low halves; what is
    above is not looked at.
    """
    x0, x1, x2, x3 = counter
    key0, key1 = key
    wide = x0.type

    def constant(value: int) -> Any:
        return ir.Constant(wide, [value] * wide.count)

    low, half = constant(0xFFFFFFFF), constant(32)
    for _ in range(10):
        p0 = builder.mul(builder.and_(x0, low), constant(0xD2511F53))
        p1 = builder.mul(builder.and_(x2, low), constant(0xCD9E8D57))
        x0 = builder.xor(builder.xor(builder.lshr(p1, half), x1), key0)
        x2 = builder.xor(builder.xor(builder.lshr(p0, half), x3), key1)
        x1, x3 = p1, p0
        key0 = builder.and_(builder.add(key0, constant(0x9E3779B9)), low)
        key1 = builder.and_(builder.add(key1, constant(0xBB67AE85)), low)
    return [x0, x1, x2, x3]


def _plain_shared(
    images: Any, places: Any, out: Any, rounds: Any, c2: Any, c3: Any, k0: Any, k1: Any
) -> None:
    count = 8 * int(rounds)
    image, place = (lanes.memory(start, (count,), np.uint32) for start in (images, places))
    words = lanes.memory(out, (count, 4), np.uint32)
    for n in range(count):
        words[n] = philox(image[n], place[n], c2, c3, k0, k1)


@instruction(_plain_shared)
def fill_shared(
    typing_context: Any,
    images: Any,
    places: Any,
    out: Any,
    rounds: Any,
    c2: Any,
    c3: Any,
    k0: Any,
    k1: Any,
) -> Any:
    """Fill `out` (address; uint32 [8 rounds, 4]) with Philox of 8 images and places at a time."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _build_shared(builder, *arguments)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4, *[types.uint32] * 4), generate


def shared_lines(builder: Any, counter: list[Any], key: list[Any]) -> list[Any]:
    """Return the words of 8 calls as they lie in memory, two vectors of 16 int32.

    `counter` and `key` as `rounds_of` takes them, in 8 lanes.
    """
    narrow = ir.VectorType(I32, 8)
    words = [builder.trunc(x, narrow) for x in rounds_of(builder, counter, key)]
    pairs = ir.Constant(ir.VectorType(I32, 16), [lane // 2 + 8 * (lane % 2) for lane in range(16)])
    even = builder.shuffle_vector(words[0], words[2], pairs)  # w0 w2 w0 w2 ...
    odd = builder.shuffle_vector(words[1], words[3], pairs)
    lines = []
    for part in range(2):
        order = [8 * part + lane // 2 + 16 * (lane % 2) for lane in range(16)]
        lines.append(builder.shuffle_vector(even, odd, ir.Constant(pairs.type, order)))
    return lines


def spread(builder: Any, value: Any) -> Any:
    """Return a word (int32) in the low halves of 8 lanes of 64 bits."""
    return lanes.broadcast(builder, builder.zext(value, I64), 8)


def words_at(builder: Any, base: Any, index: Any) -> Any:
    """Load 8 words from `base` plus 8 `index`, in the low halves of lanes of 64 bits."""
    byte = builder.mul(index, ir.Constant(I64, 32))
    narrow = lanes.load(builder, base, byte, ir.VectorType(I32, 8))
    return builder.zext(narrow, ir.VectorType(I64, 8))


def _build_shared(
    builder: Any,
    images: Any,
    places: Any,
    out: Any,
    rounds: Any,
    c2: Any,
    c3: Any,
    k0: Any,
    k1: Any,
) -> None:
    c2, c3, k0, k1 = (spread(builder, value) for value in (c2, c3, k0, k1))

    def body(index: Any) -> None:
        x0, x1 = (words_at(builder, base, index) for base in (images, places))
        for part, line in enumerate(shared_lines(builder, [x0, x1, c2, c3], [k0, k1])):
            place = builder.mul(index, ir.Constant(I64, 128))
            place = builder.add(place, ir.Constant(I64, 64 * part))
            builder.store(line, lanes.at(builder, out, place, line.type), align=1)

    lanes.repeat(builder, rounds, body)


def _plain_own(
    c0: Any, c1: Any, c2: Any, high: Any, low: Any, rounds: Any, c3: Any, k0: Any, k1: Any
) -> None:
    count = 8 * int(rounds)
    counters = [lanes.memory(start, (count,), np.uint32) for start in (c0, c1, c2)]
    first, second = (lanes.memory(start, (count,), np.uint32) for start in (high, low))
    for n in range(count):
        words = philox(counters[0][n], counters[1][n], counters[2][n], c3, k0, k1)
        first[n], second[n] = words[:2]


@instruction(_plain_own)
def fill_own(
    typing_context: Any,
    c0: Any,
    c1: Any,
    c2: Any,
    high: Any,
    low: Any,
    rounds: Any,
    c3: Any,
    k0: Any,
    k1: Any,
) -> Any:
    """Write the first two words of Philox for 8 counters at a time.

    Parameters
    ----------
    c0, c1, c2 : address of uint32 [8 rounds]
    high, low : address of uint32 [8 rounds]
        First and second words.
    rounds : int
    c3, k0, k1 : uint32
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _build_own(builder, *arguments)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 6, *[types.uint32] * 3), generate


def _build_own(
    builder: Any,
    c0: Any,
    c1: Any,
    c2: Any,
    high: Any,
    low: Any,
    rounds: Any,
    c3: Any,
    k0: Any,
    k1: Any,
) -> None:
    c3, k0, k1 = (spread(builder, value) for value in (c3, k0, k1))
    narrow = ir.VectorType(I32, 8)

    def body(index: Any) -> None:
        counter = [words_at(builder, base, index) for base in (c0, c1, c2)]
        words = rounds_of(builder, [*counter, c3], [k0, k1])
        for base, word in zip((high, low), words[:2], strict=True):
            place = lanes.at(builder, base, builder.mul(index, ir.Constant(I64, 32)), narrow)
            builder.store(builder.trunc(word, narrow), place, align=1)

    lanes.repeat(builder, rounds, body)


@kernel
def shared_words(
    images: Any, places: Any, step: Any, block: Any, k0: Any, k1: Any, words: Any
) -> Any:
    """Fill `words` (uint32 [N, 4]) with the shared draws of 16 columns, 16 bytes from the low end.

    `images`, `places` : uint32 [N], N a multiple of 8; `block` is the first column over 16.
    """
    fill_shared(
        address(images),
        address(places),
        address(words),
        np.int64(images.size >> 3),
        np.uint32(step),
        np.uint32(block),
        k0,
        k1,
    )
