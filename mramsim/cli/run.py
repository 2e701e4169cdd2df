"""``mramsim run``: accuracy, energy, latency and area on sampled chips."""

from __future__ import annotations

import click

from mramsim.cli import options as opt


@click.command("run")
@click.argument("net", metavar="NET")
@click.option("--data", required=True, metavar="NAME", help="digits, mnist, ...; see the README.")
@opt.shared(opt.DEVICE, opt.MAPPING)
@click.option("--chips", default=10, show_default=True, help="Dies to sample.")
@click.option("--images", type=int, help="Test images, from the first; all by default.")
@click.option("--attribute", is_flag=True, help="Also each effect alone, and each left out.")
@click.option("--report", metavar="FILE", help="Also write one self-contained HTML page.")
@opt.shared(opt.ONLY, opt.WITHOUT, opt.SET, opt.SEED, opt.BATCH, opt.THREADS, opt.DATA_DIR)
@opt.shared(opt.JSON, opt.CONFIG)
def command(
    net: str,
    data: str,
    device: str,
    mapping: str,
    chips: int,
    images: int | None,
    attribute: bool,
    report: str | None,
    only: str | None,
    without: str | None,
    assignments: tuple[str, ...],
    seed: int,
    batch: int,
    threads: int | None,
    data_dir: str | None,
    as_json: bool,
) -> None:
    """Run a network on sampled chips: accuracy, energy, latency, area.

    NET is a file or pretrained:NAME.
    """
    from mramsim.errors import InputError
    from mramsim.evaluation import evaluate
    from mramsim.network.library import find_network
    from mramsim.settings import parse_assignments

    opt.check_output("--report", report)
    kept = opt.names(only, "--only")
    if kept is not None and "none" in kept and len(kept) > 1:
        raise InputError(f"--only {only}: 'none' stands alone")
    network = find_network(net)
    result = evaluate(
        network,
        device=device,
        mapping=mapping,
        data=data,
        chips=chips,
        images=images,
        seed=seed,
        settings=parse_assignments(assignments),
        only=kept,
        without=opt.names(without, "--without") or (),
        batch=batch,
        threads=threads,
        data_dir=data_dir,
        attribute=attribute,
        progress=opt.Ticker(),
    )
    found = dict(result.data)
    if report is not None:
        found["report"] = str(result.report(report))
    if as_json:
        opt.print_json(found)
        return
    click.echo(str(result))
    if report is not None:
        click.echo(f"report: {found['report']}")
