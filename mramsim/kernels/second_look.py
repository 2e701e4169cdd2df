"""Draw the Gaussian of open columns in float32, 16 at a time, where that is enough.

What `mramsim.kernels.settle` leaves open draws its own place in the part of the distribution. The
first of its two words gives the Gaussian to within `NEAR`; where every value so near gives the same
code, the code is settled, and the few others go to the exact path. Again single precision decides
nothing.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction, kernel
from mramsim.kernels.lanes import I8, I32, I64, address
from mramsim.kernels.looks import I16, ROUNDING, Floats, Outcome, bend, decide
from mramsim.kernels.noise import OWN
from mramsim.kernels.shared_draws import rounds_of

# The normal number exceeded with probability q, r = (-2 ln q)^(1/2), 1.17 < r < 6.1: powers of
# r - CENTRE; and ln(1 + f) / f, -0.3 < f < 0.42: powers of f. Both fitted for the least maximum.
QUANTILE = (
    1.70670433,
    1.18150137,
    -0.0493261083,
    0.0141398446,
    -0.00451672429,
    0.00175639242,
    -0.000594512849,
    0.00011750511,
    -9.45894822e-06,
)
CENTRE = 2.5
LOGARITHM = (1.00000554, -0.499914046, 0.332482727, -0.253591596, 0.221687295, -0.146623706)
NEAR = 1e-4  # what the Gaussian can be off by, with all rounding of float32
LEAST = 2.0**-26  # smaller tails are left open: their second word would matter
_LN2 = 0.6931471805599453


def _plain_second_look(*arguments: Any) -> int:
    """Leave all open."""
    return int(arguments[8])


def _second_look(bent: bool) -> Any:
    @instruction(_plain_second_look)
    def _lanes(
        typing_context: Any,
        looks: Any,
        beside: Any,
        parts: Any,
        images: Any,
        places: Any,
        factors: Any,
        codes: Any,
        open_: Any,
        opened: Any,
        settled: Any,
        step: Any,
        column: Any,
        k0: Any,
        k1: Any,
        last: Any,
        shift: Any,
    ) -> Any:
        """Do what `look_again` says; all arguments up to `open_`, and `settled`, are addresses."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _build(builder, bent, arguments)

        kinds = [types.int64] * 10 + [types.uint32] * 4 + [types.float32, types.int32]
        return types.int64(*kinds), generate

    return _lanes


def _build(builder: Any, bent: bool, arguments: Any) -> Any:
    from numba.core import cgutils as untyped

    cgutils: Any = untyped
    looks, beside, parts, images, places, factors, codes, open_, opened, settled = arguments[:10]
    step, column, k0, k1, last, shift = arguments[10:]
    floats = Floats(builder, 16)
    real, whole, integer = floats.real, floats.whole, floats.integer
    factor = [floats.line(factors, ir.Constant(I64, 64 * k)) for k in range(3, 7)]
    top = lanes.broadcast(builder, last, 16)
    found = cgutils.alloca_once_value(builder, ir.Constant(I64, 0))
    outcome = Outcome(floats, codes, open_, shift, found)
    wide = ir.VectorType(I64, 8)
    numbers = ir.Constant(whole, list(range(16)))
    own = builder.or_(builder.add(lanes.broadcast(builder, column, 16), numbers), integer(int(OWN)))

    def spread(value: Any) -> Any:
        return builder.zext(lanes.broadcast(builder, value, 8), wide)

    def half_of(value: Any, part: int) -> Any:
        order = ir.Constant(ir.VectorType(I32, 8), list(range(8 * part, 8 * part + 8)))
        return builder.zext(builder.shuffle_vector(value, value, order), wide)

    def first_word(n: Any) -> Any:
        """Return the first word of the own draw of 16 columns for input n, int32."""
        byte = builder.mul(n, ir.Constant(I64, 4))
        image, place = (spread(lanes.load(builder, start, byte, I32)) for start in (images, places))
        key = [spread(k0), spread(k1)]
        words = [
            rounds_of(builder, [image, place, spread(step), half_of(own, part)], key)[0]
            for part in range(2)
        ]
        narrow = [builder.trunc(word, ir.VectorType(I32, 8)) for word in words]
        return builder.shuffle_vector(*narrow, numbers)

    def body(index: Any) -> None:
        entry = lanes.load(builder, open_, builder.mul(index, ir.Constant(I64, 8)), I64)
        n = builder.lshr(entry, ir.Constant(I64, 16))
        mask = builder.trunc(entry, I16)
        pending = builder.bitcast(mask, ir.VectorType(ir.IntType(1), 16))
        line = builder.mul(n, ir.Constant(I64, 64))
        value = lanes.load(builder, looks, line, real)
        sigma = floats.single("sqrt", lanes.load(builder, beside, line, real))
        byte = builder.mul(n, ir.Constant(I64, 16))
        part = builder.zext(lanes.load(builder, parts, byte, ir.VectorType(I8, 16)), whole)
        low = builder.icmp_signed("<", part, integer(128))
        tail, z = _gaussian(floats, part, low, first_word(n))
        centre = floats.fused(sigma, z, value)
        width = floats.fused(sigma, floats.constant(NEAR), factor[0])
        width = floats.fused(floats.magnitude(value), floats.constant(ROUNDING), width)
        if bent:
            centre, width = bend(floats, centre, width, factor[0], factor[1:])
        code, unsure = decide(floats, centre, width, top)
        unsure = builder.or_(unsure, builder.fcmp_ordered("<", tail, floats.constant(LEAST)))
        done = builder.and_(pending, builder.not_(unsure))
        outcome.put(n, code, done)
        outcome.leave(n, builder.bitcast(builder.and_(pending, unsure), I16))
        ones = lanes.declared(builder, "llvm.ctpop.i16", I16, [I16])
        drawn = builder.zext(builder.call(ones, [builder.bitcast(done, I16)]), I64)
        tally = lanes.at(builder, settled, ir.Constant(I64, 0), I64)
        builder.store(builder.add(builder.load(tally), drawn), tally)

    lanes.repeat(builder, opened, body)
    return builder.load(found)


