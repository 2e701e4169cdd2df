"""A Keras ``.h5`` file as its configuration and arrays; links, virtual and outside data refused.

The HDF5 library crashes or never ends on some damaged files, so a process of its own opens the
file, within limits on memory and time.
"""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from mramsim.errors import InputError
from mramsim.network import archive
from mramsim.network.importers import h5_child
from mramsim.network.importers.limits import MAX_NODES, check_file
from mramsim.network.nodes.base import Array

SECONDS = 60
_MAGIC = b"\x89HDF\r\n\x1a\n"


def read_h5(path: Path) -> tuple[str, dict[str, dict[str, Array]]]:
    """Read a model saved as one ``.h5`` file.

    Returns
    -------
    config : str
        JSON of the model.
    arrays : dict of str to dict of str to float32 array
        By layer, then by the last part of the weight's name (``kernel``, ``gamma``, ...).

    Raises
    ------
    InputError
        Without the `import` extra; no configuration; links; arrays stored elsewhere; too large;
        a file that the HDF5 library cannot read within `SECONDS`.
    """
    check_file(path)
    if importlib.util.find_spec("h5py") is None:
        raise InputError(f"{path}: needs h5py (pip install 'mramsim[import]')")
    with path.open("rb") as stream:
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise InputError(f"{path}: not an HDF5 file")
    most = [str(archive.MAX_BYTES), str(MAX_NODES)]
    command = [sys.executable, "-P", h5_child.__file__, str(path), *most]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"{path}: damaged (not read within {SECONDS} s)") from None
    if done.returncode == h5_child.REFUSED:
        raise InputError(f"{path}: {done.stderr.decode(errors='replace').strip()}")
    if done.returncode != 0:
        raise InputError(f"{path}: damaged (the HDF5 library ended with code {done.returncode})")
    return _parsed(done.stdout)


def _parsed(content: bytes) -> tuple[str, dict[str, dict[str, Array]]]:
    arrays: dict[str, dict[str, Array]] = {}
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        text = stored["config"].tobytes().decode()
        for index, (layer, key) in enumerate(json.loads(stored["names"].tobytes())):
            arrays.setdefault(layer, {})[key] = stored[str(index)]
    return text, arrays
