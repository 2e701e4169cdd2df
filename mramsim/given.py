"""What a call from Python was given: values of numpy, a text for a list."""

from __future__ import annotations

from typing import Any

import numpy as np

from mramsim.errors import InputError


def plain_value(value: Any) -> Any:
    """Return a number, text or list of Python for one of numpy, and for a list that holds such.

    Parameters
    ----------
    value : object
        Anything else is returned as it is.
    """
    if type(value) in (list, tuple):
        return type(value)(map(_single, value))
    return _single(value)


def check_list(key: str, names: Any, what: str) -> None:
    """Refuse a text where a list of names is expected: its letters would be taken for names.

    Parameters
    ----------
    key : str
        For the message.
    names : object
    what : str
        What the names are, in the plural.

    Raises
    ------
    InputError
    """
    if isinstance(names, str):
        raise InputError(f"{key} = '{names}'; a list of {what} is expected")


def _single(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return value.tolist() if isinstance(value, np.ndarray) else value
