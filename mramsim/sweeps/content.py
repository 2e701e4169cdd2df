"""A finished sweep read from its folder: everything its report shows, as plain values.

Only the folder is read (``config.toml``, ``manifest.json``, ``results.csv``, ``shards``), so a
report can be made anywhere; what the inputs are now is looked up only to say what is stale.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mramsim.cards import Card, load_card
from mramsim.errors import InputError
from mramsim.files import read_toml
from mramsim.intervals import mean_interval
from mramsim.report.device import device_record
from mramsim.sweeps.axes import Value, axis_text
from mramsim.sweeps.folder import CONFIG, plan_digest
from mramsim.sweeps.inputs import Library
from mramsim.sweeps.manifest import SCHEMA, changes
from mramsim.sweeps.plan import Plan, load_plan
from mramsim.sweeps.points import plan_points
from mramsim.sweeps.stop import stop_columns
from mramsim.sweeps.store import Store
from mramsim.sweeps.tables import cell

MANIFEST = "manifest.json"
RESULTS, SUMMARY = "results.csv", "summary.csv"


def read_sweep(folder: str | os.PathLike[str], data_dir: str | None = None) -> dict[str, Any]:
    """Return the content of a finished sweep.

    Parameters
    ----------
    folder : path-like
    data_dir : str, optional
        Folder of data sets, to find out what is stale.

    Returns
    -------
    dict
        ``title``, ``manifest``, ``plan``, ``axes``, ``points``, ``devices``, ``stale``; ready for
        `mramsim.report.sweep.page`.

    Raises
    ------
    InputError
        Not the folder of a finished sweep, or that of another plan than its tables.
    """
    where = Path(folder)
    manifest, plan = _manifest(where), load_plan(where / CONFIG)
    axes = plan_points(plan)
    store = Store(where)
    points = [
        _point(number, axes[number], [store.result(task) for task in ids], plan)
        for number, ids in _ids(where, store, axes, manifest)
    ]
    _add_references(points, where)
    return {
        "title": plan.title,
        "manifest": manifest,
        "plan": plan.content(),
        "axes": [_axis(key, axes, plan) for key in plan.axes],
        "points": points,
        "devices": _devices(points, axes, plan, manifest),
        "stale": changes(manifest, Library(data_dir=data_dir)),
    }


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if found.get("schema") == SCHEMA:
            return found
    except (OSError, ValueError, AttributeError, RecursionError):
        pass
    raise InputError(
        f"{folder}: no finished sweep; run mramsim sweep PLAN -o {folder} to its end, or --merge"
    )


def _rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table, at least one."""
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, csv.Error) as error:
        raise InputError(f"{path}: not the table of a sweep ({error})") from None
    if not rows:
        raise InputError(f"{path}: not the table of a sweep (no rows)")
    for number, row in enumerate(rows, 1):
        if None in row or None in row.values():
            raise InputError(
                f"{path}: not the table of a sweep (row {number} has not a cell for each column)"
            )
    return rows


