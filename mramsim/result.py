"""What a set of runs amounts to: the object that ``mramsim run --json`` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mramsim.cards import load_card
from mramsim.chip import Run
from mramsim.cost.baseline import baseline_cost
from mramsim.cost.expected import activity_of
from mramsim.cost.model import cost_of
from mramsim.cost.provenance import provenance
from mramsim.devices.card import DeviceCard
from mramsim.effects import ordered
from mramsim.intervals import mean_interval
from mramsim.mapping.events import Events
from mramsim.mapping.placement import Placement
from mramsim.sampling import not_modelled
from mramsim.trial import ChipResult, Trial


@dataclass(frozen=True)
class Result:
    """What `evaluate` found.

    Attributes
    ----------
    data : dict
        The object that ``mramsim run --json`` prints.
    placement : Placement
        As it was used, converter ranges included.
    device : DeviceCard
        With the user's values.
    """

    data: Mapping[str, Any]
    placement: Placement
    device: DeviceCard

    def __getitem__(self, key: str) -> Any:
        """Return one part of `data`."""
        return self.data[key]

    def __str__(self) -> str:
        """Return a table for a terminal."""
        from mramsim.report.tables import run_table

        return run_table(dict(self.data))

    def report(self, path: str | Path, title: str | None = None) -> Path:
        """Write one self-contained HTML page.

        Parameters
        ----------
        path : path-like
        title : str, optional

        Returns
        -------
        pathlib.Path
        """
        from mramsim.report.build import extras
        from mramsim.report.page import write_report

        engines = [load_card("baseline", row["name"]) for row in self.data["baselines"]]
        content = {**self.data, **extras(self.placement, self.device, engines)}
        if title is not None:
            content["title"] = title
        return write_report(content, path)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"


def describe(
    trial: Trial, results: Sequence[ChipResult], baselines: Sequence[str]
) -> dict[str, Any]:
    """Return effects, layers, costs, baselines and sources of the chips of a point."""
    placement, device = trial.placement, trial.device
    events = Events()
    for result in results:
        events = events + result.run.events
    cost = cost_of(placement, device, events, trial.conditions)
    cards = [load_card("baseline", name) for name in baselines]
    activity = activity_of(events)
    return {
        "effects": ordered(results[0].effects),
        "not_modelled": not_modelled(placement.card),
        "layers": [
            {**row, "activity": activity[row["name"]]}
            for row in _layers(placement, [result.run for result in results])
        ],
        **cost.as_dict(),
        "baselines": [baseline_cost(placement.network, card) for card in cards],
        **provenance(placement, device, cards),
    }


def summarise(accuracies: Sequence[float]) -> dict[str, Any]:
    """Return chips, mean, standard deviation and Student's 95 % interval over chips."""
    values = np.asarray(accuracies, dtype=np.float64)
    mean = float(values.mean())
    if values.size < 2:
        return {"chips": values.tolist(), "mean": mean, "std": None, "ci95": None}
    std = float(values.std(ddof=1))
    interval = list(mean_interval(accuracies))
    return {"chips": values.tolist(), "mean": mean, "std": std, "ci95": interval}


def _layers(placement: Placement, runs: Sequence[Run]) -> Iterator[dict[str, Any]]:
    for layer in placement.layers:
        pairs = [
            run.decision_errors[layer.name] for run in runs if layer.name in run.decision_errors
        ]
        wrong, total = (sum(column) for column in zip(*pairs, strict=True)) if pairs else (0, 0)
        yield {
            "name": layer.name,
            "decision_error_rate": wrong / total if total else None,
            "tiles": len(layer.tiles),
            "utilisation": layer.utilisation,
            "fan_in": layer.node.fan_in,
            "fan_out": layer.node.fan_out,
            "planes": layer.node.planes,
            "positions": layer.positions,
            "steps": layer.steps,
            "reading": layer.reading,
        }
