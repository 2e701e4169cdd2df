"""From the values of a point to what a worker needs, with ids made from content only.

The id of a task is the SHA-256 of its canonical JSON: sorted keys, no spaces, cards, networks and
images by their own hash. Two points that mean the same have the same id, whatever they are called.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mramsim import effects
from mramsim.arrays.card import MappingCard
from mramsim.cards import Card, load_card
from mramsim.cost.components import components_of
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.errors import InputError
from mramsim.mapping.placement import Placement, place
from mramsim.settings import sort_settings
from mramsim.sweeps.axes import Value
from mramsim.sweeps.inputs import Library, TestSet
from mramsim.sweeps.physics import physics_version
from mramsim.sweeps.plan import RUN_AXES, Plan

EXACT = "exact"
CHIP = "chip"
SHOWN_PLACEMENTS = 8
_KEPT_DIGESTS = 4096


@dataclass(frozen=True)
class Recipe:
    """Everything that the chips of one point have in common; inputs by hash.

    Attributes
    ----------
    network, test : str
        SHA-256 of the network and of the test set.
    device : DeviceCard
    mapping : MappingCard
    layers : dict of str to dict
        Mapping keys of single layers.
    components : dict
        Keys of component cards that are replaced.
    parts : str
        SHA-256 over the component cards, with these values.
    conditions : Conditions
    effects : tuple of str
        Effects switched on, in the order of the table.
    seed : int
    """

    network: str
    test: str
    device: DeviceCard
    mapping: MappingCard
    layers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    components: Mapping[str, Any] = field(default_factory=dict)
    parts: str = ""
    conditions: Conditions = field(default_factory=Conditions)
    effects: tuple[str, ...] = effects.NAMES
    seed: int = 0

    @cached_property
    def placing(self) -> str:
        """SHA-256 of what a calibrated placement follows from."""
        return _sha(
            [
                self.network,
                self.test,
                card_digest(self.mapping),
                _plain(self.layers),
                _plain(self.components),
            ]
        )

    @cached_property
    def chip_ids(self) -> ChipIds:
        """The ids of the point's chips."""
        return ChipIds(
            {
                "components": self.parts,
                "conditions": _plain(vars(self.conditions)),
                "device": card_digest(self.device),
                "effects": list(self.effects),
                "kind": CHIP,
                "layers": _plain(self.layers),
                "mapping": card_digest(self.mapping),
                "network": self.network,
                "physics": physics_version(),
                "seed": self.seed,
                "test": self.test,
            }
        )

    @property
    def exact(self) -> str:
        """Canonical JSON of the exact reference, the same for all points of these inputs."""
        return canonical(
            {
                "kind": EXACT,
                "network": self.network,
                "physics": physics_version(),
                "test": self.test,
            }
        )


class ChipIds:
    """Ids of the chips of one point: only the number differs.

    Parameters
    ----------
    parts : dict
        Of the task without its chip.
    """

    def __init__(self, parts: Mapping[str, Any]) -> None:
        # "chip" sorts before all other keys, so the rest of the text is always the same
        assert min(parts) > "chip"
        self._rest = canonical(parts).removeprefix("{")

    def text(self, chip: int) -> str:
        """Return the canonical JSON of the task."""
        return f'{{"chip":{chip},{self._rest}'

    def id(self, chip: int) -> str:
        """Return its SHA-256."""
        return hashlib.sha256(self.text(chip).encode()).hexdigest()


