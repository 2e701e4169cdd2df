"""Currents of columns of gated cells between a bit line and a source line, without a division.

Rows k to the end are the two-port of `mramsim.kernels.ladder`, ``I = Y p - (1 - n) F``,
``q = (1 - n) p + Z F``. With a common denominator D, ``y = D Y``, ``z = D Z``,
``v = (y z + (D n)^2) / D`` and ``w = (y z + (D (1 - n))^2) / D``, cells and wires act linearly:

    wires   v += (bit + source) y,   z += bit w + source (D + bit y),   D += bit y,   w += source y
    cell    y += G v,   D += G z,   w += G z

Every term is positive, so no digits are lost. One line with both resistances (return on the same
side) needs y and D alone: wires ``D += (bit + source) y``, cell ``y += G D``. Powers of two keep D
near 1. Derivation: ``docs/wires.md``, section 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction, kernel
from mramsim.kernels.lanes import I64, address
from mramsim.kernels.products import aligned_lines

WIDTH = 32  # columns taken together
_LANES = 8
_STATES = 5  # y, D, z, v, w
_IMAGES = 32
_DECADES = 200.0  # that states may grow by between two scalings
_REAL = ir.DoubleType()
_EXPONENT = 0x7FF0000000000000
_ONE_OVER = 0x7FE0000000000000  # minus the exponent of a power of two: that of its inverse


def _plain_rows(cells: Any, offsets: Any, wires: Any, count: Any, same: Any, state: Any) -> None:
    y, d, z, v, w = lanes.memory(state, (_STATES, WIDTH), np.float64)
    if int(count) == 0:
        return
    places = lanes.memory(offsets, (int(count),), np.int64)
    below = lanes.memory(wires, (int(count), 3), np.float64)
    for place, (both, r_b, r_s) in zip(places, below, strict=True):
        g = lanes.memory(int(cells) + int(place), (WIDTH,), np.float64)
        if same:
            d += both * y
            y += g * d
            continue
        v += both * y
        d += r_b * y
        z += r_b * w + r_s * d
        w += r_s * y
        y += g * v
        d += g * z
        w += g * z
    scale = 1.0 / 2.0 ** np.floor(np.log2(d))
    for own in (y, d, z, v, w):
        own *= scale


@instruction(_plain_rows)
def add_rows(
    typing_context: Any,
    cells: Any,
    offsets: Any,
    wires: Any,
    count: Any,
    same: Any,
    state: Any,
) -> Any:
    """Put rows of cells, each with the wires below it, before 32 columns; then scale.

    Parameters
    ----------
    cells : address of float64
        Conductances, S.
    offsets : address of int64 [count]
        Where the 32 of each row stand, in bytes from `cells`, 64-byte aligned.
    wires : address of float64 [count, 3]
        Below each row, Ohm: both lines together, bit line, source line.
    count : int64
    same : bool
        Whether the source line ends on the driver's side.
    state : address of float64 [5, 32]
        y, D, z, v and w; changed.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *given, same, state = arguments
        with builder.if_else(builder.trunc(same, ir.IntType(1))) as (then, otherwise):
            with then:
                _build(builder, True, state, *given)
            with otherwise:
                _build(builder, False, state, *given)
        return context.get_dummy_value()

    kinds = [types.int64] * 4 + [types.boolean, types.int64]
    return types.void(*kinds), generate


