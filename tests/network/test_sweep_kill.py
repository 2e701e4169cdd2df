"""kill -9 at random moments: the tables are those of an undisturbed run, nothing is done twice."""

import os
import random
import signal
import time

import pytest
from sweep_case import (
    LONG,
    alive,
    children,
    cluster,
    finish,
    kill,
    lines,
    repeated,
    start,
    wait_for_lines,
    write_plan,
)

import mramsim as ms
from mramsim.cli.main import invoke

TABLES = ("results.csv", "summary.csv")
TASKS = 97  # 8 points of 12 chips and the exact reference
MANY = 20
TRIES = 8  # a sweep may end before the signal comes, then another one is begun


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return write_plan(tmp_path_factory.mktemp("plan"), LONG)


@pytest.fixture(scope="module")
def expected(plan, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    ms.sweep(plan, folder)
    assert len(lines(folder)) == TASKS
    return tables(folder)


def tables(folder):
    return [(folder / name).read_bytes() for name in TABLES]


def check(folder, expected):
    """Every table as expected, every task stored once."""
    assert tables(folder) == expected
    assert repeated(folder) == 0
    assert len(lines(folder)) == TASKS


def kill_workers(plan, folder, moments):
    """Kill one of two spawned workers whenever so many tasks are stored; the sweep goes on.

    Returns whether all were killed before the sweep ended.
    """
    process = start(plan, "-o", folder, "--jobs", 2)
    victims = set()
    for count in moments:
        wait_for_lines(folder, count, process)
        workers = children(process.pid)
        if not workers:
            break
        victims.add(workers[count % len(workers)])
        kill(workers[count % len(workers)])
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return len(victims) == len(moments)


def kill_main(plan, folder, count):
    """Kill the main process once so many tasks are stored; its workers follow it.

    Returns how many were stored in the end.
    """
    process = start(plan, "-o", folder, "--jobs", 2)
    wait_for_lines(folder, count, process)
    workers = children(process.pid)
    kill(process.pid)
    process.communicate()
    stored = len(lines(folder))
    assert count <= stored
    end = time.monotonic() + 30
    while any(alive(pid) for pid in workers) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in workers)
    return stored


def kill_dask_worker(plan, folder, address, pids, moments):
    """Kill workers of a cluster, each once so many tasks are stored.

    Returns whether all were killed before the sweep ended.
    """
    process = start(plan, "-o", folder, "--dask", address)
    killed = 0
    for pid, count in zip(pids, moments, strict=False):
        wait_for_lines(folder, count, process)
        if process.poll() is None:
            kill(pid)
            killed += 1
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return killed == len(moments)


def test_workers_are_killed(plan, expected, tmp_path):
    assert kill_workers(plan, tmp_path, (7, 25))
    check(tmp_path, expected)


def test_the_main_process_is_killed(plan, expected, tmp_path):
    first = kill_main(plan, tmp_path, 5)
    assert first < kill_main(plan, tmp_path, first + 10) < TASKS
    ms.sweep(plan, tmp_path)
    check(tmp_path, expected)


def test_dask_workers_are_killed(plan, expected, tmp_path):
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with cluster(tmp_path, workers=3) as (address, pids):
        assert kill_dask_worker(plan, tmp_path / "out", address, pids, (7, 25))
    check(tmp_path / "out", expected)


def test_interrupt_keeps_what_is_finished(plan, expected, tmp_path):
    process = start(plan, "-o", tmp_path, "--jobs", 2)
    wait_for_lines(tmp_path, 5, process)
    workers = children(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to workers too
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said.splitlines()[-1] == "mramsim: interrupted; finished work is kept"
    assert "Traceback" not in said
    assert not any(alive(pid) for pid in workers)
    assert 5 <= len(lines(tmp_path)) < TASKS
    ms.sweep(plan, tmp_path)
    check(tmp_path, expected)


def test_the_signal_of_a_job_scheduler_is_an_interrupt(plan, tmp_path, monkeypatch, capsys):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(
        "mramsim.sweeps.run.sweep", lambda *_, **__: os.kill(os.getpid(), signal.SIGTERM)
    )
    assert invoke(["sweep", str(plan), "-o", str(tmp_path)]) == 130
    assert "finished work is kept" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) == before


def often(tmp_path, seed, kill_once):
    """Kill at random moments, each in a folder of its own, until it was done 20 times midway."""
    rng = random.Random(seed)
    for number in range(MANY):
        for attempt in range(TRIES):
            folder = tmp_path / f"{number}-{attempt}"
            folder.mkdir()
            if kill_once(folder, rng.randrange(1, TASKS - 12)):
                break
        else:
            pytest.fail(f"{TRIES} sweeps ended before the signal came")


@pytest.mark.slow
def test_workers_are_killed_twenty_times(plan, expected, tmp_path):
    def once(folder, moment):
        killed = kill_workers(plan, folder, (moment,))
        check(folder, expected)
        return killed

    often(tmp_path, 1, once)


@pytest.mark.slow
def test_the_main_process_is_killed_twenty_times(plan, expected, tmp_path):
    def once(folder, moment):
        stored = kill_main(plan, folder, moment)
        finish(plan, "-o", folder, "--jobs", 2)
        check(folder, expected)
        return stored < TASKS

    often(tmp_path, 2, once)


@pytest.mark.slow
def test_dask_workers_are_killed_twenty_times(plan, expected, tmp_path):
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")

    def once(folder, moment):
        with cluster(folder) as (address, pids):
            killed = kill_dask_worker(plan, folder / "out", address, pids, (moment,))
        check(folder / "out", expected)
        return killed

    often(tmp_path, 3, once)
