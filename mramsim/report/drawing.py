"""What all figures share: size, style, and a clean inline SVG that is the same every time."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN = 4.5
INK, MUTED, GRID = "#1c2330", "#566072", "#e2e7ee"
BLUE, ORANGE, TEAL, GREY = "#2f6db3", "#cf6a1f", "#23897c", "#8b97a8"

_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": GRID,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": MUTED,
    "ytick.color": INK,
    "ytick.left": False,
    "xtick.bottom": False,
    "svg.fonttype": "none",
    "path.simplify": False,
}
_METADATA = {
    "svg": ("Date", "Creator", "Format", "Type"),
    "pdf": ("CreationDate", "Creator", "Producer"),
}
_IDENTIFIER = re.compile(r'\bid="([^"]+)"')
_GROUP = re.compile(r' id="[a-z0-9A-Z]+_\d+"')


@contextmanager
def figure(height_in: float) -> Iterator[Figure]:
    """Give an empty figure of the common width in the common style."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        yield Figure(figsize=(WIDTH_IN, height_in), layout="constrained")


@dataclass(frozen=True)
class Drawing:
    """A finished figure: inline SVG for a page, or a file of its own.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    name : str
        Unique on the page; prefix of all identifiers, and the stem of files.
    label : str
        What the figure says, for those who cannot see it.
    """

    figure: Figure
    name: str
    label: str

    def inline(self) -> str:
        """Return inline SVG: the same text for the same figure; text stays text."""
        text = self.file("svg").decode()
        box = re.search(r'viewBox="([^"]+)"', text)
        assert box is not None
        body = text[text.index(">", text.index("<svg")) + 1 :]
        body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
        body = re.sub(r"<style[^>]*>.*?</style>", "", body, flags=re.DOTALL)
        body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
        body = _GROUP.sub("", body)
        name = self.name
        for identifier in sorted(set(_IDENTIFIER.findall(body)), key=len, reverse=True):
            body = body.replace(f'"{identifier}"', f'"{name}-{identifier}"')
            body = body.replace(f'"#{identifier}"', f'"#{name}-{identifier}"')
            body = body.replace(f"url(#{identifier})", f"url(#{name}-{identifier})")
        body = re.sub(r"\n\s*", "\n", body)
        head = f'<svg class="figure" role="img" aria-label="{escape(self.label)}"'
        links = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
        return f'{head} viewBox="{box[1]}" {links}>{body}'

    def file(self, kind: str) -> bytes:
        """Return the content of a file of this kind; the same bytes for the same figure.

        Parameters
        ----------
        kind : {"svg", "pdf"}
        """
        from matplotlib import rc_context

        stream = io.BytesIO()
        with rc_context({**_STYLE, "svg.hashsalt": self.name}):
            nothing = dict.fromkeys(_METADATA[kind])
            self.figure.savefig(stream, format=kind, metadata=nothing, transparent=True)
        return stream.getvalue()


def horizontal_bars(
    axes: Axes,
    names: list[str],
    values: list[float],
    labels: list[str],
    colours: list[str],
    start: float = 0.0,
) -> None:
    """Draw horizontal bars from `start`, the first on top, each with its label behind it."""
    places = list(range(len(names)))
    lengths = [value - start for value in values]
    axes.barh(places, lengths, left=start, color=colours, height=0.64)
    for place, value, label in zip(places, values, labels, strict=True):
        axes.annotate(
            label,
            (value, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=INK,
        )
    axes.set_yticks(places, names)
    axes.spines["bottom"].set_visible(False)
    axes.set_ylim(len(names) - 0.4, -0.6)
