"""The table of commands, and what happens to errors."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
from typing import Any

import click

from mramsim import __version__
from mramsim.errors import InputError

COMMANDS = {
    "demo": "Train on digits, map, sample chips, report; writes one HTML page.",
    "train": "Train a binary network and, if wanted, its float baseline.",
    "import": "Import a network trained elsewhere: .pt, .onnx (QONNX), .h5 (Larq), .npz.",
    "export": "Write a network as QONNX or as a torch program.",
    "map": "Show how a network is placed on arrays.",
    "dump": "Contents of all arrays with addresses, and golden vectors.",
    "run": "Run a network on sampled chips: accuracy, energy, latency, area.",
    "energy": "Energy, latency and area of a network; needs no data.",
    "sweep": "Run a plan of many points and chips; resumes by itself.",
    "search": "Pareto front of a design space: accuracy, energy, latency, area.",
    "report": "Page and figures of a finished sweep.",
    "devices": "List device cards, or show one with its sources.",
    "mappings": "List mapping cards, or show one with its sources.",
    "components": "List component cards (circuit blocks), or show one with its sources.",
    "validate": "Published figures of devices and chips beside the simulation.",
    "bench": "Speed of the simulation beside torch on the same shapes.",
}


class LazyGroup(click.Group):
    """Import a command only when it is used, so that ``--help`` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import ``mramsim.cli.<name>`` and return its ``command``."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"mramsim.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
)
@click.version_option(__version__)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Binary neural networks on simulated MTJ/MRAM crossbars."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 2 bad input, 130 interrupted."""
    sys.exit(invoke(arguments))


def invoke(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : list of str, optional
        Without the program's name; `sys.argv` if None.
    """
    options: dict[str, Any] = {"standalone_mode": False, "prog_name": "mramsim"}
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace")  # its encoding may lack a character
    try:
        result = main.main(args=arguments, **options)
    except click.ClickException as error:
        click.echo(f"mramsim: {_one_line(error.format_message())}", err=True)
        return 2
    except InputError as error:
        click.echo(f"mramsim: {_one_line(str(error))}", err=True)
        return 2
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        _drop_output()
        click.echo(f"mramsim: output cannot be written ({error.strerror})", err=True)
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("mramsim: interrupted; finished work is kept", err=True)
        return 130
    return result if isinstance(result, int) else 0


def _drop_output() -> None:
    """Let what stdout still holds go nowhere, so that leaving Python does not try it again."""
    with contextlib.suppress(OSError, ValueError):  # no file under it
        number = sys.stdout.fileno()
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def _one_line(text: str) -> str:
    return " ".join(text.split())
