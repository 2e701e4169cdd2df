"""Mutation fuzzing of every reader of foreign files; not part of the test suite.

``python tests/fuzz_readers.py SECONDS [READER ...] [--seed N] [--keep DIR]``: each reader gets an
equal share of SECONDS in a process of its own, whose address space is limited to 8 GiB. Seeds are
small valid files, written here. A mutation changes bytes of the file, of a member of its archive,
of its configuration, or joins two files. A finding is anything but a network or an `InputError` of
one line: another exception, a crash, more than `SECONDS_PER_FILE`. Findings are kept in DIR.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import resource
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mramsim.errors import InputError
from mramsim.network.file import load_network, save_network
from mramsim.network.importers.any_file import check_network, import_network
from mramsim.network.library import find_network

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "network")]
SECONDS_PER_FILE = 90.0
ADDRESS_SPACE = 8 << 30
NUMBERS = (0, 1, 2, 127, 128, 255, 256, 1 << 15, 1 << 16, (1 << 31) - 1, (1 << 32) - 1, 1 << 40)
Random = np.random.Generator


def state_dicts(legacy: bool) -> list[bytes]:
    import torch
    import zoo

    module = zoo.Mlp(zoo.BinaryLinear, (6, 5, 4, 3), last=False)
    found = []
    for content in (module.state_dict(), {"state_dict": module.state_dict(), "epoch": 3}):
        stream = io.BytesIO()
        torch.save(content, stream, _use_new_zipfile_serialization=not legacy)
        found.append(stream.getvalue())
    return found


def onnx_files() -> list[bytes]:
    return [path.read_bytes() for path in sorted((HERE / "data" / "qonnx").glob("*.onnx"))]


def h5_files() -> list[bytes]:
    import test_import_keras as keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.h5"
        first = [
            ("QuantConv2D", keras.quantised(batch_input_shape=[None, 5, 5, 2], strides=[1, 1])),
            ("BatchNormalization", {}),
            ("Flatten", {}),
            ("QuantDense", keras.quantised(input_quantizer="ste_sign")),
        ]
        weights = {
            "l0": {"kernel": keras.f32(3, 3, 2, 4)},
            "l1": keras.norm_of(4, 1),
            "l3": {"kernel": keras.f32(36, 3)},
        }
        one = keras.save(path, first, weights).read_bytes()
        path.unlink()
        two = keras.save(path, keras.LAYERS, {"l0": {"kernel": keras.f32(4, 3)}}).read_bytes()
    return [one, two]


def packed_files() -> list[bytes]:
    stream = io.BytesIO()
    weight = np.ones((5, 6), np.uint8)
    np.savez(
        stream, **{"a.weight": weight, "a.threshold": np.arange(5), "b.weight": weight[:3, :5]}
    )
    return [stream.getvalue()]


def network_files() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = save_network(find_network("pretrained:digits-mlp-512x2"), Path(folder) / "n.npz")
        return [path.read_bytes()]


def check_files() -> list[bytes]:
    stream = io.BytesIO()
    np.savez(stream, x=np.ones((3, 1, 8, 8), np.uint8), logits=np.ones((3, 10), np.float32))
    return [stream.getvalue()]


def h5_configurations() -> list[bytes]:
    import h5py

    found = []
    with tempfile.TemporaryDirectory() as folder:
        for content in h5_files():
            path = Path(folder) / "m.h5"
            path.write_bytes(content)
            with h5py.File(path, "r") as stored:
                found.append(stored.attrs["model_config"].encode())
    return found


def read_configuration(path: Path) -> object:
    """Give the Keras reader a changed configuration and sound arrays, without a process."""
    import test_import_keras as test

    from mramsim.network.importers import keras

    arrays = {
        "l0": {"kernel": test.f32(3, 3, 2, 4)},
        "l1": test.norm_of(4, 1),
        "l3": {"kernel": test.f32(36, 3)},
    }
    keras.read_h5 = lambda _: (path.read_bytes().decode(errors="replace"), arrays)
    return keras.from_keras(path)


READERS: dict[str, tuple[str, Callable[[], list[bytes]], Callable[[Path], object]]] = {
    "onnx": (".onnx", onnx_files, import_network),
    "pt": (".pt", lambda: state_dicts(False), import_network),
    "pt_legacy": (".pt", lambda: state_dicts(True), import_network),
    "h5": (".h5", h5_files, import_network),
    "h5_config": (".h5", h5_configurations, read_configuration),
    "npz": (".npz", packed_files, import_network),
    "network": (".npz", network_files, load_network),
    "check": (
        ".npz",
        check_files,
        lambda path: check_network(find_network("pretrained:digits-mlp-512x2"), path),
    ),
}


def mutated(rng: Random, seeds: list[bytes]) -> bytes:
    """Return a changed copy of a seed."""
    data = seeds[rng.integers(len(seeds))]
    choice = rng.random()
    if zipfile.is_zipfile(io.BytesIO(data)) and choice < 0.8:
        return rezipped(rng, data)
    if choice < 0.1:
        other = seeds[rng.integers(len(seeds))]
        return data[: rng.integers(len(data))] + other[rng.integers(len(other)) :]
    return scrambled(rng, data)


def rezipped(rng: Random, data: bytes) -> bytes:
    """Change the content of one member, and write a valid archive around it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        names = old.namelist()
        target = names[rng.integers(len(names))]
        for name in names:
            content = old.read(name)
            if name == target and rng.random() < 0.05:
                continue
            new.writestr(name, scrambled(rng, content) if name == target else content)
    return stream.getvalue()


