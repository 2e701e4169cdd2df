"""``ms.sweep`` and ``mramsim sweep``: plan, work, tables."""

from __future__ import annotations

import json
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mramsim.datasets import Dataset
from mramsim.errors import InputError
from mramsim.files import write_text
from mramsim.network.graph import Network
from mramsim.sweeps import manifest as record
from mramsim.sweeps import tables
from mramsim.sweeps.attribute import attribution_tasks, attributions
from mramsim.sweeps.axes import Value
from mramsim.sweeps.content import MANIFEST, RESULTS, SUMMARY
from mramsim.sweeps.folder import CONFIG, check_kind, plan_digest
from mramsim.sweeps.inputs import Inputs, Library
from mramsim.sweeps.plan import Plan, load_plan
from mramsim.sweeps.points import plan_points
from mramsim.sweeps.pools import DaskPool, InlinePool, Pool, SpawnPool
from mramsim.sweeps.progress import Pace, Progress
from mramsim.sweeps.recipes import Resolver
from mramsim.sweeps.result import SweepResult
from mramsim.sweeps.schedule import Scheduler
from mramsim.sweeps.store import WHOLE, Shard, Store
from mramsim.sweeps.toml import to_toml
from mramsim.threads import thread_count


def sweep(
    plan: str | Path | Mapping[str, Any] | Plan,
    out: str | Path | None = None,
    *,
    jobs: int | None = 1,
    dask: str | None = None,
    shard: str | None = None,
    merge: bool = False,
    networks: Mapping[str, Network] | None = None,
    data: Mapping[str, Dataset] | None = None,
    data_dir: str | None = None,
    progress: Progress | None = None,
    every_s: float = 0.2,
) -> SweepResult:
    """Run a plan, or what is left of it, and write its tables.

    Parameters
    ----------
    plan : path, mapping or Plan
        A TOML file or the same as nested dicts; see ``docs/sweeps.md``.
    out : path-like, optional
        Folder of the sweep; what it holds already is not done again. Nothing is kept if None.
    jobs : int, optional
        Processes on this machine; 1 works in this process, None uses every processor.
    dask : str, optional
        Address or scheduler file of a dask cluster; goes before `jobs`.
    shard : str, optional
        ``"i/N"``: only every N-th point, from the i-th (1 to N); no tables are written.
    merge : bool
        Run nothing; make the tables from the shards.
    networks, data : mapping, optional
        Networks and data sets that stand in for names of the plan.
    data_dir : str, optional
        Folder of data sets.
    progress : callable, optional
        Called with (done, total, text), at most every `every_s` seconds.

    Returns
    -------
    SweepResult

    Raises
    ------
    InputError
        A plan, card, network or data set that cannot be used; a folder that cannot be written, or
        that of a search;
        with `merge`, chips that are missing; a shard or `merge` without a folder.
    """
    part = _shard(shard)
    if part is not None and merge:
        raise InputError(f"--shard {shard} with --merge: merge once all shards are done")
    if out is None:
        if part is not None or merge:
            given = "merge = True" if merge else f"shard = {shard!r}"
            raise InputError(f"{given} needs the folder of the sweep; give out")
        with tempfile.TemporaryDirectory(prefix="mramsim-") as temporary:
            found = sweep(
                plan,
                temporary,
                jobs=jobs,
                dask=dask,
                networks=networks,
                data=data,
                data_dir=data_dir,
                progress=progress,
                every_s=every_s,
            )
        found.folder = None
        return found
    processes = thread_count(jobs, "jobs")
    started = record.now()
    checked = load_plan(plan)
    points = plan_points(checked)
    resolver = Resolver(checked, Library(networks, data, data_dir))
    chosen = list(range(len(points)))
    if part is not None:
        chosen = chosen[part[0] - 1 :: part[1]]
    work = list(zip(chosen, resolver.recipes([points[k] for k in chosen], chosen), strict=True))
    more = list(attribution_tasks(checked, dict(work)))
    folder = Path(out)
    check_kind(folder, search=False)
    config = to_toml(checked.content())
    pace = Pace(progress or (lambda done, total, text: None), every_s, checked.chips.confidence)
    name = WHOLE if part is None else f"{part[0]}-of-{part[1]}"
    if merge:
        scheduler = Scheduler.of(work, checked.chips, Store(folder), more)
        _refuse_missing(scheduler, folder)
        write_text(folder / CONFIG, config)
    else:
        with Shard(folder, name) as file:
            scheduler = Scheduler.of(work, checked.chips, Store(folder), more)
            write_text(folder / CONFIG, config)
            pace(scheduler.state)
            if scheduler.waiting:
                _run(scheduler, file, processes, dask, resolver.library.inputs(), pace)
            pace(scheduler.state, last=True)
    digest = plan_digest(tomllib.loads(config))
    return _finish(scheduler, resolver, points, folder, started, digest, write=part is None)


def _run(
    scheduler: Scheduler,
    file: Shard,
    processes: int,
    dask: str | None,
    inputs: Inputs,
    pace: Pace,
) -> None:
    pool: Pool
    if dask is not None:
        pool = DaskPool(dask, inputs)
    elif min(processes, scheduler.waiting) > 1:
        pool = SpawnPool(min(processes, scheduler.waiting), inputs)
    else:
        pool = InlinePool(inputs)
    try:
        scheduler.run(pool, file, pace)
    finally:
        pool.close()


def _finish(
    scheduler: Scheduler,
    resolver: Resolver,
    points: list[dict[str, Value]],
    folder: Path,
    started: str,
    digest: str,
    write: bool,
) -> SweepResult:
    """Make the tables and, unless this is a shard, write them."""
    store, plan = scheduler.store, resolver.plan
    references = tables.reference_accuracies(store, resolver)
    chips: list[tables.Row] = []
    summary = []
    used = {task.id for task in scheduler.extra}
    for point in scheduler.state.points:
        values = points[point.number]
        rows = list(tables.chip_rows(point, values, store, point.decider.needed))
        used.update(row["id"] for row in rows)
        chips += rows
        summary.append(tables.summary_row(point, values, rows, plan.chips, references))
    chip_table, point_table = tables.columns(chips), tables.columns(summary)
    counts = {
        "needed": len(used),
        "found": scheduler.state.found,
        "done": scheduler.state.done,
        "not_of_this_plan": len(store.ids() - used),
        "damaged_lines": store.damaged,
        "conflicts": len(store.conflicts),
    }
    content = record.manifest(resolver, store, counts, started, digest)
    recipes = {point.number: point.recipe for point in scheduler.state.points}
    content["attribution"] = attributions(plan, recipes, points, store)
    if write:
        write_text(folder / RESULTS, tables.to_csv(chip_table))
        write_text(folder / SUMMARY, tables.to_csv(point_table))
        write_text(folder / MANIFEST, json.dumps(content, indent=1, allow_nan=False) + "\n")
    return SweepResult(chip_table, point_table, list(plan.axes), folder, content)


def _refuse_missing(scheduler: Scheduler, folder: Path) -> None:
    missing = scheduler.state.missing()
    if not missing and not scheduler.waiting:
        return
    chips = sum(count for _, count in missing)
    shown = ", ".join(str(point.number) for point, _ in missing[:8])
    more = ", ..." if len(missing) > 8 else ""
    raise InputError(
        f"{folder}: {len(missing)} of {len(scheduler.state.points)} points are not finished "
        f"({shown}{more}; at least {chips} chips are missing); run the other shards, then merge"
    )


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise InputError(f"--shard {text}: i/N with i from 1 to N is expected, such as 1/16")
    return int(found[1]), int(found[2])
