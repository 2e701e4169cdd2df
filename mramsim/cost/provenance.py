"""Where the numbers of a result come from: citations, and how many are assumed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mramsim.cards import Card
from mramsim.cost.baseline import citations as engine_citations
from mramsim.cost.card import BaselineCard
from mramsim.cost.components import components_of
from mramsim.devices.card import DeviceCard
from mramsim.mapping.placement import Placement


def provenance(
    placement: Placement, device: DeviceCard, engines: Sequence[BaselineCard]
) -> dict[str, Any]:
    """Return ``assumed`` (numbers assumed, and of how many, by kind of card) and ``citations``."""
    parts = components_of(placement.card, placement.component_values).cards()
    cards: dict[str, list[Card]] = {
        "device": [device],
        "mapping": [placement.card],
        "components": list(parts.values()),
    }
    assumed: dict[str, int] = {}
    found: set[str] = set()
    for kind, members in cards.items():
        assumed[kind] = sum(len(card.assumed()) for card in members)
        assumed[f"{kind}_of"] = sum(len(card.sources) for card in members)
        for card in members:
            found.update(card.citations())
    for engine in engines:
        found |= engine_citations(engine)
    return {"assumed": assumed, "citations": sorted(found)}
