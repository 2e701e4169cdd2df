"""The page and the figure files of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from mramsim.errors import InputError
from mramsim.files import write_bytes, write_text
from mramsim.report import rows
from mramsim.report.attribution import attribution_figure, attribution_rows
from mramsim.report.device import device_rows, histogram_figure
from mramsim.report.drawing import Drawing
from mramsim.report.floorplan import floorplan_figure
from mramsim.report.page import fill
from mramsim.report.sweep import text
from mramsim.report.sweep.axis import label, point_name, shown
from mramsim.report.sweep.bibtex import bibtex
from mramsim.report.sweep.costs import energy_split_figure, pareto_figure
from mramsim.report.sweep.curves import accuracy_curve, accuracy_map
from mramsim.report.sweep.spread import chosen_points, confusion_figure, yield_figure

_MOST_MAPS = 3
_MOST_ROWS = 200
_MOST_FLOORPLANS = 2
KINDS = ("svg", "pdf")
Captioned = list[tuple[Drawing, str]]


@dataclass(frozen=True)
class SweepReport:
    """Everything that is written of a sweep, made before anything is.

    Attributes
    ----------
    page : str
    figures : dict of str to bytes
        Files by name, every figure as SVG and PDF.
    bibtex : str
    """

    page: str
    figures: Mapping[str, bytes]
    bibtex: str

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> SweepReport:
        """Make page and figures of what `mramsim.sweeps.content.read_sweep` returns."""
        parts = _parts(content)
        figures = {
            f"{drawing.name}.{kind}": drawing.file(kind)
            for drawing in _drawings(parts)
            for kind in KINDS
        }
        return cls(_page(content, parts), figures, bibtex(_references(content)))

    def write(self, page: Path, figures: Path) -> Path:
        """Write everything.

        Parameters
        ----------
        page : Path
            The HTML file.
        figures : Path
            Folder of the figures; made if it is missing.

        Returns
        -------
        Path
            The page.

        Raises
        ------
        InputError
            If a file cannot be written.
        """
        try:
            figures.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{figures}: cannot be written ({error.strerror})") from None
        for name, data in self.figures.items():
            write_bytes(figures / name, data)
        write_text(figures.parent / "references.bib", self.bibtex)
        return write_text(page, self.page)


def render_sweep(content: Mapping[str, Any]) -> str:
    """Return the page as text; the same bytes for the same content."""
    return _page(content, _parts(content))


def _parts(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return all drawings with their captions, by section."""
    points, axes = content["points"], content["axes"]
    target = (content["plan"]["chips"].get("yield") or {}).get("accuracy")
    placements = content["manifest"]["placements"][:_MOST_FLOORPLANS]
    return {
        "accuracy": [*_curves(axes, points), *_maps(axes, points)],
        "yield": yield_figure(points, axes, target),
        "pareto": pareto_figure(points, axes),
        "energy": energy_split_figure(points, axes),
        "confusion": _confusions(points, axes),
        "attribution": [
            (Drawing(drawn.figure, f"attribution-{found['point']}", drawn.label), found)
            for found in content["manifest"].get("attribution", ())
            for drawn in (attribution_figure(found),)
        ],
        "floorplans": [
            _renamed(floorplan_figure(placed), f"floorplan-{k}" if k else "floorplan")
            for k, placed in enumerate(placements)
        ],
        "devices": [
            (_renamed(histogram_figure(one["histogram"]), f"device-{one['label']}"), one)
            for one in content["devices"]
        ],
    }


def _drawings(parts: Mapping[str, Any]) -> list[Drawing]:
    pairs = [*parts["accuracy"], *parts["confusion"], *parts["attribution"], *parts["devices"]]
    single = [parts["yield"], parts["pareto"], parts["energy"], *parts["floorplans"]]
    return [*(drawing for drawing, _ in pairs), *single]


def _renamed(drawing: Drawing, name: str) -> Drawing:
    return Drawing(drawing.figure, name, drawing.label)


