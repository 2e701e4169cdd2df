"""``mramsim report DIR``: page and figures of a finished sweep."""

from __future__ import annotations

import os
from pathlib import Path

from mramsim.errors import InputError
from mramsim.report.sweep.page import SweepReport
from mramsim.sweeps.content import read_sweep

PAGE, FIGURES = "report.html", "figures"
_DAMAGE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def report_sweep(
    folder: str | os.PathLike[str],
    page: str | os.PathLike[str] | None = None,
    data_dir: str | None = None,
) -> tuple[Path, list[str]]:
    """Write the page of a sweep and its figures.

    Parameters
    ----------
    folder : path-like
        Of the sweep; figures go to ``figures`` in it, BibTeX to ``references.bib``.
    page : path-like, optional
        ``report.html`` in the folder by default.
    data_dir : str, optional
        Folder of data sets, to find out what is stale.

    Returns
    -------
    tuple of (Path, list of str)
        The page, and what has changed since the results were made.

    Raises
    ------
    InputError
        Not the folder of a finished sweep, damaged files in it (nothing is written then), or a
        file that cannot be written.
    """
    try:
        content = read_sweep(folder, data_dir)
        made = SweepReport.of(content)
    except InputError:
        raise
    except _DAMAGE as error:
        said = f"{type(error).__name__}: {error}"
        raise InputError(f"{folder}: files of this sweep are damaged ({said})") from error
    target = Path(folder) / PAGE if page is None else Path(page)
    written = made.write(target, Path(folder) / FIGURES)
    return written, list(content["stale"])
