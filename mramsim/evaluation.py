"""Accuracy, energy, latency and area of a network on sampled chips, beside the float baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mramsim import __version__
from mramsim.cards import load_card
from mramsim.chip import BATCH, Chip, Run, not_modelled, sample_chip, thread_count
from mramsim.cost.baseline import baseline_cost
from mramsim.cost.model import cost_of
from mramsim.datasets import Dataset, load_dataset
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.effects import ordered
from mramsim.errors import InputError
from mramsim.mapping.events import Events
from mramsim.mapping.placement import Placement, place
from mramsim.network.graph import Network
from mramsim.settings import Settings, sort_settings

SCHEMA = "mramsim.run/1"
BASELINES = ("fp32_45nm_horowitz_2014", "int8_45nm_horowitz_2014", "xnor_28nm_zigzag")
CALIBRATION_IMAGES = 256
CHECKED_IMAGES = 256
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Result:
    """What `evaluate` found.

    Attributes
    ----------
    data : dict
        The object that ``mramsim run --json`` prints.
    placement : Placement
        As it was used, converter ranges included.
    device : DeviceCard
        With the user's values.
    """

    data: Mapping[str, Any]
    placement: Placement
    device: DeviceCard

    def __getitem__(self, key: str) -> Any:
        """Return one part of `data`."""
        return self.data[key]

    def __str__(self) -> str:
        """Return a table for a terminal."""
        from mramsim.report.tables import run_table

        return run_table(dict(self.data))

    def report(self, path: str | Path, title: str | None = None) -> Path:
        """Write one self-contained HTML page.

        Parameters
        ----------
        path : path-like
        title : str, optional

        Returns
        -------
        pathlib.Path
        """
        from mramsim.report.build import extras
        from mramsim.report.page import write_report

        engines = [load_card("baseline", row["name"]) for row in self.data["baselines"]]
        content = {**self.data, **extras(self.placement, self.device, engines)}
        if title is not None:
            content["title"] = title
        return write_report(content, path)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"


def evaluate(
    network: Network | Placement,
    *,
    device: str | Path | DeviceCard = "stt_jung_nature_2022",
    mapping: str | Path = "pcsa_hirtzlin_nanoarch_2019",
    data: str | Dataset = "digits",
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
    progress: Progress | None = None,
) -> Result:
    """Run a network on sampled chips over a test set.

    Parameters
    ----------
    network : Network or Placement
        A placement is used as it is; `mapping` and mapping keys then have no say.
    device : str, path or DeviceCard
    mapping : str or path
    data : str or Dataset
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
    if chips < 1:
        raise InputError(f"chips = {chips}; at least 1 is allowed")
    dataset = load_dataset(data, data_dir) if isinstance(data, str) else data
    placement, network = _placed(network, mapping, sorted_settings)
    x, y = _test_images(dataset, images)
    thread_count(threads)
    placement = placement.calibrate(dataset.x_train[:CALIBRATION_IMAGES])
    card: DeviceCard = load_card("device", device, sorted_settings.device)
    tell = progress or (lambda done, total, text: None)
    tell(0, chips, "exact reference")
    exact = network.predict(x, min(batch, placement.block()))
    options: dict[str, Any] = {
        "device": card,
        "seed": seed,
        "conditions": sorted_settings.conditions(),
    }
    mapped = sample_chip(placement, only=["adc"], **options).run(x, batch=batch, threads=threads)
    runs = []
    for number in range(chips):
        tell(number, chips, f"chip {number}")
        chip = sample_chip(
            placement,
            number=number,
            only=None if only is None else list(only),
            without=list(without),
            **options,
        )
        runs.append(chip.run(x, batch=batch, checked=CHECKED_IMAGES, threads=threads))
    tell(chips, chips, "done")
    accuracy = {
        "float": _float_accuracy(network, dataset, y),
        "ideal": _accuracy(exact, y),
        "mapped": _accuracy(mapped.predictions, y),
        **summarise([_accuracy(run.predictions, y) for run in runs]),
    }
    found = describe(placement, card, chip, runs, baselines, options["conditions"])
    head = {
        "schema": SCHEMA,
        "network": network.name,
        "device": card.name,
        "mapping": placement.card.name,
        "dataset": dataset.name,
        "images": len(x),
        "seed": seed,
        "settings": dict(settings or {}),
    }
    note = {} if accuracy["float"] is not None else {"note": _NO_FLOAT}
    data_out = {**head, **note, "accuracy": accuracy, **found, "version": __version__}
    return Result(data_out, placement, card)


