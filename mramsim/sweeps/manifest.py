"""What a sweep was made of: ``manifest.json``, and whether that is still so."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from mramsim import __version__
from mramsim.cards import load_card
from mramsim.errors import InputError
from mramsim.report.build import card_record, placement_record
from mramsim.sweeps.inputs import Library
from mramsim.sweeps.physics import physics_version
from mramsim.sweeps.recipes import Resolver, card_digest
from mramsim.sweeps.store import Store

SCHEMA = "mramsim.sweep/1"
KINDS = ("device", "mapping", "component")
_PACKAGES = ("numpy", "scipy", "numba")


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def manifest(
    resolver: Resolver, store: Store, tasks: Mapping[str, int], started: str, plan: str
) -> dict[str, Any]:
    """Return the content of ``manifest.json``.

    Parameters
    ----------
    resolver : Resolver
        After all points were resolved.
    store : Store
    tasks : mapping
        Counts of tasks.
    started : str
        When this run began.
    plan : str
        SHA-256 of ``config.toml``; see `mramsim.sweeps.folder.plan_digest`.
    """
    library = resolver.library
    cards = {kind: list(resolver.bases(kind).items()) for kind in KINDS}
    citations = {text for found in cards.values() for _, card in found for text in card.citations()}
    return {
        "schema": SCHEMA,
        "title": resolver.plan.title,
        "version": __version__,
        "plan": plan,
        "inputs": {
            "physics": physics_version(),
            "networks": {name: library.digest(name) for name in library.network_names()},
            "data": [
                {"name": name, "images": images, "used": len(test.labels), "sha256": test.digest}
                for (name, images), test in library.tests().items()
            ],
            **{kind: {name: card_digest(card) for name, card in cards[kind]} for kind in KINDS},
        },
        "networks": {name: library.network(name).name for name in library.network_names()},
        "cards": {kind: [card_record(card) for _, card in found] for kind, found in cards.items()},
        "placements": [placement_record(placed) for placed in resolver.placements],
        "citations": sorted(citations),
        "tasks": dict(tasks),
        "seconds_of_tasks": round(store.seconds, 3),
        "hosts": sorted(store.hosts),
        "started": started,
        "finished": now(),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in _PACKAGES},
    }


def changes(content: Mapping[str, Any], library: Library) -> list[str]:
    """Return what is no longer as it was when the results were made, in words.

    Parameters
    ----------
    content : mapping
        Of ``manifest.json``.
    library : Library
        Finds networks and data sets as they are now.
    """
    then = content["inputs"]
    found = []
    if then["physics"] != physics_version():
        found.append(
            f"the simulation itself (version {content['version']}, source {then['physics']}; now "
            f"{__version__}, {physics_version()})"
        )
    for kind in KINDS:
        for name, digest in then[kind].items():
            found += _changed(f"{kind} card {name}", digest, lambda k=kind, n=name: _card(k, n))
    for name, digest in then["networks"].items():
        found += _changed(f"network {name}", digest, lambda n=name: library.digest(n))
    for test in then["data"]:
        key = (test["name"], test["images"])
        found += _changed(
            f"data set {test['name']}", test["sha256"], lambda k=key: library.test(*k).digest
        )
    return found


def _card(kind: str, name: str) -> str:
    return card_digest(load_card(kind, name))


def _changed(what: str, then: str, find: Any) -> list[str]:
    try:
        return [] if find() == then else [what]
    except InputError:
        return [f"{what} (not found here, so not checked)"]
