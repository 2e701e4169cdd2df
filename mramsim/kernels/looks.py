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

I16, F32 = ir.IntType(16), ir.FloatType()
ROUNDING = 3e-7  # of float32 sums, relative to the sum of the magnitudes of their terms


@dataclass(frozen=True)
class Floats:
    """Arithmetic of `width` floats, of one or two inputs with 16 columns each; LLVM `builder`."""

    builder: Any
    width: int

    @property
    def real(self) -> Any:
        """Vectors of float32."""
        return ir.VectorType(F32, self.width)

    @property
    def whole(self) -> Any:
        """Vectors of int32."""
        return ir.VectorType(I32, self.width)

    def constant(self, value: float) -> Any:
        """Return a float32 in each lane."""
        return ir.Constant(self.real, [float(np.float32(value))] * self.width)

    def integer(self, value: int) -> Any:
        """Return an int32 in each lane."""
        return ir.Constant(self.whole, [value] * self.width)

    def line(self, base: Any, byte: Any) -> Any:
        """Load what columns have, for each input the same 16."""
        found = lanes.load(self.builder, base, byte, ir.VectorType(F32, 16))
        order = ir.Constant(self.whole, [lane % 16 for lane in range(self.width)])
        return self.builder.shuffle_vector(found, found, order)

    def fused(self, a: Any, b: Any, c: Any) -> Any:
        """Return ``a b + c``, rounded once."""
        name = f"llvm.fma.v{self.width}f32"
        fma = lanes.declared(self.builder, name, self.real, [self.real] * 3)
        return self.builder.call(fma, [a, b, c])

    def single(self, name: str, value: Any) -> Any:
        """Return ``name(value)`` of LLVM: "sqrt" or "rint"."""
        name = f"llvm.{name}.v{self.width}f32"
        return self.builder.call(
            lanes.declared(self.builder, name, self.real, [self.real]), [value]
        )

    def smaller(self, a: Any, b: Any) -> Any:
        """Return the smaller of two."""
        return self.builder.select(self.builder.fcmp_ordered("<", a, b), a, b)

    def larger(self, a: Any, b: Any) -> Any:
        """Return the larger of two."""
        return self.builder.select(self.builder.fcmp_ordered(">", a, b), a, b)

    def magnitude(self, value: Any) -> Any:
        """Return the value without its sign."""
        bits = self.builder.bitcast(value, self.whole)
        return self.builder.bitcast(self.builder.and_(bits, self.integer(0x7FFFFFFF)), self.real)

    def series(self, factors: tuple[float, ...], x: Any) -> Any:
        """Return the polynomial with these factors, the constant first."""
        value = self.constant(factors[-1])
        for factor in factors[-2::-1]:
            value = self.fused(value, x, self.constant(factor))
        return value


def bend(floats: Floats, centre: Any, width: Any, slack: Any, bow: Any) -> tuple[Any, Any]:
    """Return middle and half width after a bow; values rise, so the ends bound what is between.

    ``bow (1 - min(u^2, 1))`` is added to each value v, ``u = turn v + start``; `bow` has all three.
    """
    builder = floats.builder
    turn, start, strength = bow

    def curved(value: Any) -> Any:
        u = floats.fused(value, turn, start)
        rest = builder.fsub(
            floats.constant(1.0), floats.smaller(builder.fmul(u, u), floats.constant(1.0))
        )
        return floats.fused(strength, rest, value)

    low = curved(builder.fsub(centre, width))
    high = curved(builder.fadd(centre, width))
    middle = builder.fmul(builder.fadd(low, high), floats.constant(0.5))
    return middle, floats.fused(builder.fsub(high, low), floats.constant(0.5), slack)


def decide(floats: Floats, centre: Any, width: Any, top: Any) -> tuple[Any, Any]:
    """Return the code, ``floor(centre)`` cut at 0 and `top`, and where it is unsure."""
    builder = floats.builder
    border = floats.single("rint", centre)  # codes change at whole numbers, 1 to `top`
    border = floats.larger(floats.smaller(border, top), floats.constant(1.0))
    beyond = builder.fsub(centre, border)
    unsure = builder.fcmp_unordered("<=", floats.magnitude(beyond), width)
    below = builder.zext(builder.fcmp_ordered("<", beyond, floats.constant(0.0)), floats.whole)
    return builder.sub(builder.fptosi(border, floats.whole), below), unsure


@dataclass(frozen=True)
class Outcome:
    """Where the codes go, and the list of what is open: ``n 2^16 + mask``, one after the other."""

    floats: Floats
    codes: Any
    open_: Any
    shift: Any
    found: Any

    def put(self, n: Any, code: Any, where: Any) -> None:
        """Add codes times ``2^shift`` from input n on `where` they are settled."""
        builder, floats = self.floats.builder, self.floats
        code = builder.select(where, code, floats.integer(0))
        target = lanes.at(builder, self.codes, builder.mul(n, ir.Constant(I64, 64)), floats.whole)
        shift = lanes.broadcast(builder, self.shift, floats.width)
        total = builder.add(builder.load(target, align=4), builder.shl(code, shift))
        builder.store(total, target, align=4)

    def leave(self, n: Any, mask: Any) -> None:
        """List input n if any bit of its columns' `mask` (16 bits) is set."""
        builder = self.floats.builder
        at = builder.load(self.found)
        entry = builder.or_(builder.shl(n, ir.Constant(I64, 16)), builder.zext(mask, I64))
        place = builder.mul(at, ir.Constant(I64, 8))
        builder.store(entry, lanes.at(builder, self.open_, place, I64))
        any_ = builder.icmp_unsigned("!=", mask, ir.Constant(I16, 0))
        builder.store(builder.add(at, builder.zext(any_, I64)), self.found)
