"""A network as a file that torch runs without this package."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path

import torch

from mramsim.errors import InputError
from mramsim.files import check_target, write_bytes
from mramsim.network.exporters.torch_module import to_torch
from mramsim.network.graph import Network


def save_program(network: Network, path: str | os.PathLike[str]) -> Path:
    """Write ``torch.export.save`` of `to_torch`; ``torch.export.load(path).module()`` runs it.

    A program is fixed to the type of its input: float32.

    Parameters
    ----------
    network : Network
    path : path-like
        Ends in ``.pt2``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
    """
    target = Path(path)
    if target.suffix != ".pt2":
        raise InputError(f"{target}: a torch program ends in .pt2")
    check_target(target)
    example = torch.zeros(2, *network.input.shape, dtype=torch.float32)
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's own making
        batch = {"raw": {0: torch.export.Dim("images")}}
        program = torch.export.export(
            to_torch(network), (example,), dynamic_shapes=batch, strict=False
        )
        torch.export.save(program, stream)
    return write_bytes(target, stream.getvalue())
