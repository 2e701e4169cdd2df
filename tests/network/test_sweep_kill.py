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
    """Kill one of two spawned workers whenever so many tasks are stored; the sweep goes on."""
    process = start(plan, "-o", folder, "--jobs", 2)
    victims = set()
    for count in moments:
        wait_for_lines(folder, count, process)
        workers = children(process.pid)
        assert workers, process.communicate()
        victims.add(workers[count % len(workers)])
        kill(workers[count % len(workers)])
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert len(victims) == len(moments)


def kill_main(plan, folder, count):
    """Kill the main process once so many tasks are stored; its workers follow it."""
    process = start(plan, "-o", folder, "--jobs", 2)
    wait_for_lines(folder, count, process)
    workers = children(process.pid)
    assert process.poll() is None
    kill(process.pid)
    process.communicate()
    stored = len(lines(folder))
    assert count <= stored < TASKS
    end = time.monotonic() + 30
    while any(alive(pid) for pid in workers) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in workers)
    return stored


def kill_dask_worker(plan, folder, address, pids, moments):
    """Kill workers of a cluster, each once so many tasks are stored."""
    process = start(plan, "-o", folder, "--dask", address)
    for pid, count in zip(pids, moments, strict=False):
        wait_for_lines(folder, count, process)
        assert process.poll() is None, process.communicate()
        kill(pid)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said


def test_workers_are_killed(plan, expected, tmp_path):
    kill_workers(plan, tmp_path, (11, 52))
    check(tmp_path, expected)


def test_the_main_process_is_killed(plan, expected, tmp_path):
    first = kill_main(plan, tmp_path, 7)
    assert kill_main(plan, tmp_path, 41) > first
    ms.sweep(plan, tmp_path)
    check(tmp_path, expected)


def test_dask_workers_are_killed(plan, expected, tmp_path):
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with cluster(tmp_path, workers=3) as (address, pids):
        kill_dask_worker(plan, tmp_path / "out", address, pids, (9, 48))
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


@pytest.mark.slow
def test_workers_are_killed_twenty_times(plan, expected, tmp_path):
    rng = random.Random(1)
    for number in range(MANY):
        folder = tmp_path / str(number)
        kill_workers(plan, folder, (rng.randrange(1, TASKS - 12),))
        check(folder, expected)


@pytest.mark.slow
def test_the_main_process_is_killed_twenty_times(plan, expected, tmp_path):
    rng = random.Random(2)
    for number in range(MANY):
        folder = tmp_path / str(number)
        kill_main(plan, folder, rng.randrange(1, TASKS - 12))
        finish(plan, "-o", folder, "--jobs", 2)
        check(folder, expected)


@pytest.mark.slow
def test_dask_workers_are_killed_twenty_times(plan, expected, tmp_path):
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    rng = random.Random(3)
    for number in range(MANY):
        folder = tmp_path / str(number)
        folder.mkdir()
        with cluster(folder) as (address, pids):
            moment = rng.randrange(1, TASKS - 12)
            kill_dask_worker(plan, folder / "out", address, pids, (moment,))
        check(folder / "out", expected)
