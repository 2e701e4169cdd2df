"""Which version of the simulation a result comes from: part of every task's id."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
_PARTS = (
    "arrays",
    "cost",
    "devices",
    "kernels",
    "mapping",
    "network",
    "chip.py",
    "effects.py",
    "sampling.py",
    "trial.py",
    "sweeps/worker.py",
)


@cache
def physics_version() -> str:
    """Return the SHA-256, first 16 digits, over the source of everything that makes a result.

    Any change of that source gives new ids, so that results of two versions are never mixed.
    """
    sha = hashlib.sha256()
    for part in _PARTS:
        where = _PACKAGE / part
        for path in sorted(where.rglob("*.py")) if where.is_dir() else [where]:
            sha.update(path.relative_to(_PACKAGE).as_posix().encode())
            sha.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return sha.hexdigest()[:16]
