"""The table of ``mramsim validate``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mramsim.report.tables import text_table
from mramsim.report.units import percent, si, significant

_PLAIN = ("1", "TOPS/W", "TOPS/mm2")


def agreement_table(found: Mapping[str, Any]) -> str:
    """Return devices, chips and score as text for a terminal."""
    devices = [_device(row) for row in found["rows"] if not row.get("group")]
    chips = [_chip(row) for row in found["rows"] if row.get("group")]
    score = [
        {
            "figures of": group,
            "scored": value["figures"],
            "chips": value["chips"],
            "median error": percent(value["median_error"], 0),
            "worst": f"× {significant(value['worst_factor'], 2)}" if value["figures"] else "–",
            "within × 2": value["within_factor_2"],
        }
        for group, value in found["score"].items()
    ]
    inside, spans = found["inside"]
    return "\n\n".join(
        [
            "devices",
            text_table(devices),
            "chips, each predicted from the others",
            text_table(chips),
            text_table(score),
            f"{inside} of {spans} published spans and unscored values hold the simulated one",
        ]
    )


def _device(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "card": row["chip"],
        "quantity": row["quantity"],
        "published": _value(row["published"], row["unit"]),
        "simulated": _value(row["simulated"], row["unit"]),
        "error": percent(row["relative_error"], 1),
        "kind": row["kind"],
    }


def _chip(row: Mapping[str, Any]) -> dict[str, str]:
    published = _value(row["published"], row["unit"])
    if row["published_high"] is not None:
        published += f" to {_value(row['published_high'], row['unit'])}"
    return {
        "point": row["point"],
        "quantity": row["quantity"],
        "published": published,
        "simulated": _value(row["simulated"], row["unit"]),
        "error": percent(row["relative_error"], 0),
        "kind": row["kind"],
        "factor": significant(row["factor"], 2),
        "mostly": row["component"].replace("_", " "),
    }


def _value(value: float, unit: str) -> str:
    if unit in _PLAIN:
        return f"{significant(value)} {unit if unit != '1' else ''}".rstrip()
    return si(value, unit)
