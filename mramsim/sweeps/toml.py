"""Plain values as TOML text: the inverse of ``tomllib.loads`` for what a plan holds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(content: Mapping[str, Any]) -> str:
    """Return TOML text: values first, then one table per nested mapping.

    Parameters
    ----------
    content : mapping
        Texts, numbers, booleans, lists of these, and mappings.

    Returns
    -------
    str
    """
    return "\n".join(_table(content, ())).lstrip("\n") + "\n"


def _table(content: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    single = {key: value for key, value in content.items() if not isinstance(value, Mapping)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in single.items()]
    if path and (single or not content):
        lines = ["", f"[{'.'.join(_key(part) for part in path)}]", *lines]
    for key, value in content.items():
        if isinstance(value, Mapping):
            lines += _table(value, (*path, key))
    return lines


def _key(text: str) -> str:
    return text if _BARE.fullmatch(text) else json.dumps(text)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    return repr(value)
