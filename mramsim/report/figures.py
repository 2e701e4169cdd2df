"""The figures of the page: accuracy, energy, baselines, latency and area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from typing import Any

from mramsim.report.drawing import BLUE, GREY, GRID, INK, MUTED, ORANGE, TEAL, Drawing, figure
from mramsim.report.drawing import horizontal_bars as bars
from mramsim.report.units import area, factor, percent, si, trimmed

COLOURS = {
    "array_read": BLUE,
    "word_lines": BLUE,
    "cells": BLUE,
    "sense_amplifiers": ORANGE,
    "converters": ORANGE,
    "data_movement": GREY,
}
_BAR_IN = 0.27
_TITLE_IN = 0.36
ROWS = (("float", "float network"), ("ideal", "binary, exact"), ("mapped", "mapped, no noise"))


def accuracy_figure(accuracy: Mapping[str, Any]) -> Drawing:
    """Draw the float, exact and mapped accuracy and every chip, with mean and interval."""
    chips = [100.0 * value for value in accuracy["chips"]]
    mean, interval = 100.0 * accuracy["mean"], accuracy.get("ci95")
    single = [
        (label, 100.0 * float(accuracy[key]))
        for key, label in ROWS
        if accuracy.get(key) is not None
    ]
    everything = [*chips, *(value for _, value in single)]
    low, high = min(everything), max(everything)
    margin = max(0.12 * (high - low), 0.25)
    with figure(0.34 * len(single) + 1.45) as drawn:
        axes = drawn.subplots()
        for place, (_, x) in enumerate(single):
            axes.axvline(x, color=GRID, linewidth=0.8, zorder=0)
            axes.plot([x], [place], marker="D", markersize=6, color=GREY, linestyle="none")
            _value_label(axes, x, place, f"{x:.2f} %")
        place = len(single)
        offsets = [0.30 * ((7 * k) % 5 - 2) / 2 for k in range(len(chips))]
        heights = [place + 0.25 + offset for offset in offsets]
        axes.plot(chips, heights, "o", markersize=4, color=BLUE, alpha=0.45, markeredgewidth=0)
        if interval is not None:
            ends = [100.0 * value for value in interval]
            axes.plot(ends, [place + 0.25] * 2, color=INK, linewidth=3, solid_capstyle="butt")
        axes.plot([mean], [place + 0.25], marker="D", markersize=7, color=INK, linestyle="none")
        _value_label(axes, mean, place - 0.22, f"mean {mean:.2f} %")
        sampled = f"{len(chips)} {'chip' if len(chips) == 1 else 'chips'}"
        names = [*(label for label, _ in single), sampled]
        axes.set_yticks([*range(len(single)), place + 0.25], names)
        axes.set_ylim(place + 0.85, -0.75)
        axes.set_xlim(low - margin, high + margin)
        axes.tick_params(axis="x", bottom=True, color=GRID)
        axes.set_xlabel("test accuracy (%)")
        label = f"Accuracy: mean of {sampled} {mean:.2f} percent; " + "; ".join(
            f"{name} {value:.2f} percent" for name, value in single
        )
        return Drawing(drawn, "accuracy", label)


def _value_label(axes: Any, x: float, y: float, text: str) -> None:
    axes.annotate(
        text,
        (x, y),
        xytext=(0, 7),
        textcoords="offset points",
        ha="center",
        fontsize=8.5,
        color=MUTED,
    )


def energy_figure(energy: Mapping[str, Any]) -> Drawing:
    """Draw the energy of one image by component and by layer."""
    total = energy["total"]

    def label(value: float) -> str:
        return f"{si(value, 'J')} · {percent(value / total, 1)}"

    return _two_panels(
        "energy",
        ("by component", energy["by_component"], label),
        ("by layer", energy["by_layer"], label),
        f"Energy of one image, {si(total, 'J')} in all",
    )


def latency_area_figure(latency: Mapping[str, Any], areas: Mapping[str, Any]) -> Drawing:
    """Draw latency by layer and area by component."""
    return _two_panels(
        "time-area",
        ("latency by layer", latency["by_layer"], lambda value: si(value, "s")),
        ("area by component", areas["by_component"], area),
        f"Latency {si(latency['total'], 's')} and area {area(areas['total'])}",
    )


def baseline_figure(name: str, energy_j: float, baselines: Sequence[Mapping[str, Any]]) -> Drawing:
    """Draw the energy of one image beside the digital baselines, on a logarithmic axis."""
    names = [name, *(row["name"] for row in baselines)]
    values = [energy_j, *(row["energy_j_per_image"] for row in baselines)]
    labels = [
        si(value, "J") if k == 0 else f"{si(value, 'J')} · {factor(value / energy_j)}"
        for k, value in enumerate(values)
    ]
    first, last = floor(log10(min(values)) - 0.5), ceil(log10(max(values)))
    decades = [10.0**power for power in range(first, last + 1)]
    with figure(2 * _TITLE_IN + _BAR_IN * 1.25 * len(names)) as drawn:
        axes = drawn.subplots()
        axes.set_xscale("log")
        colours = [BLUE] + [GREY] * len(baselines)
        bars(axes, names, values, labels, colours, start=decades[0])
        axes.set_xlim(decades[0], max(values) * (max(values) / decades[0]) ** 0.8)
        step = 1 + len(decades) // 5
        shown = [trimmed(v, "J") if k % step == 0 else "" for k, v in enumerate(decades)]
        axes.set_xticks(decades, shown)
        axes.set_xticks([], minor=True)
        axes.grid(axis="x", linewidth=0.8)
        axes.set_xlabel("energy per image (logarithmic)")
        said = "; ".join(f"{one} {text}" for one, text in zip(names, labels, strict=True))
        return Drawing(drawn, "baselines", f"Energy per image: {said}")


def _two_panels(name: str, first: Any, second: Any, said: str) -> Drawing:
    panels = [
        (title, {key: value for key, value in parts.items() if value > 0.0} or parts, label)
        for title, parts, label in (first, second)
    ]
    counts = [len(parts) for _, parts, _ in panels]
    with figure(2 * _TITLE_IN + _BAR_IN * sum(counts)) as drawn:
        ratios = [count + _TITLE_IN / _BAR_IN for count in counts]
        axes = drawn.subplots(2, 1, gridspec_kw={"height_ratios": ratios})
        for one, (title, parts, label) in zip(axes, panels, strict=True):
            names = [key.replace("_", " ") for key in parts]
            values = [float(value) for value in parts.values()]
            colours = [COLOURS.get(key, TEAL if "component" in title else BLUE) for key in parts]
            bars(one, names, values, [label(value) for value in values], colours)
            one.set_xlim(0.0, max(values) * 1.62 or 1.0)
            one.xaxis.set_visible(False)
            one.set_title(title)
            said += f"; {title}: " + ", ".join(
                f"{key} {label(value)}" for key, value in zip(names, values, strict=True)
            )
        return Drawing(drawn, name, said)
