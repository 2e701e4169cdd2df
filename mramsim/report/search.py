"""The figure of a search: every point and the front, objectives against the first one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from typing import Any

from mramsim.report.drawing import BLUE, GREY, GRID, ORANGE, Drawing, figure
from mramsim.report.units import area, si

_NAMES = {
    "accuracy": "mean accuracy (%)",
    "energy_j_per_image": "energy per image",
    "latency_s_per_image": "latency per image",
    "area_m2": "area",
}
_UNITS = {"energy_j_per_image": "J", "latency_s_per_image": "s", "accuracy": ""}
_PANEL_IN = 2.9


def pareto_figure(rows: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> Drawing:
    """Draw one panel for each further objective: the first objective against it.

    Parameters
    ----------
    rows : sequence of dict
        Points of a search; those without values are left out.
    keys : sequence of str
        Their objectives.
    """
    built = [row for row in rows if row[keys[0]] is not None]
    best = [row for row in built if row["front"]]
    with figure(_PANEL_IN * (len(keys) - 1)) as drawn:
        panels = drawn.subplots(len(keys) - 1, 1, squeeze=False)[:, 0]
        for axes, key in zip(panels, keys[1:], strict=True):
            for chosen, colour, size, name in (
                (built, GREY, 3, "all points"),
                (best, BLUE, 5, "no point beats them"),
            ):
                axes.plot(
                    [row[key] for row in chosen],
                    [_scaled(row[keys[0]], keys[0]) for row in chosen],
                    "o",
                    markersize=size,
                    color=colour,
                    markeredgewidth=0,
                    label=name,
                )
            if len(keys) == 2:
                line = sorted((row[key], _scaled(row[keys[0]], keys[0])) for row in best)
                axes.step(*zip(*line, strict=True), where="post", color=ORANGE, linewidth=0.8)
            _log_axis(axes, [row[key] for row in built], key)
            axes.set(xlabel=_NAMES[key], ylabel=_NAMES[keys[0]])
            axes.grid(linewidth=0.8, color=GRID)
        handles, texts = panels[0].get_legend_handles_labels()
        drawn.legend(handles, texts, loc="outside upper left", ncols=2, frameon=False)
        said = f"{len(best)} of {len(built)} points are on the front of {', '.join(keys)}"
        return Drawing(drawn, "pareto", said)


def _log_axis(axes: Any, values: Sequence[float], key: str) -> None:
    """Set a logarithmic axis with ticks at 1, 2 and 5 of each decade, in units."""
    low, high = min(values), max(values)
    decades = range(floor(log10(low)) - 1, ceil(log10(high)) + 1)
    steps = (1.0, 2.0, 5.0) if high < 30.0 * low else (1.0,)
    ticks = [step * 10.0**power for power in decades for step in steps]
    shown = [value for value in ticks if low / 1.6 <= value <= high * 1.6]
    text = area if key == "area_m2" else lambda value: si(value, _UNITS[key])
    axes.set_xscale("log")
    axes.set_xticks(shown, [text(value) for value in shown])
    axes.set_xticks([], minor=True)


def _scaled(value: float, key: str) -> float:
    return 100.0 * value if key == "accuracy" else value
