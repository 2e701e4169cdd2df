"""Files as large as the limits allow, and far beyond them: what reading them costs.

``python hostile_case.py FOLDER LIMIT``: writes each file, reads it in a copy of this process with
the limit on bytes set to LIMIT (and those on headers and structure in proportion), and prints JSON:
by file the growth of memory in MiB and the refusal.
"""

from __future__ import annotations

import io
import json
import os
import resource
import struct
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from mramsim.network import archive, file
from mramsim.network.importers import wire
from mramsim.network.importers.any_file import import_network

LIMITS = [(file, "MAX_HEADER"), (wire, "MAX_STRUCTURE"), (archive, "MAX_BYTES")]


def npz(path: Path, level: int = 1, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as stored:
        for name, content in members.items():
            stored.writestr(name + ".npy", content)
    return path


def npy(shape: tuple[int, ...], kind: str, fill: int = 0) -> bytes:
    """Bytes of an ``.npy`` whose array is one byte, repeated."""
    stream = io.BytesIO()
    header = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + bytes([fill]) * (int(np.prod(shape)) * np.dtype(kind).itemsize)


def network(path: Path, weights: int, header: bytes = b"") -> Path:
    """A network of this package: one packed matrix, or a header of one's own."""
    rows = 1024
    record = {"shape": [rows], "planes": 1, "low": 0, "step": 1, "scale": 1.0, "offset": 0.0}
    nodes = [
        {"name": "x", "kind": "input", "inputs": [], "settings": record, "packed": {}},
        {"name": "a", "kind": "linear", "inputs": ["x"], "settings": {"planes": 1},
         "packed": {"weight": [weights // rows, rows]}},
    ]  # fmt: skip
    text = {"format": "mramsim.network/1", "name": "n", "nodes": nodes, "training": {}}
    content = header or json.dumps(text).encode()
    return npz(path, **{"header": npy_of(content), "a/weight": npy((weights // 8,), "|u1")})


def npy_of(values: np.ndarray | bytes) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.frombuffer(values, np.uint8) if isinstance(values, bytes) else values)
    return stream.getvalue()


def varint(number: int) -> bytes:
    found = b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def onnx_of(path: Path, graph: bytes) -> Path:
    path.write_bytes(field(7, graph))
    return path


def matrix(rows: int, columns: int, kind: int, data: bytes, taken: bytes = b"w") -> bytes:
    """A graph of MatMul with a constant of data type `kind`, given as field and bytes."""
    tensor = b"\x08" + varint(rows) + b"\x08" + varint(columns) + b"\x10" + varint(kind)
    shape = b"".join(field(1, b"\x08" + varint(size)) for size in (1, rows))
    entry = field(1, b"x") + field(2, field(1, b"\x08\x01" + field(2, shape)))
    node = field(1, b"x") + field(1, taken) + field(2, b"y") + field(4, b"MatMul")
    tensor = field(5, tensor + field(8, b"w") + data)
    return field(1, node) + tensor + field(11, entry) + field(12, field(1, b"y"))


def chained(rows: int, columns: int, count: int) -> bytes:
    """A small file: a column times a row, and `count` sums of that matrix with itself."""
    found = matrix(rows, 1, 1, field(9, bytes(4 * rows)), b"w%d" % count)
    row = b"\x08\x01\x08" + varint(columns) + b"\x10\x01" + field(8, b"r")
    found += field(5, row + field(9, bytes(4 * columns)))
    found += field(1, field(1, b"w") + field(1, b"r") + field(2, b"w0") + field(4, b"Mul"))
    for index in range(count):
        before = field(1, b"w%d" % index) * 2
        found += field(1, before + field(2, b"w%d" % (index + 1)) + field(4, b"Add"))
    return found


def torch_file(path: Path, **tensors: object) -> Path:
    import torch

    torch.save(tensors, path)
    return path


def listed(path: Path, rows: int, columns: int, count: int) -> Path:
    """Half the limit of floats, named by `count` layers of a list beside it."""
    import torch

    layer = '[[layer]]\nkind = "linear"\nname = "a"\nbinary = false\nfrom = "input"\n'
    path.with_suffix(".toml").write_text(f"input = [{columns}]\n" + count * layer)
    return torch_file(path, **{"a.weight": torch.ones(rows, columns)})


def directory(path: Path, size: int) -> Path:
    """An archive that is all directory: entries without a name."""
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 3, 20, *[0] * 15)
    count = size // len(entry)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count % 65536, count % 65536,
                      count * len(entry), 0, 0)  # fmt: skip
    path.write_bytes(entry * count + end)
    return path


def h5_file(path: Path, size: int) -> Path:
    import h5py

    layer = {"class_name": "Dense", "config": {"name": "d", "batch_input_shape": [None, 1024]}}
    model = {"class_name": "Sequential", "config": {"layers": [layer]}}
    with h5py.File(path, "w") as stored:
        stored.attrs["model_config"] = json.dumps(model)
        stored.create_dataset(
            "model_weights/d/d/kernel:0", data=np.ones((1024, size // 1024), "u1"), compression=1
        )
    return path


def cases(d: Path, most: int) -> Iterator[tuple[str, Callable[[], Path]]]:
    """Name and maker of each file; `most` is the limit on bytes."""
    import torch

    side = 1024
    whole, quarter = most // side, most // side // 4
    yield (
        "npz, float weights at the limit",
        lambda: npz(d / "a.npz", **{"a.weight": npy((quarter, side), "|u1", 1)}),
    )
    yield (
        "npz, bytes that become floats",
        lambda: npz(d / "a.npz", **{"a.weight": npy((whole - 1, side), "|u1")}),
    )
    for name, values in (("at the limit", most // 4 - side), ("beyond it", 2 * most)):
        yield (
            f"npz, packed bits {name}",
            lambda values=values: npz(
                d / "a.npz",
                **{
                    "a.weight": npy((values // 8,), "|u1"),
                    "a.shape": npy_of(np.array([values // side, side])),
                },
            ),
        )
    yield "npz, bomb", lambda: npz(d / "a.npz", **{"a.weight": npy((2 * whole, side), "|u1")})
    yield "npz, directory", lambda: directory(d / "a.npz", most - 100)
    yield "network, weights at the limit", lambda: network(d / "a.npz", most)
    yield "network, weights beyond it", lambda: network(d / "a.npz", 7 * most)
    for name, size in (("at the limit", most // 64), ("beyond it", most // 2)):
        lists = b"[" + b"[]," * (size // 3 - 2) + b"1]"
        yield f"network, header {name}", lambda lists=lists: network(d / "a.npz", 8192, lists)
    yield (
        "onnx, floats",
        lambda: onnx_of(
            d / "a.onnx",
            matrix(side, quarter - 1, 1, field(9, b"\0\0\x80?" * (side * (quarter - 1)))),
        ),
    )
    yield (
        "onnx, bytes",
        lambda: onnx_of(
            d / "a.onnx", matrix(side, whole - 1, 3, field(9, b"\1" * (side * (whole - 1))))
        ),
    )
    yield (
        "onnx, numbers of one byte",
        lambda: onnx_of(d / "a.onnx", matrix(side, quarter, 1, field(5, b"\1" * (most - 200)))),
    )
    yield "onnx, constants worked out", lambda: onnx_of(d / "a.onnx", chained(quarter, side, 12))
    for name, size in (("at the limit", most // 32), ("beyond it", most)):
        empty = b"\x0a\0" * (size // 2 - 50)
        yield f"onnx, empty nodes {name}", lambda empty=empty: onnx_of(d / "a.onnx", empty)
    yield (
        "pt, floats",
        lambda: torch_file(d / "a.pt", **{"a.weight": torch.ones(quarter - 1, side)}),
    )
    yield (
        "pt, bytes",
        lambda: torch_file(
            d / "a.pt", **{"a.weight": torch.ones(whole - 64, side, dtype=torch.uint8)}
        ),
    )
    yield "pt, one matrix in many layers", lambda: listed(d / "a.pt", quarter // 2, side, 60)
    yield "pt, objects", lambda: torch_file(d / "a.pt", a=[[] for _ in range(most // 8)])
    yield "pt, directory", lambda: directory(d / "a.pt", most - 100)
    yield "h5, small", lambda: h5_file(d / "a.h5", 1024)
    yield "h5, bytes at the limit", lambda: h5_file(d / "a.h5", most // 8)
    yield "h5, bomb", lambda: h5_file(d / "a.h5", 2 * most)


def cost(make: Callable[[], Path], limit: int) -> tuple[float, str]:
    """Write in one copy of this process, read in another: MiB of growth, and the refusal."""
    path = Path(os.fsdecode(copy(lambda: os.fsencode(make()))))

    def read() -> bytes:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        share = limit / archive.MAX_BYTES
        for module, name in LIMITS:
            setattr(module, name, int(share * getattr(module, name)))
        text = ""
        try:
            layout = path.with_suffix(".toml")
            import_network(path, layout if layout.exists() else None)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
        used = [resource.getrusage(who).ru_maxrss
                for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]  # fmt: skip
        return json.dumps([(used[0] - before + used[1]) / 1024, text]).encode()

    found = json.loads(copy(read))
    path.unlink()
    path.with_suffix(".toml").unlink(missing_ok=True)
    return found


def copy(work: Callable[[], bytes]) -> bytes:
    """Run in a copy of this process."""
    ends = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(ends[0])
        os.write(ends[1], work())
        os._exit(0)
    os.close(ends[1])
    with os.fdopen(ends[0], "rb") as stream:
        content = stream.read()
    os.waitpid(process, 0)
    return content


def main(folder: Path, limit: int) -> None:
    import h5py  # noqa: F401  what the readers need is loaded before memory is measured
    import onnx.numpy_helper  # noqa: F401
    import torch  # noqa: F401

    import mramsim.network.importers.keras
    import mramsim.network.importers.packed
    import mramsim.network.importers.qonnx
    import mramsim.network.importers.torch_file  # noqa: F401

    found = {name: cost(make, limit) for name, make in cases(folder, limit)}
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
