"""A page for a result: adds the placement and every card value to what ``run`` prints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mramsim.arrays.card import MappingCard
from mramsim.cards import Card, load_card
from mramsim.cost.baseline import engine_components
from mramsim.cost.card import BaselineCard
from mramsim.cost.components import components_of
from mramsim.devices.card import DeviceCard
from mramsim.mapping.placement import Placement, place
from mramsim.network.graph import Network
from mramsim.report.device import device_record
from mramsim.report.page import write_report
from mramsim.settings import sort_settings


def report_of(
    result: Mapping[str, Any],
    network: Network | Placement,
    path: str | Path,
    device: str | Path | DeviceCard | None = None,
    mapping: str | Path | MappingCard | None = None,
) -> Path:
    """Write the page of a result.

    Parameters
    ----------
    result : mapping
        The object of ``mramsim run --json``.
    network : Network or Placement
        What was run.
    path : path-like
        The page to write.
    device, mapping : str, path or card, optional
        What was run with, where it is not a shipped card: the result holds names only.

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    InputError
        Unknown card, or a folder that cannot be written.
    """
    settings = sort_settings(result.get("settings") or {})
    card: DeviceCard = load_card("device", device or result["device"], settings.device)
    if isinstance(network, Placement):
        placement = network
    else:
        wanted = mapping or result["mapping"]
        placement = place(network, wanted, settings.mapping, settings.layers, settings.components)
    engines = [load_card("baseline", row["name"]) for row in result.get("baselines", ())]
    return write_report({**result, **extras(placement, card, engines)}, path)


def extras(
    placement: Placement, device: DeviceCard, baselines: list[BaselineCard]
) -> dict[str, Any]:
    """Return what a result does not hold for the page: ``placement``, ``cells``, ``cards``."""
    parts = components_of(placement.card, placement.component_values).cards()
    blocks = {card.name: card for card in parts.values()}
    for engine in baselines:
        blocks |= {card.name: card for card in engine_components(engine).values()}
    return {
        "placement": placement_record(placement),
        "cells": device_record(device),
        "cards": {
            "device": card_record(device),
            "mapping": card_record(placement.card),
            "components": [card_record(card) for card in blocks.values()],
            "baselines": [card_record(card) for card in baselines],
        },
    }


def placement_record(placement: Placement) -> list[dict[str, Any]]:
    """Return one plain dict per mapped layer: size, tiles, reading, steps."""
    return [
        {
            "name": layer.name,
            "fan_in": layer.node.fan_in,
            "fan_out": layer.node.fan_out,
            "tiles": [
                [
                    tile.group * layer.node.fan_in + tile.row_start,
                    tile.group * layer.node.fan_in + tile.row_stop,
                    tile.column_start,
                    tile.column_stop,
                ]
                for tile in layer.tiles
            ],
            "rows": layer.card.rows,
            "columns": layer.card.columns,
            "utilisation": layer.utilisation,
            "steps": layer.steps,
            "positions": layer.positions,
            "copies": layer.card.copies,
            "reading": layer.reading,
        }
        for layer in placement.layers
    ]


def card_record(card: Card) -> dict[str, Any]:
    """Return a card as plain values in the order of its model, with sources and references."""
    values = card.values()
    return {
        "name": card.name,
        "title": card.title,
        "values": {
            key: {"value": _plain(values[key]), "source": card.sources[key]}
            for key in type(card).model_fields
            if key in values
        },
        "references": {
            key: {"doi": ref.doi, "url": ref.url, "citation": ref.citation}
            for key, ref in card.references.items()
        },
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
