"""Energy, latency and area of a network without data: ``mramsim energy``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mramsim import __version__
from mramsim.cards import list_cards, load_card
from mramsim.cost.baseline import baseline_cost
from mramsim.cost.card import BaselineCard
from mramsim.cost.expected import Activity, expected_events
from mramsim.cost.model import cost_of
from mramsim.cost.provenance import provenance
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.mapping.placement import Placement, place
from mramsim.network.graph import Network

SCHEMA = "mramsim.energy/1"


@dataclass(frozen=True)
class Estimate:
    """What `estimate` found.

    Attributes
    ----------
    data : dict
        The object that ``mramsim energy --json`` prints.
    """

    data: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        """Return one part of `data`."""
        return self.data[key]

    def as_dict(self) -> dict[str, Any]:
        """Return `data` as a plain dict."""
        return dict(self.data)

    def __str__(self) -> str:
        """Return tables for a terminal."""
        from mramsim.report.tables import cost_table

        return cost_table(dict(self.data))

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"


def estimate(
    network: Network | Placement,
    device: str | Path | DeviceCard = "stt_jung_nature_2022",
    mapping: str | Path = "pcsa_hirtzlin_nanoarch_2019",
    activity: Activity = 0.5,
    baselines: Sequence[str | Path | BaselineCard] | None = None,
    conditions: Conditions | None = None,
) -> Estimate:
    """Estimate the cost of one image from expected activity.

    Parameters
    ----------
    network : Network or Placement
        A placement is used as it is; `mapping` then has no say.
    device : str, path or DeviceCard
    mapping : str or path
    activity : float or mapping of layer name to float
        Probability that an input row carries +1.
    baselines : sequence of str, path or BaselineCard, optional
        Digital engines to compare with; all shipped ones by default.
    conditions : Conditions, optional
        Temperature of the devices.

    Returns
    -------
    Estimate

    Raises
    ------
    InputError
        Unknown card or layer, activity outside 0 to 1.
    """
    placement = network if isinstance(network, Placement) else place(network, mapping)
    card: DeviceCard = load_card("device", device)
    cost = cost_of(placement, card, expected_events(placement, activity), conditions)
    names = list_cards("baseline") if baselines is None else baselines
    engines: list[BaselineCard] = [load_card("baseline", name) for name in names]
    return Estimate(
        {
            "schema": SCHEMA,
            "network": placement.network.name,
            "device": card.name,
            "mapping": placement.card.name,
            "activity": dict(activity) if isinstance(activity, Mapping) else activity,
            **cost.as_dict(),
            "baselines": [baseline_cost(placement.network, engine) for engine in engines],
            **provenance(placement, card, engines),
            "version": __version__,
        }
    )
