"""The Gaussian of a column's own draw in float32, from its first word alone."""

from __future__ import annotations

from typing import Any

from mramsim.kernels.looks import Floats

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


def gaussian_of(floats: Floats, part: Any, low: Any, word: Any) -> tuple[Any, Any]:
    """Return the smaller tail of a place in a 256th, and the Gaussian, in vectors.

    `part` : int32, 0 to 255; `low` : whether it is below 128; `word` : int32, the first word of
    the column's own draw.
    """
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
