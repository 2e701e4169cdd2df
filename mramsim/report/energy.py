"""Energy by layer and component: a table and a figure of stacked bars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mramsim.report.drawing import BLUE, GREY, INK, MUTED, ORANGE, TEAL, Drawing, figure
from mramsim.report.units import percent, si

_SMALL = 0.01  # of the total: drawn and listed as "other"
_COLOURS = (BLUE, ORANGE, TEAL, "#8a5fb0", "#b99a2c", "#c2556e", "#5f7fae", "#7a9a4a")
_BAR_IN, _HEAD_IN = 0.42, 0.9


def shares(energy: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return energy by layer and component in J; components below 1 % of all are "other"."""
    large = [
        name for name, value in energy["by_component"].items() if value >= _SMALL * energy["total"]
    ]
    found = {}
    for layer, parts in energy["by_layer_component"].items():
        row = {name: parts.get(name, 0.0) for name in large}
        row["other"] = sum(value for name, value in parts.items() if name not in large)
        found[layer] = row
    return found


def layer_component_rows(energy: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return one row per layer: its energy, its share, and what each component takes."""
    return [
        {
            "layer": layer,
            "energy": si(energy["by_layer"][layer], "J"),
            "share": percent(energy["by_layer"][layer] / energy["total"], 1),
            **{name.replace("_", " "): si(value, "J") for name, value in parts.items()},
        }
        for layer, parts in shares(energy).items()
    ]


def layers_figure(energy: Mapping[str, Any]) -> Drawing:
    """Draw one bar per layer, stacked by component."""
    rows = shares(energy)
    names = list(next(iter(rows.values())))
    colours = dict(zip(names, _COLOURS, strict=False)) | {"other": GREY}
    with figure(_HEAD_IN + _BAR_IN * len(rows) + 0.2 * ((len(names) + 1) // 2)) as drawn:
        axes = drawn.subplots()
        for place, (layer, parts) in enumerate(rows.items()):
            left = 0.0
            for name in names:
                axes.barh(place, parts[name], left=left, color=colours.get(name, GREY), height=0.64)
                left += parts[name]
            axes.annotate(
                si(energy["by_layer"][layer], "J"),
                (left, place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
                color=INK,
            )
        axes.set_yticks(range(len(rows)), list(rows))
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(0.0, 1.25 * max(energy["by_layer"].values()))
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        handles: list[Any] = [axes.barh(0, 0, color=colours.get(name, GREY)) for name in names]
        sums = {name: sum(row[name] for row in rows.values()) for name in names}
        texts = [
            f"{name.replace('_', ' ')} {percent(value / energy['total'], 0)}"
            for name, value in sums.items()
        ]
        drawn.legend(
            handles, texts, loc="outside lower left", ncols=2, frameon=False, labelcolor=MUTED
        )
        said = "; ".join(f"{layer} {si(energy['by_layer'][layer], 'J')}" for layer in rows)
        total = si(energy["total"], "J")
        return Drawing(drawn, "energy-layers", f"Energy of one image, {total}: {said}")
