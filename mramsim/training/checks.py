"""Types of what a user gives to a training."""

from __future__ import annotations

from dataclasses import fields
from numbers import Real
from typing import Any

from mramsim.bounds import MOST_WHOLE, whole
from mramsim.errors import InputError, nearest

LARGE = 1e30


def check_options(method: str, kind: type, given: dict[str, Any]) -> None:
    """Check names and types of options against the fields of a method's ``Options``.

    Raises
    ------
    InputError
        For an unknown name, or a value of another type, NaN or infinity.
    """
    types = {field.name: field.type for field in fields(kind)}
    for key, value in given.items():
        if key not in types:
            raise InputError(f"option '{key}' is unknown to {method}{nearest(key, types)}")
        if types[key] == "int":
            whole(key, value, -MOST_WHOLE)
        elif types[key] == "float":
            number = isinstance(value, Real) and not isinstance(value, bool)
            if not number or not abs(value) < LARGE:
                raise InputError(f"{key} = {value!r}; a finite number is allowed")
        elif types[key] == "bool":
            if not isinstance(value, bool):
                raise InputError(f"{key} = {value!r}; True and False are allowed")
        elif not isinstance(value, str):
            raise InputError(f"{key} = {value!r}; a name is allowed")
