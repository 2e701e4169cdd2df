"""The device of a result: histogram of its cells and what follows from its card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mramsim.report.drawing import BLUE, ORANGE, Drawing, figure
from mramsim.report.units import percent, si, significant


def device_record(card: Any) -> dict[str, Any]:
    """Return histogram and moments of a card's sampled cells, ready for JSON."""
    from mramsim.devices.statistics import as_json, cell_statistics, histogram

    return {"histogram": histogram(card), "cell": as_json(cell_statistics(card))}


def histogram_figure(histogram: Mapping[str, Any]) -> Drawing:
    """Draw the sampled cell resistances of both states."""
    edges = [value / 1e3 for value in histogram["edges_ohm"]]
    with figure(2.4) as drawn:
        axes = drawn.subplots()
        for key, label, colour in (
            ("parallel", "parallel", BLUE),
            ("antiparallel", "antiparallel", ORANGE),
        ):
            axes.stairs(histogram[key], edges, fill=True, color=colour, alpha=0.75, label=label)
        axes.set_xlabel("cell resistance at zero bias (kΩ)")
        axes.set_ylabel("share of devices")
        axes.set_yticks([])
        axes.tick_params(axis="x", bottom=True)
        axes.legend(frameon=False, fontsize=8.5)
        return Drawing(drawn, "device", "Histogram of cell resistance, parallel and antiparallel")


def device_rows(cell: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the moments of the cells in words."""
    return [
        ("mean, parallel", si(cell["mean_p_ohm"], "Ω")),
        ("mean, antiparallel", si(cell["mean_ap_ohm"], "Ω")),
        ("spread, parallel", percent(cell["cell_sigma_p"])),
        ("spread, antiparallel", percent(cell["cell_sigma_ap"])),
        ("correlation of both states", _number(cell["cell_correlation"])),
        ("read margin", f"{_number(cell['read_margin_sigma'])} sigma"),
        ("misread with one reference", _number(cell["overlap"])),
    ]


def _number(value: float | None) -> str:
    return "–" if value is None else significant(value)
