"""Results as plain text for a terminal."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from mramsim.report.attribution import attribution_rows
from mramsim.report.energy import layer_component_rows
from mramsim.report.rows import accuracy_rows, baseline_rows, layer_rows
from mramsim.report.text import assumed
from mramsim.report.units import area, percent, si, significant, trimmed

_WIDTH = 1000  # wider than any table: lines are cut nowhere


def text_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str] | None = None) -> str:
    """Return rows as an aligned table.

    Parameters
    ----------
    rows : sequence of mapping
        All with the same keys; numbers are set to the right.
    columns : mapping of key to heading, optional
        Keys to show, in order; all by default.

    Returns
    -------
    str
        Lines without trailing space; empty for no rows.
    """
    if not rows:
        return ""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    shown = columns or {key: key.replace("_", " ") for key in rows[0]}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for position, (key, heading) in enumerate(shown.items()):
        right = position > 0 and _is_number(rows[0].get(key))
        table.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(_cell(row.get(key)) for key in shown), end_section=False)
    stream = io.StringIO()
    Console(file=stream, width=_WIDTH, color_system=None, markup=False, emoji=False).print(table)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines() if line.strip())


def run_table(result: Mapping[str, Any]) -> str:
    """Return the object of ``mramsim run --json`` as tables."""
    chips = len(result["accuracy"]["chips"])
    head = (
        f"{result['network']} on {result['mapping']} with {result['device']}\n"
        f"{result['dataset']}, {result['images']} images, {chips} "
        f"{'chip' if chips == 1 else 'chips'}, seed {result.get('seed', 0)}"
    )
    accuracy = [
        {"accuracy": label, "": value} for label, value in accuracy_rows(result["accuracy"])
    ]
    layers = text_table(
        list(layer_rows(result)),
        {
            "name": "layer",
            "shape": "in → out",
            "positions": "positions",
            "tiles": "arrays",
            "utilisation": "used",
            "steps": "steps",
            "errors": "decision errors",
            "energy": "energy",
            "latency": "latency",
        },
    )
    effects = "effects: " + (", ".join(result.get("effects", ())) or "none")
    missing = "not modelled: " + (", ".join(result.get("not_modelled", ())) or "none")
    found = result.get("attribution")
    shares = text_table(attribution_rows(found)) if found else ""
    parts = [
        head,
        text_table(accuracy),
        shares,
        layers,
        *_cost_parts(result),
        f"{effects}\n{missing}",
    ]
    if result.get("note"):
        parts.append(str(result["note"]))
    return "\n\n".join(part for part in parts if part)


def cost_table(result: Mapping[str, Any]) -> str:
    """Return the object of ``mramsim energy --json`` as tables."""
    activity = result.get("activity", 0.5)
    said = f"{activity:g}" if isinstance(activity, int | float) else "given by layer"
    head = (
        f"{result['network']} on {result['mapping']} with {result['device']}\n"
        f"expected cost of one image; share of inputs that are +1: {said}"
    )
    latency = result["latency_s_per_image"]["by_layer"]
    layers = [
        {**row, "latency": si(latency[row["layer"]], "s")}
        for row in layer_component_rows(result["energy_j_per_image"])
    ]
    return "\n\n".join(part for part in (head, text_table(layers), *_cost_parts(result)) if part)


def _cost_parts(result: Mapping[str, Any]) -> list[str]:
    energy = result["energy_j_per_image"]
    components = [
        {
            "energy of": name.replace("_", " "),
            "per image": si(value, "J"),
            "share": percent(value / energy["total"], 1),
        }
        for name, value in energy["by_component"].items()
        if value > 0.0
    ]
    compared = list(baseline_rows(result))
    columns = {
        "name": "design",
        "energy": "energy",
        "ratio": "factor",
        "latency": "latency",
        "area": "area",
        "weights": "weights",
        "place": "weights from",
    }
    return [
        text_table(components),
        *totals(result),
        text_table(compared, columns) if len(compared) > 1 else "",
        assumed(result),
    ]


def totals(result: Mapping[str, Any]) -> list[str]:
    """Return energy, latency, area and efficiency in words, then what programming takes."""
    latency, conditions = result["latency_s_per_image"], result["conditions"]
    bandwidth = trimmed(conditions["bandwidth_hz"], "Hz")
    said = (
        f"{si(result['energy_j_per_image']['total'], 'J')} and {si(latency['total'], 's')} per "
        f"image, {area(result['area_m2']['total'])}, {significant(result['tops_per_watt'])} TOPS/W "
        f"(1-bit, 1 MAC = 2 operations) at {trimmed(conditions['vdd_v'], 'V')}, "
        f"{trimmed(conditions['node_m'], 'm')}, bandwidth {bandwidth}"
    )
    if "interval" in latency and "tops_per_mm2" in result:
        said += (
            f"\nlayers in turn {significant(result['tops_per_mm2'])} TOPS/mm²; all at once "
            f"one image in {si(latency['interval'], 's')}, "
            f"{significant(result['tops_per_mm2_pipelined'])} TOPS/mm²"
        )
    programming = result.get("programming")
    if not programming:
        return [said]
    lines = [
        said,
        f"programming once: {si(programming['energy_j'], 'J')}, {si(programming['time_s'], 's')}, "
        f"{programming['mtjs']:,} MTJs, {significant(programming['pulses_per_mtj'])} pulses each, "
        f"residual error rate {significant(programming['residual_error_rate'], 2)}",
    ]
    if programming.get("measuring_time_s", 0.0) > 0.0:
        joule, second = programming["measuring_energy_j"], programming["measuring_time_s"]
        lines.append(f"columns measured once: {si(joule, 'J')}, {si(second, 's')}")
    return lines


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) or str(value)[:1] in "0123456789–+-−×"


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)
