"""Speed of sweeps, by hand: ``python tests/sweep_speed.py store`` or ``workers`` (docs/sweeps.md).

``store``: a store of 100 000 finished tasks is resumed and merged. ``workers``: 32 points of 4
chips of the MNIST network with one and with two spawned workers, and what the sweep itself costs.
"""

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import mramsim as ms
from mramsim.sweeps.inputs import Library
from mramsim.sweeps.plan import load_plan
from mramsim.sweeps.points import plan_points
from mramsim.sweeps.recipes import Resolver, Task, canonical
from mramsim.sweeps.run import sweep
from mramsim.sweeps.store import Store, whole_line

WORKERS = {
    "run": {
        "network": "pretrained:mnist-mlp-1024x2",
        "data": "mnist",
        "device": "stt_hirtzlin_nanoarch_2019",
        "mapping": "csum_deaville_jssc_2025",
    },
    "axes": {"device.tmr": {"start": 0.5, "stop": 2.05, "step": 0.05}},
    "chips": {"count": 4},
}


def store(shape: tuple[int, int, int] = (100, 125, 8)) -> None:
    """Resume and merge a full store of points (tmr x sigma) and chips."""
    rows, columns, chips = shape
    plan = {
        "run": {
            **WORKERS["run"],
            "network": "pretrained:digits-mlp-512x2",
            "data": "digits",
            "images": 20,
        },
        "axes": {
            "device.tmr": {"start": 0.5, "stop": 2.0, "count": rows},
            "device.sigma_diameter": {"start": 0.0, "stop": 0.1, "count": columns},
        },
        "chips": {"count": chips},
    }
    folder = Path(tempfile.mkdtemp())
    first = {**plan, "axes": {"device.tmr": [1.0]}, "chips": {"count": 1}}
    sweep(first, folder)
    lines = [json.loads(line) for line in (folder / "shards/all.jsonl").read_text().splitlines()]
    exact = next(line for line in lines if line["task"]["kind"] == "exact")
    chip = next(line for line in lines if line["task"]["kind"] == "chip")
    checked = load_plan(plan)
    points = plan_points(checked)
    recipes = Resolver(checked, Library()).recipes(points, range(len(points)))
    with (folder / "shards/all.jsonl").open("wb") as out:
        for line in (exact, chip):
            out.write(whole_line(line["id"], canonical(line["task"]), line) + b"\n")
        for recipe in recipes:
            for number in range(chips):
                task = Task(recipe, number)
                out.write(whole_line(task.id, task.text, chip) + b"\n")
    size = (folder / "shards/all.jsonl").stat().st_size / 1e6
    clocks = (time.perf_counter, time.process_time)
    marks: dict[str, list[float]] = {}

    def mark(name: str) -> None:
        marks.setdefault(
            name, [clock() - begun for clock, begun in zip(clocks, start, strict=True)]
        )

    start = [clock() for clock in clocks]
    Store(folder)
    mark("read")
    start = [clock() for clock in clocks]
    found = sweep(plan, folder, progress=lambda *_: mark("ready to go on"))
    assert found.data["tasks"]["done"] == 0
    mark("with tables")
    start = [clock() for clock in clocks]
    sweep(plan, folder, merge=True)
    mark("merge")
    print(f"{len(points)} points x {chips} chips, {size:.0f} MB")
    for name, (wall, busy) in marks.items():
        print(f"{name}: {wall:.1f} s, of the processor {busy:.1f} s")
    shutil.rmtree(folder)


def workers(images: int | None = None) -> None:
    """Time one and two spawned workers, from the first to the last finished chip as well."""
    plan = {**WORKERS, "run": {**WORKERS["run"], **({"images": images} if images else {})}}
    walls = {}
    for jobs in (1, 2):
        folder = Path(tempfile.mkdtemp())
        start = time.perf_counter()
        result = sweep(plan, folder, jobs=jobs)
        walls[jobs] = time.perf_counter() - start
        busy = result.data["seconds_of_tasks"]
        print(
            f"{jobs} workers: {walls[jobs]:.1f} s, tasks {busy:.1f} s, "
            f"outside tasks {100 * (walls[jobs] * jobs / busy - 1):.1f} %",
            flush=True,
        )
        shutil.rmtree(folder)
    print(f"two workers are {walls[1] / walls[2]:.2f} times one")


if __name__ == "__main__":
    assert ms.__version__
    {"store": store, "workers": workers}[sys.argv[1]](*map(int, sys.argv[2:]))
