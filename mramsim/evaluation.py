"""Accuracy, energy, latency and area of a network on sampled chips, beside the float baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mramsim import __version__, effects
from mramsim.attribution import attribution
from mramsim.bounds import whole
from mramsim.cards import load_card
from mramsim.chip import BATCH
from mramsim.cost.components import components_of
from mramsim.datasets import Dataset, load_dataset
from mramsim.devices.card import DeviceCard
from mramsim.errors import InputError
from mramsim.given import check_list, plain_value
from mramsim.mapping.placement import Placement, place
from mramsim.network.graph import Network
from mramsim.result import Result, describe, summarise
from mramsim.sampling import not_used
from mramsim.settings import Settings, sort_settings
from mramsim.threads import thread_count
from mramsim.trial import CALIBRATION_IMAGES, Trial

SCHEMA = "mramsim.run/1"
BASELINES = ("fp32_45nm_horowitz_2014", "int8_45nm_horowitz_2014", "xnor_28nm_zigzag")
Progress = Callable[[int, int, str], None]


def evaluate(
    network: Network | Placement | str | Path,
    *,
    device: str | Path | DeviceCard = "stt_jung_nature_2022",
    mapping: str | Path = "pcsa_hirtzlin_nanoarch_2019",
    data: str | Path | Dataset = "digits",
    chips: int = 10,
    images: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    only: Sequence[str] | None = None,
    without: Sequence[str] = (),
    baselines: Sequence[str] = BASELINES,
    batch: int = BATCH,
    threads: int | None = None,
    data_dir: str | None = None,
    attribute: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Run a network on sampled chips over a test set.

    Parameters
    ----------
    network : Network, Placement, str or path
        ``pretrained:NAME`` or a file is loaded. A placement is used as it is; `mapping` and mapping
        keys then have no say.
    device : str, path or DeviceCard
    mapping : str or path
    data : str, path or Dataset
    chips : int
        Dies to sample, at least 1.
    images : int, optional
        Test images, from the first; all by default.
    seed : int
    settings : mapping, optional
        Flat keys: ``device.KEY``, ``mapping.KEY``, ``mapping.LAYER.KEY``, ``age.seconds``,
        ``age.reads``, ``temperature_k``.
    only, without : sequence of str
        Effects to keep and to leave out.
    baselines : sequence of str
        Cards of digital baselines.
    batch, threads : int
        Images at a time and threads; they do not change the result.
    data_dir : str, optional
        Folder of data sets.
    attribute : bool
        Also run every effect alone and with each left out (`mramsim.attribution`).
    progress : callable, optional
        Called with (done, total, text).

    Returns
    -------
    Result

    Raises
    ------
    InputError
        Unknown names, wrong shapes, values out of range.
    """
    sorted_settings = sort_settings(settings or {})
    chips, seed, batch = whole("chips", chips), whole("seed", seed), whole("batch", batch)
    check_list("baselines", baselines, "baseline cards")
    if chips < 1:
        raise InputError(f"chips = {chips}; at least 1 is allowed")
    dataset = data if isinstance(data, Dataset) else load_dataset(data, data_dir)
    placement, network = _placed(network, mapping, sorted_settings)
    check_classes(network, dataset.name, len(dataset.classes))
    for name in baselines:  # a wrong card is refused before any work
        load_card("baseline", name)
    for layer in placement.layers:
        components_of(layer.card, placement.component_values)
    x, y = test_images(dataset, images)
    thread_count(threads)
    chosen = effects.select(only, without)
    placement = placement.calibrate(dataset.x_train[:CALIBRATION_IMAGES])
    card: DeviceCard = load_card("device", device, sorted_settings.device)
    tell = progress or (lambda done, total, text: None)
    tell(0, chips, "exact reference")
    trial = Trial(
        placement,
        card,
        x,
        y,
        sorted_settings.conditions(),
        chosen,
        seed,
    )
    exact, mapped = trial.exact(batch), trial.mapped(batch, threads)
    results = []
    for number in range(chips):
        tell(number, chips, f"chip {number}")
        results.append(trial.chip(number, batch, threads))
    tell(chips, chips, "done")
    extra = {}
    if attribute:
        every = [result.accuracy for result in results]
        parts = attribution(trial, results[0].effects, exact, every, batch, threads, tell)
        extra = {"attribution": parts}
    accuracy = {
        "float": float_accuracy(network, dataset.name, len(dataset.y_test), y),
        "ideal": exact,
        "mapped": mapped,
        **summarise([result.accuracy for result in results]),
    }
    found = describe(trial, results, baselines)
    head = {
        "schema": SCHEMA,
        "network": network.name,
        "device": card.name,
        "mapping": placement.card.name,
        "dataset": dataset.name,
        "images": len(x),
        "seed": seed,
        "settings": {key: plain_value(value) for key, value in (settings or {}).items()},
        "not_used": not_used(placement.card, only or ()),
    }
    note = {} if accuracy["float"] is not None else {"note": _NO_FLOAT}
    data_out = {**head, **note, "accuracy": accuracy, **found, **extra, "version": __version__}
    return Result(data_out, placement, card)


_NO_FLOAT = "accuracy.float is null: the network file holds no float predictions for this data set"


def _placed(
    network: Network | Placement | str | Path, mapping: str | Path, settings: Settings
) -> tuple[Placement, Network]:
    if isinstance(network, Placement):
        if settings.mapping or settings.layers or settings.components:
            raise InputError("settings with mapping keys need a network, not a placement")
        return network, network.network
    made = place(network, mapping, settings.mapping, settings.layers, settings.components)
    return made, made.network


def check_classes(network: Network, data: str, classes: int) -> None:
    """Refuse a network whose scores are not one per class of the data set called `data`.

    Raises
    ------
    InputError
    """
    given = network.output.scale.size
    if given != classes:
        raise InputError(f"network gives {given} classes, '{data}' has {classes}")


def test_images(dataset: Dataset, images: int | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the first test images and their labels; all for None."""
    if images is None:
        return dataset.x_test, dataset.y_test
    whole("images", images)
    if not 1 <= images <= len(dataset.x_test):
        count = len(dataset.x_test)
        raise InputError(f"images = {images}; '{dataset.name}' has 1 to {count} test images")
    return dataset.x_test[:images], dataset.y_test[:images]


def float_accuracy(network: Network, data: str, images: int, labels: NDArray[Any]) -> float | None:
    """Return the accuracy of the float network on the first images of a test set of `images`.

    None where the network's file holds no predictions for the data set called `data`.
    """
    stored = network.float_predictions.get(data)
    if stored is None or len(stored) != images:
        return None
    return float((stored[: len(labels)] == labels).mean())
