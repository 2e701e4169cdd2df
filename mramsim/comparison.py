"""The same network on several array designs and devices, in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mramsim.arrays.card import MappingCard
from mramsim.cards import list_cards, load_card
from mramsim.datasets import Dataset, load_dataset
from mramsim.devices.card import DeviceCard
from mramsim.evaluation import evaluate
from mramsim.network.graph import Network

DEVICES = ("stt_jung_nature_2022", "sot_doevenspeck_vlsi_2020_ra50")
MADE_FOR_OHM = 13e3 + 26e3  # P and AP cell that the shipped designs were made for
SETTLED = 10.0  # time constants in which a divider settles
COLUMNS = (
    "device",
    "design",
    "sensing",
    "float %",
    "exact %",
    "mapped %",
    "chips %",
    "95 % interval",
    "nJ/image",
    "us/image",
    "mm2",
)


@dataclass(frozen=True)
class Line:
    """What one design with one device reached.

    Attributes
    ----------
    device, design, sensing : str
    accuracy : dict
        As in ``mramsim run --json``: ``float``, ``ideal``, ``mapped``, ``chips``, ``mean``,
        ``std``, ``ci95``.
    energy_j, latency_s, area_m2 : float
        Per image, per image, and in all.
    not_modelled : tuple of str
        Effects that a real chip of this design has but the simulation leaves out.
    """

    device: str
    design: str
    sensing: str
    accuracy: dict[str, Any]
    energy_j: float
    latency_s: float
    area_m2: float
    not_modelled: tuple[str, ...]

    def cells(self) -> list[str]:
        """Return the texts of its row under `COLUMNS`."""
        found = self.accuracy
        values = [found[key] for key in ("float", "ideal", "mapped", "mean")]
        shares = ["-" if value is None else f"{100 * value:.1f}" for value in values]
        ends = found["ci95"]
        interval = "-"
        if ends is not None:
            interval = f"{max(0.0, 100 * ends[0]):.1f} to {min(100.0, 100 * ends[1]):.1f}"
        costs = (1e9 * self.energy_j, 1e6 * self.latency_s, 1e6 * self.area_m2)
        names = [self.device, self.design, self.sensing]
        return [*names, *shares, interval, *(f"{value:.3g}" for value in costs)]


def fitted(device: DeviceCard, mapping: MappingCard) -> dict[str, float]:
    """Return the mapping keys that fit a design to the resistance of a device.

    Against the cell of 13 and 26 kOhm that the shipped designs were made for, a current read-out
    gets as much more gain, and a race or an RC delay as much more time, as the device has more
    resistance; a divider has 10 time constants to settle. All else stays.
    """
    p = device.rp_ohm + device.series_ohm
    ap = device.rp_ohm * (1.0 + device.tmr) + device.series_ohm
    times = (p + ap) / MADE_FOR_OHM
    if mapping.sensing == "current_sum":
        return {"mapping.readout_ohm": mapping.readout_ohm * times}
    if mapping.sensing == "charge":
        settling = SETTLED * p * ap / (p + ap) * mapping.capacitor_f
        return {"mapping.t_read_s": max(mapping.t_read_s, settling)}
    return {
        "mapping.t_read_s": mapping.t_read_s * times,
        "mapping.bandwidth_hz": mapping.bandwidth_hz / times,
    }


def compare_sensing(
    network: Network,
    data: str | Dataset = "digits",
    *,
    devices: Sequence[str] = DEVICES,
    mappings: Sequence[str] | None = None,
    chips: int = 5,
    images: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    data_dir: str | None = None,
    progress: Callable[[Line], None] | None = None,
) -> list[Line]:
    """Run one network on every pair of a design and a device.

    Parameters
    ----------
    network : Network
    data : str or Dataset
    devices, mappings : sequence of str
        Cards; all shipped mapping cards by default. Designs are `fitted` to each device.
    chips, images, seed, threads, data_dir
        See `mramsim.evaluate`.
    progress : callable, optional
        Called with each line as it is done.

    Returns
    -------
    list of Line
        By device, then by design.

    Raises
    ------
    InputError
        Unknown names, values out of range.
    """
    dataset = load_dataset(data, data_dir) if isinstance(data, str) else data
    lines = []
    for device, mapping in _pairs(devices, mappings):
        found = evaluate(
            network,
            device=device,
            mapping=mapping.name,
            data=dataset,
            chips=chips,
            images=images,
            seed=seed,
            settings=fitted(device, mapping),
            baselines=(),
            threads=threads,
        )
        line = Line(
            device.name,
            mapping.name,
            mapping.sensing,
            dict(found["accuracy"]),
            found["energy_j_per_image"]["total"],
            found["latency_s_per_image"]["total"],
            found["area_m2"]["total"],
            tuple(found["not_modelled"]),
        )
        lines.append(line)
        if progress is not None:
            progress(line)
    return lines


def _pairs(
    devices: Sequence[str], mappings: Sequence[str] | None
) -> Iterator[tuple[DeviceCard, MappingCard]]:
    chosen = list_cards("mapping") if mappings is None else list(mappings)
    cards = [load_card("mapping", name) for name in chosen]
    for name in devices:
        for card in cards:
            yield load_card("device", name), card


def comparison_table(lines: Sequence[Line]) -> str:
    """Return the lines as a Markdown table."""
    rows = [COLUMNS, ["---"] * len(COLUMNS), *(line.cells() for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
