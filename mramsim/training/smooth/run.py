"""One adiabatic training: from a plan to a folded network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mramsim.errors import InputError
from mramsim.training.augment import flip_and_shift
from mramsim.training.gradient import levels_of
from mramsim.training.job import Job, Trained
from mramsim.training.loop import Recipe, fit
from mramsim.training.smooth.climb import BINARISED, RELAXED, Climb
from mramsim.training.smooth.export import export
from mramsim.training.smooth.functions import Activation
from mramsim.training.smooth.measure import accuracy, classes_of, gather_averages, values_of
from mramsim.training.smooth.model import SmoothNetwork, penalty
from mramsim.training.smooth.nets import Mode, Net, make_plan
from mramsim.training.smooth.settings import FIXED, Setting, find_float_setting
from mramsim.training.smooth.start import read_weights, start_from


@dataclass(frozen=True)
class Request:
    """What is to be trained and how.

    Attributes
    ----------
    net : Net
    mode : str
    function : Activation or None
        None for the network's own.
    dropout : float or None
        None for the network's own.
    confine : float
        Strength of the penalty on large weights.
    setting : Setting
    """

    net: Net
    mode: Mode
    function: Activation | None
    dropout: float | None
    confine: float
    setting: Setting


def fit_smooth(job: Job, request: Request, start: str) -> Trained:
    """Train, fold, and return a network; see `mramsim.training.adiabatic.fit_method`."""
    setting = request.setting
    if setting.schedule in FIXED and job.patience:
        raise InputError(f"patience = {job.patience}; the {setting.schedule} has no patience")
    model = _make(job, request)
    if start != "random":
        found = _float_weights(job, request.net) if start == "float" else read_weights(start)
        start_from(model, found, start)
        torch.default_generator.manual_seed(job.seed)  # wherever they came from
    options = {**asdict(request), "start": start}
    history, climb = _climb(model, job, request, options)
    climb.finish()
    levels, test = levels_of(job.record, job.data.x_train), levels_of(job.record, job.data.x_test)
    gather_averages(model, levels, setting.batch, binary=False)
    relaxed = accuracy(model, test, job.data.y_test, "relaxed", binary=False)
    gather_averages(model, levels, setting.batch, binary=True)
    notes = {"steepness": climb.steepness}
    return Trained(export(model, job.record, job.name), relaxed, history, notes)


def fit_float(job: Job, net: Net) -> NDArray[np.uint8]:
    """Train the float network; see `mramsim.training.adiabatic.train_float`."""
    model = _fit_float(job, net)
    setting = find_float_setting(net.family)
    gather_averages(model, levels_of(job.record, job.data.x_train), setting.batch, binary=False)
    classes = classes_of(model, levels_of(job.record, job.data.x_test), "relaxed", binary=False)
    return classes.astype(np.uint8)


def _make(job: Job, request: Request) -> SmoothNetwork:
    torch.default_generator.manual_seed(job.seed)
    if request.setting.augment and job.data.low < 0:
        raise InputError("augment = flip-shift is for pictures, not for sound")
    parts = (request.mode, request.function, request.dropout)
    return SmoothNetwork(make_plan(request.net, job.data, job.record.planes, *parts))


def _climb(
    model: SmoothNetwork, job: Job, request: Request, options: dict[str, object]
) -> tuple[list[dict[str, float]], Climb]:
    """Train at rising steepness; return the history and the schedule with what it kept."""
    setting = request.setting
    if setting.schedule not in FIXED and job.held.name != "validation":
        raise InputError(f"validation = 0; schedule {setting.schedule} needs images held out")
    schedule = setting.make_schedule(request.mode, job.epochs, job.patience)
    if schedule.fixes_scales:
        model.fix_scales()
    trained = [value for value in model.parameters() if value.requires_grad]
    optimiser = setting.make_optimiser(trained)
    _clip(trained, setting.clip)
    held = levels_of(job.record, job.held.images)

    def measure(binary: bool = False) -> float:
        return accuracy(model, held, job.held.labels, "validate", binary)

    climb = Climb(schedule, model, optimiser, measure)
    recipe = Recipe(
        epochs=job.epochs,
        batch=setting.batch,
        loss=nn.functional.cross_entropy,
        schedule=climb,
        prepare=lambda levels: values_of(levels, model.plan.coding),
        label="adiabatic network",
        identity=job.identity("adiabatic", options),
        augment=flip_and_shift if setting.augment else None,
        penalty=(lambda: request.confine * penalty(model)) if request.confine else None,
        monitor=lambda: {RELAXED: measure(), BINARISED: measure(True)},
    )
    levels = levels_of(job.record, job.data.x_train)
    labels = torch.from_numpy(job.data.y_train.astype(np.int64))
    history = fit(model, optimiser, levels, labels, recipe, job.progress, job.checkpoint)
    return history, climb


def _fit_float(job: Job, net: Net) -> SmoothNetwork:
    setting = find_float_setting(net.family)
    model = _make(job, Request(net, "float", None, None, 0.0, setting))
    optimiser = setting.make_optimiser(list(model.parameters()))
    schedule = setting.make_schedule("float", job.epochs, 0)
    recipe = Recipe(
        epochs=job.epochs,
        batch=setting.batch,
        loss=nn.functional.cross_entropy,
        schedule=Climb(schedule, model, optimiser, lambda: 0.0),
        prepare=lambda levels: values_of(levels, model.plan.coding),
        label="float network",
        identity=job.identity("float", {}),
        augment=flip_and_shift if setting.augment else None,
    )
    levels = levels_of(job.record, job.data.x_train)
    labels = torch.from_numpy(job.data.y_train.astype(np.int64))
    fit(model, optimiser, levels, labels, recipe, job.progress, job.checkpoint)
    return model


def _float_weights(job: Job, net: Net) -> dict[str, Tensor]:
    """Return the weights of the float network, trained as a baseline is."""
    path = None if job.checkpoint is None else job.checkpoint.with_name("start.pt")
    return _fit_float(replace(job, patience=0, checkpoint=path), net).state_dict()


def _clip(values: Sequence[nn.Parameter], bound: float) -> None:
    """Bound each gradient."""

    def clamp(gradient: Tensor) -> Tensor:
        return gradient.clamp(-bound, bound)

    if bound:
        for value in values:
            value.register_hook(clamp)  # type: ignore[no-untyped-call]
