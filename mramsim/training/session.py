"""One training from data to a folded network with its record."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mramsim import __version__
from mramsim.datasets import Dataset, load_dataset
from mramsim.errors import InputError
from mramsim.files import check_target
from mramsim.network.graph import Network
from mramsim.network.nodes import Input
from mramsim.training import EPOCHS, FLOAT_BATCH
from mramsim.training.baseline import train_float
from mramsim.training.export import predict_exact
from mramsim.training.job import Held, Job, Progress, Trained
from mramsim.training.modules import fans
from mramsim.training.shapes import Layer, Size, parse_shape

SMALL = 1 << 20  # weights
VALIDATION = 1 << 20  # spawn key of the draw that holds images out


def run_session(
    module: Any,
    method: str,
    net: str,
    data: str | Dataset,
    *,
    epochs: int | None,
    seed: int,
    images: int | None,
    planes: int | None,
    float_baseline: bool,
    float_epochs: int | None,
    validation: float,
    patience: int,
    folder: Path | None,
    data_dir: str | None,
    threads: int | None,
    progress: Progress,
    options: Any,
) -> Network:
    """Train by one method; see `mramsim.training.train`."""
    parse = getattr(module, "parse_shape", parse_shape)
    dataset = _first(_load(data, net, data_dir, parse), images)
    learned, held = hold_out(dataset, validation, seed)
    layers = parse(net, dataset.shape)
    record = input_record(dataset, _planes(module, dataset) if planes is None else planes)
    rounds = epochs or _epochs(module, net, dataset, options)
    if folder is not None:
        _make(folder, method)
    started = time.monotonic()
    with _torch_session(threads or _threads(module, net, dataset, layers)):
        job = Job(
            learned,
            held,
            record,
            layers,
            net,
            epochs=rounds,
            seed=seed,
            patience=patience,
            progress=progress,
            checkpoint=None if folder is None else folder / f"{method}.pt",
        )
        trained: Trained = module.fit_method(job, options)
        taken = len(trained.history) or rounds  # a training that stops early took fewer
        accuracy = {
            "train": _accuracy(trained.network, learned.x_train, learned.y_train),
            "test": _accuracy(trained.network, dataset.x_test, dataset.y_test),
            "relaxed_test": trained.relaxed_test,
            "float_test": None,
        }
        if held.name == "validation":
            accuracy["validation"] = _accuracy(trained.network, held.images, held.labels)
        predictions = {}
        if float_baseline:
            path = None if folder is None else folder / "float.pt"
            other = replace(job, epochs=float_epochs or taken, patience=0, checkpoint=path)
            classes = _float_classes(module, other)
            accuracy["float_test"] = float((classes == dataset.y_test).mean())
            predictions[dataset.name] = classes
    training = {
        "method": method,
        "net": net,
        "data": dataset.name,
        "seed": seed,
        "epochs": taken,
        "epochs_allowed": rounds,
        "float_epochs": (float_epochs or taken) if float_baseline else None,
        "images": images,
        "seconds": round(time.monotonic() - started, 3),
        "accuracy": accuracy,
        "options": asdict(options),
        "validation": validation,
        "patience": patience,
        "history": trained.history,
        **trained.notes,
        "versions": {"mramsim": __version__, "torch": torch.__version__, "numpy": np.__version__},
    }
    name = f"{dataset.name}-{net}"
    return replace(trained.network, name=name, training=training, float_predictions=predictions)


def hold_out(data: Dataset, share: float, seed: int) -> tuple[Dataset, Held]:
    """Return the data set without a share of its training images, drawn by the seed, and those.

    With a share of 0 nothing is held out, and the images to look at are the test images.
    """
    if share == 0:
        return data, Held("test", data.x_test, data.y_test)
    key = np.random.SeedSequence(seed, spawn_key=(VALIDATION,))
    order = np.random.Generator(np.random.PCG64(key)).permutation(len(data.x_train))
    count = max(1, round(share * len(order)))
    out, kept = np.sort(order[:count]), np.sort(order[count:])
    learned = replace(data, x_train=data.x_train[kept], y_train=data.y_train[kept])
    return learned, Held("validation", data.x_train[out], data.y_train[out])


def _first(data: Dataset, images: int | None) -> Dataset:
    """Return the data set with its first training images only, where a number is given."""
    if images is None:
        return data
    if not 2 <= images <= len(data.x_train):
        raise InputError(f"images = {images}; '{data.name}' has 2 to {len(data.x_train)}")
    return replace(data, x_train=data.x_train[:images], y_train=data.y_train[:images])


def _load(
    data: str | Dataset, net: str, data_dir: str | None, parse: Callable[[str, Size], object]
) -> Dataset:
    """Return the data set; a wrong name of the network is noticed before a download."""
    if isinstance(data, Dataset):
        dataset = data
    else:
        parse(net, (1, 8, 8))
        dataset = load_dataset(data, data_dir)
    if not (len(dataset.x_train) and len(dataset.x_test)):
        raise InputError(f"data set '{dataset.name}' has no images to train or to test with")
    return dataset


def _make(folder: Path, method: str) -> None:
    """Make a folder of checkpoints; refuse one that cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"checkpoint {folder}: cannot be made ({error.strerror})") from None
    check_target(folder / f"{method}.pt", "checkpoint")


