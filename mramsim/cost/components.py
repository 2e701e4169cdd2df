"""The components that a design is made of, at its node and supply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mramsim.arrays.card import MappingCard
from mramsim.cards import load_card
from mramsim.cost.component import ComponentCard, keys_of
from mramsim.cost.part import Part
from mramsim.errors import InputError, nearest

ROLES = {
    "cell": "cell",
    "logic": "logic",
    "sense": "sense",
    "adc": "converter",
    "driver": "driver",
    "buffer": "sram",
    "wire": "wire",
    "write": "write",
    "arithmetic": "arithmetic",
}


@dataclass(frozen=True)
class Components:
    """One part for each role; `adc` is None where a design has no converter."""

    cell: Part
    logic: Part
    sense: Part
    adc: Part | None
    driver: Part
    buffer: Part
    wire: Part
    write: Part
    arithmetic: Part

    def cards(self) -> dict[str, ComponentCard]:
        """Return the card of each role."""
        parts = {role: getattr(self, role) for role in ROLES}
        return {role: part.card for role, part in parts.items() if part is not None}


def components_of(card: MappingCard, values: Mapping[str, Any] | None = None) -> Components:
    """Return the components that a mapping card names, at its node and supply.

    Parameters
    ----------
    card : MappingCard
        ``cell_card``, ``logic_card``, ... name component cards.
    values : mapping, optional
        Keys of component cards to replace, wherever they occur (``{"adder_f": 2e-15}``).

    Raises
    ------
    InputError
        Unknown card or key, or a card of another kind.
    """
    wanted = dict(values or {})
    _check_keys(wanted)
    parts: dict[str, Part | None] = {}
    for role, kind in ROLES.items():
        name = getattr(card, f"{role}_card")
        if name is None:
            parts[role] = None
            continue
        loaded: ComponentCard = load_card("component", name)
        if loaded.kind != kind:
            raise InputError(
                f"card {card.name}: {role}_card = '{name}' is of kind '{loaded.kind}'; "
                f"'{kind}' is needed"
            )
        own = {key: wanted[key] for key in wanted if getattr(loaded, key) is not None}
        if own:
            loaded = load_card("component", loaded, own)
        parts[role] = Part(loaded, card.node_m, card.vdd_v)
    found: Any = parts
    return Components(**found)


def component_keys() -> set[str]:
    """Return the keys of component cards that a user may replace."""
    return set().union(*(keys_of(kind) for kind in ROLES.values())) - {"model"}


def _check_keys(values: Mapping[str, Any]) -> None:
    known = component_keys()
    for key in values:
        if key not in known:
            raise InputError(f"key 'component.{key}' is unknown{nearest(key, known)}")
