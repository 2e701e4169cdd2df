"""The tables of a sweep: one row per chip, one row per point.

Rows follow from the store and the plan alone, never from the order of work, so the files are the
same bytes for any workers, shards and interruptions.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mramsim.intervals import mean_interval
from mramsim.sweeps.axes import Value, axis_text
from mramsim.sweeps.recipes import Resolver, Task
from mramsim.sweeps.schedule import Point
from mramsim.sweeps.stop import ChipsSpec, stop_columns
from mramsim.sweeps.store import Store

Row = dict[str, Any]
_QUANTILES = {"p5": 0.05, "p50": 0.5, "p95": 0.95}
_MEANS = ("energy_j_per_image", "latency_s_per_image", "area_m2", "tops_per_watt")


def chip_rows(point: Point, values: Mapping[str, Value], store: Store, chips: int) -> Iterator[Row]:
    """Yield one row per chip of a point.

    Parameters
    ----------
    point : Point
    values : mapping
        Value of each axis.
    store : Store
    chips : int
        How many, from the first.
    """
    for chip in range(chips):
        task_id = point.recipe.chip_ids.id(chip)
        result = store.result(task_id)
        yield {
            "point": point.number,
            **_axes(values),
            "chip": chip,
            "accuracy": result["accuracy"],
            "images": result["images"],
            "energy_j_per_image": result["energy_j_per_image"]["total"],
            "latency_s_per_image": result["latency_s_per_image"],
            "area_m2": result["area_m2"],
            "tops_per_watt": result["tops_per_watt"],
            **{
                f"decision_error_rate.{layer}": wrong / total if total else None
                for layer, (wrong, total) in result["decision_errors"].items()
            },
            "id": task_id,
        }


def summary_row(
    point: Point, values: Mapping[str, Value], rows: Sequence[Row], spec: ChipsSpec, resolver: Any
) -> Row:
    """Return the row of a point from the rows of its chips.

    Parameters
    ----------
    point : Point
    values : mapping
        Value of each axis.
    rows : sequence of dict
        As made by `chip_rows`.
    spec : ChipsSpec
    resolver : callable
        Gives exact and float accuracy of a point: ``(exact, float or None)``.
    """
    accuracies = [row["accuracy"] for row in rows]
    array = np.asarray(accuracies, dtype=np.float64)
    low, high = mean_interval(accuracies, spec.confidence)
    exact, real = resolver(point, values)
    return {
        "point": point.number,
        **_axes(values),
        "chips": len(rows),
        "stopped": point.decider.why or "unfinished",
        "mean": float(array.mean()),
        "std": float(array.std(ddof=1)) if len(rows) > 1 else None,
        "low": low,
        "high": high,
        "min": float(array.min()),
        **dict(zip(_QUANTILES, _quantiles(array), strict=True)),
        "max": float(array.max()),
        **stop_columns(spec, accuracies),
        "exact": exact,
        "float": real,
        **{key: sum(row[key] for row in rows) / len(rows) for key in _MEANS},
    }


def _quantiles(values: NDArray[np.float64]) -> list[float]:
    found: list[float] = np.quantile(values, list(_QUANTILES.values())).tolist()
    return found


def reference_accuracies(store: Store, resolver: Resolver) -> Any:
    """Return a function that gives exact and float accuracy of a point."""

    def find(point: Point, values: Mapping[str, Value]) -> tuple[float | None, float | None]:
        task = Task(point.recipe)
        exact = store.accuracy(task.id) if task.id in store else None
        network, test = resolver.network_name(values), resolver.test_of(values)
        return exact, resolver.library.float_accuracy(network, test)

    return find


def columns(rows: Iterable[Row]) -> dict[str, list[Any]]:
    """Return rows as columns of the same length; None where a row lacks one."""
    rows = list(rows)
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))
    ordered = [name for name in names if name != "id"] + [name for name in names if name == "id"]
    return {name: [row.get(name) for row in rows] for name in ordered}


def to_csv(table: Mapping[str, Sequence[Any]]) -> str:
    """Return columns as CSV; floats with every digit."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table)
    for row in zip(*table.values(), strict=True):
        writer.writerow([cell(value) for value in row])
    return stream.getvalue()


def cell(value: Any) -> Any:
    """Return a value as a cell of a table: floats with every digit, nothing for None."""
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else value


def _axes(values: Mapping[str, Value]) -> Row:
    return {key: axis_text(value) for key, value in values.items()}
