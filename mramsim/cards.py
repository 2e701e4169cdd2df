"""Load, check and list cards: one TOML per publication, every number with unit and source.

A card lives in one of five libraries: ``device`` (``devices/*.toml``), ``mapping``
(``mapping/*.toml``), ``component`` (``mapping/components/*.toml``), ``baseline``
(``mapping/baselines/*.toml``) and ``chip`` (``mapping/chips/*.toml``). A path of the user's own
works wherever a shipped name does.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from mramsim import bounds
from mramsim.errors import InputError, nearest
from mramsim.files import read_toml
from mramsim.validation import Strict, as_json, explain

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = _PACKAGE / "_cards"
_ROOT = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent

_FOLDERS = {
    "device": "devices",
    "mapping": "mapping",
    "component": "mapping/components",
    "baseline": "mapping/baselines",
    "chip": "mapping/chips",
}
_MODELS = {
    "device": "mramsim.devices.card:DeviceCard",
    "mapping": "mramsim.arrays.card:MappingCard",
    "component": "mramsim.cost.component:ComponentCard",
    "baseline": "mramsim.cost.card:BaselineCard",
    "chip": "mramsim.cost.chip:ChipCard",
}
_MAX_BYTES = 1 << 20
USER_SOURCE = "set by the user"


class Reference(Strict):
    """Where a number was published."""

    doi: str | None = None
    url: str | None = None
    citation: str = ""


class Published(Strict):
    """A published figure that the card must reproduce.

    ``kind`` is ``calibrated`` (the card was made from it), ``predicted`` or ``range``: a span from
    `value` to `high` without an operating point, which is not scored.
    """

    quantity: str
    value: float
    tolerance: float = Field(gt=0.0)
    reference: str
    kind: Literal["calibrated", "predicted", "range"]
    high: float | None = None

    @model_validator(mode="after")
    def _check_span(self) -> Self:
        if self.high is not None and (self.kind != "range" or self.high <= self.value):
            raise ValueError(f"high = {self.high:g} belongs to a range and lies above value")
        return self


class Card(Strict):
    """What all cards share; each library adds its values.

    Attributes
    ----------
    name : str
        File name without ending.
    title : str
        One line; says "assumed" where a leading value is assumed.
    sources : dict of str to str
        For every value key: a key of `references`, ``"derived: how"`` or ``"assumed: why"``.
    references : dict of str to Reference
    published : tuple of Published
    """

    name: str
    title: str
    sources: dict[str, str]
    references: dict[str, Reference] = Field(default_factory=dict)
    published: tuple[Published, ...] = ()

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        for key, value in self.values().items():
            bounds.check(key, value)
        return self

    @model_validator(mode="after")
    def _check_sources(self) -> Self:
        values = self.values()
        for key in values:
            if key not in self.sources:
                raise ValueError(f"key '{key}' has no entry in [sources]")
        for key, source in self.sources.items():
            if key not in values:
                raise ValueError(f"[sources] names '{key}', which the card does not set")
            free = source.startswith(("assumed: ", "derived: ")) or source == USER_SOURCE
            if not free and source not in self.references:
                raise ValueError(
                    f"[sources] {key} = '{source}' is neither a key of [references] nor "
                    f"'derived: how' nor 'assumed: why'"
                )
        for point in self.published:
            if point.reference not in self.references:
                raise ValueError(f"[[published]] names reference '{point.reference}', not listed")
        return self

    def values(self) -> dict[str, Any]:
        """Return the value keys that this card sets, with their values."""
        own = [key for key in type(self).model_fields if key not in Card.model_fields]
        return {key: getattr(self, key) for key in own if key in self.model_fields_set}

    def assumed(self) -> list[str]:
        """Return the keys whose value is assumed, sorted."""
        return sorted(key for key, text in self.sources.items() if text.startswith("assumed: "))

    def citations(self) -> list[str]:
        """Return DOI or address of each reference, sorted."""
        found = {ref.doi or ref.url or ref.citation for ref in self.references.values()}
        return sorted(text for text in found if text)


def list_cards(library: str) -> list[str]:
    """Return the names of all shipped cards of a library, sorted.

    Raises
    ------
    InputError
        For an unknown library.
    """
    return sorted(path.stem for path in _folder(library).glob("*.toml"))


def load_card(
    library: str, name: str | Path | Card, overrides: Mapping[str, Any] | None = None
) -> Any:
    """Load a card by name or path, apply overrides, and check it.

    Parameters
    ----------
    library : {"device", "mapping", "component", "baseline", "chip"}
    name : str, path or Card
        A shipped name, the path of a user's own TOML, or a card loaded before.
    overrides : mapping, optional
        Value keys to replace, for example ``{"tmr": 0.0}``; their source becomes the user.

    Returns
    -------
    Card
        Instance of the library's model.

    Raises
    ------
    InputError
        Unknown library or name, unreadable file, unknown key, missing source, value out of range.
    """
    model = _model(library)
    if isinstance(name, Card):
        if not isinstance(name, model):
            raise InputError(f"card '{name.name}' is not a {library} card")
        content = json.loads(name.model_dump_json(exclude_unset=True))
        where = f"card {name.name}"
    else:
        path = _find(library, name)
        content = dict(_read(path))
        content["name"] = path.stem
        where = str(path.name)
    if overrides:
        content = _override(content, overrides, model, library)
        where = f"{where} with --set"
    try:
        card = model.model_validate_json(as_json(content), strict=True)
    except ValidationError as error:
        raise InputError(f"{where}: {explain(error, model)}") from None
    except ValueError as error:
        raise InputError(f"{where}: {error}") from None
    return card


def _folder(library: str) -> Path:
    if library not in _FOLDERS:
        raise InputError(f"library '{library}' is unknown{nearest(library, _FOLDERS)}")
    return _ROOT / _FOLDERS[library]


def _model(library: str) -> type[Card]:
    _folder(library)  # refuses an unknown one
    module, _, attribute = _MODELS[library].partition(":")
    model: type[Card] = getattr(importlib.import_module(module), attribute)
    return model


def _find(library: str, name: str | Path) -> Path:
    text = str(name)
    shipped = _folder(library) / f"{text}.toml"
    if "/" not in text and "\\" not in text and os.path.isfile(shipped):
        return shipped
    path = Path(text)
    if path.suffix == ".toml":
        if os.path.isfile(path):  # False for a name that no file can have
            return path
        raise InputError(f"{library} card '{text}': no such file")
    raise InputError(f"{library} card '{text}' is unknown{nearest(text, list_cards(library))}")


def _read(path: Path) -> dict[str, Any]:
    stamp = path.stat()
    if stamp.st_size > _MAX_BYTES:
        raise InputError(f"{path}: {stamp.st_size} bytes is no card; at most {_MAX_BYTES}")
    return _parse(path, stamp.st_mtime_ns, stamp.st_size)


@cache
def _parse(path: Path, _mtime: int, _size: int) -> dict[str, Any]:
    return read_toml(path)


def _override(
    content: dict[str, Any], overrides: Mapping[str, Any], model: type[Card], library: str
) -> dict[str, Any]:
    known = set(model.model_fields) - set(Card.model_fields)
    changed = {**content, "sources": dict(content.get("sources", {}))}
    for key, value in overrides.items():
        if key not in known:
            raise InputError(f"key '{library}.{key}' is unknown{nearest(key, known)}")
        changed[key] = value
        changed["sources"][key] = USER_SOURCE
    return changed
