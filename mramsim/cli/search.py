"""``mramsim search``: designs that no other design beats."""

from __future__ import annotations

import click

from mramsim.cli import options as opt


@click.command("search")
@click.argument("plan", metavar="PLAN.toml")
@click.option("-o", "--output", required=True, metavar="DIR", help="Folder of the search.")
@click.option("--jobs", type=int, help="Processes; one for each processor by default.")
@opt.shared(opt.DATA_DIR, opt.JSON, opt.CONFIG)
def command(plan: str, output: str, jobs: int | None, data_dir: str | None, as_json: bool) -> None:
    """Search a design space for its Pareto front; resumes by itself (extra 'search').

    PLAN.toml is a sweep's plan with a table [search]. Writes DIR/trials.csv, DIR/front.csv and
    DIR/pareto.svg.
    """
    from mramsim.explore.run import search

    found = search(plan, output, jobs=jobs, data_dir=data_dir, progress=opt.Ticker())
    if as_json:
        opt.print_json(found.as_dict())
        return
    click.echo(str(found))
    click.echo(f"{output}/front.csv, {output}/trials.csv, {output}/pareto.svg")
