"""Zip archives that nobody vouches for: measured before anything is unpacked."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from mramsim.errors import InputError
from mramsim.files import check_source

MAX_BYTES = 1 << 30  # of a foreign file, and of what it holds once unpacked
MAX_MEMBERS = 10_000
_PER_MEMBER = 400  # bytes of the directory, name included


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    InputError
        No regular file, members that unpack to more than `MAX_BYTES`, more than `MAX_MEMBERS` of
        them, or a directory too long for so many.
    """
    check_source(path)
    with _Reader(path) as stream, zipfile.ZipFile(stream) as archive:
        stream.longest = None
        items = archive.infolist()
        total = sum(item.file_size for item in items)
        if total > MAX_BYTES or len(items) > MAX_MEMBERS:
            raise InputError(
                f"{path}: {len(items)} members that unpack to {total} bytes;"
                f" at most {MAX_MEMBERS} and {MAX_BYTES} are allowed"
            )
        yield archive


class _Reader(io.FileIO):
    """A file that does not hand out a long directory: its entries take ten times the memory."""

    longest: int | None = MAX_MEMBERS * _PER_MEMBER

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to `size` bytes."""
        if self.longest is not None and size is not None and size > self.longest:
            raise InputError(
                f"{self.name}: its directory has {size} bytes; at most {self.longest} are allowed"
            )
        return super().read(-1 if size is None else size) or b""
