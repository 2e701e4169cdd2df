"""Whole files or none: everything is written to a temporary name and renamed."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from mramsim.errors import InputError


def check_source(path: str | os.PathLike[str], option: str = "") -> Path:
    """Refuse what cannot be read as a file, whether it exists or not.

    Parameters
    ----------
    path : path-like
    option : str
        The option that named it, for the message.

    Returns
    -------
    pathlib.Path
        The source, a file or a folder if it exists.

    Raises
    ------
    InputError
        An empty name, one with a null byte, or a pipe or a device, which may never end.
    """
    name = _check_name(path, option)
    with contextlib.suppress(OSError):  # told by who reads it
        mode = os.stat(path).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise InputError(f"{name}: is no regular file")
    return Path(path)


def check_target(path: str | os.PathLike[str], option: str = "") -> Path:
    """Refuse a file that could not be written, before any work is done for it.

    Parameters
    ----------
    path : path-like
        Target; its folder must exist and be writable, and it must be a regular file or missing.
        A symbolic link stands for the file it leads to.
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
    name, target = _check_name(path, option), Path(path)
    try:
        real = _real(target)
        folder, mode = real.parent, stat.S_IFREG
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            mode = real.stat().st_mode
    except OSError as error:
        raise InputError(f"{name}: cannot be written ({error.strerror})") from None
    if stat.S_ISDIR(mode):
        raise InputError(f"{name}: is a folder; name a file to write")
    if not stat.S_ISREG(mode):
        raise InputError(f"{name}: is no regular file; name a file to write")
    if not folder.is_dir():
        shown = folder if target.parent.is_dir() else target.parent
        raise InputError(f"{name}: cannot be written (folder '{shown}' does not exist)")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{name}: cannot be written (no permission in folder '{folder}')")
    return target


def write_bytes(path: str | os.PathLike[str], data: bytes) -> Path:
    """Write `data` to `path` so that a reader never sees half of it.

    Parameters
    ----------
    path : path-like
        Target; see `check_target`.
    data : bytes
        The whole content.

    Returns
    -------
    pathlib.Path
        The target.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    target = check_target(path)
    real = _real(target)
    try:
        handle, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name[:50]}.")
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror})") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        mode = real.stat().st_mode & 0o777 if real.exists() else 0o666 & ~_umask()
        temporary.chmod(mode)
        temporary.replace(real)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror})") from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
    return target


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write `text` as UTF-8 to `path`; see `write_bytes`."""
    return write_bytes(path, text.encode("utf-8"))


def read_toml(path: str | os.PathLike[str], option: str = "") -> dict[str, Any]:
    """Read a TOML file.

    Parameters
    ----------
    path : path-like
    option : str
        The option that named it, for messages.

    Raises
    ------
    InputError
        If it cannot be read or is not valid; see also `check_source`.
    """
    source, name = check_source(path, option), f"{option} {os.fspath(path)}".lstrip()
    try:
        return tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from None
    except RecursionError:
        raise InputError(f"{name}: not valid TOML (nested too deep)") from None
    except ValueError as error:  # also other bytes than UTF-8, or too long a number
        raise InputError(f"{name}: not valid TOML ({error})") from None


def _check_name(path: str | os.PathLike[str], option: str) -> str:
    """Refuse a name that no file has; return it for messages."""
    text = os.fspath(path)
    if not text:
        raise InputError(f"{option or 'file'}: the name is empty")
    name = f"{option} {text}".lstrip()
    if "\0" in text:
        raise InputError(f"{name}: no file has a null byte in its name")
    return name


def _real(target: Path) -> Path:
    """Return where a symbolic link leads to."""
    return Path(os.path.realpath(target))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
