"""What a sweep found: columns that a DataFrame takes as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mramsim.errors import InputError

_SHOWN = ("chips", "mean", "low", "high", "p5", "p95", "yield", "exact", "energy_j_per_image")
_MOST_ROWS = 200


class SweepResult(dict[str, list[Any]]):
    """One row per chip, as columns of the same length: ``pandas.DataFrame(result)``.

    Parameters
    ----------
    chips, points : mapping of str to list
        Columns of ``results.csv`` and ``summary.csv``.
    axes : sequence of str
        Columns that vary.
    folder : Path, optional
        Where the sweep is kept.
    data : mapping, optional
        Content of ``manifest.json``.

    Attributes
    ----------
    summary : dict of str to list
        One row per point: the columns of ``summary.csv``.
    """

    def __init__(
        self,
        chips: Mapping[str, list[Any]],
        points: Mapping[str, list[Any]],
        axes: Sequence[str],
        folder: Path | None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(chips)
        self.summary = dict(points)
        self.axes = list(axes)
        self.folder = folder
        self.data = data

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per point."""
        names = list(self.summary)
        return [
            dict(zip(names, row, strict=True)) for row in zip(*self.summary.values(), strict=True)
        ]

    def report(self, path: str | Path | None = None) -> Path:
        """Write the page and the figures of the sweep; see `mramsim.sweeps.report`.

        Parameters
        ----------
        path : path-like, optional
            The page; ``report.html`` in the folder of the sweep by default.
        """
        from mramsim.sweeps.report import report_sweep

        if self.folder is None:
            raise InputError("a sweep without a folder has no report; give out=")
        return report_sweep(self.folder, path)[0]

    def __str__(self) -> str:
        """Return a table for a terminal."""
        from mramsim.report.tables import text_table

        rows = [self._shown(row) for row in self.rows()]
        text = text_table(rows[:_MOST_ROWS], {key: key for row in rows[:1] for key in row})
        more = len(rows) - _MOST_ROWS
        return f"{text}\n... and {more} more points in summary.csv" if more > 0 else text

    def __repr__(self) -> str:
        points, chips = (
            len(next(iter(self.summary.values()), [])),
            len(next(iter(self.values()), [])),
        )
        return f"SweepResult({points} points, {chips} chips)"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        from mramsim.report.units import percent, si

        shown: dict[str, Any] = {"point": row["point"]}
        shown.update({key: _plain(row[key]) for key in self.axes})
        for key in _SHOWN:
            value = row.get(key)
            if key not in row:
                continue
            if key == "energy_j_per_image":
                shown["energy"] = si(float(value or 0.0), "J")
            else:
                shown[key] = value if key == "chips" else percent(value)
        return shown


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
