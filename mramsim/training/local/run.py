"""One training by local errors, with checkpoints."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mramsim.datasets import Dataset
from mramsim.errors import InputError
from mramsim.files import write_bytes
from mramsim.network.nodes import Input
from mramsim.training.local.layers import Rule
from mramsim.training.local.stack import Samples, Stack
from mramsim.training.loop import Progress


def train_stack(
    data: Dataset,
    record: Input,
    widths: list[int],
    rule: Rule,
    *,
    epochs: int,
    batch: int,
    reinforcement: float,
    progress: Progress,
    checkpoint: Path | None,
    identity: dict[str, Any],
) -> tuple[Stack, float]:
    """Draw a stack and train it; continue from a checkpoint where there is one.

    Every draw has the seed, the epoch and the mini-batch in its key, so a training that was cut off
    ends with the same integers, for any number of threads.

    Parameters
    ----------
    data : Dataset
    record : Input
        Of one plane.
    widths : list of int
    rule : Rule
    epochs, batch : int
    reinforcement : float
    progress : callable
    checkpoint : pathlib.Path or None
        File written after each epoch.
    identity : dict
        What must be equal for a checkpoint to be continued; JSON-able.

    Returns
    -------
    stack : Stack
    test : float
        Its test accuracy, zeros included.

    Raises
    ------
    InputError
        If the checkpoint is damaged or of another training.
    """
    samples = Samples.of(record, data.x_train, data.y_train)
    stack = Stack.draw(int(np.prod(record.shape)), widths, rule)
    inputs = {"data": data.digest, "input": record.settings()}
    text = json.dumps({**identity, **inputs, "epochs": epochs}, sort_keys=True)
    threads = torch.get_num_threads()  # the session has set them
    first, accuracy = _restore(stack, checkpoint, text)
    for epoch in range(first, epochs):
        accuracy = stack.learn(samples, epoch, batch, reinforcement, accuracy, threads)
        if checkpoint is not None:
            _store(stack, checkpoint, text, epoch + 1, accuracy)
        progress(epoch + 1, epochs, f"binary network: train accuracy {accuracy:.4f}")
    return stack, stack.accuracy(Samples.of(record, data.x_test, data.y_test))


def _store(stack: Stack, path: Path, identity: str, epoch: int, accuracy: float) -> None:
    arrays = {f"hidden{layer.index}": layer.hidden for layer in stack.layers}
    state = json.dumps({"identity": identity, "epoch": epoch, "accuracy": accuracy})
    buffer = io.BytesIO()
    np.savez(buffer, state=np.frombuffer(state.encode(), np.uint8), **arrays)  # type: ignore[arg-type]
    write_bytes(path, buffer.getvalue())


def _restore(stack: Stack, path: Path | None, identity: str) -> tuple[int, float]:
    """Put stored integers into the stack; return the next epoch and the accuracy of the last."""
    if path is None or not path.exists():
        return 0, 0.0
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            state = json.loads(stored["state"].tobytes().decode())
            if state["identity"] != identity:
                raise InputError(f"{path}: checkpoint of another training; name another folder")
            for layer in stack.layers:
                layer.restore(stored[f"hidden{layer.index}"])
        return int(state["epoch"]), float(state["accuracy"])
    except InputError:
        raise
    except Exception as error:  # damaged bytes make zipfile and numpy raise almost anything
        raise InputError(f"{path}: not a readable checkpoint ({type(error).__name__})") from None
