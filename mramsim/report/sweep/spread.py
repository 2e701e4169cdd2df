"""How chips differ: yield against the accuracy asked for, and what is mistaken for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mramsim.report.drawing import BLUE, GRID, INK, MUTED, ORANGE, TEAL, Drawing, figure
from mramsim.report.sweep.axis import point_name

Floats = NDArray[np.float64]
_COLOURS = (BLUE, ORANGE, TEAL, "#7a5aa6", INK)
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)), "-")
_MOST_NUMBERS = 12


def chosen_points(points: Sequence[Mapping[str, Any]], most: int) -> list[Mapping[str, Any]]:
    """Return points from the lowest to the highest mean accuracy, evenly chosen by rank."""
    ranked = sorted(points, key=lambda point: (point["mean"], -point["number"]))
    if len(ranked) <= most:
        return ranked
    places = [round(k * (len(ranked) - 1) / (most - 1)) for k in range(most)]
    return [ranked[place] for place in places]


def yield_line(chips: Sequence[float], start: float) -> tuple[Floats, Floats]:
    """Return the corners of the line of chips (in %) that reach an accuracy (in %) or more.

    `chips` : accuracies; the line begins at `start`, or a point below the worst of them.
    """
    values = 100.0 * np.sort(chips)
    share = 100.0 * (1.0 - np.arange(len(values) + 1) / len(values))
    first = min(values[0] - 1.0, 100.0 * start)
    return np.concatenate([[first], np.repeat(values, 2)]), np.repeat(share, 2)[:-1]


def yield_figure(
    points: Sequence[Mapping[str, Any]], axes: Sequence[Mapping[str, Any]], target: float | None
) -> Drawing:
    """Draw the share of chips that reach an accuracy, for points from the worst to the best.

    Parameters
    ----------
    points, axes : sequence of mapping
    target : float, optional
        The accuracy of the plan's yield target.
    """
    chosen = chosen_points(points, len(_COLOURS))
    with figure(3.0 + 0.2 * len(chosen)) as drawn:
        frame = drawn.subplots()
        for point, colour, dash in zip(chosen, _COLOURS, _DASHES, strict=False):
            frame.plot(
                *yield_line(point["chips"], min(chosen[0]["chips"])),
                color=colour,
                linestyle=dash,
                linewidth=1.6,
                label=f"{point_name(point, axes)}",
            )
        if target is not None:
            frame.axvline(100.0 * target, color=MUTED, linewidth=0.9)
            frame.annotate(
                f" target {100.0 * target:g} %",
                (100.0 * target, 103.0),
                fontsize=8,
                color=MUTED,
                annotation_clip=False,
                ha="right",
            )
        frame.set_xlabel("test accuracy (%)")
        frame.set_ylabel("chips at or above (%)")
        frame.set_ylim(-2.0, 108.0)
        frame.set_yticks([0, 25, 50, 75, 100])
        frame.grid(axis="y", linewidth=0.8)
        frame.tick_params(axis="x", bottom=True, color=GRID)
        drawn.legend(loc="outside upper left", frameon=False, fontsize=8.5, alignment="left")
        said = "; ".join(
            f"{point_name(point, axes)}: chips from {100 * min(point['chips']):.2f} to "
            f"{100 * max(point['chips']):.2f} percent"
            for point in chosen
        )
        return Drawing(drawn, "yield", f"Yield curves. {said}")


def confusion_figure(point: Mapping[str, Any], name: str) -> Drawing:
    """Draw how often each class was taken for each other, in percent of the images of a class."""
    counts = np.array(point["confusion"], dtype=np.float64)
    totals = counts.sum(axis=1, keepdims=True)
    share = 100.0 * np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    size = len(share)
    wrong = share.copy()
    np.fill_diagonal(wrong, np.nan)
    with figure(3.6) as drawn:
        axes = drawn.subplots()
        top = max(float(np.nanmax(wrong, initial=0.0)), 1e-9)
        axes.pcolormesh(
            wrong, cmap="Oranges", vmin=0.0, vmax=top, edgecolors="white", linewidth=0.6
        )
        for (row, column), value in np.ndenumerate(share):
            if size <= _MOST_NUMBERS and (row == column or value >= 0.05):
                axes.text(
                    column + 0.5,
                    row + 0.5,
                    f"{value:.0f}" if value >= 9.95 else f"{value:.1f}",
                    ha="center",
                    va="center",
                    fontsize=7,
                    color=_ink(row, column, value, top),
                    fontweight="bold" if row == column else "normal",
                )
        axes.set_aspect("equal")
        axes.invert_yaxis()
        step = -(-size // 12)
        places = list(range(0, size, step))
        axes.set_xticks([place + 0.5 for place in places], [str(place) for place in places])
        axes.set_yticks([place + 0.5 for place in places], [str(place) for place in places])
        axes.spines["bottom"].set_visible(False)
        axes.set_xlabel("class predicted")
        axes.set_ylabel("class of the image")
        row, column = np.unravel_index(int(np.nanargmax(wrong)), wrong.shape)
        said = f"{wrong[row, column]:.1f} percent of class {row} are taken for class {column}"
        return Drawing(drawn, name, f"Confusion matrix; the most frequent mistake: {said}")


def _ink(row: int, column: int, value: float, top: float) -> str:
    if row == column:
        return INK
    return "white" if value > 0.7 * top else INK
