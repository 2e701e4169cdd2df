"""Bounds of numbers: those on cards by the unit in their name, and whole numbers of a call.

Nothing that is built reaches those of cards, and within them nothing overflows; they catch a value
in another unit.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any

from mramsim.errors import InputError

LEAST = 1e-40  # of anything but 0
LEAST_M = 1e-10  # of lengths: an atom
LEAST_SIGMA = 1e-12  # spreads that are smaller are 0 to the laws of a distribution
MOST = 1e12  # of counts and pure numbers
MOST_KELVIN = 2000.0
MOST_WHOLE = (1 << 31) - 1
_KEYS = {
    "v_half_v": (1e12, " V"),  # large: the TMR hardly depends on the bias
    "tmr": (20.0, ""),
    "hooge_m2": (1e-16, " m2"),
    "trim_range_counts": (65536.0, " counts"),
    "cascode_gain": (1e9, ""),
    "control_share": (1e3, ""),
    "layout_factor": (1e3, ""),
    "timing_factor": (1e3, ""),
    "driver_share": (1e3, ""),
    "adc_area_decades_per_bit": (10.0, ""),
    "anisotropy_exponent": (100.0, ""),
    "ms_exponent": (100.0, ""),
}
_ENDINGS = {  # longer ones first
    "_j_per_bit_m": (1.0, " J/m"),
    "_m2_per_bit": (1e-3, " m2"),
    "_j_per_v_m": (1.0, " J/(V m)"),
    "_j_per_bit": (1e-3, " J"),
    "_w_per_m2": (1e12, " W/m2"),
    "_a_per_m": (1e9, " A/m"),
    "_per_k15": (1.0, " K^-1.5"),
    "_per_v2": (1e6, " 1/V2"),
    "_per_k": (1.0, " 1/K"),
    "_per_s": (1e24, " 1/s"),
    "_bytes": (1e18, ""),
    "_ohm": (1e15, " Ohm"),
    "_lsb": (65536.0, " steps"),
    "_hz": (1e18, " Hz"),
    "_m2": (1e-3, " m2"),
    "_a": (10.0, " A"),
    "_f": (1e-6, " F"),
    "_j": (1e-3, " J"),
    "_k": (MOST_KELVIN, " K"),
    "_m": (1e-5, " m"),
    "_s": (0.1, " s"),
    "_t": (100.0, " T"),
    "_v": (20.0, " V"),
    "_w": (1e6, " W"),
}
_SIGMA = (2.0, "")  # relative spreads


def bound(key: str) -> tuple[float, str]:
    """Return the most that a key may be, and its unit behind a space."""
    if key in _KEYS:
        return _KEYS[key]
    found = next((_ENDINGS[ending] for ending in _ENDINGS if key.endswith(ending)), None)
    return found or (_SIGMA if key.startswith("sigma_") else (MOST, ""))


def check(key: str, value: Any) -> None:
    """Refuse a number, or one of several, beyond the bounds of its key.

    Raises
    ------
    ValueError
    """
    most, unit = bound(key)
    least = LEAST_SIGMA if key.startswith("sigma_") else LEAST_M if unit == " m" else LEAST
    for one in value if isinstance(value, tuple) else (value,):
        if not isinstance(one, int | float):
            continue
        if abs(one) > most:
            limit = f"at most {most:g}" if one > 0 else f"at least {-most:g}"
            raise ValueError(f"{key} = {one!r}; {limit}{unit} is allowed")
        if 0.0 < abs(one) < least:
            raise ValueError(f"{key} = {one!r}; 0, or a size from {least:g}{unit} is allowed")


def whole(key: str, value: Any, least: int | None = None, most: int = MOST_WHOLE) -> int:
    """Return a whole number.

    Parameters
    ----------
    key : str
        For the message.
    value : object
    least, most : int
        Its range; None for any whole number.

    Raises
    ------
    InputError
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise InputError(f"{key} = {value!r}; a whole number is expected")
    number = int(value)
    if least is not None and not least <= number <= most:
        raise InputError(f"{key} = {number}; {least} to {most} is allowed")
    return number
