"""What a foreign file may cost: a limit on its bytes, one error for damage."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from mramsim.errors import InputError
from mramsim.network import archive

MAX_NODES = 10_000


def check_file(path: Path) -> int:
    """Return the size of a file; refuse what is missing, no file, or above the limit."""
    if not path.exists():
        raise InputError(f"{path}: no such file")
    if not path.is_file():
        raise InputError(f"{path}: is not a file")
    size = path.stat().st_size
    if size > archive.MAX_BYTES:
        raise InputError(f"{path}: {size} bytes; at most {archive.MAX_BYTES} are allowed")
    return size


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
