"""What the page says in words: title, summary, headline numbers, effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mramsim.effects import BY_NAME
from mramsim.report.units import area, percent, si, significant, trimmed

READINGS = {
    "count": "one bit per cell, counted digitally",
    "codes": "converter codes",
    "vote": "one vote per column",
    "sweep": "reference swept over all counts",
}


def title_of(result: Mapping[str, Any]) -> str:
    """Return the title of the page."""
    named = result.get("title")
    return str(named) if named else f"{result['network']} on {result['device']}"


def summary(result: Mapping[str, Any]) -> str:
    """Return the result in two sentences."""
    accuracy, chips = result["accuracy"], len(result["accuracy"]["chips"])
    interval = accuracy.get("ci95")
    spread = f" (95 % interval {_interval(interval)})" if interval else ""
    text = (
        f"{chips} simulated {'chip' if chips == 1 else 'chips'} classify "
        f"{percent(accuracy['mean'])} of {result['images']:,} test images of {result['dataset']} "
        f"correctly{spread}; the same binary network computed exactly reaches "
        f"{percent(accuracy['ideal'])}"
    )
    if accuracy.get("float") is not None:
        text += f", the float network {percent(accuracy['float'])}"
    return f"{text}. {_energy_sentence(result)}"


def _energy_sentence(result: Mapping[str, Any]) -> str:
    energy = result["energy_j_per_image"]["total"]
    latency = result["latency_s_per_image"]["total"]
    compared = "".join(
        f", {comparison(energy, row['energy_j_per_image'])} than {row['name']}"
        for row in result.get("baselines", ())
    )
    return f"One image takes {si(latency, 's')} and an energy of {si(energy, 'J')}{compared}."


def comparison(energy_j: float, other_j: float) -> str:
    """Return how much less or more energy than another: ``700 times less``."""
    ratio = other_j / energy_j
    if ratio >= 1.0:
        return f"{significant(ratio, 2)} times less"
    return f"{significant(1.0 / ratio, 2)} times more"


def headlines(result: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the headline numbers: value, label, remark."""
    accuracy = result["accuracy"]
    reference, against = (
        ("float", "float") if accuracy.get("float") is not None else ("ideal", "exact")
    )
    points = 100.0 * (accuracy["mean"] - accuracy[reference])
    interval = accuracy.get("ci95")
    conditions = result["conditions"]
    chips = len(accuracy["chips"])
    operating = f"{trimmed(conditions['vdd_v'], 'V')}, {trimmed(conditions['node_m'], 'm')} node"
    rows = [
        (
            percent(accuracy["mean"]),
            "accuracy on chips",
            f"95 % interval {_interval(interval)}" if interval else f"{chips} chip",
        ),
        (f"{points:+.2f} points".replace("-", "−"), f"against the {against} network", ""),
        (si(result["energy_j_per_image"]["total"], "J"), "energy per image", operating),
        (si(result["latency_s_per_image"]["total"], "s"), "latency per image", "layers in turn"),
        (area(result["area_m2"]["total"]), "area", "arrays and their read-out"),
        (
            f"{significant(result['tops_per_watt'])} TOPS/W",
            "1-bit operations",
            "1 MAC = 2 operations",
        ),
    ]
    rows[1] = (*rows[1][:2], f"{against} {percent(accuracy[reference])}")
    return [{"value": value, "label": label, "remark": remark} for value, label, remark in rows]


def _interval(ends: list[float]) -> str:
    """Write Student's interval; of few chips it may reach beyond what an accuracy can be."""
    low, high = (100.0 * min(max(end, 0.0), 1.0) for end in ends)
    return f"{low:.2f} to {high:.2f} %"


def effects(names: list[str]) -> list[dict[str, str]]:
    """Return effects with what they are."""
    return [{"name": name, "what": BY_NAME[name].what if name in BY_NAME else ""} for name in names]


_WHERE = {"device": "device card", "mapping": "mapping card", "components": "components"}


def assumed(result: Mapping[str, Any]) -> str:
    """Return how many numbers of the cards are assumed."""
    counts = result.get("assumed", {})
    parts = []
    for kind, where in _WHERE.items():
        if kind in counts:
            total = counts.get(f"{kind}_of")
            of = f" of {total}" if total is not None else ""
            parts.append(f"{counts[kind]}{of} numbers of the {where}")
    parts += [
        f"{row['assumed']} of {row['assumed_of']} of {row['name']}"
        for row in result.get("baselines", ())
        if "assumed" in row
    ]
    return ", ".join(parts) + " are assumed" if parts else ""
