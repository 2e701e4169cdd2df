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
from mramsim.kernels.looks import F32, I16, ROUNDING, Floats, Outcome, bend, decide

# Middle of part b of the distribution: t times a polynomial in t^2, t = (b - 127.5) / 128; fitted.
MIDDLE = (1.22365373, 1.03300189, -4.74442294, 14.8539519, -19.7294362, 10.0070395)
# What the middle can be off by, for parts 1 to 254: first + second t^8 + third t^32 (with MIDDLE
# the least mean, by linear programming); those of 0 and 255 lie ENDS on either side of END t.
NEAR, FAR, FARTHEST = 0.0079, 0.0459, 0.23
END, ENDS = 5.8228, 3.16
_GUESS = 0x5F3759DF  # first guess of a reciprocal root from the bits of a float32


def _plain_settle(*arguments: Any) -> int:
    """Settle nothing: all columns are open."""
    open_, count = arguments[12:14]
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
        looks: Any,
        beside: Any,
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
        looks, beside : float32 [N, 16]
            Filled with value and variance, for a second look.
        codes : int32 [N, 16]
            The code times ``2^shift`` is added where settled.
        open_ : int64 [N]
            Filled with ``n 2^16 + mask of open columns``.
        count : int
            N; arrays have an even number of lines.
        last : float32
        shift : int32
        """

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _build(builder, odd, bent, arguments)

        return types.int64(*[types.int64] * 14, types.float32, types.int32), generate

    return _lanes


def _build(builder: Any, odd: bool, bent: bool, arguments: Any) -> Any:
    from numba.core import cgutils as untyped

    cgutils: Any = untyped
    (matches, steps, parts, patterns, middle, noise, factors, odd_steps, odd_noise) = arguments[:9]
    looks, beside, codes, open_, count, last, shift = arguments[9:]
    floats = Floats(builder, 32)  # two inputs at a time hide each other's latencies
    constant, integer, fused = floats.constant, floats.integer, floats.fused
    real, whole = floats.real, floats.whole
    factor = [floats.line(factors, ir.Constant(I64, 64 * k)) for k in range(7)]
    per_match, per_step, noise_per_match, slack = factor[:4]
    top = lanes.broadcast(builder, last, floats.width)
    found = cgutils.alloca_once_value(builder, ir.Constant(I64, 0))
    outcome = Outcome(floats, codes, open_, shift, found)

    def of_pattern(start: Any, n: Any) -> Any:
        lines = []
        for beside in range(2):
            byte = builder.add(builder.mul(n, ir.Constant(I64, 4)), ir.Constant(I64, 4 * beside))
            pattern = builder.zext(lanes.load(builder, patterns, byte, I32), I64)
            row = builder.mul(pattern, ir.Constant(I64, 64))
            lines.append(lanes.load(builder, start, row, ir.VectorType(F32, 16)))
        return builder.shuffle_vector(*lines, ir.Constant(whole, list(range(32))))

    def body(pair: Any) -> None:
        n = builder.mul(pair, ir.Constant(I64, 2))
        line = builder.mul(n, ir.Constant(I64, 64))
        p = builder.sitofp(lanes.load(builder, matches, line, whole), real)
        s = builder.sitofp(lanes.load(builder, steps, line, whole), real)
        value, variance = of_pattern(middle, n), of_pattern(noise, n)
        if odd:
            value = builder.fadd(value, lanes.load(builder, odd_steps, line, real))
            variance = builder.fadd(variance, lanes.load(builder, odd_noise, line, real))
        value = fused(per_match, p, fused(per_step, s, value))
        variance = floats.larger(fused(noise_per_match, p, variance), constant(0.0))
        builder.store(value, lanes.at(builder, looks, line, real), align=4)
        builder.store(variance, lanes.at(builder, beside, line, real), align=4)
        bits = builder.lshr(builder.bitcast(variance, whole), integer(1))
        guess = builder.bitcast(builder.sub(integer(_GUESS), bits), real)
        half = builder.fmul(variance, constant(-0.5))
        better = fused(builder.fmul(half, guess), guess, constant(1.5))
        sigma = builder.fmul(variance, builder.fmul(guess, better))
        byte = builder.mul(n, ir.Constant(I64, 16))
        part = builder.uitofp(lanes.load(builder, parts, byte, ir.VectorType(I8, 32)), real)
        t = fused(part, constant(1 / 128), constant(-127.5 / 128))
        q = builder.fmul(t, t)
        series = floats.series(MIDDLE, q)
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
            width = fused(floats.magnitude(value), constant(ROUNDING), width)
        if bent:
            centre, width = bend(floats, centre, width, slack, factor[4:])
        code, unsure = decide(floats, centre, width, top)
        outcome.put(n, code, builder.not_(unsure))
        masks = builder.bitcast(unsure, I32)
        outcome.leave(n, builder.trunc(masks, I16))
        after = builder.add(n, ir.Constant(I64, 1))
        exists = builder.icmp_signed("<", after, count)
        high = builder.trunc(builder.lshr(masks, ir.Constant(I32, 16)), I16)
        outcome.leave(after, builder.select(exists, high, ir.Constant(I16, 0)))

    pairs = builder.lshr(builder.add(count, ir.Constant(I64, 1)), ir.Constant(I64, 1))
    lanes.repeat(builder, pairs, body)
    return builder.load(found)


settle, settle_odd, settle_bent = _settle(False), _settle(True), _settle(True, True)
