"""What a row adds to its columns when it carries bit 1, and when it carries bit 0.

``complementary``: two lines and two MTJs per input; bit 1 drives the true one, bit 0 the other, and
a cell adds a count where input and weight match.

``gated``: one MTJ behind a transistor whose gate is the word line; bit 1 opens it, bit 0 does not.
With k rows of bit 1 a column gives ``k G_AP + q (G_P - G_AP)``, q of them storing +1. k is counted
digitally and the stored number W of +1 among the n driven rows is known, so the products of -1 and
+1 add up to

    sum_i (2 x_i - 1) (2 w_i - 1) = 4 q - 2 k - 2 W + n

``bipolar``: one MTJ between its two lines and no transistor; bit 1 puts +V on the row, bit 0 puts
-V, an undriven row stays at 0 V. With s the sum of the inputs of -1 and +1 a column gives ``s (G_P
+ G_AP) / 2`` and half a count for each product of -1 and +1; s is counted digitally, or a reference
column takes it off. All MTJs of the array are connected all the time, hence make noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mramsim.arrays.card import MappingCard

CODINGS = {
    "2t2mtj": ("complementary",),
    "series_xnor": ("complementary",),
    "1t1mtj": ("gated",),
    "1mtj": ("bipolar",),
}
MTJS = {"2t2mtj": 2, "series_xnor": 2, "1t1mtj": 1, "1mtj": 1}
_NOT_PASSIVE = {
    "cascode_gain": (1.0,),
    "input_compensation": (False,),
    "wire_bias": ("at_v_read",),
    "source_wire_ohm": (None, 0.0),
}  # keys of gated columns, and their values without effect


def check(card: MappingCard) -> None:
    """Raise ValueError with one line where cell, coding and lines do not go together."""
    if card.input_coding not in CODINGS[card.cell]:
        raise ValueError(
            f"input_coding = '{card.input_coding}' with cell = '{card.cell}'; allowed: "
            f"{', '.join(CODINGS[card.cell])}"
        )
    if card.cell != "1mtj":
        return
    for key, allowed in _NOT_PASSIVE.items():
        if getattr(card, key) not in allowed:
            raise ValueError(
                f"{key} = {getattr(card, key)} with cell = '1mtj': a passive array has no "
                f"transistors and source lines; {allowed[-1]} is allowed"
            )


def mtjs(card: MappingCard) -> int:
    """Return the MTJs of a cell."""
    return MTJS[card.cell]


def slope(gated: bool) -> float:
    """Return accumulators (sums of products of -1 and +1) per count."""
    return 4.0 if gated else 2.0


def conducting(
    card: MappingCard, x1_w1: int, x1_w0: int, x0_w1: int, x0_w0: int
) -> tuple[int, int]:
    """Return how many branches conducted in state P and in state AP, of cells read by bits.

    Parameters
    ----------
    card : MappingCard
    x1_w1, x1_w0, x0_w1, x0_w0 : int
        Cells read with input bit x and stored bit w.
    """
    if card.input_coding == "gated":
        return x1_w1, x1_w0
    if card.input_coding == "bipolar":
        return x1_w1 + x0_w1, x1_w0 + x0_w0
    return x1_w1 + x0_w0, x1_w0 + x0_w1


def carried(card: MappingCard, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each cell adds for bit 1 and for bit 0, [2, rows, columns].

    Parameters
    ----------
    card : MappingCard
    values : float64 array [1 or 2, rows, columns]
        Of each MTJ when it conducts.
    """
    if card.input_coding == "gated":
        return np.stack([values[0], np.zeros_like(values[0])])
    if card.input_coding == "bipolar":
        return np.stack([values[0], -values[0]])
    return values
