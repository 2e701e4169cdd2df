"""The one exception a user sees, and the hint that goes with an unknown name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Something a user gave cannot be used.

    The message is one line that names what was wrong, where, and what is allowed. The command line
    prints it and exits with code 2.
    """


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
