"""Accuracy against one axis, with a band over chips; accuracy over two axes as a map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mramsim.report.drawing import BLUE, GREY, GRID, INK, MUTED, ORANGE, TEAL, Drawing, figure
from mramsim.report.sweep.axis import MOST_LINES, label, set_ticks, shown

Point = Mapping[str, Any]
Axis = Mapping[str, Any]
_MOST_CELLS = 12
_COLOURS = (BLUE, ORANGE, TEAL, "#7a5aa6", INK)
_MARKERS = ("o", "s", "D", "^", "v")


def accuracy_curve(
    axis: Axis, others: Sequence[Axis], points: Sequence[Point], name: str
) -> Drawing:
    """Draw accuracy against an axis.

    Parameters
    ----------
    axis : mapping
        Numeric axes become curves, others one row per value.
    others : sequence of mapping
        The other axes. One with few values gives a curve each; else they are pooled.
    points : sequence of mapping
    name : str
        Of the drawing.

    Returns
    -------
    Drawing
        Mean over chips, and a band from the 5th to the 95th percentile of chips.
    """
    if not axis["numeric"]:
        return _rows(axis, points, name)
    if axis["drawn"]:
        return _scatter(axis, points, name)
    split = others[0] if len(others) == 1 and len(others[0]["values"]) <= MOST_LINES else None
    with figure(3.1) as drawn:
        axes = drawn.subplots()
        said = []
        for place, (text, chosen) in enumerate(_lines(split, points)):
            colour = _COLOURS[place]
            rows = list(_along(axis, chosen))
            x = [row[0] for row in rows]
            mean, low, high = (100.0 * np.array(part) for part in list(zip(*rows, strict=True))[1:])
            axes.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0)
            marker = _MARKERS[place]
            axes.plot(x, mean, marker=marker, markersize=4, color=colour, linewidth=1.5, label=text)
            ends = f"{mean[0]:.2f} to {mean[-1]:.2f} percent"
            said.append(f"{text}: {ends}" if text else ends)
        _exact(axes, points)
        set_ticks(axes, axis)
        _percent_axis(axes)
        if split is not None:
            drawn.legend(
                loc="outside upper left",
                ncols=3,
                frameon=False,
                fontsize=8.5,
                title=label(split),
                title_fontsize=8.5,
                alignment="left",
            )
        return Drawing(drawn, name, f"Accuracy against {label(axis)}: {'; '.join(said)}")


def _lines(split: Axis | None, points: Sequence[Point]) -> Iterator[tuple[str, list[Point]]]:
    if split is None:
        yield "", list(points)
        return
    for value in split["values"]:
        key = split["key"]
        yield shown(key, value), [point for point in points if point["values"][key] == value]


def _along(axis: Axis, points: Sequence[Point]) -> Iterator[tuple[Any, float, float, float]]:
    """Yield value, mean, 5th and 95th percentile of all chips at each value."""
    for value in axis["values"]:
        chips = [
            chip
            for point in points
            if point["values"][axis["key"]] == value
            for chip in point["chips"]
        ]
        if chips:
            low, high = np.quantile(chips, [0.05, 0.95])
            yield value, float(np.mean(chips)), float(low), float(high)


def _rows(axis: Axis, points: Sequence[Point], name: str) -> Drawing:
    found = list(_along(axis, points))
    with figure(0.36 * len(found) + 0.95) as drawn:
        axes = drawn.subplots()
        for place, (_, mean, low, high) in enumerate(found):
            ends = [100.0 * low, 100.0 * high]
            axes.plot(ends, [place] * 2, color=BLUE, alpha=0.3, linewidth=7, solid_capstyle="butt")
            axes.plot([100.0 * mean], [place], "D", color=BLUE, markersize=5.5)
        names = [shown(axis["key"], row[0]) for row in found]
        axes.set_yticks(range(len(found)), [text[:34] for text in names])
        axes.set_ylim(len(found) - 0.4, -0.6)
        axes.grid(axis="x", linewidth=0.8)
        axes.tick_params(axis="x", bottom=True, color=GRID)
        axes.set_xlabel("test accuracy (%)")
        said = "; ".join(
            f"{text} {100 * row[1]:.2f} percent" for text, row in zip(names, found, strict=True)
        )
        return Drawing(drawn, name, f"Accuracy for each {label(axis)}: {said}")


def _scatter(axis: Axis, points: Sequence[Point], name: str) -> Drawing:
    x = [point["values"][axis["key"]] for point in points]
    mean = [100.0 * point["mean"] for point in points]
    with figure(2.9) as drawn:
        axes = drawn.subplots()
        for value, point in zip(x, points, strict=True):
            ends = [100.0 * point["p5"], 100.0 * point["p95"]]
            axes.plot([value] * 2, ends, color=BLUE, alpha=0.3, linewidth=1.2)
        axes.plot(x, mean, "o", color=BLUE, markersize=4)
        _exact(axes, points)
        set_ticks(axes, axis)
        _percent_axis(axes)
        said = f"{len(points)} points, accuracy {min(mean):.2f} to {max(mean):.2f} percent"
        return Drawing(drawn, name, f"Accuracy against {label(axis)}: {said}")


def _exact(axes: Any, points: Sequence[Point]) -> None:
    """Draw the exact accuracy where all points share it."""
    found = {point["exact"] for point in points}
    value = found.pop() if len(found) == 1 else None
    if value is not None:
        axes.axhline(100.0 * value, color=GREY, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
        axes.annotate(
            f"exact {100.0 * value:.2f} %",
            (0.0, 100.0 * value),
            xycoords=("axes fraction", "data"),
            xytext=(1, 2),
            textcoords="offset points",
            ha="left",
            va="bottom",
            fontsize=8,
            color=MUTED,
        )


def _percent_axis(axes: Any) -> None:
    axes.set_ylabel("test accuracy (%)")
    axes.grid(axis="y", linewidth=0.8)
    axes.tick_params(axis="x", bottom=True, color=GRID)


def accuracy_map(first: Axis, second: Axis, points: Sequence[Point], name: str) -> Drawing:
    """Draw the mean accuracy over two axes.

    Parameters
    ----------
    first, second : mapping
        Axes: up, and to the right.
    points : sequence of mapping
        Several at one place are averaged.
    name : str
        Of the drawing.
    """
    rows, columns = first["values"], second["values"]
    total, count = np.zeros((2, len(rows), len(columns)))
    for point in points:
        place = (
            rows.index(point["values"][first["key"]]),
            columns.index(point["values"][second["key"]]),
        )
        total[place] += 100.0 * point["mean"]
        count[place] += 1
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    with figure(min(4.2, 1.1 + 0.34 * len(rows))) as drawn:
        axes = drawn.subplots()
        image = axes.pcolormesh(mean, cmap="viridis", edgecolors="white", linewidth=0.8)
        if max(mean.shape) <= _MOST_CELLS:
            _numbers(axes, mean, image)
        for axis, values, set_values, set_label in (
            (second, columns, axes.set_xticks, axes.set_xlabel),
            (first, rows, axes.set_yticks, axes.set_ylabel),
        ):
            step = -(-len(values) // 8)
            places = range(0, len(values), step)
            texts = [shown(axis["key"], values[place])[:14] for place in places]
            set_values([place + 0.5 for place in places], texts)
            set_label(label(axis))
        axes.spines["bottom"].set_visible(False)
        bar = drawn.colorbar(image, ax=axes, fraction=0.05, pad=0.02)
        bar.outline.set_visible(False)
        bar.set_label("mean test accuracy (%)")
        low, high = np.nanmin(mean), np.nanmax(mean)
        said = f"mean accuracy from {low:.2f} to {high:.2f} percent"
        return Drawing(drawn, name, f"Map over {label(first)} and {label(second)}: {said}")


def _numbers(axes: Any, values: Any, image: Any) -> None:
    small = max(values.shape) > 7
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            red, green, blue, _ = image.cmap(image.norm(value))
            dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55
            axes.text(
                column + 0.5,
                row + 0.5,
                f"{value:.0f}" if small else f"{value:.1f}",
                ha="center",
                va="center",
                fontsize=7 if small else 8,
                color="white" if dark else INK,
            )
