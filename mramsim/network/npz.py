"""Reading ``.npz`` files that nobody vouches for: no pickle, no more memory than the file holds."""

from __future__ import annotations

import zipfile
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from mramsim.errors import InputError
from mramsim.network.archive import open_archive


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file, in its order.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    dict of str to array

    Raises
    ------
    InputError
        Missing, damaged, pickled, or more than a foreign file may hold.
    """
    try:
        with open_archive(path) as archive:
            return {
                item.filename.removesuffix(".npy"): _member(path, archive, item)
                for item in archive.infolist()
            }
    except FileNotFoundError:
        raise InputError(f"{path}: no such network file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; name a network file") from None
    except InputError:
        raise
    except Exception as error:  # damaged bytes make zipfile, zlib and numpy raise almost anything
        raise InputError(f"{path}: not a readable .npz file ({error})") from None


def _member(path: Path, archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(item) as stream:
        version = npy.read_magic(stream)
        header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        if version not in header:
            raise InputError(f"{path}: '{item.filename}' has version {version}")
        shape, fortran, kind = header[version](stream)
        if kind.hasobject:
            raise InputError(f"{path}: not a readable .npz file ('{item.filename}' is pickled)")
        size = prod(shape) * kind.itemsize
        if min(shape, default=0) < 0 or size > item.file_size:
            raise InputError(f"{path}: '{item.filename}' claims {shape}, but the file is shorter")
        data = stream.read(size)
        if len(data) < size:
            raise InputError(f"{path}: not a readable .npz file ('{item.filename}' is cut short)")
        stream.read(1)  # reaching the end checks the checksum
    order = "F" if fortran else "C"
    return np.frombuffer(bytearray(data), dtype=kind).reshape(shape, order=order)  # type: ignore[call-overload,no-any-return]
