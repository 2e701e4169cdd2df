"""The one exception a user sees, and the hint that goes with an unknown name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST = 2000


class InputError(ValueError):
    """Something a user gave cannot be used.

    The message is one line that names what was wrong, where, and what is allowed. The command line
    prints it and exits with code 2. What a foreign file put into it is made harmless by `plain`.
    """

    def __init__(self, message: object) -> None:
        super().__init__(plain(message))


def plain(message: object) -> str:
    """Return one line of text: others than printable characters escaped, a long middle left out."""
    text = "".join(part if part.isprintable() else _visible(part) for part in str(message))
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 2 :]}"
    return text


def _visible(character: str) -> str:
    return " " if character.isspace() else character.encode("unicode_escape").decode()


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a suffix that helps after an unknown name.

    Parameters
    ----------
    name : str
        What the user wrote.
    known : iterable of str
        What is allowed.

    Returns
    -------
    str
        ``"; nearest: a, b"``, or ``"; known: a, b, ..."`` where nothing is near.
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"; nearest: {', '.join(close)}"
    if not names:
        return "; none are known"
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"; known: {shown}"
