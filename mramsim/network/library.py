"""Trained networks that ship with the package, and the ``NET`` of the command line."""

from __future__ import annotations

from pathlib import Path

from mramsim.errors import InputError, nearest
from mramsim.network.file import load_network
from mramsim.network.graph import Network

FOLDER = Path(__file__).resolve().parent.parent / "_pretrained"
PREFIX = "pretrained:"


def list_pretrained() -> list[str]:
    """Return the names of the shipped networks, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.npz"))


def find_network(name: str | Path) -> Network:
    """Load a network by path, or a shipped one by ``pretrained:NAME``.

    Raises
    ------
    InputError
        Unknown name, missing or damaged file.
    """
    text = str(name)
    if not text.startswith(PREFIX):
        if text in list_pretrained() and not Path(text).exists():
            raise InputError(f"{text}: no such network file; {PREFIX}{text} ships with the package")
        return load_network(text)
    stem = text.removeprefix(PREFIX)
    if stem not in list_pretrained():
        raise InputError(
            f"pretrained network '{stem}' is unknown{nearest(stem, list_pretrained())}"
        )
    return load_network(FOLDER / f"{stem}.npz")
