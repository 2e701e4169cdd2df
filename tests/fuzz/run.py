"""Fuzzing of every reader of foreign files; not part of the test suite.

``python tests/fuzz/run.py SECONDS [READER ...] [--seed N] [--keep DIR]``: each reader gets an equal
share of SECONDS in a process of its own, whose address space is limited to 8 GiB. Where atheris
(``pip install atheris``) is there, it leads the changes of `mutate` and its own by the lines of
mramsim that they reach; otherwise they are random. A finding is anything but a network or an
`InputError` of one line: another exception, a crash, more than `SECONDS_PER_FILE`. Findings are
kept in DIR, one per place in the code.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import multiprocessing
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "network")]
SECONDS_PER_FILE = 90.0
ADDRESS_SPACE = 8 << 30
LONGEST = 1 << 18
NAMES = ("network", "npz", "pt", "pt_legacy", "onnx", "h5", "h5_config", "layout", "check")


class Watch:
    """Read files one by one and keep what should not have happened."""

    def __init__(self, path: Path, read: Callable[[Path], object], report: Path) -> None:
        from mramsim.errors import InputError

        self.path, self.read, self.report, self.refusal = path, read, report, InputError
        self.counts = {"files": 0, "read": 0, "refused": 0, "findings": 0}
        self.places: set[str] = set()

    def __call__(self, data: bytes) -> None:
        """Read one file."""
        self.path.write_bytes(data)
        began, problem, place = time.monotonic(), "", ""
        self.counts["files"] += 1
        try:
            self.read(self.path)
            self.counts["read"] += 1
        except self.refusal as error:
            self.counts["refused"] += 1
            problem = place = "message of several lines" if "\n" in str(error) else ""
        except BaseException as error:
            problem = traceback.format_exc()
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__} {last.filename} {last.lineno}"
        if time.monotonic() - began > SECONDS_PER_FILE:
            problem = f"{time.monotonic() - began:.0f} s\n{problem}"
            place = place or "slow"
        if problem and place not in self.places:
            self.places.add(place)
            self.counts["findings"] += 1
            kept = self.path.with_stem(f"finding_{self.path.stem}_{self.counts['findings']}")
            kept.write_bytes(data)
            kept.with_suffix(".txt").write_text(problem)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        self.report.write_text(json.dumps({**self.counts, "peak_mib": peak}))


def work(name: str, seconds: float, seed: int, folder: Path, report: Path) -> None:
    """Fuzz one reader; `report` says how far it came, also after a crash."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    warnings.simplefilter("ignore")
    led = importlib.util.find_spec("atheris") is not None
    if led:
        import atheris
    with atheris.instrument_imports(include=["mramsim"]) if led else contextlib.nullcontext():
        from mutate import mutated
        from reader_case import READERS
    ending, make, read = READERS[name]
    seeds, rng = make(), np.random.default_rng(seed)
    watch = Watch(folder / f"{name}{ending}", read, report)
    if not led:
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            watch(mutated(rng, seeds))
        return
    corpus = folder / f"corpus_{name}"
    corpus.mkdir(exist_ok=True)
    for index, data in enumerate(seeds):
        (corpus / f"seed{index}").write_bytes(data)

    def change(data: bytes, most: int, seed: int) -> bytes:
        draw = np.random.default_rng(seed)
        return mutated(draw, [data or seeds[0], *seeds])[:most]

    def mixed(data: bytes, most: int, seed: int) -> bytes:
        return atheris.Mutate(data, most) if seed % 3 == 0 else change(data, most, seed)

    options = {"max_total_time": int(seconds), "timeout": 2 * int(SECONDS_PER_FILE),
               "max_len": LONGEST, "len_control": 0, "rss_limit_mb": 0,
               "seed": seed + 1, "verbosity": 0, "artifact_prefix": f"{folder}/"}  # fmt: skip
    arguments = [sys.argv[0], *(f"-{key}={value}" for key, value in options.items()), str(corpus)]
    atheris.Setup(arguments, watch, custom_mutator=mixed)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seconds", type=float)
    parser.add_argument("readers", nargs="*", choices=[[], *NAMES], default=[])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", default="fuzz_findings")
    given = parser.parse_args()
    folder = Path(given.keep)
    folder.mkdir(parents=True, exist_ok=True)
    names, bad = given.readers or list(NAMES), 0
    for name in names:
        report = folder / f"{name}.json"
        arguments = (name, given.seconds / len(names), given.seed, folder, report)
        process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
        process.start()
        process.join()
        found = json.loads(report.read_text()) if report.exists() else {"findings": 0}
        crashed = process.exitcode != 0
        bad += found["findings"] + crashed
        print(name, found, f"CRASHED with {process.exitcode}" if crashed else "", flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
