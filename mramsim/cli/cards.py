"""What ``mramsim devices`` and ``mramsim mappings`` share: list cards, show one with sources."""

from __future__ import annotations

from typing import Any

import click

from mramsim.cli import options as opt


def show_library(library: str, as_json: bool) -> None:
    """Print all shipped cards of a library."""
    from mramsim.cards import list_cards, load_card

    rows: list[dict[str, Any]] = []
    for name in list_cards(library):
        card = load_card(library, name)
        kind = getattr(card, "kind", None) or card.sensing
        row = {"name": name, "kind": kind, "title": card.title, "sources": card.citations()}
        rows.append({**row, "assumed": len(card.assumed()), "values": len(card.sources)})
    if as_json:
        opt.print_json(rows)
        return
    from mramsim.report.tables import text_table

    shown = [
        {
            "name": row["name"],
            "kind": row["kind"],
            "assumed": f"{row['assumed']} of {row['values']}",
            "title": row["title"],
        }
        for row in rows
    ]
    click.echo(text_table(shown))


def show_card(card: Any, extra: dict[str, Any], as_json: bool) -> None:
    """Print one card: values with sources, then what is derived from them."""
    values = card.values()
    if as_json:
        opt.print_json(
            {
                "name": card.name,
                "title": card.title,
                "values": values,
                "sources": card.sources,
                "references": {k: r.model_dump() for k, r in card.references.items()},
                "assumed": len(card.assumed()),
                **extra,
            }
        )
        return
    from mramsim.report.tables import text_table

    click.echo(f"{card.name}: {card.title}")
    rows = [
        {"key": key, "value": _shown(value), "source": card.sources[key]}
        for key, value in values.items()
    ]
    click.echo(text_table(rows))
    for key, reference in card.references.items():
        place = reference.doi or reference.url or ""
        click.echo(f"[{key}] {reference.citation} {place}".rstrip())
    derived = [
        {"derived": key, "value": _shown(value)}
        for key, value in opt.flat(extra)
        if value is not None and not isinstance(value, list)
    ]
    if derived:
        click.echo(text_table(derived))
    if extra.get("published"):
        shown = ("quantity", "published", "simulated", "unit", "kind", "within")
        click.echo(
            text_table([{key: _shown(row[key]) for key in shown} for row in extra["published"]])
        )
    click.echo(f"{len(card.assumed())} of {len(card.sources)} numbers assumed")


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
