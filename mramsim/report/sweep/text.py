"""What the page of a sweep says in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mramsim.report.sweep.axis import MOST_LINES, label, point_name
from mramsim.report.units import area, percent, si

Content = Mapping[str, Any]


def title(content: Content) -> str:
    """Return the title of the page."""
    networks = ", ".join(dict.fromkeys(content["manifest"]["networks"].values()))
    return str(content["title"]) or f"Sweep of {networks}"


def summary(content: Content) -> str:
    """Return the sweep in two sentences."""
    points, axes = content["points"], content["axes"]
    chips = sum(len(point["chips"]) for point in points)
    varied = " and ".join(label(axis) for axis in axes if len(axis["values"]) > 1)
    best, worst = _best(points), _worst(points)
    first = f"{len(points)} {_plural(len(points), 'point')} with {chips:,} chips in all"
    first += f" vary {varied}." if varied else "."
    second = (
        f" The mean accuracy runs from {percent(worst['mean'])} ({point_name(worst, axes)}) to "
        f"{percent(best['mean'])} ({point_name(best, axes)})"
    )
    if best["exact"] is not None:
        second += f"; the same binary network computed exactly reaches {percent(best['exact'])}"
    if best["float"] is not None:
        second += f", the float network {percent(best['float'])}"
    return f"{first}{second}."


def setup(content: Content) -> list[tuple[str, str]]:
    """Return what all points share."""
    run, manifest = content["plan"]["run"], content["manifest"]
    varied = {axis["key"] for axis in content["axes"]}
    names = ", ".join(dict.fromkeys(manifest["networks"].values()))
    images = sorted({point["images"] for point in content["points"]})
    found = [("network", names)]
    for key in ("device", "mapping"):
        cards = ", ".join(card["name"] for card in manifest["cards"][key])
        found.append((key, cards))
    data = ", ".join(dict.fromkeys(test["name"] for test in manifest["inputs"]["data"]))
    found.append(("data", f"{data}, {', '.join(f'{count:,}' for count in images)} images"))
    if "seed" not in varied:
        found.append(("seed", str(run["seed"])))
    for key in ("only", "without"):
        if run.get(key) and key not in varied:
            found.append((key, ", ".join(run[key])))
    found += [(key, str(value)) for key, value in run["set"].items() if key not in varied]
    return found


def headlines(content: Content) -> list[dict[str, str]]:
    """Return the headline numbers: value, label, remark."""
    points, axes = content["points"], content["axes"]
    best, worst = _best(points), _worst(points)
    chips = sum(len(point["chips"]) for point in points)
    energies = [point["energy_j"] for point in points]
    rows = [
        (percent(best["mean"]), "highest mean accuracy", point_name(best, axes)),
        (percent(worst["mean"]), "lowest mean accuracy", point_name(worst, axes)),
        (f"{chips:,}", "chips", rule(content["plan"]["chips"])),
    ]
    if "yield" in best:
        target = content["plan"]["chips"]["yield"]["accuracy"]
        top = max(points, key=lambda point: (point["yield"], point["mean"]))
        interval = f"{percent(top['yield_low'], 0)} to {percent(top['yield_high'], 0)}"
        rows.append((percent(top["yield"], 0), f"highest yield at {percent(target, 1)}", interval))
    least, most = min(energies), max(energies)
    spread = si(least, "J") if least == most else f"{si(least, 'J')} to {si(most, 'J')}"
    rows.append((si(best["energy_j"], "J"), "energy per image", f"at the best point; {spread}"))
    rows.append((si(best["latency_s"], "s"), "latency per image", area(best["area_m2"])))
    return [{"value": value, "label": what, "remark": remark} for value, what, remark in rows]


def rule(chips: Mapping[str, Any]) -> str:
    """Return how many chips a point gets, in words."""
    if "count" in chips:
        return f"{chips['count']} per point"
    parts = []
    if "half_width" in chips:
        parts.append(f"± {100 * chips['half_width']:g} points")
    target = chips.get("yield") or {}
    if "half_width" in target:
        parts.append(f"yield ± {100 * target['half_width']:g} points")
    if "share" in target:
        parts.append(f"yield off {percent(target['share'], 0)}")
    return f"until {' and '.join(parts)}, {chips['least']} to {chips['most']} per point"


def assumed(cards: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return how many numbers of the cards are assumed."""
    parts = []
    for found in cards.values():
        for card in found:
            sources = [entry["source"] for entry in card["values"].values()]
            count = sum(source.startswith("assumed: ") for source in sources)
            if count:
                parts.append(f"{count} of {len(sources)} numbers of {card['name']}")
    return ", ".join(parts) + " are assumed" if parts else ""


def curve_caption(axis: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> str:
    """Return the caption of an accuracy curve."""
    if axis["drawn"] and axis["numeric"]:
        return f"Every point over {label(axis)}; bars are the 5th to 95th percentile of chips."
    text = "Mean over chips; the band runs from the 5th to the 95th percentile of chips."
    apart = axis["numeric"] and len(others) == 1 and len(others[0]["values"]) <= MOST_LINES
    return text if apart or not others else f"{text} All values of the other axes together."


def floorplan_caption(place: int, count: int) -> str:
    """Return the caption of a tile map."""
    text = (
        "Tile map, all layers on one scale: outlined boxes are arrays, filled parts hold weights."
    )
    if count > 1:
        text += f" Placement {place + 1} of {count}{' or more' if count >= 8 else ''}."
    return text


def points_caption(content: Content, listed: int) -> str:
    """Return the caption of the table of points."""
    confidence = content["plan"]["chips"]["confidence"]
    text = f"Mean over chips with its {100 * confidence:g} % Student interval"
    if "yield" in content["points"][0]:
        text += "; yield with its exact interval (Clopper and Pearson)"
    hidden = len(content["points"]) - listed
    return f"{text}; {hidden} more points are in summary.csv" if hidden > 0 else text


def point_cells(point: Mapping[str, Any]) -> dict[str, str]:
    """Return the results of a point as texts."""
    cells = {"chips": str(len(point["chips"])), "mean": percent(point["mean"])}
    if point["low"] is not None:
        cells["interval"] = f"{100 * point['low']:.2f} to {100 * point['high']:.2f} %"
    else:
        cells["interval"] = "–"
    cells["5 to 95 % of chips"] = f"{100 * point['p5']:.2f} to {100 * point['p95']:.2f} %"
    if "yield" in point:
        low, high = 100 * point["yield_low"], 100 * point["yield_high"]
        cells["yield"] = f"{percent(point['yield'], 0)} ({low:.0f} to {high:.0f})"
    return {**cells, "energy": si(point["energy_j"], "J"), "latency": si(point["latency_s"], "s")}


def made(content: Content) -> list[tuple[str, str]]:
    """Return what made the results, as far as it follows from them."""
    inputs = content["manifest"]["inputs"]
    rows = [("version", str(content["manifest"]["version"])), ("physics", inputs["physics"])]
    names = content["manifest"]["networks"]
    rows += [(f"network {names[key]}", digest[:16]) for key, digest in inputs["networks"].items()]
    rows += [(f"images of {test['name']}", test["sha256"][:16]) for test in inputs["data"]]
    rows.append(("chips", rule(content["plan"]["chips"])))
    rows.append(("points", content["plan"]["sampling"]["method"]))
    return rows


def _best(points: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return max(points, key=lambda point: (point["mean"], -point["number"]))


def _worst(points: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return min(points, key=lambda point: (point["mean"], point["number"]))


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"
