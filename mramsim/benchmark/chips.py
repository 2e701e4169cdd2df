"""Time to sample many chips, to program a large one, and to start."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np

from mramsim.benchmark.clock import alternate
from mramsim.benchmark.networks import WIRES, random_network
from mramsim.mapping.placement import place

CARDS = ("stt_jung_nature_2022", "csum_deaville_jssc_2025")


def sweep_row(chips: int, images: int, width: int, threads: int, repeats: int) -> dict[str, Any]:
    """Time per chip of sampling and reading `chips` chips, over one run of one chip."""
    device, mapping = CARDS
    placed = place(random_network((784, width, width, 10)), mapping)
    x = np.random.default_rng(1).integers(0, 2, (images, 784)).astype(np.uint8)
    one = placed.sample(device=device, seed=0, without=WIRES)

    def all_chips() -> None:
        for number in range(chips):
            placed.sample(device=device, seed=number, without=WIRES).run(x, threads=threads)

    jobs = {"one": lambda: one.run(x, threads=threads), "all": all_chips}
    taken = alternate(jobs, repeats)
    per_chip = taken["all"] / chips
    return {
        "name": "sweep_chips",
        "chips": chips,
        "images": images,
        "device": device,
        "mapping": mapping,
        "seconds": taken["all"],
        "seconds_per_chip": per_chip,
        "seconds_one_run": taken["one"],
        "time_ratio": per_chip / taken["one"],
    }


def program_row(rows: int, columns: int, repeats: int) -> dict[str, Any]:
    """Time of programming one layer of rows x columns cells."""
    device, mapping = CARDS
    placed = place(random_network((rows, columns)), mapping)
    taken = alternate({"ours": lambda: placed.sample(device=device, seed=0)}, repeats)
    cells = rows * columns
    return {
        "name": "program_5m",
        "cells": cells,
        "device": device,
        "mapping": mapping,
        "seconds": taken["ours"],
        "cells_per_s": cells / taken["ours"],
    }


def start_row(repeats: int) -> dict[str, Any]:
    """Time of ``mramsim --help`` and of a first small run in a new process."""
    head = [sys.executable, "-m", "mramsim"]
    run = [*head, "run", "pretrained:digits-mlp-512x2", "--data", "digits", "--chips", "1"]

    def call(arguments: list[str]) -> None:
        subprocess.run(arguments, check=True, capture_output=True)

    jobs = {"help": lambda: call([*head, "--help"]), "run": lambda: call(run)}
    taken = alternate(jobs, repeats)
    return {"name": "start_up", "help_s": taken["help"], "run_s": taken["run"]}
