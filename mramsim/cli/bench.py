"""``mramsim bench``: speed beside torch float32, in one run."""

from __future__ import annotations

import click

from mramsim.cli import options as opt


@click.command("bench")
@click.option("--rows", metavar="NAMES", help="Rows to run, comma-separated; all by default.")
@click.option("--repeats", default=5, show_default=True, help="Alternating runs, 5 or more.")
@opt.shared(opt.THREADS, opt.JSON, opt.CONFIG)
def command(rows: str | None, repeats: int, threads: int | None, as_json: bool) -> None:
    """Time the simulation beside torch on the same shapes and threads."""
    from mramsim.benchmark.run import bench

    found = bench(opt.names(rows, "--rows") or (), threads, repeats, opt.Ticker())
    if as_json:
        opt.print_json(found)
        return
    for row in found["rows"]:
        parts = [
            f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in row.items()
            if key not in ("name", "effects")
        ]
        click.echo(f"{row['name']}: {', '.join(parts)}")
