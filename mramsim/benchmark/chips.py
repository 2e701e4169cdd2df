"""Time to sample many chips, to program a large one, and to start."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np

from mramsim.benchmark.clock import alternate
from mramsim.benchmark.networks import WIRES, random_network
from mramsim.chip import Chip
from mramsim.mapping.placement import place

CARDS = ("stt_jung_nature_2022", "csum_deaville_jssc_2025")


def sweep_row(chips: int, images: int, width: int, threads: int, repeats: int) -> dict[str, Any]:
    """Time per chip of `chips` chips, over that of a run of one chip, and over its reads alone."""
    device, mapping = CARDS
    placed = place(random_network((784, width, width, 10)), mapping)
    x = np.random.default_rng(1).integers(0, 2, (images, 784)).astype(np.uint8)

    def sampled(number: int) -> Chip:
        return placed.sample(device=device, seed=0, number=number, without=WIRES, threads=threads)

    def run(count: int) -> None:
        for number in range(count):
            sampled(number).run(x, threads=threads)

    chip = sampled(0)
    jobs = {
        "read": lambda: chip.run(x, threads=threads),
        "one": lambda: run(1),
        "all": lambda: run(chips),
    }
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
        "seconds_read": taken["read"],
        "time_ratio": per_chip / taken["one"],
        "time_over_read": per_chip / taken["read"],
    }


def program_row(rows: int, columns: int, threads: int, repeats: int) -> dict[str, Any]:
    """Time of programming one layer of rows x columns cells."""
    device, mapping = CARDS
    placed = place(random_network((rows, columns)), mapping)
    taken = alternate(
        {"ours": lambda: placed.sample(device=device, seed=0, threads=threads)}, repeats
    )
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
