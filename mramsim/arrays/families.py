"""The one table of ways of sensing: name on the mapping card to its family."""

from __future__ import annotations

from mramsim.arrays import charge, current_sum, digital, pcsa, resistance_sum
from mramsim.arrays.family import Family

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        pcsa.FAMILY,
        digital.FAMILY,
        current_sum.FAMILY,
        resistance_sum.FAMILY,
        charge.FAMILY,
    )
}