def _curves(axes: Sequence[Mapping[str, Any]], points: Sequence[Mapping[str, Any]]) -> Captioned:
    found = []
    for place, axis in enumerate(axes):
        if len(axis["values"]) < 2:
            continue
        others = [one for one in axes if one is not axis and len(one["values"]) > 1]
        drawing = accuracy_curve(axis, others, points, f"accuracy-{place}")
        found.append((drawing, text.curve_caption(axis, others)))
    return found


def _maps(axes: Sequence[Mapping[str, Any]], points: Sequence[Mapping[str, Any]]) -> Captioned:
    usable = [axis for axis in axes if len(axis["values"]) > 1 and not axis["drawn"]]
    if len(points) < len(usable) + 2:
        return []
    found = []
    for place, (first, second) in enumerate(list(combinations(usable, 2))[:_MOST_MAPS]):
        caption = f"Mean test accuracy over {label(first)} and {label(second)}."
        if len(usable) > 2:
            caption += " Averaged over the other axes."
        found.append((accuracy_map(first, second, points, f"map-{place}"), caption))
    return found


def _confusions(
    points: Sequence[Mapping[str, Any]], axes: Sequence[Mapping[str, Any]]
) -> Captioned:
    found = []
    chosen = chosen_points(points, 2)
    for which, point in zip(("lowest", "highest")[-len(chosen) :], chosen, strict=True):
        caption = (
            f"The point of the {which} accuracy ({point_name(point, axes)}), all chips: percent of "
            "the images of a class; the colour is that of mistakes."
        )
        found.append((confusion_figure(point, f"confusion-{which}"), caption))
    return found


def _references(content: Mapping[str, Any]) -> list[dict[str, str | None]]:
    cards = [card for found in content["manifest"]["cards"].values() for card in found]
    return rows.references(cards)


def _page(content: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    from markupsafe import Markup

    points, axes, manifest = content["points"], content["axes"], content["manifest"]
    cards = [card for found in manifest["cards"].values() for card in found]
    named = {drawing.name: Markup(drawing.inline()) for drawing in _drawings(parts)}
    references = _references(content)
    listed = [_point_row(point, axes) for point in points[:_MOST_ROWS]]
    context = {
        "title": text.title(content),
        "version": manifest["version"],
        "summary": text.summary(content),
        "setup": text.setup(content),
        "headlines": text.headlines(content),
        "stale": content["stale"],
        "assumed": text.assumed(manifest["cards"]),
        "figures": named,
        "accuracy": [(drawing.name, caption) for drawing, caption in parts["accuracy"]],
        "confusion": [(drawing.name, caption) for drawing, caption in parts["confusion"]],
        "attribution": [
            {
                "figure": drawing.name,
                "name": f"point {found['point']} ({point_name(found, axes)})",
                "caption": "What each effect costs alone, and what leaving it out gives back, on "
                f"the first {len(found['all']['chips'])} chips of this point.",
                "rows": attribution_rows(found),
            }
            for drawing, found in parts["attribution"]
        ],
        "floorplans": [
            (drawing.name, text.floorplan_caption(place, len(manifest["placements"])))
            for place, drawing in enumerate(parts["floorplans"])
        ],
        "devices": [
            {
                "figure": drawing.name,
                "caption": f"{one['name']} at the point of the {one['label']} accuracy (point "
                f"{one['point']}): 100 000 sampled devices with their series path.",
                "rows": device_rows(one["cell"]),
            }
            for drawing, one in parts["devices"]
        ],
        "point_rows": listed,
        "points_caption": text.points_caption(content, len(listed)),
        "made": text.made(content),
        "cards": [
            {"name": card["name"], "title": card["title"], "rows": list(rows.card_rows(card))}
            for card in cards
        ],
        "references": references,
        "citations": manifest["citations"],
        "bibtex": bibtex(references),
    }
    return fill("sweep.html.j2", context)


def _point_row(point: Mapping[str, Any], axes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    values = {axis["key"]: shown(axis["key"], point["values"][axis["key"]]) for axis in axes}
    return {"point": str(point["number"]), **values, **text.point_cells(point)}
