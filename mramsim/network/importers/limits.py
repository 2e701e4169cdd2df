"""What a foreign file may cost: one limit on bytes, one error for damage."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from mramsim.errors import InputError

MAX_BYTES = 1 << 30
MAX_NODES = 10_000


def check_file(path: Path) -> int:
    """Return the size of a file; refuse what is missing, no file, or above the limit."""
    if not path.exists():
        raise InputError(f"{path}: no such file")
    if not path.is_file():
        raise InputError(f"{path}: is not a file")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise InputError(f"{path}: {size} bytes; at most {MAX_BYTES} are allowed")
    return size


def check_zip(path: Path) -> None:
    """Refuse an archive that unpacks to more than the limit."""
    with zipfile.ZipFile(path) as archive:
        items = archive.infolist()
    total = sum(item.file_size for item in items)
    if total > MAX_BYTES or len(items) > MAX_NODES:
        raise InputError(
            f"{path}: {len(items)} members that unpack to {total} bytes;"
            f" at most {MAX_NODES} and {MAX_BYTES} are allowed"
        )


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever a damaged file makes a library raise into one clear line."""
    try:
        yield
    except InputError as error:
        text = str(error)
        raise InputError(text if text.startswith(str(path)) else f"{path}: {text}") from None
    except MemoryError:
        raise InputError(f"{path}: asks for more memory than there is") from None
    except Exception as error:  # parsers raise almost anything on damaged bytes
        text = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: cannot be read ({type(error).__name__}: {text})") from None
