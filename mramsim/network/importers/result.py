"""From a finished draft to a network that says what was understood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mramsim.errors import plain
from mramsim.network.graph import Network, batches
from mramsim.network.importers.draft import Draft
from mramsim.network.importers.layers import Layers
from mramsim.network.importers.lower import lower
from mramsim.network.importers.symbols import Opaque, Value
from mramsim.network.nodes import Product, RealConv, RealLinear, Sign
from mramsim.network.nodes.base import Array


@dataclass(frozen=True)
class Options:
    """What the user asked for.

    Attributes
    ----------
    name : str
        Of the network.
    source : str
        What it was read from, for its record.
    zero : {1, -1, 0}
        See `mramsim.network.importers.lower.lower`.
    """

    name: str = "imported"
    source: str = ""
    zero: int = 1


def finish(draft: Draft, last: Value, options: Options, example: Array | None = None) -> Network:
    """Lower a draft and describe it in ``network.training["import"]``.

    Parameters
    ----------
    draft : Draft
    last : Value
        The scores.
    options : Options
    example : array [images, *shape], optional
        Raw inputs on which to count zeros of signs.
    """
    if isinstance(last, Opaque) and last.end is not None:
        last = last.end
    drawn = draft.finish(Layers(draft).real(last, "scores"), options.name)
    found = lower(drawn, options.zero)
    record = describe(found.network, found.reasons)
    record["source"] = options.source
    record["notes"] = [*draft.notes, *_zero_notes(drawn, found.ternary, options.zero, example)]
    training = {**found.network.training, "import": record}
    return replace(found.network, training=training)


def recorded(network: Network) -> dict[str, Any]:
    """Return an import's description: layers as they are, reasons and notes as they were written.

    The record may come from a foreign file: what is no text in it is left out.
    """
    record = network.training.get("import")
    record = record if isinstance(record, dict) else {}
    reasons, notes = record.get("digital"), record.get("notes")
    kept = {
        plain(name): plain(why)
        for name, why in (reasons.items() if isinstance(reasons, dict) else ())
        if isinstance(why, str)
    }
    texts = [plain(note) for note in (notes if isinstance(notes, list) else ()) if note]
    return {**describe(network, kept), "source": plain(record.get("source", "")), "notes": texts}


def describe(network: Network, reasons: dict[str, str]) -> dict[str, Any]:
    """Return what each product became: ``layers`` (JSON-able rows) and ``digital`` (reasons)."""
    rows = []
    shapes, types = network.shapes, network.types
    for node in network.nodes:
        if not isinstance(node, Product | RealLinear | RealConv):
            continue
        mapped = isinstance(node, Product)
        rows.append(
            {
                "layer": node.name,
                "kind": node.kind,
                "weight": list(node.weight.shape),
                "output": list(shapes[node.name]),
                "where": "arrays" if mapped else "digital",
                "binary": bool(node.weight.dtype == np.uint8),
                "weight_bits": int(node.weight.size) * (1 if node.weight.dtype == np.uint8 else 32),
                "input": "levels" if mapped else types[node.inputs[0]],
            }
        )
    return {"layers": rows, "digital": dict(reasons)}


def _zero_notes(
    network: Network, ternary: list[str], zero: int, example: Array | None
) -> list[str]:
    """Say how often the signs that give 0 for zero meet one."""
    if not ternary:
        return []
    became = {1: "+1", -1: "-1", 0: "0 (digital)"}[zero]
    counted = {name: [0, 0] for name in ternary}
    for part in batches(example, 64) if example is not None else ():
        values = network.values(part)
        for name in ternary:
            node = network.node(name)
            assert isinstance(node, Sign)
            given = values[node.inputs[0]]
            counted[name][0] += int((given == 0).sum())
            counted[name][1] += int(np.prod(given.shape))
    notes = []
    for name, (hits, total) in counted.items():
        often = f"{hits} of {total} values on the example" if total else "no example to count on"
        notes.append(f"sign '{name}' gives 0 for zero; here it gives {became}; zero is {often}")
    return notes
