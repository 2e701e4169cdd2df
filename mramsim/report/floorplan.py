"""The tile map: every placed array to scale, with the part in use filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mramsim.report.drawing import BLUE, MUTED, WIDTH_IN, Drawing, figure
from mramsim.report.units import percent

_LABEL_IN = 1.6
_ROW_IN = 0.52
_TALLEST_IN = 3.2
_GAP = 0.06  # between arrays, as a share of their shorter side


def floorplan_figure(layers: Sequence[Mapping[str, Any]]) -> Drawing:
    """Draw the arrays of every layer, one layer a line, all on one scale.

    Parameters
    ----------
    layers : sequence of mapping
        ``name``, ``fan_in``, ``fan_out``, ``rows``, ``columns``, ``utilisation``, ``copies`` and
        ``tiles``: [row start, row stop, column start, column stop] of each of one copy.

    Returns
    -------
    Drawing
        Rows (inputs) run to the right, columns (outputs) down. Copies are named, not drawn.
    """
    from matplotlib.collections import PathCollection
    from matplotlib.path import Path

    blocks = [_rectangles(layer) for layer in layers]
    widths = [outer[:, 2].max() for outer, _ in blocks]
    heights = [outer[:, 3].max() for outer, _ in blocks]
    available = WIDTH_IN - _LABEL_IN - 0.1
    inch = min(available / max(widths), _TALLEST_IN / sum(heights))
    pitch = [max(height * inch + 0.16, _ROW_IN) for height in heights]
    with figure(sum(pitch) + 0.1) as drawn:
        drawn.set_layout_engine("none")
        axes = drawn.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        axes.set_xlim(0.0, WIDTH_IN)
        axes.set_ylim(sum(pitch) + 0.1, 0.0)
        top = 0.08
        for layer, (outer, inner), step in zip(layers, blocks, pitch, strict=True):
            for found, face, edge in ((outer, "white", MUTED), (inner, BLUE, "none")):
                corners = found * inch + np.array([_LABEL_IN, top, _LABEL_IN, top])
                path = Path.make_compound_path(*(_box(Path, *corner) for corner in corners))
                line = 0.5 if edge != "none" else 0.0
                shape = PathCollection([path], facecolors=face, edgecolors=edge, linewidths=line)
                axes.add_collection(shape, autolim=False)
            _describe(axes, layer, top)
            top += step
        said = "; ".join(_text(layer) for layer in layers)
        return Drawing(drawn, "floorplan", f"Tile map. {said}")


def _rectangles(layer: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return whole arrays and their used parts, [tiles, (left, top, right, bottom)] in cells."""
    tiles = np.array(layer["tiles"], dtype=np.int64).reshape(-1, 4)
    rows, columns = int(layer["rows"]), int(layer["columns"])
    gap = max(1.0, _GAP * min(rows, columns))
    left = np.unique(tiles[:, 0], return_inverse=True)[1] * (rows + gap)
    top = np.unique(tiles[:, 2], return_inverse=True)[1] * (columns + gap)
    outer = np.stack([left, top, left + rows, top + columns], axis=1)
    used = (tiles[:, 1] - tiles[:, 0], tiles[:, 3] - tiles[:, 2])
    inner = np.stack([left, top, left + used[0], top + used[1]], axis=1)
    return outer.astype(np.float64), inner.astype(np.float64)


def _box(path: Any, left: float, top: float, right: float, bottom: float) -> Any:
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return path(corners, closed=True)


def _describe(axes: Any, layer: Mapping[str, Any], top: float) -> None:
    axes.text(0.04, top + 0.02, str(layer["name"]), va="top", fontsize=9.5, fontweight="bold")
    count = len(layer["tiles"])
    more = f"{layer['copies']} × " if layer["copies"] > 1 else ""
    lines = (
        f"{layer['fan_in']} → {layer['fan_out']}\n"
        f"{more}{count} {'array' if count == 1 else 'arrays'}, "
        f"{percent(layer['utilisation'], 0)} used"
    )
    axes.text(0.04, top + 0.17, lines, va="top", fontsize=8, color=MUTED, linespacing=1.25)


def _text(layer: Mapping[str, Any]) -> str:
    copies = f"{layer['copies']} copies of " if layer["copies"] > 1 else ""
    return (
        f"{layer['name']}: {layer['fan_in']} inputs, {layer['fan_out']} outputs on {copies}"
        f"{len(layer['tiles'])} arrays of {layer['rows']} by {layer['columns']}, "
        f"{percent(layer['utilisation'], 0)} in use"
    )
