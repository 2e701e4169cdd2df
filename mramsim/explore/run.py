"""``ms.search`` and ``mramsim search``: propose, run, keep, and draw the front."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mramsim import __version__
from mramsim.datasets import Dataset
from mramsim.errors import InputError
from mramsim.explore.front import losses, pareto_front
from mramsim.explore.plan import SearchPlan, load_search
from mramsim.explore.propose import Proposer
from mramsim.files import write_bytes, write_text
from mramsim.network.graph import Network
from mramsim.report.tables import text_table
from mramsim.sweeps import tables
from mramsim.sweeps.axes import Value, axis_text
from mramsim.sweeps.folder import CONFIG, check_kind
from mramsim.sweeps.inputs import Library
from mramsim.sweeps.pools import InlinePool, Pool, SpawnPool
from mramsim.sweeps.progress import Progress
from mramsim.sweeps.recipes import Recipe, Resolver
from mramsim.sweeps.schedule import Scheduler
from mramsim.sweeps.store import Shard, Store
from mramsim.sweeps.toml import to_toml
from mramsim.threads import thread_count

SCHEMA = "mramsim.search/1"
TRIALS, FRONT, FIGURE = "trials.csv", "front.csv", "pareto.svg"
MEANS = {
    "accuracy": "accuracy",
    "energy": "energy_j_per_image",
    "latency": "latency_s_per_image",
    "area": "area_m2",
}


@dataclass
class SearchResult:
    """What a search found.

    Attributes
    ----------
    rows : list of dict
        One per point: its values, ``accuracy``, ``energy_j_per_image``, ``latency_s_per_image``,
        ``area_m2`` (means over chips; None where the design was refused), ``refused`` (why),
        ``front``.
    objectives : tuple of str
    folder : Path or None
    """

    rows: list[dict[str, Any]]
    objectives: tuple[str, ...]
    folder: Path | None
    title: str = ""
    done: int = 0

    @property
    def front(self) -> list[dict[str, Any]]:
        """The points that no other point beats, the most accurate first, each design once."""
        seen: dict[str, dict[str, Any]] = {}
        for row in self.rows:
            if row["front"]:
                seen.setdefault(json.dumps(_axes(row), default=str), row)
        keys = [MEANS[name] for name in self.objectives]
        signs = [-1.0 if name == "accuracy" else 1.0 for name in self.objectives]
        return sorted(
            seen.values(), key=lambda row: [s * row[k] for s, k in zip(signs, keys, strict=True)]
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the object that ``mramsim search --json`` prints."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "objectives": list(self.objectives),
            "points": len(self.rows),
            "refused": sum(row["refused"] is not None for row in self.rows),
            "chips_run": self.done,
            "front": [
                {key: value for key, value in row.items() if key not in ("front", "refused")}
                for row in self.front
            ],
            "version": __version__,
        }

    def __str__(self) -> str:
        """Return the front as a table."""
        shown = [
            {key: _shown(value) for key, value in row.items() if key not in ("front", "refused")}
            for row in self.front
        ]
        table = text_table(shown, {key: key for row in shown[:1] for key in row})
        return f"{table}\n{len(shown)} of {len(self.rows)} points on the front"


@dataclass
class _Search:
    """One search while it runs."""

    plan: SearchPlan
    resolver: Resolver
    folder: Path
    processes: int
    tell: Progress
    proposer: Proposer
    rows: list[dict[str, Any]] = field(default_factory=list)
    done: int = 0
    file: Shard | None = None

    def run(self) -> None:
        """Ask, run and answer, generation by generation."""
        try:
            self._run()
        finally:
            if self.file is not None:
                self.file.close()

    def _run(self) -> None:
        spec, proposer = self.plan.search, self.proposer
        while len(self.rows) < spec.trials:
            asked = proposer.ask(min(spec.population, spec.trials - len(self.rows)))
            points = [values for _, values in asked]
            start = len(self.rows)
            self.rows += self._generation(points, start)
            for (trial, _), row in zip(asked, self.rows[start:], strict=True):
                found = None
                if row["refused"] is None:
                    found = [row[MEANS[name]] for name in spec.objectives]
                proposer.tell(trial, found)
            if all(row["refused"] is not None for row in self.rows):
                raise InputError(
                    f"{self.plan.sweep.name}: none of the first {len(self.rows)} designs can be "
                    f"built; the first: {self.rows[0]['refused']}"
                )

    def _generation(self, points: list[dict[str, Value]], start: int) -> list[dict[str, Any]]:
        work: list[tuple[int, Recipe]] = []
        refused: dict[int, str] = {}
        for place, values in enumerate(points):
            try:
                work.append((place, self.resolver.recipe(values)))
            except InputError as error:
                refused[place] = str(error)
        found = self._work(work) if work else {}
        return [
            {
                "point": start + place,
                **{key: axis_text(value) for key, value in values.items()},
                **(found.get(place) or dict.fromkeys(MEANS.values())),
                "refused": refused.get(place),
            }
            for place, values in enumerate(points)
        ]

    def _work(self, work: list[tuple[int, Recipe]]) -> dict[int, dict[str, float]]:
        file = self._opened()
        chips = self.plan.sweep.chips
        scheduler = Scheduler.of(work, chips, Store(self.folder))
        if scheduler.waiting:
            pool = self._pool(scheduler.waiting)
            try:
                scheduler.run(pool, file, lambda state: self._say(state.done))
            finally:
                pool.close()
        self.done += scheduler.state.done
        means = {}
        for point in scheduler.state.points:
            rows = list(tables.chip_rows(point, {}, scheduler.store, point.decider.needed))
            means[point.number] = {
                key: float(np.mean([row[key] for row in rows])) for key in MEANS.values()
            }
        return means

    def _opened(self) -> Shard:
        """Return the shard; the first design that can be built makes the folder."""
        if self.file is None:
            self.file = Shard(self.folder)
            write_text(self.folder / CONFIG, to_toml(self.plan.content()))
        return self.file

    def _pool(self, waiting: int) -> Pool:
        inputs = self.resolver.library.inputs()
        if min(self.processes, waiting) > 1:
            return SpawnPool(min(self.processes, waiting), inputs)
        return InlinePool(inputs)

    def _say(self, done: int) -> None:
        total = self.plan.search.trials
        self.tell(len(self.rows), total, f"{self.done + done} chips run")


def search(
    plan: str | Path | Mapping[str, Any],
    out: str | Path | None = None,
    *,
    jobs: int | None = 1,
    networks: Mapping[str, Network] | None = None,
    data: Mapping[str, Dataset] | None = None,
    data_dir: str | None = None,
    progress: Progress | None = None,
) -> SearchResult:
    """Search for designs that no other design beats; goes on where it was interrupted.

    Parameters
    ----------
    plan : path or mapping
        A sweep's plan with a table ``[search]``; see ``docs/cost.md``.
    out : path-like, optional
        Folder: ``shards/`` with every finished chip, ``trials.csv``, ``front.csv``,
        ``pareto.svg``, ``config.toml``. Nothing is kept if None.
    jobs : int, optional
        Processes; None uses every processor. Does not change the result.
    networks, data : mapping, optional
        Networks and data sets that stand in for names of the plan.
    data_dir : str, optional
        Folder of data sets.
    progress : callable, optional
        Called with (done, total, text).

    Returns
    -------
    SearchResult

    Raises
    ------
    InputError
        A plan that cannot be used, a folder that cannot be written or holds a sweep, no optuna, or
        no design of a whole generation that can be built.
    """
    checked = load_search(plan)
    processes = thread_count(jobs, "jobs")
    if out is None:
        with tempfile.TemporaryDirectory(prefix="mramsim-") as temporary:
            found = search(
                plan,
                temporary,
                jobs=jobs,
                networks=networks,
                data=data,
                data_dir=data_dir,
                progress=progress,
            )
        found.folder = None
        return found
    folder = Path(out)
    check_kind(folder, search=True)
    resolver = Resolver(checked.sweep, Library(networks, data, data_dir))
    tell = progress or (lambda done, total, text: None)
    state = _Search(checked, resolver, folder, processes, tell, Proposer(checked))
    state.run()
    tell(len(state.rows), len(state.rows), f"{state.done} chips run")
    result = _result(state)
    _write(result, folder)
    return result


def _result(state: _Search) -> SearchResult:
    objectives = state.plan.search.objectives
    built = [row for row in state.rows if row["refused"] is None]
    values = np.array([[row[MEANS[name]] for name in objectives] for row in built])
    best = iter(pareto_front(losses(values, objectives)))
    for row in state.rows:
        row["front"] = bool(next(best)) if row["refused"] is None else False
    return SearchResult(state.rows, objectives, state.folder, state.plan.sweep.title, state.done)


def _write(result: SearchResult, folder: Path) -> None:
    from mramsim.report.search import pareto_figure

    write_text(folder / TRIALS, tables.to_csv(tables.columns(result.rows)))
    write_text(folder / FRONT, tables.to_csv(tables.columns(result.front)))
    keys = [MEANS[name] for name in result.objectives]
    write_bytes(folder / FIGURE, pareto_figure(result.rows, keys).file("svg"))


def _axes(row: Mapping[str, Any]) -> dict[str, Any]:
    fixed = {"point", "refused", "front", *MEANS.values()}
    return {key: value for key, value in row.items() if key not in fixed}


def _shown(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else value
