"""Energy of points by component, and accuracy against energy with the Pareto front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mramsim.report.drawing import BLUE, GREY, GRID, INK, MUTED, ORANGE, TEAL, Drawing, figure
from mramsim.report.sweep.axis import point_name
from mramsim.report.units import si

_COLOURS = (BLUE, ORANGE, TEAL, GREY, "#7a5aa6", "#c2a23a", "#a8456b", "#5b8c3e", INK)
_MOST_BARS = 10


def pareto_front(points: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the points that none is both cheaper and at least as accurate than, by energy."""
    front: list[Mapping[str, Any]] = []
    for point in sorted(points, key=lambda one: (one["energy_j"], -one["mean"], one["number"])):
        if not front or point["mean"] > front[-1]["mean"]:
            front.append(point)
    return front


def pareto_figure(
    points: Sequence[Mapping[str, Any]], axes: Sequence[Mapping[str, Any]]
) -> Drawing:
    """Draw mean accuracy against energy of an image; the front is joined and numbered."""
    front = pareto_front(points)
    scale, unit = _unit(points)
    with figure(3.0) as drawn:
        frame = drawn.subplots()
        for point in points:
            ends = [100.0 * point["p5"], 100.0 * point["p95"]]
            frame.plot([point["energy_j"] * scale] * 2, ends, color=GREY, alpha=0.35, linewidth=1)
        x = [point["energy_j"] * scale for point in points]
        frame.plot(x, [100.0 * point["mean"] for point in points], "o", color=GREY, markersize=4)
        x = [point["energy_j"] * scale for point in front]
        y = [100.0 * point["mean"] for point in front]
        frame.step(x, y, where="post", color=BLUE, linewidth=1.2)
        frame.plot(x, y, "o", color=BLUE, markersize=5.5)
        for left, up, point in zip(x, y, front, strict=True):
            frame.annotate(
                str(point["number"]),
                (left, up),
                xytext=(4, 4),
                textcoords="offset points",
                fontsize=8,
                color=INK,
            )
        frame.set_xlabel(f"energy per image ({unit})")
        frame.set_ylabel("test accuracy (%)")
        frame.margins(x=0.08, y=0.12)
        frame.grid(linewidth=0.8)
        frame.tick_params(axis="x", bottom=True, color=GRID)
        said = "; ".join(
            f"{point_name(point, axes)}: {100 * point['mean']:.2f} percent at "
            f"{si(point['energy_j'], 'J')}"
            for point in front
        )
        return Drawing(drawn, "pareto", f"Accuracy against energy. On the front: {said}")


def _unit(points: Sequence[Mapping[str, Any]]) -> tuple[float, str]:
    largest = max(point["energy_j"] for point in points)
    for scale, unit in ((1e15, "fJ"), (1e12, "pJ"), (1e9, "nJ"), (1e6, "µJ"), (1e3, "mJ")):
        if largest * scale < 1e3:
            return scale, unit
    return 1.0, "J"


def energy_split_figure(
    points: Sequence[Mapping[str, Any]], axes: Sequence[Mapping[str, Any]]
) -> Drawing:
    """Draw the energy of an image by component, one bar per point, evenly chosen by energy."""
    ranked = sorted(points, key=lambda point: (point["energy_j"], point["number"]))
    count = min(len(ranked), _MOST_BARS)
    places = [round(k * (len(ranked) - 1) / max(count - 1, 1)) for k in range(count)]
    chosen = [ranked[place] for place in places]
    scale, unit = _unit(chosen)
    names = list(dict.fromkeys(name for point in chosen for name in point["energy_by_component"]))
    totals = {
        name: sum(point["energy_by_component"].get(name, 0.0) for point in chosen) for name in names
    }
    everything = sum(totals.values())
    shown = [name for name in names if totals[name] > 0.004 * everything][: len(_COLOURS)]
    with figure(0.34 * count + 0.85 + 0.2 * -(-len(shown) // 3)) as drawn:
        frame = drawn.subplots()
        left = np.zeros(count)
        for name, colour in zip(shown, _COLOURS, strict=False):
            parts = [scale * point["energy_by_component"].get(name, 0.0) for point in chosen]
            text = name.replace("_", " ")
            frame.barh(range(count), parts, left=left, color=colour, height=0.66, label=text)
            left += parts
        for place, point in enumerate(chosen):
            frame.annotate(
                f"{si(point['energy_j'], 'J')}",
                (left[place], place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                color=MUTED,
            )
        frame.set_yticks(range(count), [_bar_name(point, axes) for point in chosen], fontsize=8)
        frame.set_ylim(count - 0.4, -0.6)
        frame.set_xlim(0.0, float(left.max()) * 1.2)
        frame.set_xlabel(f"energy per image ({unit})")
        frame.tick_params(axis="x", bottom=True, color=GRID)
        drawn.legend(loc="outside upper left", ncols=3, frameon=False, fontsize=8)
        said = "; ".join(
            f"{name.replace('_', ' ')} {100 * totals[name] / everything:.1f} percent"
            for name in shown
        )
        return Drawing(drawn, "energy-split", f"Energy by component over these points: {said}")


def _bar_name(point: Mapping[str, Any], axes: Sequence[Mapping[str, Any]]) -> str:
    text = point_name(point, axes)
    return text if len(text) <= 30 else f"point {point['number']}"
