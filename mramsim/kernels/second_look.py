"""Draw the Gaussian of open columns in float32, 32 at a time, where that is enough.

What `mramsim.kernels.settle` leaves open draws its own place in the part of the distribution. The
first of its two words gives the Gaussian to within `NEAR`; where every value so near gives the same
code, the code is settled, and the few others go to the exact path. Again single precision decides
nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from mramsim.kernels import lanes
from mramsim.kernels.jit import instruction, kernel
from mramsim.kernels.lanes import I32, I64, address
from mramsim.kernels.looks import ROUNDING, Floats, bend, decide
from mramsim.kernels.near_gauss import LEAST, NEAR, gaussian_of
from mramsim.kernels.noise import OWN
from mramsim.kernels.products import INPUTS as WIDTH
from mramsim.kernels.shared_draws import rounds_of, spread


def _plain_second_look(*arguments: Any) -> None:
    """Leave all open."""
    codes, rounds = arguments[4:6]
    lanes.memory(codes, (WIDTH * int(rounds),), np.int32)[:] = -1


def _second_look(bent: bool) -> Any:
    @instruction(_plain_second_look)
    def _lanes(
        typing_context: Any,
        listed: Any,
        images: Any,
        places: Any,
        near: Any,
        codes: Any,
        rounds: Any,
        size: Any,
        step: Any,
        k0: Any,
        k1: Any,
        last: Any,
    ) -> Any:
        """Do what `look_again` says, 32 columns a round; arrays are addresses, K is `size`."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            _build(builder, bent, arguments)
            return context.get_dummy_value()

        kinds = [types.int64] * 7 + [types.uint32] * 3 + [types.float32]
        return types.void(*kinds), generate

    return _lanes


def _build(builder: Any, bent: bool, arguments: Any) -> None:
    listed, images, places, near, codes, rounds, size, step, k0, k1, last = arguments
    floats = Floats(builder, WIDTH)
    real, whole = floats.real, floats.whole
    top = lanes.broadcast(builder, last, WIDTH)

    def number(index: Any, row: int) -> Any:
        """Load what `listed` has in a row."""
        start = builder.mul(size, ir.Constant(I64, 8 * row))
        byte = builder.add(start, builder.mul(index, ir.Constant(I64, 8 * WIDTH)))
        return builder.trunc(lanes.load(builder, listed, byte, ir.VectorType(I64, WIDTH)), whole)

    def beside(index: Any, row: int) -> Any:
        """Load what `near` has in a row."""
        start = builder.mul(size, ir.Constant(I64, 4 * row))
        byte = builder.add(start, builder.mul(index, ir.Constant(I64, 4 * WIDTH)))
        return lanes.load(builder, near, byte, real)

    def body(index: Any) -> None:
        byte = builder.mul(index, ir.Constant(I64, 4 * WIDTH))
        counter = [lanes.load(builder, start, byte, whole) for start in (images, places)]
        own = builder.or_(number(index, 1), floats.integer(int(OWN)))
        word = _first_words(builder, [*counter, step, own], (k0, k1))
        part = number(index, 2)
        low = builder.icmp_signed("<", part, floats.integer(128))
        tail, z = gaussian_of(floats, part, low, word)
        value, slack = beside(index, 0), beside(index, 2)
        sigma = floats.single("sqrt", beside(index, 1))
        centre = floats.fused(sigma, z, value)
        width = floats.fused(sigma, floats.constant(NEAR), slack)
        width = floats.fused(floats.magnitude(value), floats.constant(ROUNDING), width)
        if bent:
            bow = [beside(index, row) for row in (3, 4, 5)]
            centre, width = bend(floats, centre, width, slack, bow)
        code, unsure = decide(floats, centre, width, top)
        unsure = builder.or_(unsure, builder.fcmp_ordered("<", tail, floats.constant(LEAST)))
        code = builder.select(unsure, floats.integer(-1), code)
        builder.store(code, lanes.at(builder, codes, byte, whole), align=4)

    lanes.repeat(builder, rounds, body)


