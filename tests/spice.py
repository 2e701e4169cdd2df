"""Transients of small circuits in ngspice."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest


def transient(
    folder: Path, lines: list[str], measures: dict[str, str], end_s: float, step_s: float
) -> dict[str, float]:
    """Return what ``.meas tran`` finds, by name; nodes start from their ``ic``."""
    if shutil.which("ngspice") is None:
        pytest.skip("ngspice is not installed")
    deck = folder / "transient.cir"
    asked = [f".meas tran {name} {what}" for name, what in measures.items()]
    options = ".options reltol=1e-6 abstol=1e-18 vntol=1e-12"
    command = f".tran {step_s:.6g} {end_s:.6g} 0 {step_s:.6g} uic"
    deck.write_text("\n".join(["transient", *lines, options, command, *asked, ".end"]) + "\n")
    done = subprocess.run(
        ["ngspice", "-b", str(deck)], capture_output=True, text=True, check=False, timeout=120
    )
    said = done.stdout + done.stderr
    found = {}
    for name in measures:
        hit = re.search(rf"^{name}\s*=\s*(\S+)", said, re.MULTILINE)
        assert hit, said[-2000:]
        found[name] = float(hit.group(1))
    return found