@dataclass(frozen=True)
class Task:
    """One piece of work.

    Attributes
    ----------
    recipe : Recipe
    chip : int or None
        Number of the chip; None for the exact reference.
    """

    recipe: Recipe
    chip: int | None = None

    @property
    def text(self) -> str:
        """Canonical JSON."""
        return self.recipe.exact if self.chip is None else self.recipe.chip_ids.text(self.chip)

    @cached_property
    def id(self) -> str:
        """SHA-256 of the canonical JSON."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class Resolver:
    """Turns values of a point into a recipe; cards and placements are read once.

    Parameters
    ----------
    plan : Plan
    library : Library

    Attributes
    ----------
    placements : list of Placement
        The first different ones, not calibrated; for reports.
    """

    def __init__(self, plan: Plan, library: Library) -> None:
        self.plan = plan
        self.library = library
        self._base = {key: getattr(plan.run, key) for key in RUN_AXES}
        self._cards: dict[tuple[str, str, str], Card] = {}
        self._bases: dict[tuple[str, str], Card] = {}
        self._placed: dict[str, str] = {}
        self.placements: list[Placement] = []

    def recipes(
        self, points: Sequence[Mapping[str, Value]], numbers: Sequence[int]
    ) -> list[Recipe]:
        """Return the recipe of every point.

        Parameters
        ----------
        points : sequence of mapping
            Values of the axes.
        numbers : sequence of int
            Of the points, for messages.

        Raises
        ------
        InputError
            Names the point and its values.
        """
        return [self._named(*pair) for pair in zip(numbers, points, strict=True)]

    def _named(self, number: int, values: Mapping[str, Value]) -> Recipe:
        try:
            return self.recipe(values)
        except InputError as error:
            said = ", ".join(f"axes.{key} = {_shown(value)}" for key, value in values.items())
            where = f"point {number} ({said})" if said else "run"
            raise InputError(f"{self.plan.name}: {where}: {error}") from None

    def recipe(self, values: Mapping[str, Value]) -> Recipe:
        """Return the recipe of one point.

        Parameters
        ----------
        values : mapping
            Value of each axis.

        Raises
        ------
        InputError
            Unknown card, network, data set, layer or effect; values out of range.
        """
        run = {**self._base, **{key: value for key, value in values.items() if key in RUN_AXES}}
        settings = dict(self.plan.run.settings)
        settings.update({key: value for key, value in values.items() if key not in RUN_AXES})
        sorted_settings = sort_settings(settings)
        test = self._test(run["data"], run["images"])
        network = self.plan.path(_text("network", run["network"]))
        self.library.check(network, test)
        recipe = Recipe(
            components=sorted_settings.components,
            network=self.library.digest(network),
            test=test.digest,
            device=self._card("device", run["device"], sorted_settings.device),
            mapping=self._card("mapping", run["mapping"], sorted_settings.mapping),
            layers=sorted_settings.layers,
            conditions=sorted_settings.conditions(),
            effects=_effects(run["only"], run["without"]),
            seed=_whole("seed", run["seed"]),
        )
        return replace(recipe, parts=self._parts(network, recipe))

    def bases(self, library: str) -> dict[str, Card]:
        """Return the cards of a library that were read, by name or path, without overrides."""
        return {name: card for (kind, name), card in self._bases.items() if kind == library}

    def network_name(self, values: Mapping[str, Value]) -> str:
        """Return the name of a point's network as the library knows it."""
        return self.plan.path(str(values.get("network", self.plan.run.network)))

    def test_of(self, values: Mapping[str, Value]) -> TestSet:
        """Return the test set of a point."""
        return self._test(
            values.get("data", self.plan.run.data), values.get("images", self.plan.run.images)
        )

    def _test(self, name: Any, images: Any) -> TestSet:
        if images is not None:
            images = _whole("images", images)
        return self.library.test(_text("data", name), images)

    def _card(self, library: str, name: Any, overrides: Mapping[str, Any]) -> Any:
        path = self.plan.path(_text(library, name))
        key = (library, path, canonical(_plain(overrides)))
        if key not in self._cards:
            if (library, path) not in self._bases:
                self._bases[library, path] = load_card(library, path)
            base = self._bases[library, path]
            self._cards[key] = load_card(library, base, overrides) if overrides else base
        return self._cards[key]

    def _parts(self, network: str, recipe: Recipe) -> str:
        """Place the network, so that a wrong design is refused; return the hash of its parts."""
        key = recipe.placing
        if key not in self._placed:
            used = recipe.layers, recipe.components
            placed = place(self.library.network(network), recipe.mapping, None, *used)
            cards = {
                card.name: card
                for layer in placed.layers
                for card in components_of(layer.card, placed.component_values).cards().values()
            }
            self._bases.update({("component", name): card for name, card in cards.items()})
            self._placed[key] = _sha(sorted({card_digest(card) for card in cards.values()}))
            if len(self.placements) < SHOWN_PLACEMENTS:
                self.placements.append(placed)
        return self._placed[key]


_DIGESTS: dict[int, tuple[Card, str]] = {}  # by identity: cards are never changed


def card_digest(card: Card) -> str:
    """Return the SHA-256 of a card's values, defaults included; names and sources have no say."""
    known = _DIGESTS.get(id(card))
    if known is not None and known[0] is card:
        return known[1]
    found = _sha(card.model_dump(mode="json", exclude=set(Card.model_fields)))
    if len(_DIGESTS) >= _KEPT_DIGESTS:
        _DIGESTS.clear()
    _DIGESTS[id(card)] = (card, found)
    return found


def canonical(value: Any) -> str:
    """Return JSON with sorted keys and without spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _sha(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _effects(only: Any, without: Any) -> tuple[str, ...]:
    chosen = effects.select(_names("only", only), _names("without", without) or ())
    return tuple(effects.ordered(chosen))


def _names(key: str, value: Any) -> list[str] | None:
    if value is None:
        return None
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise InputError(f"{key} = {value!r}: names of effects are expected")
    return list(parts)


def _text(key: str, value: Any) -> str:
    if isinstance(value, str | Path):
        return str(value)
    raise InputError(f"{key} = {value!r}: a name or a path is expected")


def _whole(key: str, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    more = " (of a range: whole = true)" if isinstance(value, float) else ""
    raise InputError(f"{key} = {value!r}: a whole number from 0 is expected{more}")


def _shown(value: Value) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value)