def _planes(module: Any, data: Dataset) -> int:
    """Return the bit planes of a method, as far as the data have them, or of the data set."""
    wanted: int = getattr(module, "PLANES", data.planes)
    return min(wanted, data.levels.bit_length() - 1)


def _epochs(module: Any, net: str, data: Dataset, options: Any) -> int:
    """Return the epochs of a method for a network, of a method, or of a data set."""
    if hasattr(module, "default_epochs"):
        found: int = module.default_epochs(net, data.shape, options)
        return found
    return getattr(module, "EPOCHS", None) or EPOCHS.get(data.name, 20)


def _float_classes(module: Any, job: Job) -> NDArray[np.uint8]:
    """Return what the float network of the same shape makes of the test images."""
    if hasattr(module, "train_float"):
        classes: NDArray[np.uint8] = module.train_float(job)
        return classes
    return train_float(
        job.data,
        job.layers,
        epochs=job.epochs,
        batch=FLOAT_BATCH,
        seed=job.seed,
        progress=job.progress,
        checkpoint=job.checkpoint,
    )


def _threads(module: Any, net: str, data: Dataset, layers: Sequence[Layer]) -> int | None:
    """Return 1 for networks too small to gain from a second thread; else None: torch's choice."""
    if hasattr(module, "threads"):
        found: int | None = module.threads(net, data)
        return found
    widths = [*(layer.width for layer in layers), len(data.classes)]
    weights = sum(map(operator.mul, fans(data.shape, layers), widths))
    convolutions = any(layer.kind == "conv" for layer in layers)
    return 1 if weights < SMALL and not convolutions else None


def input_record(data: Dataset, planes: int | None) -> Input:
    """Return the input record of a data set: `planes` bit planes over its range of pixels."""
    planes = data.planes if planes is None else planes
    if not 1 <= planes <= 8 or (1 << planes) > data.levels:
        most = min(8, data.levels.bit_length() - 1)
        raise InputError(f"planes = {planes}; '{data.name}' has 1 to {most} bit planes")
    if planes == 1 and data.threshold is not None:
        return Input("input", (), data.shape, 1, data.threshold - data.levels, data.levels)
    scale = 1.0 / ((1 << planes) - 1)
    return Input("input", (), data.shape, planes, data.low, data.levels >> planes, scale, 0.0)


@contextmanager
def _torch_session(threads: int | None) -> Iterator[None]:
    """Set torch's threads, and leave its random state and threads as they were."""
    before = torch.get_num_threads()
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(before)


def _accuracy(network: Network, images: Any, labels: Any) -> float:
    return float((predict_exact(network, images) == labels).mean())
