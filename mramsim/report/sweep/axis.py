"""Axes of a sweep in figures and tables: names, units, values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mramsim.report.units import trimmed, unit_of

MOST_LINES = 5  # of a second axis that are drawn apart
_SCALED = ("Ω", "V", "A", "s", "F", "J", "m", "Hz")


def label(axis: Mapping[str, Any]) -> str:
    """Return the key of an axis with its unit: ``device.rp_ohm (Ω)``."""
    unit = unit_of(axis["key"])
    return f"{axis['key']} ({unit})" if unit and unit not in _SCALED else str(axis["key"])


def shown(key: str, value: Any) -> str:
    """Return a value of an axis with its unit where one is scaled: ``40 nm``."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    unit = unit_of(key)
    if unit in _SCALED and value:
        return trimmed(float(value), unit)
    return f"{value:.4g}"


def point_name(point: Mapping[str, Any], axes: Sequence[Mapping[str, Any]]) -> str:
    """Return what a point is, in words: ``tmr 1.5, sigma_diameter 0.03``."""
    parts = [
        f"{axis['key'].rpartition('.')[2]} {shown(axis['key'], point['values'][axis['key']])}"
        for axis in axes
    ]
    return ", ".join(parts) or "the only point"


def set_ticks(axes: Any, axis: Mapping[str, Any], which: str = "x", most: int = 6) -> None:
    """Set scale, ticks and label of a numeric axis of a figure to the values of the sweep."""
    along = axes.xaxis if which == "x" else axes.yaxis
    set_scale = axes.set_xscale if which == "x" else axes.set_yscale
    values = axis["values"]
    if axis["scale"] == "log":
        set_scale("log")
        along.set_ticks([], minor=True)
    if not axis["drawn"]:
        step = -(-len(values) // most)
        chosen = values[::step]
        along.set_ticks(chosen, [shown(axis["key"], value) for value in chosen])
    else:
        along.set_major_formatter(lambda value, _: shown(axis["key"], value))
    (axes.set_xlabel if which == "x" else axes.set_ylabel)(label(axis))
