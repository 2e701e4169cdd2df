"""One training by local errors, with checkpoints."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mramsim.errors import InputError
from mramsim.files import write_bytes
from mramsim.training.job import Job, best_epoch, describe, exhausted
from mramsim.training.local.layers import Rule
from mramsim.training.local.stack import Samples, Stack

History = list[dict[str, float]]
Hidden = list[NDArray[np.int32]]


def train_stack(
    job: Job,
    widths: list[int],
    rule: Rule,
    batch: int,
    reinforcement: float,
    identity: dict[str, Any],
) -> tuple[Stack, float, History]:
    """Draw a stack and train it; continue from a checkpoint where there is one.

    Every draw has the seed, the epoch and the mini-batch in its key, so a training that was cut off
    ends with the same integers, for any number of threads.

    Parameters
    ----------
    job : Job
        Its record has one plane; its checkpoint is written after each epoch.
    widths : list of int
    rule : Rule
    batch : int
    reinforcement : float
    identity : dict
        What must be equal for a checkpoint to be continued; JSON-able.

    Returns
    -------
    stack : Stack
        Of the last epoch, or with patience of the best.
    test : float
        Its test accuracy, zeros included.
    history : list of dict

    Raises
    ------
    InputError
        If the checkpoint is damaged or of another training.
    """
    samples = Samples.of(job.record, job.data.x_train, job.data.y_train)
    held = Samples.of(job.record, job.held.images, job.held.labels)
    stack = Stack.draw(int(np.prod(job.record.shape)), widths, rule)
    path = None if job.checkpoint is None else job.checkpoint.with_suffix(".npz")
    text = json.dumps(identity, sort_keys=True)
    threads = torch.get_num_threads()  # the session has set them
    history, best = _restore(stack, path, text)
    while len(history) < job.epochs and not exhausted(history, job.patience):
        before = history[-1]["train"] if history else 0.0
        reached = stack.learn(samples, len(history), batch, reinforcement, before, threads)
        history.append({"train": reached, job.held.name: stack.accuracy(held)})
        if job.patience and best_epoch(history) == len(history) - 1:
            best = [layer.hidden.copy() for layer in stack.layers]
        if path is not None:
            _store(stack, path, text, history, best)
        job.progress(len(history), job.epochs, f"binary network: {describe(history[-1])}")
    for layer, hidden in zip(stack.layers, best, strict=False):
        layer.restore(hidden)
    return stack, stack.accuracy(Samples.of(job.record, job.data.x_test, job.data.y_test)), history


def _store(stack: Stack, path: Path, identity: str, history: History, best: Hidden) -> None:
    arrays = {f"hidden{layer.index}": layer.hidden for layer in stack.layers}
    arrays.update({f"best{index}": hidden for index, hidden in enumerate(best)})
    state = json.dumps({"identity": identity, "history": history})
    buffer = io.BytesIO()
    np.savez(buffer, state=np.frombuffer(state.encode(), np.uint8), **arrays)  # type: ignore[arg-type]
    write_bytes(path, buffer.getvalue())


def _restore(stack: Stack, path: Path | None, identity: str) -> tuple[History, Hidden]:
    """Put stored integers into the stack; return the history and the integers of the best epoch."""
    if path is None or not path.exists():
        return [], []
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            state = json.loads(stored["state"].tobytes().decode())
            if state["identity"] != identity:
                raise InputError(f"{path}: checkpoint of another training; name another folder")
            for layer in stack.layers:
                layer.restore(stored[f"hidden{layer.index}"])
            kept = range(len(stack.layers) if "best0" in stored else 0)
            return list(state["history"]), [stored[f"best{index}"] for index in kept]
    except InputError:
        raise
    except Exception as error:  # damaged bytes make zipfile and numpy raise almost anything
        raise InputError(f"{path}: not a readable checkpoint ({type(error).__name__})") from None
