"""Which effect costs how much, as a figure and as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mramsim.report.drawing import BLUE, GRID, INK, MUTED, ORANGE, Drawing, figure

_ROW_IN = 0.34
_WAYS = (
    ("alone", "lost", "lost with this effect alone", BLUE, -0.14, "o"),
    ("left_out", "regained", "regained without it", ORANGE, 0.14, "s"),
)


def attribution_figure(found: Mapping[str, Any]) -> Drawing:
    """Draw what each effect costs alone and what leaving it out gives back.

    Parameters
    ----------
    found : mapping
        Made by `mramsim.attribution.attribute`.

    Returns
    -------
    Drawing
        Points of accuracy with 95 % intervals over chips.
    """
    rows = found["effects"]
    names = [row["effect"] for row in rows]
    with figure(_ROW_IN * len(rows) + 1.15) as drawn:
        axes = drawn.subplots()
        axes.axvline(0.0, color=MUTED, linewidth=0.8)
        for place in range(len(rows)):
            axes.axhline(place, color=GRID, linewidth=0.6, zorder=0)
        for way, key, label, colour, shift, marker in _WAYS:
            parts = [row[way][key] for row in rows]
            for place, part in enumerate(parts):
                if part["ci95"] is not None:
                    ends = [100.0 * value for value in part["ci95"]]
                    axes.plot(ends, [place + shift] * 2, color=colour, linewidth=1.6)
            means = [100.0 * part["mean"] for part in parts]
            places = [place + shift for place in range(len(rows))]
            axes.plot(means, places, marker, color=colour, markersize=5, label=label)
        axes.set_yticks(range(len(rows)), [name.replace("_", " ") for name in names])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.tick_params(axis="x", bottom=True, color=GRID)
        axes.set_xlabel("points of test accuracy")
        drawn.legend(loc="outside upper left", ncols=2, frameon=False, fontsize=8.5, labelcolor=INK)
        return Drawing(drawn, "attribution", "Loss by effect. " + "; ".join(_said(rows)))


def _said(rows: list[Mapping[str, Any]]) -> list[str]:
    return [
        f"{row['effect']}: {_points(row['alone']['lost'])} points lost alone, "
        f"{_points(row['left_out']['regained'])} regained without it"
        for row in rows
    ]


def attribution_rows(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return one row of texts per effect: accuracy alone and left out, with the differences."""
    return [
        {
            "effect": row["effect"],
            "alone": f"{100.0 * row['alone']['mean']:.2f} %",
            "lost": _with_interval(row["alone"]["lost"]),
            "left out": f"{100.0 * row['left_out']['mean']:.2f} %",
            "regained": _with_interval(row["left_out"]["regained"]),
        }
        for row in found["effects"]
    ]


def _points(summary: Mapping[str, Any]) -> str:
    return f"{100.0 * summary['mean']:.2f}"


def _with_interval(summary: Mapping[str, Any]) -> str:
    if summary["ci95"] is None:
        return _points(summary)
    low, high = (100.0 * value for value in summary["ci95"])
    return f"{_points(summary)} ({low:.2f} to {high:.2f})"
