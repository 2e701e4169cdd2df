"""The command line: exit codes, help, defaults from a file, progress."""

import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import mramsim
from mramsim.cli import options as opt
from mramsim.cli.main import COMMANDS, invoke, run
from mramsim.errors import InputError


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_every_command(arguments, capsys):
    assert invoke(arguments) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("Usage: mramsim")
    assert len(shown.out.splitlines()) > len(COMMANDS)
    for name, text in COMMANDS.items():
        assert name in shown.out
        assert text.split()[0] in shown.out
    assert shown.err == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name, capsys):
    assert invoke([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"Usage: mramsim {name}")
    assert "--json" in shown


def test_version(capsys):
    assert invoke(["--version"]) == 0
    assert mramsim.__version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["frob"], "frob"),
        (["train"], "METHOD"),
        (["train", "bnn"], "--net"),
        (["train", "bnn", "--net"], "--net"),
        (["devices", "--frob"], "--frob"),
        (["devices", "a", "b"], "b"),
        (["devices", "no_such_card"], "no_such_card"),
        (["run", "x.npz", "--data", "digits", "--chips", "two"], "two"),
    ],
)
def test_bad_input_is_2(arguments, text, capsys):
    assert invoke(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    (line,) = shown.err.splitlines()
    assert line.startswith("mramsim: ")
    assert text in line


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_interrupted_is_130(error, capsys, monkeypatch):
    from mramsim.cli import cards

    def stop(*_):
        raise error

    monkeypatch.setattr(cards, "show_library", stop)
    assert invoke(["devices"]) == 130
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.split("\n")[-2] == "mramsim: interrupted; finished work is kept"


def test_errors_become_one_line(capsys, monkeypatch):
    from mramsim.cli import cards

    def fail(*_):
        raise InputError("two\n  lines")

    monkeypatch.setattr(cards, "show_library", fail)
    assert invoke(["devices"]) == 2
    assert capsys.readouterr().err == "mramsim: two lines\n"


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["frob"], 2)])
def test_run_exits(arguments, code, capsys):
    with pytest.raises(SystemExit) as caught:
        run(arguments)
    assert caught.value.code == code
    assert any(capsys.readouterr())


def test_other_errors_are_not_hidden(monkeypatch):
    from mramsim.cli import cards

    def fail(*_):
        raise RuntimeError("a defect")

    monkeypatch.setattr(cards, "show_library", fail)
    with pytest.raises(RuntimeError, match="a defect"):
        invoke(["devices"])


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from mramsim.cli.main import invoke; assert invoke(['--help']) == 0;"
        "heavy = {'torch', 'numba', 'matplotlib', 'pydantic', 'scipy', 'sklearn', 'numpy'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


class Full(io.StringIO):
    def write(self, _):
        raise OSError(28, "No space left on device")


def test_output_that_cannot_be_written(monkeypatch, capsys):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Full())
        assert invoke(["devices", "--json"]) == 2
    expected = "mramsim: output cannot be written (No space left on device)\n"
    assert capsys.readouterr().err == expected


def test_errors_of_files_are_not_hidden(monkeypatch):
    from mramsim.cli import cards

    def fail(*_):
        Path("no/such/file").read_bytes()

    monkeypatch.setattr(cards, "show_library", fail)
    with pytest.raises(FileNotFoundError):
        invoke(["devices"])


def test_a_full_disk_under_the_output(tmp_path):
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100));"
        "from mramsim.cli.main import run; run(['devices', '--json'])"
    )
    with (tmp_path / "o.txt").open("w") as stream:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=stream,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": ""},
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stderr == "mramsim: output cannot be written (File too large)\n"
    assert done.returncode == 2


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
def test_any_encoding_of_the_output(encoding):
    code = (
        "import click; from mramsim.cli import cards; from mramsim.cli.main import run;"
        "cards.show_library = lambda *_: click.echo('a \u2192 b'); run(['devices'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"a ")
    assert done.stdout.endswith(b" b\n")


def test_as_a_module(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mramsim", "devices", "x"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("mramsim: device card 'x' is unknown")


def test_json_is_one_line_without_nan(capsys):
    opt.print_json({"a": [1.5, None], "b": "µ"})
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    assert json.loads(shown) == {"a": [1.5, None], "b": "µ"}
    with pytest.raises(ValueError, match="JSON"):
        opt.print_json({"a": math.nan})


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_off_a_terminal_is_plain_lines(capsys):
    tick = opt.Ticker()
    for call in ((1, 3, "a"), (1, 3, "a"), (2, 3, "a"), (3, 3, "b")):
        tick(*call)
    shown = capsys.readouterr()
    assert shown.err == "1/3 a\n2/3 a\n3/3 b\n"
    assert shown.out == ""


def test_progress_on_a_terminal_rewrites_one_line(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    tick = opt.Ticker()
    for done in (1, 2):
        tick(done, 2, "x")
    assert screen.getvalue() == "\r\x1b[K1/2 x\r\x1b[K2/2 x\n"


def test_quiet_progress_says_nothing(capsys):
    opt.Ticker(quiet=True)(1, 1, "x")
    assert capsys.readouterr() == ("", "")
