"""The page in a browser."""

import shutil
import subprocess
from pathlib import Path

import pytest
from report_case import result_of

from mramsim.report.page import render

FLAGS = (
    "headless",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "enable-logging=stderr",
    "v=0",
    "dump-dom",
)


def test_empty_console_in_chromium(tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("chromium is not installed")
    path = tmp_path / "page.html"
    path.write_text(render(result_of()[0]), encoding="utf-8")
    flags = [f"--{flag}" for flag in FLAGS]
    found = subprocess.run(
        [browser, *flags, f"--user-data-dir={tmp_path / 'profile'}", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "headlines" in found.stdout
    assert [line for line in found.stderr.splitlines() if "CONSOLE" in line] == []
