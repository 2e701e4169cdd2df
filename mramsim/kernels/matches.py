"""Counts of equal bits: several rows against a strip of 16 columns, the counts in registers.

Every word of a row meets every word of a column once: exclusive or, count of ones, addition. Strips
hold the words of 16 columns beside each other, so these are three vector instructions for 512 bits
(VPOPCNTDQ). Other processors count the ones of bytes (Mula, Kurz, Lemire, Comput. J. 61, 111
(2018), doi 10.1093/comjnl/bxx046) and add those up before they overflow: the same integers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction, kernel
from mramsim.kernels.lanes import I8, I32, I64, address
from mramsim.kernels.products import aligned_bytes
from mramsim.kernels.words import popcount

STRIP = 16  # columns
ROWS = 8  # rows of a block
PASS = 32  # rows that meet all strips in turn: they stay in the first cache
_LINE = 64
_FULL = 31  # words whose counts of ones, up to 8 in a byte, add up to less than 256


def strips(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Arrange packed columns [W, M] in strips, uint64 [ceil(M / 16), W, 16]; zero beyond M."""
    size, columns = words.shape
    count = -(-columns // STRIP)
    padded = np.zeros((size, count * STRIP), dtype=np.uint64)
    padded[:, :columns] = words
    out = lanes.aligned((count, size, STRIP), np.uint64)
    out[...] = padded.reshape(size, count, STRIP).transpose(1, 0, 2)
    return out  # type: ignore[no-any-return]


def _block(masked: bool) -> Any:
    parts = 2 if masked else 1

    def plain(x: Any, strip: Any, words: Any, most: Any, out: Any, line: Any) -> None:
        size = int(words)
        own = lanes.memory(strip, (size, parts, STRIP), np.uint64)
        start = lanes.memory(most, (STRIP,), np.int32)
        for row in range(ROWS):
            bits = lanes.memory(x + row * size * 8, (size, 1), np.uint64)
            unequal = (bits ^ own[:, 0]) & own[:, 1] if masked else bits ^ own[:, 0]
            found = np.bitwise_count(unequal).sum(axis=0, dtype=np.int32)
            lanes.memory(out + row * line, (STRIP,), np.int32)[:] = start - found

    @instruction(plain)
    def block(
        typing_context: Any, x: Any, strip: Any, words: Any, most: Any, out: Any, line: Any
    ) -> Any:
        """Fill int32 [8, 16] at `out`, lines of `line` bytes: `most` less the unequal bits."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            _build(builder, lanes.features(context), masked, *arguments)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 6), generate

    return block


_plain_block, _masked_block = _block(False), _block(True)


def _build(
    builder: Any,
    has: frozenset[str],
    masked: bool,
    x: Any,
    strip: Any,
    words: Any,
    most: Any,
    out: Any,
    line_bytes: Any,
) -> None:
    """Count in as many registers as the processor has: 8 rows x 16 columns, or 4 rows x 8."""
    wide = "avx512vpopcntdq" in has
    width, rows, parts = (8, ROWS, 2) if wide else (4, 4, 2)
    line_words = 2 * STRIP if masked else STRIP
    kind, narrow = ir.VectorType(I64, width), ir.VectorType(I32, width)
    counted_in = kind if wide else ir.VectorType(I8, 8 * width)
    stride = builder.mul(words, ir.Constant(I64, 8))
    name = f"llvm.ctpop.v{counted_in.count}i{counted_in.element.width}"
    ones = lanes.declared(builder, name, counted_in, [counted_in])
    for first in range(0, ROWS, rows):
        for column in range(0, STRIP, width * parts):
            slots = lanes.accumulators(builder, counted_in, rows * parts)

            def step(
                word: Any, first: int = first, column: int = column, slots: Any = slots
            ) -> None:
                line = builder.mul(word, ir.Constant(I64, 8 * line_words))

                def vectors(first_word: int) -> list[Any]:
                    places = [8 * (first_word + column + width * part) for part in range(parts)]
                    found = [builder.add(line, ir.Constant(I64, place)) for place in places]
                    return [lanes.load(builder, strip, place, kind) for place in found]

                cells = vectors(0)
                counted = vectors(STRIP) if masked else []
                for row in range(rows):
                    away = builder.mul(stride, ir.Constant(I64, first + row))
                    byte = builder.add(away, builder.mul(word, ir.Constant(I64, 8)))
                    bits = lanes.broadcast(builder, lanes.load(builder, x, byte, I64), width)
                    for part in range(parts):
                        slot = slots[row * parts + part]
                        unequal = builder.xor(bits, cells[part])
                        if masked:
                            unequal = builder.and_(unequal, counted[part])
                        found = builder.call(ones, [builder.bitcast(unequal, counted_in)])
                        builder.store(builder.add(builder.load(slot), found), slot)

            if wide:
                lanes.repeat(builder, words, step)
            else:
                slots = _in_bytes(builder, has, words, kind, slots, step)
            for row in range(rows):
                below = builder.mul(line_bytes, ir.Constant(I64, first + row))
                for part in range(parts):
                    lane = ir.Constant(I64, 4 * (column + width * part))
                    total = builder.trunc(builder.load(slots[row * parts + part]), narrow)
                    total = builder.sub(lanes.load(builder, most, lane, narrow), total)
                    place = lanes.at(builder, out, builder.add(below, lane), narrow)
                    builder.store(total, place, align=4)


def _in_bytes(
    builder: Any, has: frozenset[str], words: Any, kind: Any, slots: list[Any], step: Any
) -> list[Any]:
    """Take `step` for all words, counts in bytes; return accumulators of words of 64 bits."""
    from numba.core import cgutils as untyped

    cgutils: Any = untyped
    totals = lanes.accumulators(builder, kind, len(slots))
    full, one = ir.Constant(I64, _FULL), ir.Constant(I64, 1)

    def some(chunk: Any) -> None:
        first = builder.mul(chunk, full)
        left = builder.sub(words, first)
        count = builder.select(builder.icmp_signed("<", left, full), left, full)
        for slot in slots:
            builder.store(ir.Constant(slot.type.pointee, None), slot)
        with cgutils.for_range(builder, count) as loop:
            step(builder.add(first, loop.index))
        for slot, total in zip(slots, totals, strict=True):
            value = _bytes_of_words(builder, has, builder.load(slot), kind)
            builder.store(builder.add(builder.load(total), value), total)

    chunks = builder.sdiv(builder.add(words, builder.sub(full, one)), full)
    lanes.repeat(builder, chunks, some)
    return totals


def _bytes_of_words(builder: Any, has: frozenset[str], value: Any, kind: Any) -> Any:
    """Return the sum of the bytes of each word of 64 bits."""
    if "avx2" in has:
        add = lanes.declared(builder, "llvm.x86.avx2.psad.bw", kind, [value.type, value.type])
        return builder.call(add, [value, ir.Constant(value.type, None)])
    value = builder.bitcast(value, kind)
    for bits, low in ((8, 0x00FF00FF00FF00FF), (16, 0x0000FFFF0000FFFF), (32, 0xFFFFFFFF)):
        mask, by = (ir.Constant(kind, [number] * kind.count) for number in (low, bits))
        above = builder.and_(builder.lshr(value, by), mask)
        value = builder.add(builder.and_(value, mask), above)
    return value


@kernel
def equal(x: Any, count: Any, strip: Any, words: Any, most: Any, out: Any, line: Any) -> Any:
    """Write `most` less the unequal bits of rows and the columns of one strip, by addresses.

    `x` is uint64 [count, words], `strip` uint64 [words, 16], `most` int32 [16], `out` int32
    [count, 16] with `line` bytes from row to row; `count` is rounded up to a multiple of 8.
    """
    size, step = np.int64(words), np.int64(line)
    for n in range(0, count, ROWS):
        _plain_block(x + n * size * 8, strip, size, most, out + n * step, step)


@kernel
def equal_masked(x: Any, count: Any, strip: Any, words: Any, most: Any, out: Any, line: Any) -> Any:
    """Do as `equal` where a strip (uint64 [words, 2, 16]) also says which bits count."""
    size, step = np.int64(words), np.int64(line)
    for n in range(0, count, ROWS):
        _masked_block(x + n * size * 8, strip, size, most, out + n * step, step)


@kernel
def xnor_popcount(x: Any, cells: Any, driven: Any, counts: Any) -> Any:
    """Count equal driven bits of every row of `x` with every column.

    Parameters
    ----------
    x : uint64 [N, W]
        Undriven bits are zero.
    cells : uint64 [T, W, 16]
        Columns, from `strips`.
    driven : uint64 [P, W]
        Row ``n`` of `x` belongs to position ``n % P``.
    counts : int32 [N, M]
        Filled; ``T = ceil(M / 16)``.
    """
    total, words = x.shape
    positions, columns = driven.shape[0], counts.shape[1]
    most = np.zeros((cells.shape[0], positions, STRIP), dtype=np.int32)
    fill_most(cells, driven, most)
    sums = aligned_bytes(ROWS * _LINE).view(np.int32).reshape(ROWS, STRIP)
    rest = np.zeros((ROWS, words), dtype=np.uint64)
    none = np.zeros(STRIP, dtype=np.int32)
    for start in range(0, total, PASS):
        stop = min(start + PASS, total)
        for strip in range(cells.shape[0]):
            own = address(cells) + strip * words * STRIP * 8
            first = STRIP * strip
            width = min(STRIP, columns - first)
            n = start
            if positions == 1 and width == STRIP:
                whole = (stop - start) & ~(ROWS - 1)
                at_x, out = address(x) + n * words * 8, address(counts) + (n * columns + first) * 4
                equal(at_x, whole, own, words, address(most[strip]), out, columns * 4)
                n += whole
            while n < stop:
                count = min(ROWS, stop - n)
                rest[:count] = x[n : n + count]
                equal(address(rest), count, own, words, address(none), address(sums), _LINE)
                for row in range(count):
                    line = most[strip, (n + row) % positions]
                    for lane in range(width):
                        counts[n + row, first + lane] = line[lane] + sums[row, lane]
                n += count


@kernel
def fill_most(cells: Any, driven: Any, most: Any) -> Any:
    """Fill how many bits are driven or set: equal driven bits are these less the unequal ones."""
    for strip in range(cells.shape[0]):
        for position in range(driven.shape[0]):
            for lane in range(STRIP):
                ones = np.uint64(0)
                for word in range(driven.shape[1]):
                    ones += popcount(cells[strip, word, lane] | driven[position, word])
                most[strip, position, lane] = np.int32(ones)
