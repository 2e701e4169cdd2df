"""The process that opens a foreign ``.h5`` file, so that a damaged one can only stop this process.

Run as a script with the path, a limit on bytes and one on members; imports nothing of its package.
Writes an ``.npz`` to standard output: ``config`` (JSON of the model) and ``names`` (JSON
of [layer, weight]) as UTF-8 bytes, and the arrays by number. What it refuses is one line on
standard error and exit code 3.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from math import prod
from typing import Any

import numpy as np

REFUSED = 3
_MAX_TEXT = 1 << 24
_DEEPEST = 8


class Refused(Exception):
    """The file cannot be used; the message says why."""


class _Gather:
    """Walk groups over hard links only, within limits."""

    def __init__(self, limit: int, members: int) -> None:
        self.limit, self.left, self.members = limit, limit, members
        self.names: list[list[str]] = []
        self.arrays: list[Any] = []

    def take(self, group: Any, key: str, place: tuple[str, ...]) -> None:
        import h5py

        self.members -= 1
        if self.members < 0:
            raise Refused("has too many members")
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            raise Refused(f"'{key}' is a link; links are not followed")
        if len(place) > _DEEPEST:
            raise Refused(f"'{key}' is nested too deep")
        item = group[key]
        if isinstance(item, h5py.Group):
            for name in item:
                self.take(item, name, (*place, name))
        elif isinstance(item, h5py.Dataset) and len(place) >= 2:
            self._array(item, key, place)

    def _array(self, item: Any, key: str, place: tuple[str, ...]) -> None:
        if item.external or item.is_virtual:
            raise Refused(f"'{key}' lies in another file; that is not read")
        if item.dtype.kind not in "fiu" or item.dtype.itemsize > 8:
            raise Refused(f"'{key}' has type {item.dtype}")
        self.left -= prod(item.shape or ()) * 8
        if self.left < 0:
            raise Refused(f"unpacks to more than {self.limit} bytes")
        self.names.append([place[0], place[-1].split(":")[0]])
        self.arrays.append(np.asarray(item[()], dtype=np.float32))


def gather(path: str, limit: int, members: int) -> bytes:
    """Return the ``.npz`` of a file."""
    import h5py

    with h5py.File(path, "r") as stored:
        if "model_config" not in stored.attrs:
            raise Refused("holds weights only (no model_config); save all of it with model.save")
        text = stored.attrs["model_config"]
        text = text.encode() if isinstance(text, str) else bytes(text)
        if len(text) > _MAX_TEXT:
            raise Refused(f"has a configuration of {len(text)} bytes")
        if "model_weights" not in stored:
            raise Refused("has no model_weights")
        found = _Gather(limit, members)
        found.take(stored, "model_weights", ())
    stream = io.BytesIO()
    content: dict[str, Any] = {str(index): array for index, array in enumerate(found.arrays)}
    content["config"] = np.frombuffer(text, np.uint8)
    content["names"] = np.frombuffer(json.dumps(found.names).encode(), np.uint8)
    np.savez(stream, **content)
    return stream.getvalue()


def main(path: str, limit: int, members: int) -> int:
    """Read, write and return the exit code."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        memory = 4 * limit + (1 << 30)
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        content = gather(path, limit, members)
    except Refused as error:
        print(error, file=sys.stderr)
        return REFUSED
    except Exception as error:  # the library raises almost anything on damaged bytes
        text = " ".join(str(error).split())[:200]
        print(f"cannot be read ({type(error).__name__}: {text})", file=sys.stderr)
        return REFUSED
    sys.stdout.buffer.write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
