"""``mramsim sweep``: a plan of many points and chips."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from typing import Any

import click

from mramsim.cli import options as opt


@click.command("sweep")
@click.argument("plan", metavar="PLAN.toml")
@click.option("-o", "--output", required=True, metavar="DIR", help="Folder of the sweep.")
@click.option("--jobs", type=int, help="Processes; one for each processor by default.")
@click.option("--dask", metavar="ADDRESS", help="Scheduler of a dask cluster (extra 'cluster').")
@click.option("--shard", metavar="i/N", help="Only the i-th of N parts (1 to N); then --merge.")
@click.option("--merge", is_flag=True, help="Run nothing; make the tables from all shards.")
@opt.shared(opt.DATA_DIR, opt.JSON, opt.CONFIG)
def command(
    plan: str,
    output: str,
    jobs: int | None,
    dask: str | None,
    shard: str | None,
    merge: bool,
    data_dir: str | None,
    as_json: bool,
) -> None:
    """Run a plan of many points and chips; resumes by itself.

    Finished chips are kept in DIR/shards. The tables are DIR/results.csv (a row per chip) and
    DIR/summary.csv (a row per point).
    """
    from mramsim.sweeps.run import sweep

    tell = opt.Ticker()
    with _terminate_as_interrupt():
        found = sweep(
            plan,
            output,
            jobs=jobs,
            dask=dask,
            shard=shard,
            merge=merge,
            data_dir=data_dir,
            progress=tell,
            every_s=tell.every_s,
        )
    assert found.data is not None
    _warn(found.data["tasks"])
    if as_json:
        opt.print_json(_as_dict(found, output))
        return
    click.echo(str(found))
    if shard is None:
        click.echo(f"tables: {output}/results.csv, {output}/summary.csv")
        click.echo(f"report: mramsim report {output}")
    else:
        click.echo(f"shard {shard} is done; when all are: mramsim sweep {plan} -o {output} --merge")


def _as_dict(found: Any, output: str) -> dict[str, Any]:
    return {
        "schema": found.data["schema"],
        "title": found.data["title"],
        "folder": output,
        "axes": found.axes,
        "tasks": found.data["tasks"],
        "points": found.rows(),
        "citations": found.data["citations"],
        "version": found.data["version"],
    }


def _warn(tasks: dict[str, int]) -> None:
    if tasks["not_of_this_plan"]:
        click.echo(
            f"{tasks['not_of_this_plan']} stored results are of another plan, card, network, data "
            "set or version, or beyond a stop rule; they are left out",
            err=True,
        )
    if tasks["damaged_lines"]:
        click.echo(f"{tasks['damaged_lines']} damaged lines were skipped", err=True)
    if tasks["conflicts"]:
        click.echo(
            f"{tasks['conflicts']} tasks have two different results: two machines do not agree",
            err=True,
        )


@contextlib.contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """Let a job scheduler's SIGTERM end the sweep as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
