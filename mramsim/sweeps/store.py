"""The store: every finished task is one line, appended and synced, in a file of its own shard.

``DIR/shards/*.jsonl``; one process appends to one file, all files are read. A line is
``{"id": ..., "seconds": ..., "host": ..., "pid": ..., "task": ..., "result": ..., "crc32": ...}``,
the last being the checksum of all bytes before it. A line that was cut off by a crash, or damaged
later, is found when the file is read; its task counts as not done. A cut-off last line is removed
when the file is appended to again.

Lines are kept as bytes and parsed when their result is asked for, so that a large store opens
quickly.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mramsim.errors import InputError

SHARDS = "shards"
WHOLE = "all"
_HEAD = re.compile(rb'{"id":"([0-9a-f]{64})","seconds":([-0-9.e]+),"host":("[^"]*"),"pid":')
_ACCURACY = re.compile(rb'"result":{"accuracy":([-+0-9.e]+)')
_CRC = b',"crc32":'


def whole_line(task_id: str, task: str, found: Mapping[str, Any]) -> bytes:
    """Return the line of a finished task, without its end.

    Parameters
    ----------
    task_id : str
    task : str
        Its canonical JSON.
    found : mapping
        ``result`` (its first key is ``accuracy``), ``seconds``, ``host``, ``pid``.
    """
    head = {"id": task_id, **{key: found[key] for key in ("seconds", "host", "pid")}}
    text = json.dumps(head, separators=(",", ":"), allow_nan=False)[:-1]
    result = json.dumps(found["result"], separators=(",", ":"), allow_nan=False)
    body = f'{text},"task":{task},"result":{result}'.encode()
    return body + _CRC + b'"%08x"}' % zlib.crc32(body)


class Store:
    """The finished tasks of a folder.

    Parameters
    ----------
    folder : path-like
        Of the sweep.

    Attributes
    ----------
    damaged : int
        Lines that are no result: cut off, or not JSON.
    conflicts : list of str
        Ids with two different results, which should not happen: the same task gives the same bytes.
    seconds : float
        Time of all stored tasks, summed over workers.
    hosts : set of str
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.damaged = 0
        self.conflicts: list[str] = []
        self.seconds = 0.0
        self.hosts: set[str] = set()
        self._lines: dict[str, bytes] = {}
        self._accuracy: dict[str, float] = {}
        for path in sorted((self.folder / SHARDS).glob("*.jsonl")):
            self._read(path)

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, task_id: object) -> bool:
        return task_id in self._lines

    def ids(self) -> set[str]:
        """Return the ids of all finished tasks."""
        return set(self._lines)

    def accuracy(self, task_id: str) -> float:
        """Return the accuracy of a finished task."""
        return self._accuracy[task_id]

    def result(self, task_id: str) -> dict[str, Any]:
        """Return the result of a finished task."""
        found: dict[str, Any] = json.loads(self._lines[task_id])["result"]
        return found

    def add(self, line: bytes) -> bool:
        """Take a line into account; return whether it is a whole result."""
        head, accuracy = _HEAD.match(line), _ACCURACY.search(line)
        body, _, crc = line.rpartition(_CRC)
        if head is None or accuracy is None or crc != b'"%08x"}' % zlib.crc32(body):
            self.damaged += 1
            return False
        try:
            seconds, host, value = float(head[2]), json.loads(head[3]), float(accuracy[1])
        except ValueError:
            self.damaged += 1
            return False
        key = head[1].decode()
        self.seconds += seconds
        self.hosts.add(host)
        if key not in self._lines or self._replaces(key, json.loads(line)["result"]):
            self._lines[key], self._accuracy[key] = line, value
        return True

    def _replaces(self, key: str, result: Any) -> bool:
        """Return whether to keep the second result of a task, whatever the order of files."""
        kept = self.result(key)
        if kept == result:
            return False
        self.conflicts.append(key)
        return json.dumps(result) < json.dumps(kept)

    def _read(self, path: Path) -> None:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from None
        *lines, last = content.split(b"\n")
        for line in lines:
            self.add(line)
        if last:  # no end of line: cut off, or still being written by another process
            self.damaged += 1


class Shard:
    """The file that this process appends to; nobody else may hold it.

    Parameters
    ----------
    folder : path-like
        Of the sweep.
    name : str
        Of the shard.

    Raises
    ------
    InputError
        If the folder cannot be written, or another process holds the shard.
    """

    def __init__(self, folder: str | os.PathLike[str], name: str = WHOLE) -> None:
        self.path = Path(folder) / SHARDS / f"{name}.jsonl"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written ({error.strerror})") from None
        try:
            self._lock()
            self._end = self._repair()
        except BaseException:
            os.close(self._file)
            raise

    def append(self, task_id: str, task: str, found: dict[str, Any]) -> bytes:
        """Write the line of a finished task and wait until it is on the disk.

        Parameters
        ----------
        task_id : str
        task : str
            Its canonical JSON.
        found : dict
            What the worker returned.

        Returns
        -------
        bytes
            The line, without its end.

        Raises
        ------
        InputError
            Disk full or gone; what was written before is kept.
        """
        line = whole_line(task_id, task, found)
        try:
            self._write(line + b"\n")
            os.fsync(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._end)
            raise InputError(
                f"{self.path}: cannot be written ({error.strerror}); finished tasks are kept, run "
                "again to go on"
            ) from None
        self._end += len(line) + 1
        return line

    def close(self) -> None:
        """Give the file back."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, data: bytes) -> None:
        os.lseek(self._file, self._end, os.SEEK_SET)
        while data:
            data = data[os.write(self._file, data) :]

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # not on this system: no lock
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"{self.path}: another sweep is writing to it") from None
        except OSError:  # a file system without locks
            return

    def _repair(self) -> int:
        """Remove a line without an end; return the size of what is left."""
        size = os.lseek(self._file, 0, os.SEEK_END)
        end, block = size, 1 << 16
        while end > 0:
            start = max(0, end - block)
            os.lseek(self._file, start, os.SEEK_SET)
            found = os.read(self._file, end - start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
        if end < size:
            try:
                os.ftruncate(self._file, end)
            except OSError as error:
                raise InputError(f"{self.path}: cannot be written ({error.strerror})") from None
        return end
