"""What the ``config.toml`` of a folder says: whose folder it is, and which plan it holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mramsim.errors import InputError
from mramsim.files import read_toml
from mramsim.sweeps.store import SHARDS

CONFIG = "config.toml"
_KINDS = ("sweep", "search")


def check_kind(folder: Path, search: bool) -> None:
    """Refuse to start a search in the folder of a sweep, or a sweep in that of a search.

    Raises
    ------
    InputError
    """
    if not (folder / SHARDS).is_dir():
        return
    try:
        found = "search" in read_toml(folder / CONFIG)
    except InputError:  # none, or damaged: nothing to lose
        return
    if found != search:
        raise InputError(
            f"{folder}: holds a {_KINDS[found]}; a {_KINDS[search]} needs a folder of its own"
        )


def plan_digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what ``config.toml`` holds; the title has no say.

    Taken from the file and not from the checked plan, so that a later version with more keys finds
    the same.
    """
    kept = {key: value for key, value in content.items() if key != "title"}
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()
