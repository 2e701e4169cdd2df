"""Find a file of a data set: in the user's folder, or by download with a known checksum."""

from __future__ import annotations

import gzip
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path

from mramsim.errors import InputError

_OPENERS: dict[str, Callable[[Path], bytes]] = {
    "": lambda path: path.read_bytes(),
    ".gz": lambda path: gzip.decompress(path.read_bytes()),
    ".xz": lambda path: lzma.decompress(path.read_bytes()),
}


def read_local(folder: str, part: str, name: str) -> bytes:
    """Return a file's content from ``folder/part/name``, plain, ``.gz`` or ``.xz``.

    Raises
    ------
    InputError
        If the folder or file is missing, or cannot be unpacked.
    """
    if not Path(folder).is_dir():
        raise InputError(f"data folder '{folder}' does not exist")
    for ending, opener in _OPENERS.items():
        path = Path(folder) / part / f"{name}{ending}"
        if not path.is_file():
            continue
        try:
            return opener(path)
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            raise InputError(f"{path}: damaged or truncated ({error})") from None
    raise InputError(f"{Path(folder) / part / name}: no such file, nor with .gz or .xz")


def download(url: str, sha256: str | None) -> Path:
    """Download a file into the user's cache, unless it is there, and check it.

    Without a checksum the caller checks the content.

    Raises
    ------
    InputError
        If pooch is not installed, the network fails or the checksum differs.
    """
    try:
        import pooch
    except ImportError:
        raise InputError(
            f"{url} would be downloaded: install mramsim[data], or name a folder with --data-dir"
        ) from None
    try:
        found = pooch.retrieve(
            url,
            known_hash=None if sha256 is None else f"sha256:{sha256}",
            path=pooch.os_cache("mramsim"),
            progressbar=False,
        )
    except (OSError, ValueError) as error:
        text = " ".join(str(error).split())[:200]
        raise InputError(
            f"{url}: download failed ({text}); --data-dir can name a folder instead"
        ) from None
    return Path(found)
