"""Options that several commands share."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from mramsim.errors import InputError, nearest

Command = TypeVar("Command", bound=Callable[..., Any])


def _read_config(ctx: click.Context, _param: click.Parameter, path: str | None) -> str | None:
    """Take defaults for all other options from a TOML file."""
    if path is None:
        return None
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"--config {path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"--config {path}: not valid TOML ({error})") from None
    known = {param.name for param in ctx.command.params if param.name not in ("config", "help")}
    defaults: dict[str, Any] = {}
    for key, value in content.items():
        name = key.replace("-", "_")
        if name not in known:
            raise InputError(
                f"--config {path}: key '{key}' is unknown{nearest(name, map(str, known))}"
            )
        if name == "assignments" or (name == "set" and isinstance(value, dict)):
            value = [f"{inner}={json.dumps(item)}" for inner, item in value.items()]
        defaults[name] = value
    ctx.default_map = {**(ctx.default_map or {}), **defaults}
    return path


CONFIG = click.option(
    "--config",
    callback=_read_config,
    is_eager=True,
    expose_value=False,
    metavar="FILE",
    help="TOML file with values for any of these options.",
)
SET = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Replace a value, such as device.tmr=0, mapping.adc_bits=5, age.seconds=1e6.",
)
DEVICE = click.option(
    "--device",
    default="stt_hirtzlin_nanoarch_2019",
    show_default=True,
    metavar="D",
    help="Device card: a name or a path.",
)
MAPPING = click.option(
    "--mapping",
    default="pcsa_hirtzlin_nanoarch_2019",
    show_default=True,
    metavar="M",
    help="Mapping card: a name or a path.",
)
SEED = click.option("--seed", default=0, show_default=True, help="Root of all random draws.")
BATCH = click.option(
    "--batch", default=256, show_default=True, help="Images at a time; does not change results."
)
THREADS = click.option("--threads", type=int, help="Threads; does not change results.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, nothing else.")
DATA_DIR = click.option(
    "--data-dir", metavar="DIR", help="Folder of data sets (or MRAMSIM_DATA); else they download."
)
ONLY = click.option(
    "--only", metavar="E", help="Effects to keep, comma-separated; 'none' keeps none."
)
WITHOUT = click.option("--without", metavar="E", help="Effects to leave out, comma-separated.")


def shared(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Apply several options, listed in this order by ``--help``."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def names(text: str | None) -> list[str] | None:
    """Split a comma-separated list; None stays None."""
    if text is None:
        return None
    return [part.strip() for part in text.split(",") if part.strip()]


def print_json(value: Any) -> None:
    """Print one JSON object; NaN never leaves."""
    click.echo(json.dumps(value, allow_nan=False))


class Ticker:
    """Progress on stderr: a line that rewrites itself, or plain lines off a terminal."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live = sys.stderr.isatty()
        self._last = ""

    def __call__(self, done: int, total: int, text: str) -> None:
        """Show `done` of `total`."""
        if self._quiet:
            return
        line = f"{done}/{total} {text}"
        if self._live:
            end = "\n" if done == total else ""
            click.echo(f"\r\x1b[K{line}{end}", err=True, nl=False)
        elif line != self._last:
            click.echo(line, err=True)
        self._last = line
