"""Every published figure beside the simulation: device cards and chips."""

from __future__ import annotations

from typing import Any

from mramsim import __version__
from mramsim.cards import list_cards, load_card
from mramsim.cost import calibration
from mramsim.devices import published

SCHEMA = "mramsim.validate/1"
GROUPS = ("energy", "access", "throughput")


def validate() -> dict[str, Any]:
    """Return the object that ``mramsim validate --json`` prints.

    Returns
    -------
    dict
        ``schema``, ``version``; ``rows``: see `mramsim.devices.published.rows` and
        `mramsim.cost.calibration.rows`; ``score``: of the chips' predicted figures, in all and by
        group; ``inside``: how many spans hold the simulated value, of how many.
    """
    rows: list[dict[str, Any]] = []
    for name in list_cards("device"):
        rows += published.rows(load_card("device", name))
    rows += calibration.rows()
    by_group = {
        group: calibration.score([row for row in rows if row.get("group") == group])
        for group in GROUPS
    }
    spans = [row for row in rows if row["kind"] == "range"]
    return {
        "schema": SCHEMA,
        "rows": rows,
        "score": {"all": calibration.score(rows), **by_group},
        "inside": [sum(bool(row["within"]) for row in spans), len(spans)],
        "version": __version__,
    }
