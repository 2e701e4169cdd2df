"""Whole files or none: everything is written to a temporary name and renamed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from mramsim.errors import InputError


def check_target(path: str | os.PathLike[str], option: str = "") -> Path:
    """Refuse a file that could not be written, before any work is done for it.

    Parameters
    ----------
    path : path-like
        Target; its folder must exist, and it must not be a folder.
    option : str
        The option that named it, for the message.

    Returns
    -------
    pathlib.Path
        The target.

    Raises
    ------
    InputError
    """
    target = Path(path)
    folder, name = target.absolute().parent, f"{option} {path}".lstrip()
    if target.is_dir():
        raise InputError(f"{name}: is a folder; name a file to write")
    if not folder.is_dir():
        raise InputError(f"{name}: cannot be written (folder '{folder}' does not exist)")
    return target


def write_bytes(path: str | os.PathLike[str], data: bytes) -> Path:
    """Write `data` to `path` so that a reader never sees half of it.

    Parameters
    ----------
    path : path-like
        Target; its folder must exist.
    data : bytes
        The whole content.

    Returns
    -------
    pathlib.Path
        The target.

    Raises
    ------
    InputError
        If the folder is missing or cannot be written.
    """
    target = check_target(path)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror})") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        temporary.chmod(mode)
        temporary.replace(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror})") from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
    return target


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write `text` as UTF-8 to `path`; see `write_bytes`."""
    return write_bytes(path, text.encode("utf-8"))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
