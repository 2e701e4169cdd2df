"""Activity for an estimate: a number, or what a run measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mramsim.errors import InputError


def read_activity(text: str) -> float | dict[str, float]:
    """Return the share of inputs that are +1: a number, or by layer from a run's JSON.

    Parameters
    ----------
    text : str
        A number, or the path of what ``mramsim run --json`` printed.

    Raises
    ------
    InputError
        Neither a number nor such a file.
    """
    try:
        return float(text)
    except ValueError:
        pass
    try:
        content = json.loads(Path(text).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"--activity {text}: neither a number nor a file that can be read ({error.strerror})"
        ) from None
    except (ValueError, RecursionError):  # not JSON, not UTF-8, too deep, too long a number
        raise InputError(f"--activity {text}: not the JSON of a run") from None
    return _by_layer(text, content)


def _by_layer(text: str, content: Any) -> dict[str, float]:
    layers = content.get("layers") if isinstance(content, dict) else None
    found = {}
    for layer in layers if isinstance(layers, list) else ():
        value = layer.get("activity") if isinstance(layer, dict) else None
        if isinstance(value, int) and value not in (0, 1):
            raise InputError(f"--activity {text}: activity = {value}; 0 to 1 is allowed")
        if isinstance(value, int | float) and isinstance(layer.get("name"), str):
            found[layer["name"]] = float(value)
    if not found:
        raise InputError(f"--activity {text}: no layer with its activity; 'run --json' writes them")
    return found
