"""Checkpoints of a training: written whole, read without running code."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import torch

from mramsim.errors import InputError
from mramsim.files import write_bytes


def store(path: Path, identity: dict[str, Any], state: dict[str, Any]) -> None:
    """Write a checkpoint.

    Parameters
    ----------
    path : pathlib.Path
    identity : dict
        What must be equal for it to be continued; JSON-able.
    state : dict
        Tensors, numbers, strings, and lists and dicts of them. The state of torch's default
        generator is added.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    buffer = io.BytesIO()
    text = json.dumps(identity, sort_keys=True)
    torch.save({**state, "identity": text, "random": torch.get_rng_state()}, buffer)
    write_bytes(path, buffer.getvalue())


def restore(path: Path | None, identity: dict[str, Any] | None) -> dict[str, Any] | None:
    """Read a checkpoint.

    Parameters
    ----------
    path : pathlib.Path or None
    identity : dict or None
        Of the training that is to continue; None takes a checkpoint of any training.

    Returns
    -------
    dict or None
        What was stored; None where there is no file.

    Raises
    ------
    InputError
        If it is damaged or of another training.
    """
    if path is None or not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True)
        found = state["identity"]
    except Exception as error:  # damaged bytes make torch raise almost anything
        raise _unreadable(path, error) from None
    if identity is not None and found != json.dumps(identity, sort_keys=True):
        raise InputError(f"{path}: checkpoint of another training; name another folder")
    return state


def resume(path: Path, state: dict[str, Any], targets: dict[str, Any]) -> None:
    """Put parts of a checkpoint where they belong, and set torch's default generator.

    Parameters
    ----------
    path : pathlib.Path
        Named in errors.
    state : dict
        From `restore`.
    targets : dict
        Objects with ``load_state_dict`` by their key in `state`.

    Raises
    ------
    InputError
        If a part is missing or does not fit.
    """
    try:
        for key, target in targets.items():
            target.load_state_dict(state[key])
        torch.set_rng_state(state["random"])
    except Exception as error:  # a foreign file can hold any value of any type
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(f"{path}: not a readable checkpoint ({type(error).__name__})")