_NO_FLOAT = "accuracy.float is null: the network file holds no float predictions for this data set"


def describe(
    placement: Placement,
    device: DeviceCard,
    chip: Chip,
    runs: Sequence[Run],
    baselines: Sequence[str],
    conditions: Conditions,
) -> dict[str, Any]:
    """Return effects, layers, costs, baselines and sources of a set of runs."""
    events = Events()
    for run in runs:
        events = events + run.events
    cost = cost_of(placement, device, events, conditions)
    cards = [load_card("baseline", name) for name in baselines]
    citations = {*device.citations(), *placement.card.citations()}
    for card in cards:
        citations.update(card.citations())
    return {
        "effects": ordered(chip.effects),
        "not_modelled": not_modelled(placement.card),
        "assumed": {
            "device": len(device.assumed()),
            "device_of": len(device.sources),
            "mapping": len(placement.card.assumed()),
            "mapping_of": len(placement.card.sources),
        },
        "layers": list(_layers(placement, runs)),
        **cost.as_dict(),
        "baselines": [baseline_cost(placement.network, card) for card in cards],
        "citations": sorted(citations),
    }


def summarise(accuracies: Sequence[float]) -> dict[str, Any]:
    """Return chips, mean, standard deviation and Student's 95 % interval over chips."""
    from scipy.special import stdtrit

    values = np.asarray(accuracies, dtype=np.float64)
    mean = float(values.mean())
    if values.size < 2:
        return {"chips": values.tolist(), "mean": mean, "std": None, "ci95": None}
    std = float(values.std(ddof=1))
    half = float(stdtrit(values.size - 1, 0.975)) * std / np.sqrt(values.size)
    interval = [float(mean - half), float(mean + half)]
    return {"chips": values.tolist(), "mean": mean, "std": std, "ci95": interval}


def _placed(
    network: Network | Placement, mapping: str | Path, settings: Settings
) -> tuple[Placement, Network]:
    if isinstance(network, Placement):
        return network, network.network
    return place(network, mapping, settings.mapping, settings.layers), network


def _test_images(dataset: Dataset, images: int | None) -> tuple[NDArray[Any], NDArray[Any]]:
    if images is None:
        return dataset.x_test, dataset.y_test
    if not 1 <= images <= len(dataset.x_test):
        count = len(dataset.x_test)
        raise InputError(f"images = {images}; '{dataset.name}' has 1 to {count} test images")
    return dataset.x_test[:images], dataset.y_test[:images]


def _accuracy(predictions: NDArray[np.intp], labels: NDArray[Any]) -> float:
    return float((predictions == labels).mean())


def _float_accuracy(network: Network, dataset: Dataset, labels: NDArray[Any]) -> float | None:
    stored = network.float_predictions.get(dataset.name)
    if stored is None or len(stored) != len(dataset.y_test):
        return None
    return float((stored[: len(labels)] == labels).mean())


def _layers(placement: Placement, runs: Sequence[Run]) -> Iterator[dict[str, Any]]:
    for layer in placement.layers:
        pairs = [
            run.decision_errors[layer.name] for run in runs if layer.name in run.decision_errors
        ]
        wrong, total = (sum(column) for column in zip(*pairs, strict=True)) if pairs else (0, 0)
        yield {
            "name": layer.name,
            "decision_error_rate": wrong / total if total else None,
            "tiles": len(layer.tiles),
            "utilisation": layer.utilisation,
            "fan_in": layer.node.fan_in,
            "fan_out": layer.node.fan_out,
            "planes": layer.node.planes,
            "positions": layer.positions,
            "steps": layer.steps,
            "reading": layer.reading,
        }