def _first_words(builder: Any, counter: list[Any], key: tuple[Any, Any]) -> Any:
    """Return the first words of the draws of 32 counters, int32; the third number is the same."""
    wide, order = ir.VectorType(I64, 8), ir.VectorType(I32, 8)

    def some(value: Any, part: int) -> Any:
        chosen = ir.Constant(order, list(range(8 * part, 8 * part + 8)))
        return builder.zext(builder.shuffle_vector(value, value, chosen), wide)

    image, place, step, own = counter
    found = []
    for part in range(WIDTH // 8):
        own_counter = [some(image, part), some(place, part), spread(builder, step), some(own, part)]
        words = rounds_of(builder, own_counter, [spread(builder, word) for word in key])
        found.append(builder.trunc(words[0], order))
    while len(found) > 1:
        pairs = zip(found[::2], found[1::2], strict=True)
        lengths = range(2 * found[0].type.count)
        joined = ir.Constant(ir.VectorType(I32, len(lengths)), list(lengths))
        found = [builder.shuffle_vector(a, b, joined) for a, b in pairs]
    return found[0]


_second, _second_bent = _second_look(False), _second_look(True)


@kernel
def recall(
    looks: Any,
    factors: Any,
    image: Any,
    place: Any,
    listed: Any,
    before: Any,
    found: Any,
    near: Any,
    counter: Any,
) -> Any:
    """Write down, for columns `before` to `found` of the list, what the first look saw.

    Parameters
    ----------
    looks : float32 [2, N, 16]
        Value and variance of the panel.
    factors : float32 [9, 16]
        Of the panel; see `mramsim.kernels.settle`.
    image, place : uint32 [N]
    listed : int64 [6, K]
        See `mramsim.kernels.open_reads.list_open`.
    near : float32 [6, K]
        Value, variance, slack, and the three numbers of the bow.
    counter : uint32 [2, K]
        Image and place.
    """
    for k in range(before, found):
        n, lane = listed[0, k], listed[1, k] & 15
        counter[0, k], counter[1, k] = image[n], place[n]
        near[0, k], near[1, k] = looks[0, n, lane], looks[1, n, lane]
        for row in range(4):
            near[2 + row, k] = factors[3 + row, lane]


@kernel
def look_again(
    listed: Any,
    found: Any,
    near: Any,
    counter: Any,
    made: Any,
    key: Any,
    last: Any,
    bent: Any,
    start: Any,
    plane: Any,
    codes: Any,
) -> Any:
    """Settle columns of the list, and keep the others; return how many.

    Parameters
    ----------
    listed : int64 [6, K]
        See `mramsim.kernels.open_reads.list_open`; K is a multiple of 32.
    found : int
    near, counter : arrays
        See `recall`.
    made : int32 [K]
        Working space.
    key : tuple of uint32
        Step and key of the draws.
    last : float32
        Last code.
    bent : bool
        Whether there is a bow.
    start, plane : int
        First input of the block, bit plane.
    codes : int32 [N / 32, M / 16, 32, 16]
        Code times ``2^plane`` is added where settled.
    """
    step, k0, k1 = key
    arguments = (
        address(listed),
        address(counter[0]),
        address(counter[1]),
        address(near),
        address(made),
        np.int64((found + WIDTH - 1) // WIDTH),
        np.int64(listed.shape[1]),
        step,
        k0,
        k1,
        last,
    )
    if bent:
        _second_bent(*arguments)
    else:
        _second(*arguments)
    own, kept = codes[start // WIDTH], 0
    for k in range(found):
        if made[k] >= 0:
            own[listed[1, k] >> 4, listed[0, k], listed[1, k] & 15] += made[k] << plane
            continue
        for row in range(listed.shape[0]):
            listed[row, kept] = listed[row, k]
        kept += 1
    return kept
