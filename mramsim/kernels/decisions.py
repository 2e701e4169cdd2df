"""Bits from summed codes: what follows the last conversion of a layer that ends in a sign."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction, kernel
from mramsim.kernels.lanes import I8, I32, I64, address

_COLUMNS = 16  # of a panel


def _plain_decide(codes: Any, sign: Any, limit: Any, bits: Any) -> None:
    code, turn, least = (
        lanes.memory(start, (_COLUMNS,), np.int32) for start in (codes, sign, limit)
    )
    lanes.memory(bits, (_COLUMNS,), np.uint8)[:] = code * turn >= least


@instruction(_plain_decide)
def decide_line(typing_context: Any, codes: Any, sign: Any, limit: Any, bits: Any) -> Any:
    """Write 16 bits, ``sign code >= limit``, by addresses: int32 [16] thrice, then uint8 [16]."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole, none = ir.VectorType(I32, _COLUMNS), ir.Constant(I64, 0)
        code, turn, least = (lanes.load(builder, at, none, whole) for at in arguments[:3])
        reached = builder.icmp_signed(">=", builder.mul(code, turn), least)
        kind = ir.VectorType(I8, _COLUMNS)
        place = lanes.at(builder, arguments[3], none, kind)
        builder.store(builder.zext(reached, kind), place, align=1)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4), generate


@kernel
def decide_codes(codes: Any, limit: Any, kinds: Any, sign: Any, bits: Any) -> Any:
    """Fill bits: 1 where ``sign * code`` reaches the column's limit.

    Parameters
    ----------
    codes : int32 [N / 32, M / 16, 32, 16]
    limit : int32 [kinds, M]
    kinds : int32 [P]
        Row of `limit` for each position; evaluation ``n`` is at position ``n % P``.
    sign : int32 [M]
    bits : uint8 [N, M]
        Rows may lie apart, columns not.
    """
    positions, columns, inputs = kinds.size, sign.size, codes.shape[2]
    panels, whole = codes.shape[1], columns // _COLUMNS
    at_codes, at_sign, at_limit, at_bits = (
        address(codes),
        address(sign),
        address(limit),
        address(bits),
    )
    line = bits.strides[0]
    for n in range(bits.shape[0]):
        block, place = n // inputs, n % inputs
        kind = np.int64(kinds[n % positions])
        own = at_codes + (block * panels * inputs + place) * 64
        least, target = at_limit + kind * columns * 4, at_bits + n * line
        for panel in range(whole):
            decide_line(
                own + panel * inputs * 64,
                at_sign + panel * 64,
                least + panel * 64,
                target + panel * 16,
            )
        for column in range(whole * _COLUMNS, columns):
            code = codes[block, panels - 1, place, column - whole * _COLUMNS]
            bits[n, column] = code * sign[column] >= limit[kind, column]
