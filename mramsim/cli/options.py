"""Options that several commands share."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from mramsim.errors import InputError, nearest
from mramsim.files import check_target, read_toml

Command = TypeVar("Command", bound=Callable[..., Any])


def _read_config(ctx: click.Context, _param: click.Parameter, path: str | None) -> str | None:
    """Take defaults for all other options from a TOML file."""
    if path is None:
        return None
    content = read_toml(path, "--config")
    try:
        defaults = _defaults(content, _config_keys(ctx.command))
    except InputError as error:
        raise InputError(f"--config {path}: {error}") from None
    except RecursionError:
        raise InputError(f"--config {path}: nested too deep") from None
    ctx.default_map = {**(ctx.default_map or {}), **defaults}
    return path


def _defaults(content: dict[str, Any], known: dict[str, click.Parameter]) -> dict[str, Any]:
    from mramsim.validation import as_json

    defaults: dict[str, Any] = {}
    for key, value in content.items():
        param = known.get(key.replace("_", "-"))
        if param is None or param.name is None:
            raise InputError(f"key '{key}' is unknown{nearest(key, known)}")
        if param.name in defaults:
            raise InputError(f"key '{key}' is there twice")
        if isinstance(value, dict) and param.name == "assignments":
            value = [f"{name}={as_json(item, f'set.{name}')}" for name, item in flat(value)]
        if isinstance(value, float) and isinstance(param.type, type(click.INT)):
            raise InputError(f"{key} = {value!r}: a whole number is expected")
        if not _fits(value, param):
            raise InputError(f"{key} = {value!r} is no value of that option")
        defaults[param.name] = value
    return defaults


def _config_keys(command: click.Command) -> dict[str, click.Parameter]:
    """Return the keys a file may hold: long options without dashes, and names of arguments."""
    known = {}
    for param in command.params:
        for name in param.opts:
            if name.startswith("--") or isinstance(param, click.Argument):
                known[name.removeprefix("--")] = param
    del known["config"]
    return known


def flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield nested values with dotted keys."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _fits(value: Any, param: click.Parameter) -> bool:
    if isinstance(param, click.Option) and param.multiple:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if isinstance(param, click.Option) and param.is_flag:
        return isinstance(value, bool)
    return isinstance(value, str | int | float) and not isinstance(value, bool)


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
    default="stt_jung_nature_2022",
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
    "--batch", default=1024, show_default=True, help="Images at a time; does not change results."
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


def check_output(option: str, path: str | None) -> None:
    """Refuse a file that could not be written, before any work is done."""
    if path is not None:
        check_target(path, option)


def names(text: str | None, option: str = "") -> list[str] | None:
    """Split a comma-separated list; None stays None, and an option's list holds a name."""
    if text is None:
        return None
    found = [part.strip() for part in text.split(",") if part.strip()]
    if option and not found:
        raise InputError(f"{option} '{text}': no name; leave the option out for its default")
    return found


def print_json(value: Any) -> None:
    """Print one JSON object; NaN never leaves."""
    click.echo(json.dumps(value, allow_nan=False))


class Ticker:
    """Progress on stderr: a line that rewrites itself, or plain lines off a terminal."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live = sys.stderr.isatty()
        self._last = ""

    @property
    def every_s(self) -> float:
        """How often progress is worth showing, in s: a live line, or lines of a log."""
        return 0.2 if self._live else 10.0

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