def _build(
    builder: Any,
    same: bool,
    state: Any,
    cells: Any,
    offsets: Any,
    wires: Any,
    count: Any,
) -> None:
    vector, whole = ir.VectorType(_REAL, _LANES), ir.VectorType(I64, _LANES)
    fma = lanes.declared(builder, f"llvm.fma.v{_LANES}f64", vector, [vector] * 3)
    parts, used = range(WIDTH // _LANES), 2 if same else _STATES

    def place(k: int, part: int) -> Any:
        return ir.Constant(I64, 8 * (WIDTH * k + _LANES * part))

    slots = [lanes.accumulators(builder, vector, len(parts)) for _ in range(used)]
    for k in range(used):
        for part in parts:
            builder.store(lanes.load(builder, state, place(k, part), vector), slots[k][part])

    def body(row: Any) -> None:
        eight = builder.mul(row, ir.Constant(I64, 8))
        line = builder.add(cells, lanes.load(builder, offsets, eight, I64))
        three = builder.mul(row, ir.Constant(I64, 24))
        both, r_b, r_s = (
            lanes.broadcast(
                builder,
                lanes.load(builder, wires, builder.add(three, ir.Constant(I64, 8 * k)), _REAL),
                _LANES,
            )
            for k in range(3)
        )

        def more(a: Any, b: Any, c: Any) -> Any:
            return builder.call(fma, [a, b, c])

        for part in parts:
            g = lanes.load(builder, line, place(0, part), vector)
            own = [builder.load(slot[part]) for slot in slots]
            if same:
                y, d = own
                d = more(both, y, d)
                found = [more(g, d, y), d]
            else:
                y, d, z, v, w = own
                v = more(both, y, v)
                d = more(r_b, y, d)
                z = more(r_s, d, more(r_b, w, z))
                w = more(r_s, y, w)
                found = [more(g, v, y), more(g, z, d), z, v, more(g, z, w)]
            for slot, value in zip(slots, found, strict=True):
                builder.store(value, slot[part])

    lanes.repeat(builder, count, body)
    for part in parts:
        size = builder.bitcast(builder.load(slots[1][part]), whole)
        power = builder.and_(size, ir.Constant(whole, [_EXPONENT] * _LANES))
        inverse = builder.sub(ir.Constant(whole, [_ONE_OVER] * _LANES), power)
        scale = builder.bitcast(inverse, vector)
        for k in range(used):
            value = builder.fmul(builder.load(slots[k][part]), scale)
            builder.store(value, lanes.at(builder, state, place(k, part), vector), align=8)


@kernel
def _in_panels(conductance: Any) -> Any:
    """Return conductances by panels of 32 columns, float64 [panels, branches, rows, 32]."""
    branches, rows, columns = conductance.shape
    panels = -(-columns // WIDTH)
    found = aligned_lines(panels * branches * rows, WIDTH).reshape(panels, branches, rows, WIDTH)
    for panel in range(panels):
        stop = min(WIDTH, columns - WIDTH * panel)
        for branch in range(branches):
            for row in range(rows):
                for lane in range(stop):
                    own = conductance[branch, row, WIDTH * panel + lane]
                    found[panel, branch, row, lane] = own
    return found


@kernel
def _list_rows(select: Any, bit: Any, source: Any, offsets: Any, wires: Any) -> Any:
    """List the rows that conduct from the last one on; return how many, and the gap above."""
    rows, found, gap = select.size, 0, 0.0
    for row in range(rows - 1, -1, -1):
        if select[row] >= 0:
            offsets[found] = 8 * WIDTH * (np.int64(select[row]) * rows + row)
            below = gap * bit, gap * source
            wires[found, 0], wires[found, 1], wires[found, 2] = (
                below[0] + below[1],
                below[0],
                below[1],
            )
            found += 1
            gap = 0.0
        gap += 1.0
    return found, gap


@kernel
def column_currents(
    conductance: Any,
    select: Any,
    v_read: Any,
    bit: Any,
    source: Any,
    driver: Any,
    sense: Any,
    opposite: Any,
    currents: Any,
) -> Any:
    """Fill the currents of all columns for every image.

    Rows without a selected branch cost nothing: their wires are added to the next cell's.

    Parameters
    ----------
    conductance : float64 [branches, rows, columns]
        Of cells with their transistor on, S.
    select : int8 [images, rows]
        Branch of each row that conducts; -1 for none.
    v_read : float
        Driver voltage, V.
    bit, source, driver, sense : float
        Segments, driver and sense node, Ohm.
    opposite : bool
        Where the source line ends.
    currents : float64 [images, columns]
        Filled, A.

    Returns
    -------
    int
        Cells that conducted.
    """
    images, rows = select.shape
    columns, panels = conductance.shape[2], _in_panels(conductance)
    most = 4.0 * (1.0 + rows * (bit + source) * (panels.max() if panels.size else 0.0))
    chunk = max(1, int(_DECADES / np.log10(most)))  # rows that cannot grow more
    offsets = np.empty((_IMAGES, rows), dtype=np.int64)
    wires, above = np.empty((_IMAGES, rows, 3)), np.empty(_IMAGES)
    counts = np.empty(_IMAGES, dtype=np.int64)
    state = aligned_lines(_STATES, WIDTH)
    cells = 0
    for start in range(0, images, _IMAGES):
        stop = min(start + _IMAGES, images)
        for n in range(stop - start):
            own = select[start + n]
            counts[n], above[n] = _list_rows(own, bit, source, offsets[n], wires[n])
            cells += counts[n] * columns
        for panel in range(panels.shape[0]):
            for n in range(stop - start):
                state[0], state[1], state[2] = 0.0, 1.0, sense + source
                state[3], state[4] = 1.0, 0.0
                for first in range(0, counts[n], chunk):
                    add_rows(
                        address(panels[panel]),
                        address(offsets[n]) + 8 * first,
                        address(wires[n]) + 24 * first,
                        min(chunk, counts[n] - first),
                        not opposite,
                        address(state),
                    )
                top = driver + above[n] * bit
                if not opposite:
                    top += sense + above[n] * source
                for lane in range(min(WIDTH, columns - WIDTH * panel)):
                    total = v_read * state[0, lane] / (state[1, lane] + top * state[0, lane])
                    currents[start + n, WIDTH * panel + lane] = total
    return cells
