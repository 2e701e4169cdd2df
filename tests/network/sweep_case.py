"""A small sweep with stop rules, and processes that work on it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import mramsim as ms
from mramsim.network.graph import Network
from mramsim.network.nodes import Input, Linear, Output, Threshold

ROOT = Path(__file__).parents[2]

PLAN = """
title = "with and without spread"
[run]
network = "net.npz"
data = "digits"
device = "stt_hirtzlin_nanoarch_2019"
mapping = "csum_deaville_jssc_2025"
images = 60
[axes]
only = [["d2d", "thermal_shot"], ["none"]]
[chips]
least = 8
most = 12
block = 3
half_width = 0.001
"""
# many short tasks, for those who are killed
LONG = PLAN.replace(
    'only = [["d2d", "thermal_shot"], ["none"]]',
    "device.tmr = {start = 0.3, stop = 4.0, count = 8}",
).replace("images = 60", "images = 250")


def network() -> Network:
    """Return a small network for digits, not trained."""
    rng = np.random.default_rng(3)
    weight = [rng.integers(0, 2, shape).astype(np.uint8) for shape in ((48, 64), (10, 48))]
    level, polarity = rng.integers(-20, 21, 48).astype(np.int32), np.ones(48, np.int8)
    return Network(
        (
            Input("x", (), (64,), planes=4),
            Linear("hidden", ("x",), weight[0], planes=4),
            Threshold("t", ("hidden",), level, polarity),
            Linear("classes", ("t",), weight[1]),
            Output("out", ("classes",), np.ones(10), rng.normal(size=10)),
        ),
        name="small",
    )


def write_plan(folder: Path, text: str = PLAN) -> Path:
    """Write a plan and the network it names."""
    ms.save_network(network(), folder / "net.npz")
    path = folder / "plan.toml"
    path.write_text(text)
    return path


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "mramsim", "sweep", *map(str, arguments)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start ``mramsim sweep`` in a session of its own."""
    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
    )


def finish(*arguments: object) -> str:
    """Run ``mramsim sweep`` to its end and return what it said on stderr."""
    process = start(*arguments)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


def lines(folder: Path) -> list[dict]:
    """Return the whole lines of all shards."""
    found = []
    for path in sorted((folder / "shards").glob("*.jsonl")):
        for line in path.read_bytes().split(b"\n")[:-1]:
            found.append(json.loads(line))
    return found


def wait_for_lines(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    """Wait until so many tasks are stored, or the process has ended."""
    while process.poll() is None and len(lines(folder)) < count:
        time.sleep(0.01)


def repeated(folder: Path) -> int:
    """Return how many stored tasks were stored before."""
    counts = Counter(line["id"] for line in lines(folder))
    return sum(count - 1 for count in counts.values())


def children(pid: int) -> list[int]:
    """Return the processes that work for a sweep: spawned workers, not helpers of Python."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and b"spawn_main" in (path / "cmdline").read_bytes():
                found.append(int(path.name))
        except (OSError, IndexError, ValueError):
            continue
    return sorted(found)


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def cluster(folder: Path, workers: int = 2):
    """Start a dask scheduler and workers by hand; give its address and their process ids."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    where = {"cwd": folder, "env": environment()}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    processes = [subprocess.Popen([*dask, *options], **where, **quiet)]
    address = f"tcp://127.0.0.1:{port}"
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard"]
    worker += ["--nthreads", "1", "--no-nanny", "--host", "127.0.0.1"]
    try:
        for _ in range(workers):
            processes.append(subprocess.Popen(worker, **where, **quiet))
        yield address, [process.pid for process in processes[1:]]
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()
