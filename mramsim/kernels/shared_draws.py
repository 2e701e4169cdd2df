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
    narrow, wide = ir.VectorType(I32, 8), ir.VectorType(I64, 8)
    c2, c3, k0, k1 = (lanes.broadcast(builder, value, 8) for value in (c2, c3, k0, k1))
    same = [builder.zext(value, wide) for value in (c2, c3)]

    def body(index: Any) -> None:
        byte = builder.mul(index, ir.Constant(I64, 32))
        x0 = builder.zext(lanes.load(builder, images, byte, narrow), wide)
        x1 = builder.zext(lanes.load(builder, places, byte, narrow), wide)
        words = rounds_of(builder, [x0, x1, *same], [builder.zext(k, wide) for k in (k0, k1)])
        words = [builder.trunc(x, narrow) for x in words]
        pairs = ir.Constant(
            ir.VectorType(I32, 16), [lane // 2 + 8 * (lane % 2) for lane in range(16)]
        )
        even = builder.shuffle_vector(words[0], words[2], pairs)  # w0 w2 w0 w2 ...
        odd = builder.shuffle_vector(words[1], words[3], pairs)
        for part in range(2):
            order = [8 * part + lane // 2 + 16 * (lane % 2) for lane in range(16)]
            mixed = builder.shuffle_vector(even, odd, ir.Constant(ir.VectorType(I32, 16), order))
            place = builder.add(
                builder.mul(index, ir.Constant(I64, 128)), ir.Constant(I64, 64 * part)
            )
            builder.store(mixed, lanes.at(builder, out, place, mixed.type), align=1)

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
