"""What pydantic found wrong, in one line with the path of each key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mramsim.errors import InputError, nearest
from mramsim.given import plain_value


class Strict(BaseModel):
    """A record that is read from a file: no unknown key, no conversion, no NaN, no change."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )


def explain(error: ValidationError, model: type[BaseModel], prefix: str = "") -> str:
    """Return every finding as ``path = value: what is allowed``, joined by semicolons.

    Parameters
    ----------
    error : ValidationError
    model : type
        What was validated; names near an unknown key are taken from it.
    prefix : str
        Stands before every path, such as ``axes.``.

    Returns
    -------
    str
    """
    lines = []
    found = error.errors(include_url=False)
    inner = {item["loc"][:depth] for item in found for depth in range(len(item["loc"]))}
    for item in found:
        if item["type"] == "too_short" and item["loc"] in inner:
            continue  # it is short because of the items that were refused
        path = prefix + ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            known = _keys(model, item["loc"][:-1])
            lines.append(f"key '{path}' is unknown{nearest(str(item['loc'][-1]), known)}")
        elif item["type"] == "missing":
            lines.append(f"key '{path}' is missing")
        elif item["type"] == "value_error":
            where = f"{path.rstrip('.')}: " if path else ""
            lines.append(where + str(item["msg"]).removeprefix("Value error, "))
        else:
            lines.append(f"{path} = {item['input']!r}: {item['msg']}")
    return "; ".join(lines)


def as_json(content: Any, path: str = "") -> str:
    """Return plain values as JSON text.

    Parameters
    ----------
    content : object
        Texts, numbers, booleans, None, lists and mappings of these; numpy's become plain ones.
    path : str
        Of the content, for messages.

    Raises
    ------
    InputError
        Names the key of anything else, such as the date of a TOML file.
    """
    try:
        return json.dumps(content, default=_of_numpy)
    except RecursionError:
        raise InputError(f"{path}: nested too deep" if path else "nested too deep") from None
    except ValueError as error:  # a circle, or a number of too many digits
        raise InputError(f"{path}: {error}" if path else error) from None
    except TypeError as error:
        key, value = _not_plain(path, content)
        said = f"{key} = {value}: a text, a number, true or false, or a list of these is expected"
        raise InputError(f"{said}; dates are not allowed" if key else error) from None


def _of_numpy(value: Any) -> Any:
    found = plain_value(value)
    if found is value:
        raise TypeError(f"{value!r} is not plain")
    return found


def _not_plain(path: str, value: Any) -> tuple[str, Any]:
    """Return path and value of the first thing that JSON cannot hold, or an empty path."""
    start, value = f"{path}." if path else "", plain_value(value)
    if isinstance(value, Mapping):
        parts = [(f"{start}{key}", item) for key, item in value.items()]
    elif isinstance(value, list | tuple):
        parts = [(f"{start}{place}", item) for place, item in enumerate(value)]
    else:
        plain = value is None or isinstance(value, str | int | float)
        return ("", None) if plain else (path, value)
    return next((found for part in parts if (found := _not_plain(*part))[0]), ("", None))


def _keys(model: type[BaseModel], path: Iterable[int | str]) -> list[str]:
    """Return the keys that the record at `path` may hold."""
    for part in path:
        field = model.model_fields.get(str(part)) or next(
            (found for found in model.model_fields.values() if found.alias == part), None
        )
        inner = [one for one in _classes(field.annotation) if field] if field else []
        if not inner:
            return []
        model = inner[0]
    return [field.alias or name for name, field in model.model_fields.items()]


def _classes(annotation: object) -> list[type[BaseModel]]:
    parts = [annotation, *getattr(annotation, "__args__", ())]
    return [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]
