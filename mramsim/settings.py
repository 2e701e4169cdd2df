"""Flat keys of the user (``device.tmr=0``) sorted to what they change."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mramsim.errors import InputError, nearest
from mramsim.given import plain_value

if TYPE_CHECKING:
    from mramsim.devices.conditions import Conditions

CONDITIONS = {
    "age.seconds": "age_seconds",
    "age.reads": "age_reads",
    "temperature_k": "temperature_k",
}
FORMS = ("device.KEY", "mapping.KEY", "mapping.LAYER.KEY", "component.KEY")


@dataclass(frozen=True)
class Settings:
    """Values that replace those of cards, and the surroundings of the chip.

    Attributes
    ----------
    device, mapping : dict
        Keys of the cards.
    layers : dict of str to dict
        Keys of the mapping card for single layers.
    components : dict
        Keys of component cards.
    surroundings : dict
        Arguments of `mramsim.devices.conditions.Conditions`.
    """

    device: Mapping[str, Any] = field(default_factory=dict)
    mapping: Mapping[str, Any] = field(default_factory=dict)
    layers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    components: Mapping[str, Any] = field(default_factory=dict)
    surroundings: Mapping[str, Any] = field(default_factory=dict)

    def conditions(self) -> Conditions:
        """Return temperature and age."""
        from mramsim.devices.conditions import Conditions

        return Conditions(**self.surroundings)


def parse_assignments(texts: Iterable[str]) -> dict[str, Any]:
    """Turn ``KEY=VALUE`` texts into a dict; values are TOML values, else plain text."""
    found: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise InputError(f"--set '{text}': KEY=VALUE is expected, such as device.tmr=0")
        try:
            found[key.strip()] = tomllib.loads(f"value = {value.strip()}")["value"]
        except (ValueError, RecursionError):  # no TOML, too long a number, too deep a list
            found[key.strip()] = value.strip()
    return found


def used_settings(texts: Iterable[str], used: Collection[str]) -> Settings:
    """Sort what ``--set`` gave to a command that does not use all keys.

    Parameters
    ----------
    texts : iterable of str
        ``KEY=VALUE``.
    used : collection of str
        Of `FORMS` and `CONDITIONS`.

    Returns
    -------
    Settings

    Raises
    ------
    InputError
        Also for a key of another form.
    """
    flat = parse_assignments(texts)
    settings = sort_settings(flat)
    for key in flat:
        head, _, rest = key.partition(".")
        layer = "LAYER." if head == "mapping" and "." in rest else ""
        if (key if key in CONDITIONS else f"{head}.{layer}KEY") not in used:
            hint = f"; used: {', '.join(used)}" if used else ""
            raise InputError(f"key '{key}' is not used by this command{hint}")
    return settings


def sort_settings(flat: Mapping[str, Any]) -> Settings:
    """Sort flat keys.

    Parameters
    ----------
    flat : mapping of str to value
        ``device.KEY``, ``mapping.KEY``, ``mapping.LAYER.KEY``, ``component.KEY``,
        ``age.seconds``, ``age.reads``, ``temperature_k``.

    Returns
    -------
    Settings

    Raises
    ------
    InputError
        For any other key, or a condition that is no number.
    """
    if not isinstance(flat, Mapping) or not all(isinstance(key, str) for key in flat):
        raise InputError(f"settings = {flat!r}: keys with values are expected: {{'device.tmr': 0}}")
    device: dict[str, Any] = {}
    mapping: dict[str, Any] = {}
    layers: dict[str, dict[str, Any]] = {}
    components: dict[str, Any] = {}
    surroundings: dict[str, Any] = {}
    for key, given in flat.items():
        value = plain_value(given)
        head, _, rest = key.partition(".")
        if key in CONDITIONS:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise InputError(f"{key} = {value!r}: a number is expected")
            surroundings[CONDITIONS[key]] = value
        elif head == "device" and rest:
            device[rest] = value
        elif head == "component" and rest:
            components[rest] = value
        elif head == "mapping" and "." in rest:
            layer, _, name = rest.rpartition(".")
            layers.setdefault(layer, {})[name] = value
        elif head == "mapping" and rest:
            mapping[rest] = value
        else:
            raise InputError(f"key '{key}' is unknown{nearest(key, [*CONDITIONS, *FORMS])}")
    return Settings(device, mapping, layers, components, surroundings)
