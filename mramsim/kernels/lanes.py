"""Vector instructions for kernels: what the code generator may use, and blocks built from them.

Numba's loops are vectorised by LLVM as it sees fit. The two inner blocks that decide the speed of
everything, the popcount and the integer product, are written here as LLVM vectors instead, with the
accumulators in registers. They hold integers only, so every variant gives the same bytes.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from mramsim.kernels.jit import instruction

I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
POINTER = I8.as_pointer()


def features(context: Any) -> frozenset[str]:
    """Return the features of the processor that code is generated for, such as ``avx2``."""
    listed = str(context.codegen().magic_tuple()[2]).split(",")
    return frozenset(name[1:] for name in listed if name.startswith("+"))


def declared(builder: Any, name: str, result: Any, arguments: list[Any]) -> Any:
    """Return the LLVM function `name`, declared once per module."""
    found = builder.module.globals.get(name)
    kind = ir.FunctionType(result, arguments)
    return found if found is not None else ir.Function(builder.module, kind, name)


def at(builder: Any, base: Any, byte: Any, kind: Any) -> Any:
    """Return the pointer to a `kind` at `base` (an address, int64) plus `byte`."""
    return builder.inttoptr(builder.add(base, byte), kind.as_pointer())


def load(builder: Any, base: Any, byte: Any, kind: Any) -> Any:
    """Load a `kind` from `base` plus `byte`, without alignment."""
    return builder.load(at(builder, base, byte, kind), align=1)


def broadcast(builder: Any, value: Any, lanes: int) -> Any:
    """Return a vector with `value` in each lane."""
    kind = ir.VectorType(value.type, lanes)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(I32, 0))
    same = ir.Constant(ir.VectorType(I32, lanes), [0] * lanes)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), same)


def repeat(builder: Any, count: Any, body: Callable[[Any], None]) -> None:
    """Build a loop of `count` (int64) rounds around ``body(round)``."""
    from numba.core import cgutils

    with cgutils.for_range(builder, count) as loop:
        body(loop.index)


def transposed(builder: Any, lines: list[Any]) -> list[Any]:
    """Return the transpose of 16 vectors of 16."""
    for distance in (1, 2, 4, 8):
        low = [i if not i & distance else 16 + i - distance for i in range(16)]
        high = [i + distance if not i & distance else 16 + i for i in range(16)]
        swapped: list[Any] = [None] * 16
        for first in range(16):
            if not first & distance:
                pair = lines[first], lines[first + distance]
                for at, order in ((first, low), (first + distance, high)):
                    mask = ir.Constant(ir.VectorType(I32, 16), order)
                    swapped[at] = builder.shuffle_vector(*pair, mask)
        lines = swapped
    return lines


def accumulators(builder: Any, kind: Any, count: int) -> list[Any]:
    """Return `count` slots of a vector type, zero; the optimiser keeps them in registers."""
    from numba.core import cgutils as untyped

    cgutils: Any = untyped
    zero = ir.Constant(kind, None)
    slots = [cgutils.alloca_once(builder, kind) for _ in range(count)]
    for slot in slots:
        builder.store(zero, slot)
    return slots


def memory(start: int, shape: tuple[int, ...], kind: Any) -> Any:
    """Return the array at an address, for kernels that run as plain Python."""
    size = int(np.prod(shape)) * np.dtype(kind).itemsize
    found = (ctypes.c_uint8 * size).from_address(int(start))
    return np.frombuffer(found, dtype=np.uint8).view(kind).reshape(shape)


@instruction(lambda array: array.ctypes.data)
def address(typing_context: Any, array: Any) -> Any:
    """Return where the data of an array start, int64.

    This does not keep the array alive: Numba frees an array of a kernel's own after the last line
    that names it or a view of it. So it must be named again later, or belong to the caller.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        from numba.np import arrayobj as untyped

        arrayobj: Any = untyped
        found = arrayobj.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.ptrtoint(found.data, I64)

    return types.int64(array), generate


@instruction(lambda array: array)
def borrowed(typing_context: Any, array: Any) -> Any:
    """Return the array without its count of references, which threads that share it would contend.

    What owns it must live on.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        from numba.np import arrayobj as untyped

        arrayobj: Any = untyped
        found = arrayobj.make_array(signature.args[0])(context, builder, arguments[0])
        found.meminfo = ir.Constant(found.meminfo.type, None)
        return found._getvalue()

    return array(array), generate


def aligned(shape: tuple[int, ...], kind: Any) -> Any:
    """Return an array of zeros that starts on a cache line, so that no vector lies on two."""
    size = int(np.prod(shape)) * np.dtype(kind).itemsize
    raw = np.zeros(size + 64, dtype=np.uint8)
    start = (-raw.ctypes.data) % 64
    return raw[start : start + size].view(kind).reshape(shape)
