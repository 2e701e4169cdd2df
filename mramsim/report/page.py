"""One self-contained HTML page for a result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mramsim.errors import InputError
from mramsim.files import write_text

SCHEMA = "mramsim.run/1"
_TEMPLATES = Path(__file__).resolve().parent / "templates"
_NEEDED = (
    "network",
    "device",
    "mapping",
    "dataset",
    "images",
    "accuracy",
    "layers",
    "energy_j_per_image",
    "latency_s_per_image",
    "area_m2",
    "tops_per_watt",
    "conditions",
)


def write_report(result: Mapping[str, Any], path: str | Path) -> Path:
    """Write the page of a result.

    Parameters
    ----------
    result : mapping
        The object of ``mramsim run --json``; optional further keys: ``title``, ``placement`` and
        ``cards`` as made by `mramsim.report.build.extras`.
    path : path-like

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    InputError
        If the object is of another kind, or the file cannot be written.
    """
    return write_text(path, render(result))


def render(result: Mapping[str, Any]) -> str:
    """Return the page as text; the same bytes for the same result.

    Parameters
    ----------
    result : mapping
        See `write_report`.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If the object is of another kind or incomplete.
    """
    if result.get("schema") != SCHEMA:
        raise InputError(f"schema = {result.get('schema')!r}; a page is made from '{SCHEMA}'")
    missing = [key for key in _NEEDED if key not in result]
    if missing:
        raise InputError(f"result lacks {', '.join(missing)}; the object of 'run --json' is needed")
    return fill("page.html.j2", _context(result))


def fill(template: str, context: Mapping[str, Any]) -> str:
    """Return a template of the package filled in; an unknown name in it is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(context)


def _context(result: Mapping[str, Any]) -> dict[str, Any]:
    from markupsafe import Markup

    from mramsim.report import rows, text
    from mramsim.report.attribution import attribution_figure, attribution_rows
    from mramsim.report.device import device_rows, histogram_figure
    from mramsim.report.figures import (
        accuracy_figure,
        baseline_figure,
        energy_figure,
        latency_area_figure,
    )
    from mramsim.report.floorplan import floorplan_figure
    from mramsim.report.units import significant, trimmed

    energy, latency = result["energy_j_per_image"], result["latency_s_per_image"]
    baselines, cards = result.get("baselines") or (), result.get("cards") or {}
    placement = result.get("placement") or ()
    figures = {
        "accuracy": accuracy_figure(result["accuracy"]),
        "energy": energy_figure(energy),
        "time_area": latency_area_figure(latency, result["area_m2"]),
        "baselines": baseline_figure(result["mapping"], energy["total"], baselines),
        "floorplan": floorplan_figure(placement) if placement else None,
        "device": histogram_figure(result["cells"]["histogram"]) if result.get("cells") else None,
    }
    shares = result.get("attribution")
    figures["attribution"] = attribution_figure(shares) if shares else None
    conditions = result["conditions"]
    return {
        "result": result,
        "title": text.title_of(result),
        "summary": text.summary(result),
        "headlines": text.headlines(result),
        "assumed": text.assumed(result),
        "effects": text.effects(list(result.get("effects", ()))),
        "not_modelled": text.effects(list(result.get("not_modelled", ()))),
        "not_counted": list(result.get("cost_not_counted", ())),
        "settings": dict(result.get("settings") or {}),
        "figures": {
            name: Markup(drawing.inline()) if drawing else "" for name, drawing in figures.items()
        },
        "accuracy_rows": rows.accuracy_rows(result["accuracy"]),
        "attribution_rows": attribution_rows(shares) if shares else [],
        "chip_rows": rows.chip_rows(result["accuracy"]["chips"]),
        "layer_rows": list(rows.layer_rows(result)),
        "baseline_rows": list(rows.baseline_rows(result)),
        "cards": [
            {"name": card["name"], "title": card["title"], "rows": list(rows.card_rows(card))}
            for card in rows.all_cards(cards)
        ],
        "references": rows.references(rows.all_cards(cards)),
        "citations": list(result.get("citations", ())),
        "placement": placement,
        "array_rows": rows.array_rows(placement),
        "device_rows": device_rows(result["cells"]["cell"]) if result.get("cells") else [],
        "conditions": [
            ("supply", trimmed(conditions["vdd_v"], "V")),
            ("technology node", trimmed(conditions["node_m"], "m")),
            ("noise bandwidth", trimmed(conditions["bandwidth_hz"], "Hz")),
            ("efficiency", f"{significant(result['tops_per_watt'])} TOPS/W"),
            *(
                [("throughput density", f"{significant(result['tops_per_mm2'])} TOPS/mm²")]
                if "tops_per_mm2" in result
                else []
            ),
            *(
                [("operations per image", f"{result['operations_per_image']:,.0f}")]
                if "operations_per_image" in result
                else []
            ),
        ],
    }
