"""The figure of a search: every point and the front, objectives against the first one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mramsim.report.drawing import BLUE, GREY, GRID, ORANGE, Drawing, figure

_NAMES = {
    "accuracy": "mean accuracy (%)",
    "energy_j_per_image": "energy per image (J)",
    "latency_s_per_image": "latency per image (s)",
    "area_m2": "area (m²)",
}
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
            axes.set_xscale("log")
            axes.set(xlabel=_NAMES[key], ylabel=_NAMES[keys[0]])
            axes.grid(linewidth=0.8, color=GRID)
        panels[0].legend(frameon=False, loc="best")
        said = f"{len(best)} of {len(built)} points are on the front of {', '.join(keys)}"
        return Drawing(drawn, "pareto", said)


def _scaled(value: float, key: str) -> float:
    return 100.0 * value if key == "accuracy" else value
