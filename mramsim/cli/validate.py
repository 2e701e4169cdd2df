"""``mramsim validate``: published figures beside the simulation."""

from __future__ import annotations

import click

from mramsim.cli import options as opt


@click.command("validate")
@opt.shared(opt.JSON)
def command(as_json: bool) -> None:
    """Compare every published figure with the simulation.

    Figures of a chip are predicted with that chip left out of calibration.
    """
    from mramsim.agreement import validate
    from mramsim.report.agreement import agreement_table

    found = validate()
    if as_json:
        opt.print_json(found)
    else:
        click.echo(agreement_table(found))
