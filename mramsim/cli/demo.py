"""``mramsim demo``: the whole way on real digits, in under a minute."""

from __future__ import annotations

import click

from mramsim.cli import options as opt

NET, DATA = "mlp-512x2", "digits"


@click.command("demo")
@opt.shared(opt.DEVICE, opt.MAPPING)
@click.option("--chips", default=20, show_default=True, help="Dies to sample.")
@click.option("--report", default="report.html", show_default=True, metavar="FILE", help="Page.")
@opt.shared(opt.SEED, opt.THREADS, opt.JSON, opt.CONFIG)
def command(
    device: str,
    mapping: str,
    chips: int,
    report: str,
    seed: int,
    threads: int | None,
    as_json: bool,
) -> None:
    """Train on digits, map, sample chips, report; writes one HTML page."""
    from mramsim.cards import load_card
    from mramsim.errors import InputError
    from mramsim.evaluation import evaluate
    from mramsim.threads import thread_count
    from mramsim.training import train

    opt.check_output("--report", report)
    if chips < 1:
        raise InputError(f"chips = {chips}; at least 1 is allowed")
    thread_count(threads)
    for library, name in (("device", device), ("mapping", mapping)):
        load_card(library, name)
    tell = opt.Ticker()
    network = train("bnn", NET, DATA, seed=seed, float_baseline=True, threads=1, progress=tell)
    result = evaluate(
        network,
        device=device,
        mapping=mapping,
        data=DATA,
        chips=chips,
        seed=seed,
        threads=threads,
        progress=tell,
    )
    page = result.report(report, title=f"{NET} on {chips} MRAM chips")
    if as_json:
        opt.print_json({**result.data, "report": str(page)})
        return
    click.echo(str(result))
    click.echo(f"report: {page}")