def scrambled(rng: Random, data: bytes) -> bytes:
    """Flip, replace, insert, drop and repeat bytes, write telling numbers, swap digits of text."""
    changed = bytearray(data)
    for _ in range(1 + rng.integers(4)):
        if not changed:
            return bytes(rng.integers(0, 256, 20, dtype=np.uint8))
        place = int(rng.integers(len(changed)))
        action = rng.integers(7)
        if action == 0:
            changed[place] ^= 1 << int(rng.integers(8))
        elif action == 1:
            changed[place] = int(rng.integers(256))
        elif action == 2:
            size = int(rng.choice([1, 2, 4, 8]))
            number = int(rng.choice(NUMBERS)) % (1 << (8 * size))
            changed[place : place + size] = number.to_bytes(size, "little")
        elif action == 3:
            del changed[place : place + int(rng.integers(1, 40))]
        elif action == 4:
            part = changed[place : place + int(rng.integers(1, 60))]
            changed[place:place] = part * int(rng.integers(1, 5))
        elif action == 5:
            digits = [i for i, byte in enumerate(changed[:5000]) if 48 <= byte <= 57]
            if digits:
                at = digits[rng.integers(len(digits))]
                changed[at : at + 1] = str(int(rng.choice(NUMBERS)) * rng.choice([-1, 1])).encode()
        else:
            changed = changed[:place]
    return bytes(changed)


def work(name: str, seconds: float, seed: int, folder: Path, report: Path) -> None:
    """Fuzz one reader; `report` says how far it came, also after a crash."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    warnings.simplefilter("ignore")
    ending, make, read = READERS[name]
    seeds, rng = make(), np.random.default_rng(seed)
    path = folder / f"{name}{ending}"
    counts = {"files": 0, "read": 0, "refused": 0, "findings": 0}
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        path.write_bytes(mutated(rng, seeds))
        began = time.monotonic()
        counts["files"] += 1
        problem = ""
        try:
            read(path)
            counts["read"] += 1
        except InputError as error:
            counts["refused"] += 1
            problem = "message of several lines" if "\n" in str(error) else ""
        except BaseException:
            problem = traceback.format_exc()
        if time.monotonic() - began > SECONDS_PER_FILE:
            problem = f"{time.monotonic() - began:.0f} s\n{problem}"
        if problem:
            counts["findings"] += 1
            kept = folder / f"finding_{name}_{counts['findings']}{ending}"
            kept.write_bytes(path.read_bytes())
            kept.with_suffix(".txt").write_text(problem)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        report.write_text(json.dumps({**counts, "peak_mib": peak}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seconds", type=float)
    parser.add_argument("readers", nargs="*", choices=[[], *READERS], default=[])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", default="fuzz_findings")
    given = parser.parse_args()
    folder = Path(given.keep)
    folder.mkdir(parents=True, exist_ok=True)
    names, bad = given.readers or list(READERS), 0
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
