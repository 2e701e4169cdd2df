"""Published figures of chips against the model, each chip predicted from the others.

Three factors stand for what component cards cannot know: control, clock tree and layout in energy;
the margin of an access or cycle that gates and currents limit; and how much longer than that an
analog macro takes for a step. Each is the median of what the *other* chips ask for, so no figure
of a chip enters its own prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, log
from statistics import median
from typing import Any

from mramsim.cards import Published, list_cards, load_card
from mramsim.cost.chip import ChipCard
from mramsim.cost.macro import Macro, macro_of


@dataclass(frozen=True)
class Quantity:
    """Something that papers report of a chip.

    Attributes
    ----------
    unit, group : str
        Unit, and which factor it takes: ``energy``, ``access`` or ``throughput``.
    compute : callable
        From a macro, without a factor.
    parts : callable
        The energies or times it is made of.
    power : int
        Of the factor: 1, or -1 for what is per energy or per time.
    """

    unit: str
    group: str
    compute: Callable[[Macro], float]
    power: int
    parts: Callable[[Macro], Mapping[str, float]]


def _joule(macro: Macro) -> Mapping[str, float]:
    return macro.energy_j


def _per_mac(scale: float) -> Callable[[Macro], float]:
    """Return operations per joule, times a scale, from the energy of a multiply-accumulate."""
    return lambda macro: scale / sum(macro.energy_j.values())


def _density(macro: Macro) -> float:
    """Return 1e12 operations per second and mm2."""
    per_second = 2.0 * macro.macs_per_cycle / sum(macro.cycle_s.values())
    return 1e-18 * per_second / sum(macro.area_m2.values())


def _sum(parts: Callable[[Macro], Mapping[str, float]]) -> Callable[[Macro], float]:
    return lambda macro: sum(parts(macro).values())


_ACCESS, _TREE, _CYCLE = (
    lambda macro: macro.access_s,
    lambda macro: macro.tree_s,
    lambda macro: macro.cycle_s,
)
QUANTITIES: dict[str, Quantity] = {
    "mac_energy_j": Quantity("J", "energy", _sum(_joule), 1, _joule),
    "read_energy_j_per_bit": Quantity("J/bit", "energy", _sum(_joule), 1, _joule),
    "tops_per_watt": Quantity("TOPS/W", "energy", _per_mac(2e-12), -1, _joule),
    "tops_per_watt_8b": Quantity("TOPS/W", "energy", _per_mac(2e-12 / 64.0), -1, _joule),
    "tree_cycle_s": Quantity("s", "access", _sum(_TREE), 1, _TREE),
    "access_s": Quantity("s", "access", _sum(_ACCESS), 1, _ACCESS),
    "cycle_s": Quantity("s", "throughput", _sum(_CYCLE), 1, _CYCLE),
    "tops_per_mm2": Quantity("TOPS/mm2", "throughput", _density, -1, _CYCLE),
}


@dataclass(frozen=True)
class Point:
    """A published figure at an operating point.

    Attributes
    ----------
    card : ChipCard
    published : Published
    macro : Macro
    """

    card: ChipCard
    published: Published
    macro: Macro

    @property
    def quantity(self) -> Quantity:
        """What it is."""
        return QUANTITIES[self.published.quantity]

    def raw(self) -> float:
        """Return what component cards alone give."""
        return self.quantity.compute(self.macro)

    def wanted(self) -> float:
        """Return the factor with which the model gives the published value."""
        return float((self.published.value / self.raw()) ** self.quantity.power)


def points(cards: Sequence[ChipCard] | None = None) -> list[Point]:
    """Return every published figure of chips (all shipped ones by default)."""
    if cards is None:
        cards = [load_card("chip", name) for name in list_cards("chip")]
    return [Point(card, one, _macro(card)) for card in cards for one in card.published]


def _macro(card: ChipCard) -> Macro:
    return _cached(card.model_copy(update={"published": ()}).model_dump_json(exclude_unset=True))


@cache
def _cached(text: str) -> Macro:
    return macro_of(ChipCard.model_validate_json(text))


def factor_without(every: Sequence[Point], chip: str, group: str) -> tuple[float, list[str]]:
    """Return the factor of a group fitted on all chips but one, and the chips it comes from.

    The median over chips, which one odd chip does not move; a chip with several figures counts with
    their geometric mean.
    """
    asked: dict[str, list[float]] = {}
    for point in every:
        scored = point.published.kind != "range" and point.quantity.group == group
        if scored and point.card.chip != chip:
            asked.setdefault(point.card.chip, []).append(log(point.wanted()))
    if not asked:
        return 1.0, []
    return exp(median(sum(values) / len(values) for values in asked.values())), sorted(asked)


def rows(cards: Sequence[ChipCard] | None = None) -> list[dict[str, Any]]:
    """Return one row per published figure of chips, as `mramsim validate` prints them.

    Parameters
    ----------
    cards : sequence of ChipCard, optional
        All shipped ones by default.

    Returns
    -------
    list of dict
        The keys of `mramsim.devices.published.rows`, ``published_high`` for spans, and
        ``uncalibrated``, ``factor``, ``component`` (that takes most of the energy).
    """
    every = points(cards)
    return [_row(point, every) for point in every]


def _row(point: Point, every: Sequence[Point]) -> dict[str, Any]:
    published, quantity = point.published, point.quantity
    factor, used = factor_without(every, point.card.chip, quantity.group)
    parts = quantity.parts(point.macro)
    simulated = point.raw() * factor**quantity.power
    nearest = simulated  # end of the span, or the simulated value itself inside it
    if published.high is None or simulated < published.value:
        nearest = published.value
    elif simulated > published.high:
        nearest = published.high
    error = simulated / nearest - 1.0
    reference = point.card.references[published.reference]
    return {
        "source": reference.doi or reference.url or reference.citation,
        "chip": point.card.chip,
        "point": point.card.name,
        "quantity": published.quantity,
        "published": published.value,
        "published_high": published.high,
        "simulated": simulated,
        "unit": quantity.unit,
        "relative_error": error,
        "kind": published.kind,
        "calibrated_on": used,
        "within": abs(error) <= (published.tolerance if published.high is None else 0.0),
        "uncalibrated": point.raw(),
        "factor": factor,
        "group": quantity.group,
        "component": max(parts, key=lambda name: parts[name]),
    }


def score(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how well chips are predicted: figures, chips, median and worst error.

    Errors are ratios, at least 1; ``median_error`` is the median ratio less 1. Only figures with a
    group count: those of chips, predicted from other chips.
    """
    scored = [row for row in found if row["kind"] == "predicted" and row.get("group")]
    ratios = sorted(exp(abs(log(1.0 + row["relative_error"]))) for row in scored)
    if not ratios:
        none: dict[str, Any] = dict.fromkeys(("median_error", "worst_factor"))
        return {"figures": 0, "chips": 0, **none, "within_factor_2": 0}
    return {
        "figures": len(ratios),
        "chips": len({row["chip"] for row in scored}),
        "median_error": median(ratios) - 1.0,
        "worst_factor": ratios[-1],
        "within_factor_2": sum(ratio <= 2.0 for ratio in ratios),
    }
