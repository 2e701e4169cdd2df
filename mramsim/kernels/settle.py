"""Decide codes of 16 columns at a time in float32, where a coarse look is enough.

The count of a column is linear in its matches and its deviation, and the 256th of the distribution
that its noise lies in is known. Where every value in that part, with room for float32's rounding,
gives the same code, the code is settled; the others are listed for the exact path. Single precision
therefore never decides anything, it only saves work.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction
from mramsim.kernels.lanes import I8, I32, I64

F32 = ir.FloatType()
# Middle of part b of the distribution: t times a polynomial in t^2, t = (b - 127.5) / 128; fitted.
MIDDLE = (1.22365373, 1.03300189, -4.74442294, 14.8539519, -19.7294362, 10.0070395)
# What the middle can be off by, for parts 1 to 254: first + second t^8 + third t^32 (with MIDDLE
# the least mean, by linear programming); those of 0 and 255 lie ENDS on either side of END t.
NEAR, FAR, FARTHEST = 0.0079, 0.0459, 0.23
END, ENDS = 5.8228, 3.16
ROUNDING = 3e-7  # of these float32 sums, relative to the sum of the magnitudes of their terms
_GUESS = 0x5F3759DF  # first guess of a reciprocal root from the bits of a float32


def _plain_settle(*arguments: Any) -> int:
    """Settle nothing: all columns are open."""
    open_, count = arguments[10:12]
    lanes.memory(open_, (int(count),), np.int64)[:] = (np.arange(count) << 16) | 0xFFFF
    return int(count)


def _settle(odd: bool, bent: bool = False) -> Any:
    @instruction(_plain_settle)
    def _lanes(
        typing_context: Any,
        matches: Any,
        steps: Any,
        parts: Any,
        patterns: Any,
        middle: Any,
        noise: Any,
        factors: Any,
        odd_steps: Any,
        odd_noise: Any,
        codes: Any,
        open_: Any,
        count: Any,
        last: Any,
        shift: Any,
    ) -> Any:
        """Settle the 16 columns of a panel for some inputs; return how many have open columns.

        The code of a column is ``floor(per_match p + per_step s + middle + sigma z)`` cut at 0 and
        `last`, with ``sigma^2 = noise_per_match p + noise``. All but the last three arguments are
        addresses.

        Parameters
        ----------
        matches, steps : int32 [N, 16]
            p and s.
        parts : uint8 [N, 16]
            The part of the distribution that each z lies in.
        patterns : int32 [N]
            Row of `middle` and `noise`.
        middle, noise : float32 [patterns, 16]
        factors : float32 [7, 16]
            per_match, per_step, noise_per_match, and what float32 may be off by, in codes; then a
            slope, a start and a bow: `settle_bent` adds ``bow (1 - min(u^2, 1))`` to each value v,
            ``u = slope v + start``.
        odd_steps, odd_noise : float32 [N, 16]
            Added to middle and noise, input by input, by `settle_odd` and
            `settle_bent`.
        codes : int32 [N, 16]
            The code times ``2^shift`` is added where settled.
        open_ : int64 [N]
            Filled with ``n 2^16 + mask of open columns``.
        count : int
            N.
        last : float32
        shift : int32
        """

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _build(builder, odd, bent, arguments)

        return types.int64(*[types.int64] * 12, types.float32, types.int32), generate

    return _lanes


def _build(builder: Any, odd: bool, bent: bool, arguments: Any) -> Any:
    from numba.core import cgutils as untyped

    cgutils: Any = untyped

    (matches, steps, parts, patterns, middle, noise, factors, odd_steps, odd_noise) = arguments[:9]
    codes, open_, count, last, shift = arguments[9:]
    real, whole = ir.VectorType(F32, 16), ir.VectorType(I32, 16)

    def constant(value: float) -> Any:
        return ir.Constant(real, [float(np.float32(value))] * 16)

    def integer(value: int) -> Any:
        return ir.Constant(whole, [value] * 16)

    fma = lanes.declared(builder, "llvm.fma.v16f32", real, [real] * 3)
    nearest = lanes.declared(builder, "llvm.rint.v16f32", real, [real])

    def fused(a: Any, b: Any, c: Any) -> Any:
        return builder.call(fma, [a, b, c])

    def smaller(a: Any, b: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", a, b), a, b)

    def larger(a: Any, b: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", a, b), a, b)

    factor = [lanes.load(builder, factors, ir.Constant(I64, 64 * k), real) for k in range(7)]
    per_match, per_step, noise_per_match, slack, turn, start, bow = factor

    def curved(value: Any) -> Any:
        u = fused(value, turn, start)
        rest = builder.fsub(constant(1.0), smaller(builder.fmul(u, u), constant(1.0)))
        return fused(bow, rest, value)

    top = lanes.broadcast(builder, last, 16)
    bits = lanes.broadcast(builder, shift, 16)
    found = cgutils.alloca_once_value(builder, ir.Constant(I64, 0))

    def body(n: Any) -> None:
        line = builder.mul(n, ir.Constant(I64, 64))
        pattern = lanes.load(builder, patterns, builder.mul(n, ir.Constant(I64, 4)), I32)
        row = builder.mul(builder.zext(pattern, I64), ir.Constant(I64, 64))
        p = builder.sitofp(lanes.load(builder, matches, line, whole), real)
        s = builder.sitofp(lanes.load(builder, steps, line, whole), real)
        value = lanes.load(builder, middle, row, real)
        variance = lanes.load(builder, noise, row, real)
        if odd:
            value = builder.fadd(value, lanes.load(builder, odd_steps, line, real))
            variance = builder.fadd(variance, lanes.load(builder, odd_noise, line, real))
        value = fused(per_match, p, fused(per_step, s, value))
        variance = larger(fused(noise_per_match, p, variance), constant(0.0))
        guess = builder.bitcast(
            builder.sub(
                integer(_GUESS), builder.lshr(builder.bitcast(variance, whole), integer(1))
            ),
            real,
        )
        half = builder.fmul(variance, constant(-0.5))
        better = fused(builder.fmul(half, guess), guess, constant(1.5))
        sigma = builder.fmul(variance, builder.fmul(guess, better))
        byte = builder.mul(n, ir.Constant(I64, 16))
        part = builder.uitofp(lanes.load(builder, parts, byte, ir.VectorType(I8, 16)), real)
        t = fused(part, constant(1 / 128), constant(-127.5 / 128))
        q = builder.fmul(t, t)
        series = constant(MIDDLE[-1])
        for k in range(len(MIDDLE) - 2, -1, -1):
            series = fused(series, q, constant(MIDDLE[k]))
        power = fused(q, q, constant(1e-6))  # the rest keeps its powers out of the subnormals
        power = builder.fmul(power, power)
        reach = fused(power, constant(FAR), constant(NEAR))
        power = builder.fmul(power, power)
        power = builder.fmul(power, power)
        reach = fused(power, constant(FARTHEST), reach)
        ends = builder.fcmp_ordered(">", q, constant(0.985))
        reach = builder.select(ends, constant(ENDS), reach)
        series = builder.select(ends, constant(END), series)
        centre = fused(builder.fmul(sigma, t), series, value)
        width = fused(sigma, reach, slack)
        if odd:
            away = builder.bitcast(
                builder.and_(builder.bitcast(value, whole), integer(0x7FFFFFFF)), real
            )
            width = fused(away, constant(ROUNDING), width)
        if bent:  # values rise with the count, so the ends of the interval bound it
            low = curved(builder.fsub(centre, width))
            high = curved(builder.fadd(centre, width))
            centre = builder.fmul(builder.fadd(low, high), constant(0.5))
            width = fused(builder.fsub(high, low), constant(0.5), slack)
        border = builder.call(nearest, [centre])  # codes change at whole numbers, 1 to `last`
        border = larger(smaller(border, top), constant(1.0))
        beyond = builder.fsub(centre, border)
        distance = builder.bitcast(
            builder.and_(builder.bitcast(beyond, whole), integer(0x7FFFFFFF)), real
        )
        unsure = builder.fcmp_unordered("<=", distance, width)
        below = builder.zext(builder.fcmp_ordered("<", beyond, constant(0.0)), whole)
        code = builder.sub(builder.fptosi(border, whole), below)
        code = builder.select(unsure, integer(0), code)
        target = lanes.at(builder, codes, line, whole)
        total = builder.add(builder.load(target, align=4), builder.shl(code, bits))
        builder.store(total, target, align=4)
        mask = builder.bitcast(unsure, ir.IntType(16))
        at = builder.load(found)
        entry = builder.or_(builder.shl(n, ir.Constant(I64, 16)), builder.zext(mask, I64))
        builder.store(entry, lanes.at(builder, open_, builder.mul(at, ir.Constant(I64, 8)), I64))
        any_ = builder.icmp_unsigned("!=", mask, ir.Constant(ir.IntType(16), 0))
        builder.store(builder.add(at, builder.zext(any_, I64)), found)

    lanes.repeat(builder, count, body)
    return builder.load(found)


settle, settle_odd, settle_bent = _settle(False), _settle(True), _settle(True, True)
