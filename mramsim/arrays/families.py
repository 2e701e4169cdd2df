"""The one table of ways of sensing: name on the mapping card to its family."""

from __future__ import annotations

from mramsim.arrays import current_sum, pcsa
from mramsim.arrays.family import Family

FAMILIES: dict[str, Family] = {family.name: family for family in (pcsa.FAMILY, current_sum.FAMILY)}
