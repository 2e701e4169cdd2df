"""Vector code that both looks at a column's code share: arithmetic of 16 floats, the decision.

A look gives the middle of where a value may lie, in codes, and half the width of it. Where no code
changes within, the code is settled; elsewhere the column stays open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir

from mramsim.kernels import lanes
from mramsim.kernels.lanes import I32, I64

F32 = ir.FloatType()
REAL, WHOLE = ir.VectorType(F32, 16), ir.VectorType(I32, 16)
ROUNDING = 3e-7  # of float32 sums, relative to the sum of the magnitudes of their terms


def constant(value: float) -> Any:
    """Return a float32 in each of 16 lanes."""
    return ir.Constant(REAL, [float(np.float32(value))] * 16)


def integer(value: int) -> Any:
    """Return an int32 in each of 16 lanes."""
    return ir.Constant(WHOLE, [value] * 16)


@dataclass
class Floats:
    """Arithmetic of 16 floats; `builder` of LLVM code."""

    builder: Any

    def fused(self, a: Any, b: Any, c: Any) -> Any:
        """Return ``a b + c``, rounded once."""
        fma = lanes.declared(self.builder, "llvm.fma.v16f32", REAL, [REAL] * 3)
        return self.builder.call(fma, [a, b, c])

    def single(self, name: str, value: Any) -> Any:
        """Return ``name(value)`` of LLVM: "sqrt" or "rint"."""
        function = lanes.declared(self.builder, f"llvm.{name}.v16f32", REAL, [REAL])
        return self.builder.call(function, [value])

    def smaller(self, a: Any, b: Any) -> Any:
        """Return the smaller of two."""
        return self.builder.select(self.builder.fcmp_ordered("<", a, b), a, b)

    def larger(self, a: Any, b: Any) -> Any:
        """Return the larger of two."""
        return self.builder.select(self.builder.fcmp_ordered(">", a, b), a, b)

    def magnitude(self, value: Any) -> Any:
        """Return the value without its sign."""
        word = self.builder.and_(self.builder.bitcast(value, WHOLE), integer(0x7FFFFFFF))
        return self.builder.bitcast(word, REAL)

    def series(self, factors: tuple[float, ...], x: Any) -> Any:
        """Return the polynomial with these factors, the constant first."""
        value = constant(factors[-1])
        for factor in factors[-2::-1]:
            value = self.fused(value, x, constant(factor))
        return value


def bend(floats: Floats, centre: Any, width: Any, slack: Any, bow: Any) -> tuple[Any, Any]:
    """Return middle and half width after a bow; values rise, so the ends bound what is between.

    ``bow (1 - min(u^2, 1))`` is added to each value v, ``u = turn v + start``; `bow` has all three.
    """
    builder = floats.builder
    turn, start, strength = bow

    def curved(value: Any) -> Any:
        u = floats.fused(value, turn, start)
        rest = builder.fsub(constant(1.0), floats.smaller(builder.fmul(u, u), constant(1.0)))
        return floats.fused(strength, rest, value)

    low = curved(builder.fsub(centre, width))
    high = curved(builder.fadd(centre, width))
    middle = builder.fmul(builder.fadd(low, high), constant(0.5))
    return middle, floats.fused(builder.fsub(high, low), constant(0.5), slack)


def decide(floats: Floats, centre: Any, width: Any, top: Any) -> tuple[Any, Any]:
    """Return the code, ``floor(centre)`` cut at 0 and `top`, and where it is unsure."""
    builder = floats.builder
    border = floats.single("rint", centre)  # codes change at whole numbers, 1 to `top`
    border = floats.larger(floats.smaller(border, top), constant(1.0))
    beyond = builder.fsub(centre, border)
    unsure = builder.fcmp_unordered("<=", floats.magnitude(beyond), width)
    below = builder.zext(builder.fcmp_ordered("<", beyond, constant(0.0)), WHOLE)
    return builder.sub(builder.fptosi(border, WHOLE), below), unsure


@dataclass
class Outcome:
    """Where the codes go, and the list of what is open: ``n 2^16 + mask``, one after the other."""

    codes: Any
    open_: Any
    shift: Any
    found: Any

    def put(self, builder: Any, n: Any, code: Any, where: Any) -> None:
        """Add codes times ``2^shift`` for input n `where` they are settled."""
        code = builder.select(where, code, integer(0))
        target = lanes.at(builder, self.codes, builder.mul(n, ir.Constant(I64, 64)), WHOLE)
        total = builder.add(builder.load(target, align=4), builder.shl(code, self.shift))
        builder.store(total, target, align=4)

    def leave(self, builder: Any, n: Any, unsure: Any) -> None:
        """List input n if any of its columns is open."""
        mask = builder.bitcast(unsure, ir.IntType(16))
        at = builder.load(self.found)
        entry = builder.or_(builder.shl(n, ir.Constant(I64, 16)), builder.zext(mask, I64))
        place = builder.mul(at, ir.Constant(I64, 8))
        builder.store(entry, lanes.at(builder, self.open_, place, I64))
        any_ = builder.icmp_unsigned("!=", mask, ir.Constant(ir.IntType(16), 0))
        builder.store(builder.add(at, builder.zext(any_, I64)), self.found)
