"""Transposes of 16 by 16 bytes in registers."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction
from mramsim.kernels.lanes import I8, I64


def _plain_square(x: Any, stride: Any, out: Any, line: Any) -> None:
    square = [lanes.memory(x + n * stride, (16,), np.uint8) for n in range(16)]
    for row, values in enumerate(np.array(square).T):
        lanes.memory(out + row * line, (16,), np.uint8)[:] = values


@instruction(_plain_square)
def square(typing_context: Any, x: Any, stride: Any, out: Any, line: Any) -> Any:
    """Write 16 rows of 16 bytes at `x`, `stride` bytes apart, as 16 columns to `out`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        base, apart, target, beside = arguments
        kind = ir.VectorType(I8, 16)
        places = [builder.mul(apart, ir.Constant(I64, n)) for n in range(16)]
        lines = [lanes.load(builder, base, place, kind) for place in places]
        for row, values in enumerate(lanes.transposed(builder, lines)):
            place = builder.mul(beside, ir.Constant(I64, row))
            builder.store(values, lanes.at(builder, target, place, kind), align=1)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4), generate
