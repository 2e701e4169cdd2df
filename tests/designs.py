"""Shipped array designs in small, whatever their way of sensing."""

from __future__ import annotations

from typing import Any

import mramsim as ms
from mramsim.arrays.families import FAMILIES
from mramsim.arrays.family import CODING

MAPPINGS = ms.list_cards("mapping")


IDEAL_CONVERTERS = {
    "sigma_adc_gain": 0.0,
    "sigma_adc_offset_lsb": 0.0,
    "sigma_adc_inl_lsb": 0.0,
    "sigma_adc_noise_lsb": 0.0,
}


def card_of(mapping: str) -> Any:
    """Card of a design."""
    return ms.load_card("mapping", mapping)


def family_of(mapping: str) -> Any:
    """Way of sensing of a design."""
    return FAMILIES[card_of(mapping).sensing]


def codes(mapping: str) -> bool:
    """Whether a converter gives codes of several bits."""
    return family_of(mapping).gives == "counts" and card_of(mapping).converter in CODING


def counts_bits(mapping: str) -> bool:
    """Whether cells give bits that are counted digitally."""
    return bool(family_of(mapping).gives == "bits")


def small(mapping: str, rows: int, columns: int, **design: Any) -> dict[str, Any]:
    """Keys that cut the arrays of a design down to rows x columns."""
    size = {"rows": rows, "columns": columns}
    if family_of(mapping).rows_at_once != "one":
        size["rows_on"] = rows
    return {**size, **design}
