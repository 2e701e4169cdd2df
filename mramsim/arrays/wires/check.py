"""What an array solver accepts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mramsim.errors import InputError

Floats = NDArray[np.float64]
_MOST = 1e30  # products of a few such numbers stay finite


def finite(name: str, value: ArrayLike, axes: tuple[str, ...]) -> Floats:
    """Return a finite C-ordered float64 array with the axes that are named.

    Raises
    ------
    InputError
        Not numbers, another number of axes, an empty axis, NaN or a magnitude above 1e30.
    """
    try:
        real = not np.iscomplexobj(value)
        array = np.asarray(value if real else np.nan, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        real = False
    if not real:
        raise InputError(f"{name}: an array of real numbers is needed")
    if array.ndim != len(axes) or array.size == 0:
        raise InputError(
            f"{name} has shape {array.shape}; [{', '.join(axes)}], none of them 0, is needed"
        )
    if not (np.abs(array) <= _MOST).all():
        raise InputError(f"{name} holds NaN or infinity; numbers up to {_MOST:g} are needed")
    return array


def not_negative(name: str, value: ArrayLike, axes: tuple[str, ...]) -> Floats:
    """Return `finite` numbers of which none is below 0.

    Raises
    ------
    InputError
        As `finite`, or a negative number.
    """
    array = finite(name, value, axes)
    least = float(array.min())
    if least < 0.0:
        raise InputError(f"{name} holds {least:g}; 0 or more is needed")
    return array


def resistance(name: str, value: float) -> float:
    """Return a finite resistance that is not negative, in Ohm.

    Raises
    ------
    InputError
        Not a number, NaN, negative or above 1e30.
    """
    try:
        ohm = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} = {value!r}: a number of Ohm is needed") from None
    if not 0.0 <= ohm <= _MOST:
        raise InputError(f"{name} = {ohm:g}: a resistance of 0 to {_MOST:g} Ohm is needed")
    return ohm


def selection(name: str, value: Any, rows: int, branches: int) -> NDArray[np.int8]:
    """Return which branch of each row conducts, int8 [images, rows]; -1 is none.

    Raises
    ------
    InputError
        Another shape, not integers, or a branch that does not exist.
    """
    array = np.asarray(value)
    if array.ndim != 2 or array.shape[1] != rows:
        raise InputError(f"{name} has shape {array.shape}; [images, {rows}] is needed")
    if not np.issubdtype(array.dtype, np.integer):
        raise InputError(f"{name} is {array.dtype}; integers (a branch, or -1) are needed")
    if array.size and (array.min() < -1 or array.max() >= branches):
        raise InputError(
            f"{name} holds {array.min()} to {array.max()}; -1 (no branch) to {branches - 1} is "
            f"allowed"
        )
    return np.ascontiguousarray(array, dtype=np.int8)
