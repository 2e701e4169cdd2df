"""``mramsim report``: the page of a finished sweep."""

from __future__ import annotations

import click

from mramsim.cli import options as opt


@click.command("report")
@click.argument("folder", metavar="DIR")
@click.option("-o", "--output", metavar="FILE", help="The page; DIR/report.html by default.")
@opt.shared(opt.DATA_DIR, opt.JSON, opt.CONFIG)
def command(folder: str, output: str | None, data_dir: str | None, as_json: bool) -> None:
    """Write one self-contained HTML page and the figures of a finished sweep.

    DIR is the folder of ``mramsim sweep``. Figures go to DIR/figures as SVG and PDF, the references
    of all cards to DIR/references.bib.
    """
    from mramsim.sweeps.report import report_sweep

    opt.check_output("--output", output)
    page, stale = report_sweep(folder, output, data_dir)
    for text in stale:
        click.echo(f"stale: {text}", err=True)
    if as_json:
        opt.print_json({"schema": "mramsim.report/1", "report": str(page), "stale": stale})
        return
    click.echo(f"report: {page}")
    click.echo(f"figures: {folder}/figures")
