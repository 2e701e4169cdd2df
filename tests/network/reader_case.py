"""Readers of foreign files, and small valid files of each kind to start from."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mramsim.network.file import load_network, save_network
from mramsim.network.importers.any_file import check_network, import_network
from mramsim.network.importers.packed import from_npz
from mramsim.network.importers.torch_file import from_state_dict
from mramsim.network.library import find_network

TESTS = Path(__file__).resolve().parents[1]
SMALL = "pretrained:digits-mlp-512x2"
Read = Callable[[Path], object]


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
    return [path.read_bytes() for path in sorted((TESTS / "data" / "qonnx").glob("*.onnx"))]


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


def read_h5_forked(path: Path) -> object:
    """Read a file with the HDF5 library in a copy of this process: a start per file is slow."""
    import h5py  # noqa: F401  loaded once, before the copies

    from mramsim.network.importers import h5_file

    h5_file.subprocess.run, h5_file.SECONDS = forked, 2
    return import_network(path)


def forked(command: list[str], timeout: float, **_: object) -> subprocess.CompletedProcess[bytes]:
    """Run the script of `command` (the reader of HDF5) as `subprocess.run` would."""
    from mramsim.network.importers import h5_child

    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = os.fork()
        if process == 0:
            code = 70
            try:
                sys.stdout, sys.stderr = out, err
                code = h5_child.main(command[-3], int(command[-2]), int(command[-1]))
                out.flush()
                err.flush()
            finally:
                os._exit(code)
        until = time.monotonic() + timeout
        while (ended := os.waitpid(process, os.WNOHANG))[0] == 0:
            if time.monotonic() > until:
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
                raise subprocess.TimeoutExpired(command, timeout)
            time.sleep(0.001)
        streams = []
        for stream in (out, err):
            stream.seek(0)
            streams.append(stream.buffer.read())
    return subprocess.CompletedProcess(command, os.waitstatus_to_exitcode(ended[1]), *streams)


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


def packed_files() -> list[bytes]:
    weight, found = np.ones((5, 6), np.uint8), []
    packed = {"a.weight": np.packbits(weight.ravel(), bitorder="little"), "a.shape": [5, 6]}
    for first in ({"a.weight": weight}, packed):
        stream = io.BytesIO()
        np.savez(stream, **first, **{"a.threshold": np.arange(5), "b.weight": weight[:3, :5]})
        found.append(stream.getvalue())
    return found


def network_files() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = save_network(find_network(SMALL), Path(folder) / "n.npz")
        return [path.read_bytes()]


def check_files() -> list[bytes]:
    stream = io.BytesIO()
    np.savez(stream, x=np.ones((3, 1, 8, 8), np.uint8), logits=np.ones((3, 10), np.float32))
    return [stream.getvalue()]


def layouts() -> list[bytes]:
    from test_import_arrays import CNN, RESIDUAL

    residual = RESIDUAL.replace('"fc"', '"fc2"')
    packed = 'input = [6]\n[[layer]]\nkind = "linear"\nname = "a"\n[[layer]]\nkind = "threshold"\n'
    return [text.encode() for text in (CNN, residual, packed + 'name = "a"\n')]


def read_layouts(path: Path) -> object:
    """Read sound arrays by a changed list of layers: those that fit the first name in it."""
    import torch
    import zoo

    text = path.read_bytes()
    state, packed = path.with_name("layout.pt"), path.with_name("layout.npz")
    if not packed.exists():
        packed.write_bytes(packed_files()[1])
        residual = {"c.weight": torch.ones(1, 1, 3), "act.weight": torch.tensor([0.3]),
                    "fc2.weight": torch.ones(3, 4), "fc2.bias": torch.randn(3)}  # fmt: skip
        torch.save({**residual, **zoo.Cnn(2, 3, 6).state_dict()}, state)
    if b'"a"' in text:
        return from_npz(packed, path)
    return from_state_dict(state, path)


def check(path: Path) -> object:
    return check_network(find_network(SMALL), path)


READERS: dict[str, tuple[str, Callable[[], list[bytes]], Read]] = {
    "network": (".npz", network_files, load_network),
    "npz": (".npz", packed_files, import_network),
    "pt": (".pt", lambda: state_dicts(False), import_network),
    "pt_legacy": (".pt", lambda: state_dicts(True), import_network),
    "onnx": (".onnx", onnx_files, import_network),
    "h5": (".h5", h5_files, read_h5_forked),
    "h5_config": (".h5", h5_configurations, read_configuration),
    "layout": (".toml", layouts, read_layouts),
    "check": (".npz", check_files, check),
}
