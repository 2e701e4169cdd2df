"""Training: one published method per file, and the float network of the same shape."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mramsim.bounds import whole
from mramsim.errors import InputError, nearest
from mramsim.training.checks import check_options

if TYPE_CHECKING:
    from mramsim.datasets import Dataset
    from mramsim.network.graph import Network

METHODS = {
    "bnn": "mramsim.training.bnn",
    "bnn_plus": "mramsim.training.bnn_plus",
    "xnor_net": "mramsim.training.xnor_net",
    "ir_net": "mramsim.training.ir_net",
    "bop": "mramsim.training.bop",
    "adiabatic": "mramsim.training.adiabatic",
    "local_errors": "mramsim.training.local_errors",
    "committee": "mramsim.training.committee",
    "sgd": "mramsim.training.sgd",
}
EPOCHS = {"digits": 60, "mnist": 15, "fashion-mnist": 20, "cifar10": 40}
FLOAT_BATCH = 100


def train(
    method: str,
    net: str,
    data: str | Dataset,
    *,
    epochs: int | None = None,
    seed: int = 0,
    images: int | None = None,
    planes: int | None = None,
    float_baseline: bool = False,
    float_epochs: int | None = None,
    validation: float | None = None,
    patience: int = 0,
    checkpoint: str | Path | None = None,
    data_dir: str | None = None,
    threads: int | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    **options: Any,
) -> Network:
    """Train a binary network and fold it.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    net : str
        Shape: ``mlp-WxD`` or ``cnv-F``; see `mramsim.training.shapes`.
    data : str or Dataset
    epochs : int, optional
        A sensible number for the method and data set by default.
    seed : int
        The same seed and threads give the same weights on the same machine.
    images : int, optional
        Only so many training images, from the first on.
    planes : int, optional
        Bit planes of the input; the choice of the method or data set by default.
    float_baseline : bool
        Also train the float network of the same shape, and keep its predictions.
    float_epochs : int, optional
        Epochs of the float network; by default as many as the training took.
    validation : float, optional
        Share of the training images to hold out; by default the method's, 0.1 with patience, or 0.
    patience : int
        Stop after this many epochs without a better validation accuracy, and keep the best epoch;
        0: never, and the last epoch is kept.
    checkpoint : path-like, optional
        Folder; a training that was cut off continues from it.
    data_dir : str, optional
    threads : int, optional
        Of torch, at least 1; by default one for small networks, else as torch has it.
    progress : callable, optional
        Called with (done, total, text).
    **options
        Of the method; see its ``Options``.

    Returns
    -------
    Network
        With its training record.

    Raises
    ------
    InputError
        Unknown names or options, values out of range.
    """
    if method not in METHODS:
        raise InputError(f"method '{method}' is unknown{nearest(method, METHODS)}")
    counts = {"epochs": epochs, "images": images, "planes": planes, "float_epochs": float_epochs}
    for key, value in counts.items():
        if value is not None:
            whole(key, value, 1)
    if float_epochs is not None and not float_baseline:
        raise InputError(f"float_epochs = {float_epochs}; only with float_baseline")
    if threads is not None:
        whole("threads", threads, 1, 1024)
    whole("patience", patience, 0)
    whole("seed", seed, 0, (1 << 63) - 1)
    module = importlib.import_module(METHODS[method])
    share = getattr(module, "VALIDATION", 0.1 if patience else 0.0)
    share = share if validation is None else validation
    if not 0 <= share <= 0.5 or (patience and not share):
        least = "above 0" if patience else "0"
        raise InputError(f"validation = {share}; {least} to 0.5 is allowed")
    check_options(method, module.Options, options)
    from mramsim.training.session import run_session

    return run_session(
        module,
        method,
        net,
        data,
        epochs=epochs,
        seed=seed,
        images=images,
        planes=planes,
        float_baseline=float_baseline,
        float_epochs=float_epochs,
        validation=share,
        patience=patience,
        folder=None if checkpoint is None else Path(checkpoint),
        data_dir=data_dir,
        threads=threads,
        progress=progress or (lambda done, total, text: None),
        options=module.Options(**options),
    )


__all__ = ["EPOCHS", "METHODS", "train"]
