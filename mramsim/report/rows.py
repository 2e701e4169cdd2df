"""Rows of the page's tables, every cell a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mramsim.report.text import READINGS
from mramsim.report.units import area, factor, percent, si, size, value_and_unit


def accuracy_rows(accuracy: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return label and value: float, ideal, mapped, mean, interval, spread, worst, best."""
    chips, interval, std = accuracy["chips"], accuracy.get("ci95"), accuracy.get("std")
    rows = [
        ("float network", percent(accuracy.get("float"))),
        ("binary network, exact", percent(accuracy["ideal"])),
        ("mapped: quantised read-out, no noise", percent(accuracy["mapped"])),
        (
            f"mean of {len(chips)} {'chip' if len(chips) == 1 else 'chips'}",
            percent(accuracy["mean"]),
        ),
    ]
    if interval is not None:
        ends = f"{100.0 * interval[0]:.2f} to {100.0 * interval[1]:.2f} %"
        rows.append(("95 % interval of the mean", ends))
    if std is not None:
        rows.append(("standard deviation between chips", percent(std)))
        rows.append(("worst and best chip", f"{percent(min(chips))}, {percent(max(chips))}"))
    return rows


def chip_rows(chips: list[float]) -> list[tuple[str, str]]:
    """Return number and accuracy of each chip."""
    return [(str(number), percent(value)) for number, value in enumerate(chips)]


def layer_rows(result: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield one row per mapped layer."""
    energy = result["energy_j_per_image"]["by_layer"]
    latency = result["latency_s_per_image"]["by_layer"]
    for layer in result["layers"]:
        name = layer["name"]
        shape = f"{layer['fan_in']} → {layer['fan_out']}" if "fan_in" in layer else "–"
        yield {
            "name": name,
            "shape": shape,
            "positions": f"{layer['positions']:,}" if "positions" in layer else "–",
            "tiles": f"{layer['tiles']:,}",
            "utilisation": percent(layer["utilisation"], 0),
            "steps": str(layer.get("steps", "–")),
            "reading": READINGS.get(layer.get("reading", ""), "–"),
            "errors": percent(layer.get("decision_error_rate"), 3),
            "energy": si(energy[name], "J") if name in energy else "–",
            "latency": si(latency[name], "s") if name in latency else "–",
        }


def array_rows(placement: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return label and value: arrays, their size, cells and the share in use."""
    counts: dict[str, int] = {}
    cells = used = 0.0
    for layer in placement:
        shape = f"{layer['rows']} × {layer['columns']}"
        counts[shape] = counts.get(shape, 0) + len(layer["tiles"])
        placed = len(layer["tiles"]) * layer["rows"] * layer["columns"]
        cells += placed
        used += placed * layer["utilisation"]
    found = [(f"arrays of {shape} cells", f"{count:,}") for shape, count in counts.items()]
    if cells:
        found += [
            ("cells placed", f"{cells:,.0f}"),
            ("cells that hold weights", f"{used:,.0f} ({percent(used / cells, 1)})"),
        ]
    return found


def baseline_rows(result: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield this design and each digital baseline."""
    energy = result["energy_j_per_image"]["total"]
    yield {
        "name": result["mapping"],
        "energy": si(energy, "J"),
        "ratio": "1",
        "latency": si(result["latency_s_per_image"]["total"], "s"),
        "area": area(result["area_m2"]["total"]),
        "weights": "–",
        "place": "in the arrays",
    }
    for row in result.get("baselines", ()):
        yield {
            "name": row["name"],
            "energy": si(row["energy_j_per_image"], "J"),
            "ratio": factor(row["energy_j_per_image"] / energy),
            "latency": si(row["latency_s_per_image"], "s"),
            "area": area(row["area_m2"]) if row.get("area_m2") else "–",
            "weights": size(row["weight_bytes"]),
            "place": row.get("weights_from", "–"),
        }


def card_rows(card: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every value of a card with unit and source."""
    for key, entry in card["values"].items():
        number, unit = value_and_unit(key, entry["value"])
        kind, _, rest = entry["source"].partition(": ")
        known = kind in ("assumed", "derived")
        yield {
            "key": key,
            "value": number,
            "unit": unit,
            "assumed": kind == "assumed",
            "derived": kind == "derived",
            "source": rest if known else entry["source"],
            "reference": entry["source"] in card["references"],
        }


def references(cards: Iterable[Mapping[str, Any]]) -> list[dict[str, str | None]]:
    """Return every reference of the cards once, by key."""
    found: dict[str, dict[str, str | None]] = {}
    for card in cards:
        for key, reference in card["references"].items():
            found.setdefault(key, {"key": key, **reference})
    return [found[key] for key in sorted(found)]


def all_cards(cards: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the cards of device, mapping, components and baselines, as far as given."""
    single = [cards[kind] for kind in ("device", "mapping") if kind in cards]
    return [*single, *cards.get("components", ()), *cards.get("baselines", ())]
