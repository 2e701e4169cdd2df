"""What pydantic found wrong, in one line with the path of each key."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, ValidationError

from mramsim.errors import nearest


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
    for item in error.errors(include_url=False):
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