def _ids(
    folder: Path,
    store: Store,
    points: Sequence[Mapping[str, Value]],
    manifest: Mapping[str, Any],
) -> Iterator[tuple[int, list[str]]]:
    """Yield number and task ids of each point, in order; refuse the tables of another plan."""
    old = "plan" not in manifest  # no digest: the axes of every row are compared
    same = not old and manifest["plan"] == plan_digest(read_toml(folder / CONFIG))
    found: dict[int, list[str]] = {}
    try:
        for row in _rows(folder / RESULTS):
            number = int(row["point"])
            known = 0 <= number < len(points)
            if not known or not (same or (old and _fits(row, points[number]))):
                raise InputError(
                    f"{folder}: {CONFIG} is not the plan of {RESULTS}; finish the sweep or --merge"
                )
            if row["id"] not in store:
                raise InputError(f"{folder}: task {row['id'][:16]} of {RESULTS} is in no shard")
            found.setdefault(number, []).append(row["id"])
    except (KeyError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{folder / RESULTS}: not the table of a sweep ({error})") from None
    yield from sorted(found.items())


def _fits(row: Mapping[str, str], values: Mapping[str, Value]) -> bool:
    return all(row.get(key) == str(cell(axis_text(value))) for key, value in values.items())


def _point(
    number: int, values: Mapping[str, Value], results: Sequence[Mapping[str, Any]], plan: Plan
) -> dict[str, Any]:
    accuracies = [result["accuracy"] for result in results]
    low, high = mean_interval(accuracies, plan.chips.confidence)
    return {
        "number": number,
        "values": {key: axis_text(value) for key, value in values.items()},
        "chips": accuracies,
        "mean": float(np.mean(accuracies)),
        "low": low,
        "high": high,
        "p5": float(np.quantile(accuracies, 0.05)),
        "p95": float(np.quantile(accuracies, 0.95)),
        **stop_columns(plan.chips, accuracies),
        "energy_j": _mean(results, "energy_j_per_image", "total"),
        "energy_by_component": _means(results, "by_component"),
        "energy_by_layer": _means(results, "by_layer"),
        "latency_s": _mean(results, "latency_s_per_image"),
        "area_m2": _mean(results, "area_m2"),
        "confusion": np.sum([result["confusion"] for result in results], axis=0).tolist(),
        "images": results[0]["images"],
        "effects": results[0]["effects"],
    }


def _mean(results: Sequence[Mapping[str, Any]], key: str, part: str | None = None) -> float:
    values = [result[key] if part is None else result[key][part] for result in results]
    return float(np.mean(values))


def _means(results: Sequence[Mapping[str, Any]], part: str) -> dict[str, float]:
    keys = results[0]["energy_j_per_image"][part]
    return {
        key: float(np.mean([result["energy_j_per_image"][part][key] for result in results]))
        for key in keys
    }


def _add_references(points: list[dict[str, Any]], folder: Path) -> None:
    """Add the exact and the float accuracy of each point from ``summary.csv``."""
    try:
        rows = {int(row["point"]): row for row in _rows(folder / SUMMARY)}
        for point in points:
            row = rows.get(point["number"], {})
            for key in ("exact", "float"):
                text = row.get(key)
                point[key] = float(text) if text else None
    except (KeyError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{folder / SUMMARY}: not the table of a sweep ({error})") from None


def _axis(key: str, points: Sequence[Mapping[str, Value]], plan: Plan) -> dict[str, Any]:
    values = list(dict.fromkeys(axis_text(point[key]) for point in points))
    numeric = all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    )
    if numeric:
        values.sort()
    scale = getattr(plan.axes[key], "scale", "linear")
    if numeric and len(values) > 2 and values[0] > 0 and scale == "linear":
        steps = np.diff(np.log(values))
        scale = "log" if steps.max() < 1.5 * steps.min() and values[-1] > 8 * values[0] else scale
    drawn = plan.sampling.method in ("random", "sobol")
    return {"key": key, "values": values, "numeric": numeric, "scale": scale, "drawn": drawn}


def _devices(
    points: Sequence[Mapping[str, Any]],
    axes: Sequence[Mapping[str, Value]],
    plan: Plan,
    manifest: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Return histogram and moments of the cells at the worst and the best point."""
    ranked = sorted(points, key=lambda point: (point["mean"], -point["number"]))
    found: list[dict[str, Any]] = []
    seen = set()
    for label, point in (("lowest", ranked[0]), ("highest", ranked[-1])):
        try:
            card = _device(axes[point["number"]], plan, manifest)
        except (KeyError, ValueError):  # a card of another version of the program
            continue
        text = card.model_dump_json()
        if text not in seen:
            record = {"label": label, "point": point["number"], "name": card.name}
            found.append({**record, **device_record(card)})
        seen.add(text)
    return found


def _device(values: Mapping[str, Value], plan: Plan, manifest: Mapping[str, Any]) -> Card:
    """Make the device card of a point from what the manifest holds."""
    from mramsim.devices.card import DeviceCard

    name = Path(plan.path(str(values.get("device", plan.run.device)))).name.removesuffix(".toml")
    records = {card["name"]: card for card in manifest["cards"]["device"]}
    record = records[name]
    content = {
        "name": record["name"],
        "title": record["title"],
        "sources": {key: entry["source"] for key, entry in record["values"].items()},
        "references": record["references"],
        **{key: entry["value"] for key, entry in record["values"].items()},
    }
    base = DeviceCard.model_validate_json(json.dumps(content))
    settings = {**plan.run.settings, **values}
    own = {
        key.removeprefix("device."): value
        for key, value in settings.items()
        if key.startswith("device.")
    }
    card: Card = load_card("device", base, own)
    return card