def _gaussian(floats: Floats, part: Any, low: Any, word: Any) -> tuple[Any, Any]:
    """Return the smaller tail of a place in a 256th, and the Gaussian, of 16 columns."""
    builder, integer = floats.builder, floats.integer
    real, whole = floats.real, floats.whole
    word = builder.select(low, word, builder.xor(word, integer(-1)))
    inside = floats.fused(
        builder.uitofp(word, real), floats.constant(2.0**-32), floats.constant(2.0**-33)
    )
    steps = builder.select(low, part, builder.sub(integer(255), part))
    tail = builder.fmul(builder.fadd(builder.sitofp(steps, real), inside), floats.constant(1 / 256))
    bits = builder.bitcast(tail, whole)
    # 2^e (1 + f) with f between 2^-1/2 - 1 and 2^1/2 - 1
    shifted = builder.sub(bits, integer(0x3F3504F3))
    exponent = builder.ashr(shifted, integer(23))
    mantissa = builder.bitcast(builder.sub(bits, builder.shl(exponent, integer(23))), real)
    f = builder.fsub(mantissa, floats.constant(1.0))
    rest = builder.fmul(f, floats.series(LOGARITHM, f))
    natural = floats.fused(builder.sitofp(exponent, real), floats.constant(_LN2), rest)
    r = floats.single("sqrt", builder.fmul(natural, floats.constant(-2.0)))
    z = floats.series(QUANTILE, builder.fsub(r, floats.constant(CENTRE)))
    return tail, builder.select(low, builder.fsub(floats.constant(-0.0), z), z)


_second, _second_bent = _second_look(False), _second_look(True)


@kernel
def look_again(
    looks: Any,
    words: Any,
    image: Any,
    place: Any,
    factors: Any,
    codes: Any,
    open_: Any,
    opened: Any,
    settled: Any,
    counter: Any,
    ends: Any,
    bent: Any,
) -> Any:
    """Settle open columns of a panel; return how many inputs still have some.

    Parameters
    ----------
    looks : float32 [2, N, 16]
        Value and variance, as the first look left them.
    words : uint32 [N, 4]
        Bytes of the shared draw.
    image, place : uint32 [N]
    factors, codes : address
        As in `mramsim.kernels.settle`.
    open_ : int64 [N + 1]
        Open columns on entry and on return, ``n 2^16 + mask``.
    opened : int
        Inputs listed.
    settled : int64 [1]
        Columns settled by a draw are added.
    counter : tuple of uint32
        Step, first column of the panel, key.
    ends : tuple of float32 and int32
        Last code, and the power of two of the plane.
    bent : bool
        Whether factors have a bow.
    """
    step, column, k0, k1 = counter
    last, shift = ends
    arguments = (
        address(looks),
        address(looks[1]),
        address(words),
        address(image),
        address(place),
        factors,
        codes,
        address(open_),
        opened,
        address(settled),
        step,
        column,
        k0,
        k1,
        last,
        shift,
    )
    return _second_bent(*arguments) if bent else _second(*arguments)
