"""BibTeX of the references of cards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_YEAR = re.compile(r"\b(19[6-9]\d|20\d\d)\b")
_SPECIAL = re.compile(r"([&%$#_{}])")


def bibtex(references: Iterable[Mapping[str, Any]]) -> str:
    """Return one ``@misc`` entry per reference, in order.

    Parameters
    ----------
    references : iterable of mapping
        ``key``, ``citation``, ``doi``, ``url``; see `mramsim.report.rows.references`.

    Returns
    -------
    str
        The citation is the title: cards hold it in one piece.
    """
    return "\n".join(_entry(reference) for reference in references)


def _entry(reference: Mapping[str, Any]) -> str:
    citation = reference.get("citation") or reference["key"]
    fields = {"title": f"{{{_escaped(citation)}}}"}
    years = _YEAR.findall(citation)
    if years:
        fields["year"] = years[-1]
    if reference.get("doi"):
        fields["doi"] = reference["doi"]
    if reference.get("url"):
        fields["url"] = reference["url"]
    lines = "".join(f"  {key} = {{{value}}},\n" for key, value in fields.items())
    return f"@misc{{{reference['key']},\n{lines}}}\n"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
